"""Two organizations whose directories are of the kind that a file is about: it says which one as `PROVIDER`."""

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from tests.clients import Directory, founded


@pytest.fixture
def acme(request: pytest.FixtureRequest, app: Flask, settings: Settings, database: Database) -> Directory:
    """The directory of an organization."""
    return founded(app, settings, database, "acme", request.module.PROVIDER)


@pytest.fixture
def globex(request: pytest.FixtureRequest, app: Flask, settings: Settings, database: Database) -> Directory:
    """The directory of another organization, which nothing of acme's may reach."""
    return founded(app, settings, database, "globex", request.module.PROVIDER)
