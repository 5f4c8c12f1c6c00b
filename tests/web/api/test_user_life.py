"""What becomes of users, as programs have it: barred and let in, deleted and brought back, purged, released."""

from uuid import UUID, uuid4

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import UserStatus
from scim_server.services import handmade_teams, ownership, users
from scim_server.services.built_in import Manage
from tests.accounts import open_session
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, product, program, refused
from tests.promises.databases import events
from tests.web.api.events import events_of_keys


@pytest.fixture
def keeper(app: Flask, office: Hands) -> Program:
    return program(app, office, Manage.USERS, Manage.USERS_VIEW)


def actions(database: Database) -> list[str]:
    """What became of users, and not the checklists that open with it."""
    return [action for action, _ in events_of_keys(database) if action.startswith("user.")]


def test_a_user_is_barred_with_a_successor_and_let_in_again(
    keeper: Program, office: Hands, settings: Settings, database: Database
) -> None:
    ada, bob = office.create("ada"), office.create("bob")
    open_session(settings, database, "acme", ada)

    barred = keeper.post(f"/users/{ada}/deactivate", {"successor_id": str(bob)})

    assert barred["status"] == "deactivated"
    assert keeper.get(f"/users/{ada}/sessions")["items"] == []
    [told] = [each for each in events(database, "acme") if each.action == "user.deactivated"]
    assert (told.actor_kind, told.details["successor"]) == ("key", str(bob))
    assert keeper.post(f"/users/{ada}/deactivate", {})["version"] == barred["version"]
    assert keeper.post(f"/users/{ada}/activate")["status"] == "active"
    assert keeper.post(f"/users/{office.create('eve', status=UserStatus.INVITED)}/activate")["status"] == "active"
    assert actions(database) == ["user.deactivated", "user.activated", "user.activated"]


def test_nobody_succeeds_themselves_and_no_stranger_anybody(
    keeper: Program, office: Hands, globex: Directory, database: Database
) -> None:
    ada, off = office.create("ada"), office.create("off", status=UserStatus.DEACTIVATED)

    for successor, status in ((ada, 422), (off, 422), (globex.create_user("gina").id, 404), (uuid4(), 404)):
        refused(keeper.send("POST", f"/users/{ada}/deactivate", {"successor_id": str(successor)}), status)

    assert office.status(ada) == "active"
    assert actions(database) == []


def test_a_user_is_deleted_restored_and_purged(keeper: Program, office: Hands, database: Database) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        handmade_teams.add_mates(ctx, handmade_teams.create_team(ctx, "Crew"), [ada])

    assert keeper.delete(f"/users/{ada}") is None
    refused(keeper.send("GET", f"/users/{ada}"), 404, "not_found")
    refused(keeper.send("DELETE", f"/users/{ada}"), 404, "not_found")
    assert keeper.get("/users")["items"] == []
    [gone] = keeper.get("/deleted-users")["items"]
    assert (gone["id"], gone["status"]) == (str(ada), "deleted")
    assert gone["deleted_at"] is not None
    assert keeper.get(f"/deleted-users/{ada}")["teams"] == []

    assert keeper.post(f"/deleted-users/{ada}/restore")["status"] == "active"
    refused(keeper.send("GET", f"/deleted-users/{ada}"), 404, "not_found")
    assert [team["name"] for team in keeper.get(f"/users/{ada}")["teams"]] == ["Crew"]
    refused(keeper.send("DELETE", f"/deleted-users/{ada}"), 404, "not_found")

    keeper.delete(f"/users/{ada}")
    assert keeper.delete(f"/deleted-users/{ada}") is None
    for path in (f"/users/{ada}", f"/deleted-users/{ada}"):
        refused(keeper.send("GET", path), 404, "not_found")
    refused(keeper.send("POST", f"/deleted-users/{ada}/restore"), 404, "not_found")
    assert actions(database) == ["user.deleted", "user.restored", "user.deleted", "user.purged"]


def test_whoever_is_brought_back_may_find_their_name_taken(keeper: Program, office: Hands) -> None:
    ada = office.create("ada")
    keeper.delete(f"/users/{ada}")
    office.create("ada")

    refused(keeper.send("POST", f"/deleted-users/{ada}/restore"), 409, "user_name_taken")


def test_what_a_directory_owns_and_the_last_admin_stay(
    keeper: Program, office: Hands, acme: Directory, database: Database
) -> None:
    carl, olga = acme.create_user("carl").id, office.create("olga", role="Admin")

    for id, code in ((carl, "owned_by_directory"), (olga, "last_admin_protected")):
        refused(keeper.send("POST", f"/users/{id}/deactivate", {}), 403, code)
        refused(keeper.send("DELETE", f"/users/{id}"), 403, code)

    assert actions(database) == []


def test_a_user_is_released_from_their_directory_and_changed_then(
    app: Flask, keeper: Program, office: Hands, acme: Directory, database: Database
) -> None:
    carl = acme.create_user("carl", title="Count").id
    refused(keeper.send("POST", f"/users/{carl}/release"), 403, "not_allowed")

    assert program(app, office, Manage.DIRECTORIES).post(f"/users/{carl}/release") is None

    assert keeper.get(f"/users/{carl}")["directory"] is None
    assert keeper.get(f"/users/{carl}")["written_by"]["title"] == "other"
    assert keeper.patch(f"/users/{carl}", {"profile": {"title": "Duke"}})["written_by"]["title"] == "hand"
    assert actions(database) == ["user.released", "user.updated"]


def test_only_the_product_itself_hands_an_organization_over(
    app: Flask, office: Hands, settings: Settings, database: Database
) -> None:
    olga, adam, ada = office.create("olga", role="Admin"), office.create("adam", role="Admin"), office.create("ada")
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, users.get_user(ctx, olga))
    ours, own = product(app, settings, database, "acme"), program(app, office)
    yes = {"confirmation": "acme"}

    refused(own.send("POST", f"/users/{adam}/make-owner", yes), 403, "not_allowed")
    refused(ours.send("POST", f"/users/{adam}/make-owner", {"confirmation": "globex"}), 422, "invalid_value")
    refused(ours.send("POST", f"/users/{ada}/make-owner", yes), 403, "not_allowed")
    assert own.get(f"/users/{olga}")["owner"] is True

    assert ours.post(f"/users/{adam}/make-owner", yes) is None

    assert [own.get(f"/users/{id}")["owner"] for id in (olga, adam)] == [False, True]
    told = events(database, "acme")[-1]
    assert (told.action, told.actor_kind) == ("organization.owner_changed", "operator")
    refused(own.send("DELETE", f"/users/{adam}"), 403, "owner_protected")


def test_each_step_takes_managing_users(app: Flask, office: Hands) -> None:
    looker, ada = program(app, office, Manage.USERS_VIEW), office.create("ada")

    for method, path in (
        ("POST", f"/users/{ada}/activate"),
        ("DELETE", f"/users/{ada}"),
        ("POST", f"/deleted-users/{ada}/restore"),
        ("DELETE", f"/deleted-users/{ada}"),
    ):
        refused(looker.send(method, path), 403, "not_allowed")
    refused(looker.send("POST", f"/users/{ada}/deactivate", {}), 403, "not_allowed")
    assert office.status(UUID(str(ada))) == "active"
