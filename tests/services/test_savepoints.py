"""Parts of a transaction that are kept or undone on their own."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import adoption, lifecycle, organizations, teams, users
from scim_server.services.errors import UserNameTaken
from scim_server.services.profiles import Profile
from scim_server.services.savepoints import attempt
from tests.clients import USER, Directory


def test_what_is_undone_leaves_what_was_before_and_what_comes_after(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    def create(name: str) -> None:
        users.create_user(ctx, Profile({"schemas": [USER], "userName": name}, {"userName": name}))

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
            user = users.get_user(ctx, UUID(ada.id))
            adoption.release_user(ctx, user)
            lifecycle.delete_user(ctx, user)

        assert teams.get_team(ctx, UUID(crew.id)).version == known.version + 1
