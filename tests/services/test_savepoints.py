"""Parts of a transaction that are kept or undone on their own."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import organizations, teams, users
from scim_server.services.errors import UserNameTaken
from scim_server.services.profiles import Profile
from scim_server.services.savepoints import attempt
from tests.clients import USER, Directory


def test_what_is_undone_leaves_what_was_before_and_what_comes_after(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    def create(name: str) -> None:
        users.create_user(ctx, Profile({"schemas": [USER], "userName": name}, {"userName": name}), active=True)

    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        create("before")
        with suppress(UserNameTaken), attempt(ctx):
            create("within")
            create("before")
        create("after")

    assert acme.get("/Users").user_names == ["before", "after"]


def test_what_comes_after_reads_every_row_anew(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    ada = acme.create_user("ada")
    crew = acme.create_group("crew", ada)

    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        with attempt(ctx):
            known = teams.get_team(ctx, UUID(crew.id))
            users.delete_user(ctx, users.get_user(ctx, UUID(ada.id)))  # changes the team's row past the one in memory

        assert teams.get_team(ctx, UUID(crew.id)).version == known.version + 1
