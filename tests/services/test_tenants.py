"""What each process remembers of organizations and directories: never what it was, once somebody has changed it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import BrakeMode, Organization, PatchResponse
from scim_server.models import Directory as DirectoryRow
from scim_server.services import access
from scim_server.services.context import Notes
from tests.clients import Directory
from tests.promises.databases import statements

NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


def caller(directory: Directory, database: Database) -> access.Caller:
    with database.asking() as session:
        return access.find_caller(session, directory.slug, directory.token, now=NOW)


def row(directory: Directory, database: Database) -> DirectoryRow:
    found = caller(directory, database).directory
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", "Entra ID of the parent company"),
        ("patch_response", PatchResponse.NO_CONTENT),
        ("brake_mode", BrakeMode.OFF),
        ("brake_holds", True),
        ("adopt_teams", False),
    ],
)
def test_a_directory_that_is_changed_is_another_one_in_the_next_request(
    acme: Directory, database: Database, column: str, value: Any
) -> None:
    assert getattr(row(acme, database), column) != value
    with database.writing() as session:
        session.execute(update(DirectoryRow).values({column: value}).execution_options(synchronize_session=False))
    assert getattr(row(acme, database), column) == value

    with database.writing() as session:
        session.scalars(select(DirectoryRow)).one().brake_users = 7
    assert (getattr(row(acme, database), column), row(acme, database).brake_users) == (value, 7)


def test_an_organization_that_is_changed_is_another_one_in_the_next_request(
    acme: Directory, globex: Directory, database: Database
) -> None:
    assert caller(acme, database).org.name != "Acme, Inc."
    with database.writing() as session:
        acmes = session.scalars(select(Organization).where(Organization.slug == "acme")).one()
        acmes.name = "Acme, Inc."
    with database.writing() as session:
        rows = [{"id": acmes.id, "seats": 5}]
        session.execute(update(Organization), rows)

    assert (caller(acme, database).org.name, caller(acme, database).org.seats) == ("Acme, Inc.", 5)
    assert caller(globex, database).org.seats is None


def test_what_is_undone_was_never_remembered(acme: Directory, database: Database) -> None:
    before = caller(acme, database)
    with database.writing() as session:
        session.scalars(select(Organization).where(Organization.slug == "acme")).one().name = "Lost"
        session.scalars(select(DirectoryRow).where(DirectoryRow.org_id == before.org.id)).one().name = "lost"
        session.flush()
        assert access.find_caller(session, "acme", acme.token, now=NOW).org.name == "Lost"
        session.rollback()

    after = caller(acme, database)
    assert after.directory is not None
    assert "Lost" not in (after.org.name, before.org.name)
    assert after.directory.name != "lost"


def test_nobody_changes_what_is_remembered(acme: Directory, database: Database, settings: Settings) -> None:
    with database.writing() as session:
        ctx = caller(acme, database).context(session, settings, now=NOW, request_id="", notes=Notes())
        assert ctx.directory is not None
        with pytest.raises(RuntimeError, match="seats"):
            ctx.org.seats = 7
        with pytest.raises(RuntimeError, match="version"):
            ctx.directory.changed(NOW)


def test_a_caller_that_is_known_is_found_by_one_query(acme: Directory, database: Database) -> None:
    caller(acme, database)
    with statements(database) as sent:
        caller(acme, database)
    assert len([sql for sql in sent if sql.startswith("SELECT")]) == 1
