"""What the promises need besides: somebody in acme, and a database that a test may build, break and drop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scim_server.config import Settings
from scim_server.db import Database
from tests.clients import Directory, Reply
from tests.promises.databases import contents, database_of_its_own


@pytest.fixture
def ada(acme: Directory) -> Reply:
    return acme.create_user("ada", emails=[{"value": "ada@example.com", "type": "work", "primary": True}])


@pytest.fixture
def pioneers(acme: Directory, ada: Reply) -> Reply:
    """A group that ada is in."""
    return acme.create_group("Pioneers", ada)


@pytest.fixture
def nothing_changes(database: Database, ada: Reply, pioneers: Reply) -> Iterator[None]:
    """The test ends with the database as it began: nothing is half-written, and no event tells of it."""
    before = contents(database)
    yield
    assert contents(database) == before


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Iterator[tuple[Settings, Database]]:
    """The settings of an empty database without a table, and that database; one of each kind, like `database`."""
    with database_of_its_own(settings, tmp_path) as found:
        yield found
