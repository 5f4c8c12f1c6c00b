"""Alarms as a program meets them: it sees what a directory did, undoes it, or lets it go on."""

from typing import Any

import pytest
from flask import Flask

from scim_server.db import Database
from scim_server.models import Provider, UserStatus
from scim_server.services import directories
from scim_server.services.brake import set_brake
from scim_server.services.built_in import Manage
from scim_server.web.api import alarms as room
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, program, refused
from tests.promises.databases import statements
from tests.services.test_brake import off, people
from tests.services.test_undo import by_hand, state
from tests.web.api.asked import actions, events

NOBODY = "0199e9a0-0000-7000-8000-000000000000"


def brake(office: Hands, **chosen: Any) -> None:
    with office.acting() as ctx:
        set_brake(ctx, directories.find_directory(ctx, Provider.GENERIC), **chosen)


def alarmed(acme: Directory, office: Hands) -> dict[str, Any]:
    """Everybody's state before their directory removed too many of them, who were five."""
    brake(office, brake_users=2)
    users = people(acme, 5)
    acme.create_group("All", *users)
    before = state(office.database)
    for user in users[:2]:
        off(acme, user)
    acme.delete(f"/Users/{users[2].id}")
    return before


def test_a_disaster_is_seen_and_undone(boss: Program, acme: Directory, office: Hands, database: Database) -> None:
    alarmed(acme, office)
    [alarm] = boss.get("/alarms")["items"]
    path = f"/alarms/{alarm['id']}"
    assert (alarm["state"], alarm["users"], alarm["of_users"], alarm["holds"]) == ("open", 3, 5, False)
    assert boss.get(path) == alarm
    after = state(database)

    planned = boss.get(f"{path}/undo")
    assert state(database) == after
    undone = boss.post(f"{path}/undo")

    # That the users and the group were made is within the window as well; whoever was made and deleted is as before.
    assert planned["undone"] == len(planned["items"]) == undone["undone"] == 5
    assert {each["kind"] for each in undone["items"]} == {"user", "team"}
    assert (undone["finished"], undone["left"], undone["alarm"]["state"]) == (True, 0, "undone")
    assert boss.get(path) == undone["alarm"]
    assert [each for each in actions(database) if each.startswith("directory.")] == [
        "directory.undo_begun",
        "directory.undone",
    ]
    refused(boss.send("POST", f"{path}/undo"), 403, "not_allowed")


def test_what_somebody_has_changed_since_is_left_and_told(boss: Program, acme: Directory, office: Hands) -> None:
    brake(office, brake_users=2)
    first, *others = people(acme, 4)
    for user in (first, *others[:2]):
        off(acme, user)
    with office.acting() as ctx:
        by_hand(ctx, first, UserStatus.ACTIVE)
    [alarm] = boss.get("/alarms", state="open")["items"]

    answer = boss.post(f"/alarms/{alarm['id']}/undo")

    [told] = [each for each in answer["items"] if each["left"]]
    assert (answer["left"], told["id"], told["undone"]) == (1, first.id, {})
    assert set(told["left"].values()) == {"changed since by the operator, on the command line"}
    assert acme.get(f"/Users/{first.id}").status == 200
    assert boss.get("/alarms", state="open")["items"] == []


