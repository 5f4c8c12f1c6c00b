"""What the tests of several rooms ask for."""

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, program


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    """A program of acme's that may do everything."""
    return program(app, office)


@pytest.fixture
def hers(app: Flask, globex: Directory, settings: Settings, database: Database) -> Program:
    """A program of another organization's that may do everything."""
    return program(app, Hands(settings, database, "globex"))
