"""Teams, as programs make and change them."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from scim_server.db import Database
from scim_server.services.built_in import Manage
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, program, refused
from tests.promises.databases import statements
from tests.web.api.events import events_of_keys


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


def names(items: list[Any]) -> list[str]:
    return [each["name"] for each in items]


def members(of: Program, team: Any, **query: Any) -> dict[str, tuple[str, list[str]]]:
    found = of.all(f"/teams/{team['id']}/members", **query)
    return {each["user_name"]: (each["part"], each["held_by"]) for each in found}


def test_a_team_is_made_changed_deleted_and_brought_back(boss: Program, database: Database) -> None:
    made = boss.post("/teams", {"name": "Desk"})
    assert (made["name"], made["description"], made["directory_id"], made["is_main"]) == ("Desk", "", None, False)

    changed = boss.patch(f"/teams/{made['id']}", {"name": "Front", "description": "First line"})
    assert (changed["name"], changed["description"]) == ("Front", "First line")
    assert boss.patch(f"/teams/{made['id']}", {"description": ""})["name"] == "Front"
    boss.delete(f"/teams/{made['id']}")
    refused(boss.send("GET", f"/teams/{made['id']}"), 404, "not_found")
    assert boss.get("/teams")["items"] == []
    assert names(boss.get("/teams", deleted=True)["items"]) == ["Front"]
    boss.post(f"/teams/{made['id']}/restore")

    shown = boss.get(f"/teams/{made['id']}")
    assert (shown["name"], shown["description"], shown["deleted_at"]) == ("Front", "", None)
    assert shown["member_count"] == 0
    assert events_of_keys(database) == [
        ("team.created", {"displayName": [None, "Desk"]}),
        ("team.updated", {"displayName": ["Desk", "Front"]}),
        ("team.updated", {"description": ["", "First line"]}),
        ("team.updated", {"description": ["First line", ""]}),
        ("team.deleted", {"displayName": ["Front", None]}),
        ("team.restored", {"displayName": [None, "Front"]}),
    ]


def test_what_is_not_said_of_a_team_stays_and_nothing_is_no_name(boss: Program, database: Database) -> None:
    team = boss.post("/teams", {"name": "Desk", "description": "First line"})
    before = len(events_of_keys(database))

    assert boss.patch(f"/teams/{team['id']}", {})["description"] == "First line"
    for body in ({"name": None}, {"name": ""}, {"name": " "}, {"description": None}, {"name": "a\0b"}, {"colour": 1}):
        refused(boss.send("PATCH", f"/teams/{team['id']}", body), 422, "invalid_value")

    assert len(events_of_keys(database)) == before
    assert boss.get(f"/teams/{team['id']}")["name"] == "Desk"


def test_two_teams_of_one_name_are_a_conflict(boss: Program) -> None:
    boss.post("/teams", {"name": "Desk"})
    other = boss.post("/teams", {"name": "Shop"})

    refused(boss.send("POST", "/teams", {"name": "DESK"}), 409, "team_name_taken")
    refused(boss.send("PATCH", f"/teams/{other['id']}", {"name": "desk"}), 409, "team_name_taken")
    boss.delete(f"/teams/{other['id']}")
    boss.post("/teams", {"name": "Shop"})
    refused(boss.send("POST", f"/teams/{other['id']}/restore"), 409, "team_name_taken")


def test_teams_are_found_by_name_and_owner_part_by_part(boss: Program, acme: Directory) -> None:
    pushed = acme.create_group("Directory desk")
    made = [boss.post("/teams", {"name": f"Desk {n} 100%"}) for n in range(5)]
    boss.post("/teams", {"name": "Shop"})

    first = boss.get("/teams", limit=3, search="DESK")
    assert len(first["items"]) == 3
    assert first["next"]
    assert len(list(boss.all("/teams", limit=3, search="desk"))) == 6
    assert names(list(boss.all("/teams", search="0%", limit=1))) == names(made)
    assert [each["id"] for each in boss.all("/teams", owner="directory")] == [pushed.id]
    assert pushed.id not in [each["id"] for each in boss.all("/teams", owner="hand")]
    for wrong in ["limit=0", "limit=201", "cursor=x", "owner=me", "search=%00", "color=red", "limit=1&limit=2"]:
        refused(boss.send("GET", f"/teams?{wrong}"), 422, "invalid_value")


def test_members_come_do_something_and_go(boss: Program, office: Hands, database: Database) -> None:
    ada, bob, eve = (str(office.create(name)) for name in ("ada", "bob", "eve"))
    team = boss.post("/teams", {"name": "Desk"})
    path = f"/teams/{team['id']}/members"

    assert boss.post(path, {"user_ids": [ada, bob]}) == {"added": sorted([ada, bob])}
    assert boss.post(path, {"user_ids": [bob, eve], "part": "both"}) == {"added": [eve]}
    assert boss.put(f"{path}/part", {"user_ids": [ada, eve], "part": "supervisor"}) == {"members": sorted([ada, eve])}

    hand = ["hand"]
    assert members(boss, team) == {"ada": ("supervisor", hand), "bob": ("both", hand), "eve": ("supervisor", hand)}
    assert members(boss, team, limit=1).keys() == {"ada", "bob", "eve"}
    assert members(boss, team, part="both").keys() == {"bob"}
    assert members(boss, team, part="user") == {}
    assert boss.post(f"{path}/remove", {"user_ids": [ada, bob]}) == {"removed": sorted([ada, bob]), "kept": []}
    assert boss.post(f"{path}/remove", {"user_ids": [ada]}) == {"removed": [], "kept": []}
    assert boss.get(f"/teams/{team['id']}")["member_count"] == 1
    assert [action for action, _ in events_of_keys(database)] == [
        "team.created",
        "team.members_added",
        "team.members_added",
        "team.members_changed",
        "team.members_changed",
        "team.members_removed",
    ]


def test_of_many_new_members_all_come_or_none(boss: Program, office: Hands, globex: Directory) -> None:
    ada, stranger = str(office.create("ada")), globex.create_user("gina").id
    team = boss.post("/teams", {"name": "Desk"})

    for nobody in (str(uuid4()), stranger):
        refused(boss.send("POST", f"/teams/{team['id']}/members", {"user_ids": [ada, nobody]}), 404, "not_found")
    for wrong in ([], ["x"], [str(uuid4())] * 1001, None):
        refused(boss.send("POST", f"/teams/{team['id']}/members", {"user_ids": wrong}), 422, "invalid_value")

    assert members(boss, team) == {}


def test_what_a_directory_says_of_its_team_no_program_changes(boss: Program, acme: Directory, office: Hands) -> None:
    ada, bob = acme.create_user("ada"), str(office.create("bob"))
    team = boss.get(f"/teams/{acme.create_group('Crew', ada).id}")
    path = f"/teams/{team['id']}"

    for method, at, body in [
        ("PATCH", path, {"name": "Ours"}),
        ("DELETE", path, None),
        ("POST", f"{path}/members", {"user_ids": [bob]}),
        ("POST", f"{path}/members/remove", {"user_ids": [ada.id]}),
        ("POST", f"{path}/subteams", {"team_ids": [boss.post("/teams", {"name": "Desk"})["id"]]}),
        ("POST", f"{path}/subteams/remove", {"team_ids": [bob]}),
    ]:
        refused(boss.send(method, at, body), 403, "owned_by_directory")
    boss.patch(path, {"description": "The crew"})
    boss.put(f"{path}/members/part", {"user_ids": [ada.id, bob], "part": "both"})

    assert members(boss, team) == {"ada": ("both", ["directory"])}
    assert boss.get(path)["description"] == "The crew"
    acme.delete(f"/Groups/{team['id']}")
    refused(boss.send("POST", f"{path}/restore"), 403, "owned_by_directory")


def test_teams_are_nested_and_taken_out_again(boss: Program, acme: Directory, database: Database) -> None:
    inner, middle, outer = (boss.post("/teams", {"name": name}) for name in ("Inner", "Middle", "Outer"))
    pushed = acme.create_group("Pushed")

    assert boss.post(f"/teams/{middle['id']}/subteams", {"team_ids": [inner["id"], pushed.id]}) == {
        "added": sorted([inner["id"], pushed.id])
    }
    boss.post(f"/teams/{outer['id']}/subteams", {"team_ids": [middle["id"]]})

    assert boss.post(f"/teams/{outer['id']}/subteams", {"team_ids": [middle["id"]]}) == {"added": []}
    assert names(list(boss.all(f"/teams/{middle['id']}/subteams", limit=1))) == ["Inner", "Pushed"]
    assert names(boss.get(f"/teams/{inner['id']}/parents")["items"]) == ["Middle"]
    for container, member in ((inner, outer), (inner, middle), (inner, inner)):
        response = boss.send("POST", f"/teams/{container['id']}/subteams", {"team_ids": [member["id"]]})
        refused(response, 409, "circular_nesting")
    out = {"team_ids": [inner["id"], outer["id"]]}
    assert boss.post(f"/teams/{middle['id']}/subteams/remove", out) == {"removed": [inner["id"]]}
    assert boss.get(f"/teams/{inner['id']}/parents")["items"] == []
    boss.post(f"/teams/{inner['id']}/subteams", {"team_ids": [outer["id"]]})
    told = [changes for action, changes in events_of_keys(database) if action == "team.members_removed"]
    assert told == [{"members": [[inner["id"]], []]}]


def test_of_many_teams_all_are_nested_or_none(boss: Program, globex: Directory) -> None:
    inner, outer = (boss.post("/teams", {"name": name}) for name in ("Inner", "Outer"))

    for nobody in (str(uuid4()), globex.create_group("Theirs").id):
        body = {"team_ids": [inner["id"], nobody]}
        refused(boss.send("POST", f"/teams/{outer['id']}/subteams", body), 404, "not_found")

    assert boss.get(f"/teams/{outer['id']}/subteams")["items"] == []


def test_nobody_gets_into_a_group_of_a_directory_by_way_of_a_team_within_it(boss: Program, acme: Directory) -> None:
    ours, crowd = boss.post("/teams", {"name": "Ours"}), acme.create_group("Crowd")
    team = acme.get(f"/Groups/{ours['id']}")
    admins = acme.create_group("Admins", team)
    assert boss.get(f"/teams/{ours['id']}/parents")["items"][0]["id"] == admins.id

    response = boss.send("POST", f"/teams/{ours['id']}/subteams", {"team_ids": [crowd.id]})

    refused(response, 403, "owned_by_directory")
    assert boss.get(f"/teams/{ours['id']}/subteams")["items"] == []


def test_a_team_that_would_be_within_itself_is_not_brought_back(boss: Program) -> None:
    inner, middle, outer = (boss.post("/teams", {"name": name}) for name in ("Inner", "Middle", "Outer"))
    boss.post(f"/teams/{middle['id']}/subteams", {"team_ids": [inner["id"]]})
    boss.post(f"/teams/{outer['id']}/subteams", {"team_ids": [middle["id"]]})
    boss.delete(f"/teams/{middle['id']}")
    boss.post(f"/teams/{inner['id']}/subteams", {"team_ids": [outer["id"]]})

    refused(boss.send("POST", f"/teams/{middle['id']}/restore"), 409, "circular_nesting")

    refused(boss.send("GET", f"/teams/{middle['id']}"), 404)
    boss.post(f"/teams/{inner['id']}/subteams/remove", {"team_ids": [outer["id"]]})
    boss.post(f"/teams/{middle['id']}/restore")
    assert names(boss.get(f"/teams/{middle['id']}/subteams")["items"]) == ["Inner"]
    assert names(boss.get(f"/teams/{middle['id']}/parents")["items"]) == ["Outer"]


def test_every_new_user_joins_the_main_team(boss: Program, office: Hands, database: Database) -> None:
    team = boss.post("/teams", {"name": "Everybody"})

    boss.put("/organization/main-team", {"team_id": team["id"]})
    office.create("ada")

    assert members(boss, team) == {"ada": ("user", ["main"])}
    assert boss.get(f"/teams/{team['id']}")["is_main"] is True
    refused(boss.send("DELETE", f"/teams/{team['id']}"), 409, "is_main_team")
    refused(boss.send("PUT", "/organization/main-team", {"team_id": str(uuid4())}), 404, "not_found")
    refused(boss.send("PUT", "/organization/main-team", {}), 422, "invalid_value")
    boss.put("/organization/main-team", {"team_id": None})
    office.create("bob")
    assert members(boss, team).keys() == {"ada"}
    boss.delete(f"/teams/{team['id']}")
    told = [changes for action, changes in events_of_keys(database) if action == "organization.updated"]
    assert told == [{"main_team": [None, team["id"]]}, {"main_team": [team["id"], None]}]


def test_a_key_that_may_view_teams_changes_none(app: Flask, office: Hands, boss: Program) -> None:
    viewer, keeper = program(app, office, Manage.TEAMS_VIEW), program(app, office, Manage.TEAMS)
    team = keeper.post("/teams", {"name": "Desk"})

    assert names(viewer.get("/teams")["items"]) == ["Desk"]
    refused(keeper.send("GET", "/teams"), 403, "not_allowed")
    for method, path, body in [
        ("POST", "/teams", {"name": "x"}),
        ("PATCH", f"/teams/{team['id']}", {"name": "x"}),
        ("DELETE", f"/teams/{team['id']}", None),
        ("PUT", "/organization/main-team", {"team_id": None}),
    ]:
        refused(viewer.send(method, path, body), 403, "not_allowed")


def test_a_part_of_a_list_costs_the_same_however_long_it_is(boss: Program, office: Hands, database: Database) -> None:
    team = boss.post("/teams", {"name": "Desk"})
    paths = ["/teams", *(f"/teams/{team['id']}{rest}" for rest in ("", "/members", "/subteams", "/parents"))]

    def cost(path: str) -> int:
        with statements(database) as seen:
            boss.get(path)
        return len(seen)

    boss.get("/teams")  # notes the use of the key
    before = [cost(path) for path in paths]
    ids = [str(office.create(f"user{n}")) for n in range(5)]
    boss.post(f"/teams/{team['id']}/members", {"user_ids": ids})
    more = [boss.post("/teams", {"name": f"Team {n}"})["id"] for n in range(5)]
    boss.post(f"/teams/{team['id']}/subteams", {"team_ids": more[:3]})
    for each in more[3:]:
        boss.post(f"/teams/{each}/subteams", {"team_ids": [team["id"]]})

    assert [cost(path) for path in paths] == before