def test_an_undo_that_takes_long_says_how_far_it_came_and_goes_on(
    boss: Program, acme: Directory, office: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarmed(acme, office)
    [alarm] = boss.get("/alarms")["items"]
    monkeypatch.setattr(room, "_PATIENCE", -1.0)

    answers = [boss.post(f"/alarms/{alarm['id']}/undo")]
    while not answers[-1]["finished"]:
        assert answers[-1]["undone"]
        assert answers[-1]["alarm"]["state"] == "undoing"
        assert answers[-1]["alarm"]["holds"]
        answers.append(boss.post(f"/alarms/{alarm['id']}/undo"))

    assert len(answers) > 2
    assert answers[-1]["alarm"]["state"] == "undone"
    assert acme.get("/Users").resources == []


def test_what_is_held_back_is_let_through(boss: Program, acme: Directory, office: Hands, database: Database) -> None:
    brake(office, brake_users=1, brake_mode="hold", brake_share=90)
    users = people(acme, 4)
    assert [off(acme, user).status for user in users[:2]] == [200, 429]
    [alarm] = boss.get("/alarms")["items"]
    assert (alarm["holds"], alarm["refused"]) == (True, 1)

    through = boss.post(f"/alarms/{alarm['id']}/let-through", {"minutes": 120, "users": 2})

    assert (through["state"], through["holds"], bool(through["let_through_until"])) == ("let_through", False, True)
    assert boss.get(f"/alarms/{alarm['id']}") == through
    assert [off(acme, user).status for user in users[1:]] == [200, 200, 429]
    [event] = [each for each in events(database) if each.action == "directory.alarm_let_through"]
    assert event.details["users"] == 2


def test_an_alarm_is_dismissed_once(boss: Program, acme: Directory, office: Hands, database: Database) -> None:
    alarmed(acme, office)
    [alarm] = boss.get("/alarms")["items"]

    dismissed = boss.post(f"/alarms/{alarm['id']}/dismiss")

    assert (dismissed["state"], dismissed["decided_by"], dismissed["holds"]) == ("dismissed", "test", False)
    assert boss.get(f"/alarms/{alarm['id']}") == dismissed
    assert actions(database)[-1] == "directory.alarm_dismissed"
    problem = refused(boss.send("POST", f"/alarms/{alarm['id']}/dismiss"), 403, "not_allowed")
    assert "not open any more" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"minutes": 0}, "#/minutes"),
        ({"minutes": None}, "#/minutes"),
        ({"minutes": 43_201}, "#/minutes"),
        ({"users": 0}, "#/users"),
        ({"users": 1_000_001}, "#/users"),
        ({"hours": 2}, "#/hours"),
    ],
)
def test_nothing_else_is_let_through(boss: Program, body: object, pointer: str) -> None:
    problem = refused(boss.send("POST", f"/alarms/{NOBODY}/let-through", body), 422, "invalid_value")

    assert [each["pointer"] for each in problem["errors"]] == [pointer]


def test_whoever_sees_directories_decides_nothing(
    app: Flask, acme: Directory, office: Hands, hers: Program, database: Database
) -> None:
    alarmed(acme, office)
    seer, keeper = program(app, office, Manage.DIRECTORIES_VIEW), program(app, office, Manage.DIRECTORIES)
    [alarm] = seer.get("/alarms")["items"]
    path = f"/alarms/{alarm['id']}"
    deeds: list[tuple[str, Any]] = [("dismiss", None), ("let-through", {}), ("undo", None)]
    before = state(database)

    for deed, body in deeds:
        refused(seer.send("POST", f"{path}/{deed}", body), 403, "not_allowed")
        refused(hers.send("POST", f"{path}/{deed}", body), 404, "not_found")
    for seen in (path, f"{path}/undo"):
        assert seer.get(seen)
        refused(keeper.send("GET", seen), 403, "not_allowed")
        refused(hers.send("GET", seen), 404, "not_found")
    assert hers.get("/alarms")["items"] == []
    assert state(database) == before
    assert keeper.post(f"{path}/dismiss")["state"] == "dismissed"
    assert keeper.post(f"{path}/let-through", {})["let_through_until"]


def test_whoever_manages_directories_undoes_without_seeing_more(app: Flask, acme: Directory, office: Hands) -> None:
    alarmed(acme, office)
    [alarm] = program(app, office, Manage.DIRECTORIES_VIEW).get("/alarms")["items"]

    assert program(app, office, Manage.DIRECTORIES).post(f"/alarms/{alarm['id']}/undo")["finished"]


def test_a_list_costs_the_same_however_long_it_is(
    boss: Program, acme: Directory, office: Hands, database: Database
) -> None:
    costs = []
    boss.get("/alarms")  # notes the use of the key
    for _ in range(2):
        alarmed(acme, office)
        with statements(database) as counted:
            found = boss.get("/alarms")["items"]
        costs.append(len(counted))
        boss.post(f"/alarms/{found[0]['id']}/undo")
        boss.post(f"/alarms/{found[0]['id']}/let-through", {"users": 1})

    assert len(list(boss.all("/alarms", limit=1))) == 2
    assert costs[0] == costs[1]
