"""Group mappings, as programs make, try and switch them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from scim_server.db import Database
from scim_server.services import users
from scim_server.services.built_in import Manage
from scim_server.services.declared import declared
from scim_server.services.mapping import ClaimSource, apply_claims
from scim_server.services.mapping_views import GroupSource
from tests import connection_files
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, program, refused
from tests.promises.databases import statements
from tests.web.api.events import events_of_keys

NOBODY = str(uuid4())


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


def role(boss: Program, name: str) -> str:
    return str(next(each["id"] for each in boss.all("/roles") if each["name"] == name))


def role_of(office: Hands, id: object) -> str:
    with office.acting() as ctx:
        return declared(ctx).roles[users.get_user(ctx, UUID(str(id))).role_id].name


def members(boss: Program, team: Any) -> set[str]:
    return {each["user_name"] for each in boss.all(f"/teams/{team['id']}/members")}


def test_a_mapping_is_tried_switched_on_and_off_and_taken_away(
    boss: Program, acme: Directory, office: Hands, database: Database
) -> None:
    people = [acme.create_user(name) for name in ("ada", "bob", "eve")]
    group, desk = acme.create_group("IT", *people), boss.post("/teams", {"name": "Desk"})
    viewer = role(boss, "Viewer")

    made = boss.post("/group-mappings", {"group_id": group.id, "role_id": viewer, "team_id": desk["id"]})
    path = f"/group-mappings/{made['id']}"

    assert (made["enabled"], made["priority"], made["source"]) == (False, 100, "scim")
    assert (made["group_id"], made["role_id"], made["team_id"]) == (group.id, viewer, desk["id"])
    assert (made["connection"], made["value"], made["may_give_admin"]) == (None, None, False)
    tried = boss.get(f"{path}/preview")
    assert (tried["users_in_group"], tried["users_changing"], tried["next"]) == (3, 3, None)
    assert tried["roles"] == [{"before": "Agent", "after": "Viewer", "users": 3}]
    assert (tried["joining_team"], tried["leaving_team"], tried["keeping_role"]) == (3, 0, 0)
    assert tried["items"][0] == {
        "user_id": people[0].id,
        "user_name": "ada",
        "role_before": "Agent",
        "role_after": "Viewer",
        "keeps_role": False,
        "joins": [desk["id"]],
        "leaves": [],
    }
    assert [each["user_name"] for each in boss.all(f"{path}/preview", limit=1)] == ["ada", "bob", "eve"]
    assert members(boss, desk) == set()

    assert boss.post(f"{path}/enable")["enabled"] is True
    assert (role_of(office, people[0].id), members(boss, desk)) == ("Viewer", {"ada", "bob", "eve"})
    assert boss.post(f"{path}/enable")["enabled"] is True
    assert boss.post(f"{path}/disable")["enabled"] is False
    assert (role_of(office, people[0].id), members(boss, desk)) == ("Agent", set())
    boss.post(f"{path}/enable")
    boss.delete(path)
    assert (role_of(office, people[0].id), members(boss, desk)) == ("Agent", set())
    refused(boss.send("GET", path), 404, "not_found")
    told = [action for action, _ in events_of_keys(database) if action.startswith("mapping.")]
    assert told == ["mapping.created", "mapping.enabled", "mapping.disabled", "mapping.enabled", "mapping.removed"]


def test_a_group_that_a_connection_tells_of_is_mapped(boss: Program, office: Hands) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        row = connection_files.create(ctx, connection_files.saml_file(domains=[]))
        connection = str(row.id)

    desk = boss.post("/teams", {"name": "Desk"})
    made = boss.post("/group-mappings", {"connection_id": connection, "value": "it", "team_id": desk["id"]})
    boss.post(f"/group-mappings/{made['id']}/enable")
    with office.acting() as ctx:
        claim = ClaimSource(GroupSource.SAML, connection)
        apply_claims(ctx, users.get_user_to_change(ctx, ada), {claim: ["it"]})

    assert (made["source"], made["connection"], made["value"], made["group_id"]) == ("saml", connection, "it", None)
    assert members(boss, desk) == {"ada"}


def test_mappings_are_listed_in_order_of_priority(boss: Program, acme: Directory) -> None:
    group, viewer = acme.create_group("IT"), role(boss, "Viewer")
    ids = [
        boss.post("/group-mappings", {"group_id": group.id, "role_id": viewer, "priority": priority})["id"]
        for priority in (5, 3, 3, 9)
    ]
    order = [ids[1], ids[2], ids[0], ids[3]]

    assert [each["id"] for each in boss.all("/group-mappings", limit=1)] == order
    assert boss.patch(f"/group-mappings/{ids[3]}", {"priority": 0})["priority"] == 0
    assert [each["id"] for each in boss.all("/group-mappings")] == [ids[3], *order[:3]]
    first = boss.get("/group-mappings", limit=1)
    boss.delete(f"/group-mappings/{first['items'][0]['id']}")
    refused(boss.send("GET", f"/group-mappings?cursor={first['next']}"), 422, "invalid_value")


def test_a_mapping_is_about_one_group_and_gives_something(boss: Program, acme: Directory) -> None:
    group, by_hand = acme.create_group("IT").id, boss.post("/teams", {"name": "Desk"})["id"]
    viewer, admin = role(boss, "Viewer"), role(boss, "Admin")

    for body, status, code in [
        ({}, 422, "invalid_value"),
        ({"group_id": group}, 422, "invalid_value"),
        ({"role_id": viewer}, 422, "invalid_value"),
        ({"group_id": None, "role_id": viewer}, 422, "invalid_value"),
        ({"group_id": group, "connection_id": NOBODY, "value": "it", "role_id": viewer}, 422, "invalid_value"),
        ({"connection_id": NOBODY, "role_id": viewer}, 422, "invalid_value"),
        ({"connection_id": NOBODY, "value": "", "role_id": viewer}, 422, "invalid_value"),
        ({"connection_id": NOBODY, "value": "it", "role_id": viewer}, 404, "not_found"),
        ({"group_id": by_hand, "role_id": viewer}, 422, "invalid_value"),
        ({"group_id": group, "team_id": group}, 403, "owned_by_directory"),
        ({"group_id": NOBODY, "team_id": by_hand}, 404, "not_found"),
        ({"group_id": group, "team_id": NOBODY}, 404, "not_found"),
        ({"group_id": group, "role_id": NOBODY}, 404, "not_found"),
        ({"group_id": group, "role_id": admin}, 403, "not_allowed"),
        ({"group_id": group, "role_id": viewer, "priority": -1}, 422, "invalid_value"),
        ({"group_id": group, "role_id": viewer, "priority": "1"}, 422, "invalid_value"),
        ({"group_id": group, "role_id": viewer, "priority": None}, 422, "invalid_value"),
    ]:
        refused(boss.send("POST", "/group-mappings", body), status, code)

    assert boss.get("/group-mappings")["items"] == []
    made = boss.post("/group-mappings", {"group_id": group, "role_id": admin, "may_give_admin": True})
    assert made["may_give_admin"] is True


def test_a_program_maps_no_role_that_it_could_not_give(app: Flask, office: Hands, acme: Directory) -> None:
    boss = program(app, office)
    keeper = program(app, office, Manage.ROLES, Manage.TEAMS)
    group, desk = acme.create_group("IT").id, boss.post("/teams", {"name": "Desk"})["id"]
    theirs = boss.post("/group-mappings", {"group_id": group, "role_id": role(boss, "Viewer")})
    path = f"/group-mappings/{theirs['id']}"

    refused(keeper.send("POST", "/group-mappings", {"group_id": group, "role_id": theirs["role_id"]}), 403)
    for method, at, body in [
        ("POST", f"{path}/enable", None),
        ("GET", f"{path}/preview", None),
        ("PATCH", path, {"priority": 1}),
        ("DELETE", path, None),
    ]:
        refused(keeper.send(method, at, body), 403, "not_allowed")
    made = keeper.post("/group-mappings", {"group_id": group, "team_id": desk})
    assert keeper.post(f"/group-mappings/{made['id']}/enable")["enabled"] is True
    assert len(program(app, office, Manage.ROLES_VIEW, Manage.TEAMS_VIEW).get("/group-mappings")["items"]) == 2
    refused(program(app, office, Manage.TEAMS_VIEW).send("GET", "/group-mappings"), 403, "not_allowed")


def test_a_preview_costs_the_same_however_many_it_is_about(boss: Program, acme: Directory, database: Database) -> None:
    group = acme.create_group("IT", acme.create_user("ada"))
    made = boss.post("/group-mappings", {"group_id": group.id, "role_id": role(boss, "Viewer")})
    paths = ["/group-mappings", f"/group-mappings/{made['id']}/preview"]

    def cost(path: str) -> int:
        with statements(database) as seen:
            boss.get(path)
        return len(seen)

    before = [cost(path) for path in paths]
    more = [{"value": acme.create_user(f"user{n}").id} for n in range(5)]
    acme.patch(f"/Groups/{group.id}", {"op": "add", "path": "members", "value": more})
    for _ in range(3):
        boss.post("/group-mappings", {"group_id": group.id, "role_id": made["role_id"]})

    assert [cost(path) for path in paths] == before
