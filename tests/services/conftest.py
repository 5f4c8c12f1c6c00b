"""What the tests of several services ask for."""

from collections.abc import Iterator

import pytest

from scim_server.config import Settings
from scim_server.db import Database
from tests.clients import Directory
from tests.hands import Hands
from tests.name_server import NameServer, name_server


@pytest.fixture
def dns() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.fixture
def rivals(globex: Directory, settings: Settings, database: Database) -> Hands:
    """What globex's people do by hand."""
    return Hands(settings, database, "globex")
