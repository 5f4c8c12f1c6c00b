"""Users, as programs have them: listed, made, shown and changed."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from scim_server.db import Database
from scim_server.models import UserStatus
from scim_server.services import directories, handmade_teams, hands, lifecycle, users
from scim_server.services.built_in import Manage
from scim_server.services.fields import FIELDS
from scim_server.services.plain_fields import PLAIN
from scim_server.services.profiles import ENTERPRISE_USER
from scim_server.web.api.user_shapes import ProfileInput, ProfileShape
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import program, refused
from tests.promises.databases import contents, events, statements

EVERYTHING: dict[str, Any] = {
    "user_name": "ada@example.com",
    "name": {"given_name": "Ada", "family_name": "Lovelace", "honorific_prefix": "Lady"},
    "display_name": "Ada Lovelace",
    "nick_name": "Ada",
    "nickname": "",
    "profile_url": "https://example.com/ada",
    "title": "Countess",
    "user_type": "Employee",
    "preferred_language": "en-GB",
    "locale": "en",
    "timezone": "Europe/London",
    "emails": [{"value": "ada@example.com", "type": "work", "primary": True}, {"value": "a@example.org"}],
    "phone_numbers": [{"value": "+442079460000", "type": "mobile"}],
    "ims": [{"value": "ada", "type": "irc"}],
    "photos": [{"value": "https://example.com/ada.png", "type": "photo"}],
    "addresses": [{"street_address": "12 St James's Square", "locality": "London", "country": "GB", "type": "home"}],
    "employee_number": "7",
    "cost_center": "42",
    "organization": "Royal Society",
    "division": "Mathematics",
    "department": "Engines",
    "availability": "away",
    "reception_capacity": 0,
}


def without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_null(each) for name, each in value.items() if each is not None}
    return [without_null(each) for each in value] if isinstance(value, list) else value


def test_the_api_has_every_field_that_hands_write() -> None:
    assert set(ProfileInput.model_fields) == {PLAIN[name] for name in FIELDS}
    assert set(ProfileShape.model_fields) == set(ProfileInput.model_fields)
    assert len(set(PLAIN.values())) == len(PLAIN)


def test_a_user_is_made_with_every_field_and_shown_as_they_were_made(
    app: Flask, office: Hands, acme: Directory, database: Database
) -> None:
    keeper = program(app, office, Manage.USERS, Manage.USERS_VIEW)
    boss = str(office.create("boss"))

    made = keeper.send("POST", "/users", {"profile": {**EVERYTHING, "manager": boss}})

    assert made.status_code == 201
    ada = keeper.get(made.headers["Location"].removeprefix("/api/v1"))
    assert ada == made.json
    assert without_null(ada["profile"]) == {**EVERYTHING, "manager": boss}
    assert set(ada["written_by"].values()) == {"hand"}
    assert (ada["status"], ada["origin"], ada["role"]["name"], ada["directory"]) == ("active", "hand", "Agent", None)
    assert (ada["availability"], ada["reception_capacity"], ada["email"]) == ("away", 0, "ada@example.com")
    assert ada["manager"] == {"id": boss, "user_name": "boss", "display_name": "Boss"}
    assert acme.get(f"/Users/{ada['id']}")[ENTERPRISE_USER]["department"] == "Engines"
    [created] = [each for each in events(database, "acme") if str(each.target_id) == ada["id"]]
    assert (created.action, created.actor_kind, created.actor_name) == ("user.created", "key", "test")


def test_what_is_left_out_stays_null_takes_away_and_blank_is_refused(app: Flask, office: Hands) -> None:
    keeper = program(app, office)
    id = keeper.post("/users", {"profile": EVERYTHING})["id"]

    changed = keeper.patch(
        f"/users/{id}",
        {
            "profile": {
                "title": None,
                "name": {"given_name": "Augusta", "honorific_prefix": None},
                "ims": [],
                "emails": [{"value": "ada@example.com"}],
            }
        },
    )["profile"]

    assert without_null(changed) == {
        **{name: value for name, value in EVERYTHING.items() if name != "title"},
        "name": {"given_name": "Augusta", "family_name": "Lovelace"},
        "ims": [],
        "emails": [{"value": "ada@example.com"}],
    }
    assert keeper.patch(f"/users/{id}", {"profile": {"name": None, "nickname": None}})["profile"]["nickname"] is None
    before = keeper.get(f"/users/{id}")
    for nothing in ({"title": ""}, {"user_name": ""}, {"user_name": None}, {"name": {"given_name": " "}}):
        refused(keeper.send("PATCH", f"/users/{id}", {"profile": nothing}), 422, "invalid_value")
    assert keeper.patch(f"/users/{id}", {"profile": {}}) == before == keeper.get(f"/users/{id}")


@pytest.mark.parametrize(
    ("profile", "pointed"),
    [
        ({"title": 7}, "#/profile/title"),
        ({"color": "red"}, "#/profile/color"),
        ({"emails": [{"type": "work"}]}, "#/profile/emails/0/value"),
        ({"manager": "nobody"}, "#/profile/manager"),
        ({"reception_capacity": 2**40}, "#/profile/reception_capacity"),
        ({"title": "x" * 2000}, "#/profile/title"),
        ({"locale": "klingon"}, None),
        ({"title": "a\x00b"}, None),
        ({"title": "\u202eadA"}, None),
        ({"emails": [{"value": "ada"}]}, None),
        ({"photos": [{"value": "http://example.com/a.png"}]}, None),
        ({"manager": str(uuid4())}, None),
        ({"emails": [{"value": "a@example.com", "primary": True}, {"value": "b@example.com", "primary": True}]}, None),
    ],
)
def test_what_a_field_cannot_be_is_refused_and_nothing_is_kept(
    app: Flask, office: Hands, database: Database, profile: dict[str, Any], pointed: str | None
) -> None:
    keeper, id = program(app, office), office.create("ada")
    before = contents(database)

    problem = refused(keeper.send("PATCH", f"/users/{id}", {"profile": profile}), 422, "invalid_value")

    assert [each["pointer"] for each in problem.get("errors", [])] == ([pointed] if pointed else [])
    assert {**contents(database), "api_keys": []} == {**before, "api_keys": []}


def test_a_user_who_was_changed_in_between_is_not_changed(app: Flask, office: Hands) -> None:
    keeper, id = program(app, office), office.create("ada")
    read = keeper.get(f"/users/{id}")["version"]
    keeper.patch(f"/users/{id}", {"profile": {"title": "Countess"}, "version": read})

    problem = keeper.send("PATCH", f"/users/{id}", {"profile": {"title": "Queen"}, "version": read})

    refused(problem, 412, "outdated")
    assert keeper.get(f"/users/{id}")["profile"]["title"] == "Countess"


def test_a_name_that_is_taken_is_a_conflict(app: Flask, office: Hands) -> None:
    keeper = program(app, office)
    office.create("ada")

    assert refused(keeper.send("POST", "/users", {"profile": {"user_name": "ADA"}}), 409, "user_name_taken")[
        "attribute"
    ] == ("userName")


def test_what_a_directory_says_is_its_own_and_shown_whole(app: Flask, office: Hands, acme: Directory) -> None:
    keeper = program(app, office)
    boss = acme.create_user("boss", externalId="b-1")
    ada = acme.create_user(
        "ada",
        title="Countess",
        locale="klingon",
        externalId="e-1",
        entitlements=[{"value": "gold"}],
        schemas=["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE_USER],
        **{ENTERPRISE_USER: {"manager": {"value": "b-1"}}},
    ).id
    keeper.patch(f"/users/{ada}", {"profile": {"nick_name": "A"}})

    found = keeper.get(f"/users/{ada}")

    assert (found["directory"]["provider"], found["origin"], found["external_id"]) == ("generic", "scim", "e-1")
    assert found["written_by"]["title"] == "directory"
    assert found["written_by"]["nick_name"] == "hand"
    assert found["more"] == {"entitlements": [{"value": "gold"}]}
    assert (found["profile"]["locale"], found["profile"]["manager"]) == ("klingon", "b-1")
    assert found["manager"]["id"] == boss.id
    refused(keeper.send("PATCH", f"/users/{ada}", {"profile": {"title": "Queen"}}), 403, "owned_by_directory")


def test_users_are_listed_part_by_part_and_found_by_what_is_known(
    app: Flask, office: Hands, acme: Directory, globex: Directory
) -> None:
    keeper = program(app, office, Manage.USERS_VIEW)
    with office.acting() as ctx:
        addresses = [{"value": "a@example.com"}, {"value": "Ada@Example.org"}]
        ada = hands.create_user_by_hand(ctx, {"userName": "ada", "emails": addresses}).id
    office.create("bob", role="Viewer", status=UserStatus.DEACTIVATED)
    office.create("100%", status=UserStatus.INVITED)
    carl = acme.create_user("carl", externalId="c-1").id
    acme.delete(f"/Users/{acme.create_user('gone').id}")
    globex.create_user("adam", externalId="c-1")
    with office.acting() as ctx:
        team = handmade_teams.create_team(ctx, "Crew")
        handmade_teams.add_mates(ctx, team, [ada])
        viewer, team_id = users.find_user(ctx, "bob", "bob").role_id, team.id
        directory = directories.list_directories(ctx)[0].id

    def names(**query: Any) -> list[str]:
        return [each["user_name"] for each in keeper.all("/users", limit=2, **query)]

    assert names() == ["ada", "bob", "100%", "carl"]
    assert names(status="deactivated") == ["bob"]
    assert names(status=["deactivated", "invited"]) == ["bob", "100%"]
    assert names(search="A") == ["ada", "carl"]
    assert names(search="%") == ["100%"]
    assert names(user_name="ADA") == ["ada"]
    assert names(user_name="ad") == []
    assert names(email="ada@EXAMPLE.org") == ["ada"]
    assert names(external_id="c-1") == ["carl"]
    assert names(role_id=str(viewer)) == ["bob"]
    assert names(team_id=str(team_id)) == ["ada"]
    assert names(directory_id=str(directory), origin="scim") == ["carl"]
    assert names(origin="hand", search="a", status="active") == ["ada"]
    assert names(role_id=str(uuid4())) == []
    [short] = keeper.get("/users", user_name="carl")["items"]
    assert short["id"] == carl
    assert (short["directory"]["id"], short["role"]["name"]) == (str(directory), "Agent")


@pytest.mark.parametrize(
    "query",
    [
        {"status": "deleted"},
        {"origin": "mars"},
        {"role_id": "x"},
        {"search": ""},
        {"email": "a\x00b"},
        {"limit": "0"},
        {"limit": "201"},
        {"cursor": "x"},
        {"color": "red"},
    ],
)
def test_what_no_list_can_be_asked_for_is_refused(app: Flask, office: Hands, query: dict[str, str]) -> None:
    refused(program(app, office).send("GET", "/users", query_string=query), 422, "invalid_value")


def test_whoever_is_deleted_or_of_another_organization_is_not_there(
    app: Flask, office: Hands, globex: Directory
) -> None:
    keeper = program(app, office)
    gone, adam = office.create("gone"), globex.create_user("adam").id
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, gone))

    for id in (gone, adam, uuid4()):
        refused(keeper.send("GET", f"/users/{id}"), 404, "not_found")
        refused(keeper.send("PATCH", f"/users/{id}", {"profile": {"title": "x"}}), 404, "not_found")
        refused(keeper.send("PATCH", f"/users/{id}/availability", {"availability": "away"}), 404, "not_found")


def test_a_key_gives_newcomers_no_role_that_it_is_not_as_good_as(app: Flask, office: Hands) -> None:
    boss, viewer = (str(office.user(office.create(role, role=role)).role_id) for role in ("Admin", "Viewer"))
    keeper = program(app, office, Manage.USERS)

    refused(keeper.send("POST", "/users", {"profile": {"user_name": "eve"}, "role_id": boss}), 403, "not_allowed")
    refused(keeper.send("POST", "/users", {"profile": {"user_name": "eve"}, "role_id": viewer}), 403)
    refused(keeper.send("POST", "/users", {"profile": {"user_name": "eve"}, "role_id": str(uuid4())}), 404)
    assert keeper.post("/users", {"profile": {"user_name": "eve"}})["role"]["name"] == "Agent"
    admin = program(app, office)
    made = admin.post("/users", {"profile": {"user_name": "bob"}, "role_id": viewer, "status": "invited"})
    assert (made["role"]["name"], made["status"]) == ("Viewer", "invited")


def test_whether_somebody_takes_work_is_told(app: Flask, office: Hands, database: Database) -> None:
    keeper, id = program(app, office), office.create("ada")

    away = keeper.patch(f"/users/{id}/availability", {"availability": "away", "reception_capacity": 3})
    free = keeper.patch(f"/users/{id}/availability", {"reception_capacity": None})

    assert (away["availability"], away["reception_capacity"]) == ("away", 3)
    assert (free["availability"], free["reception_capacity"]) == ("away", None)
    assert [each.action for each in events(database, "acme")[-4:]] == [
        "user.updated",
        "user.availability_changed",
    ] * 2


def test_a_list_costs_the_same_however_many_it_shows(app: Flask, office: Hands, database: Database) -> None:
    keeper = program(app, office)
    office.create("ada")

    def cost(path: str) -> int:
        keeper.get(path)
        with statements(database) as sent:
            keeper.get(path)
        return len(sent)

    before = cost("/users")
    for number in range(20):
        office.create(f"user{number}")
    assert cost("/users") == before
    assert len(keeper.get("/users")["items"]) == 21
