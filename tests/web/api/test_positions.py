"""Positions, as programs draw their tree."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from scim_server.db import Database
from scim_server.services import lifecycle, positions, users
from scim_server.services.built_in import Manage
from tests.hands import Hands
from tests.programs import Program, program, refused
from tests.promises.databases import statements
from tests.web.api.events import events_of_keys


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


def tree(boss: Program) -> dict[str, str | None]:
    """Each position, and the one that it is below."""
    found = list(boss.all("/positions", limit=2))
    names = {each["id"]: each["name"] for each in found}
    return {each["name"]: names.get(each["parent_id"]) for each in found}


def hold(office: Hands, name: str, position: Any) -> UUID:
    """A new user who holds a position."""
    id = office.create(name)
    with office.acting() as ctx:
        found = positions.get_position(ctx, UUID(position["id"]))
        positions.assign_position(ctx, users.get_user_to_change(ctx, id), found)
    return id


def test_a_tree_is_drawn_changed_and_taken_down(boss: Program, database: Database) -> None:
    chief = boss.post("/positions", {"name": "Chief", "scope": "all"})
    lead = boss.post("/positions", {"name": "Lead", "parent_id": chief["id"]})
    clerk = boss.post("/positions", {"name": "Clerk", "scope": "team", "parent_id": lead["id"]})
    assert (chief["parent_id"], lead["scope"], lead["parent_id"]) == (None, "own", chief["id"])
    assert tree(boss) == {"Chief": None, "Lead": "Chief", "Clerk": "Lead"}

    changed = boss.patch(f"/positions/{lead['id']}", {"name": "Head", "scope": "subordinates", "parent_id": None})

    assert (changed["name"], changed["scope"], changed["parent_id"]) == ("Head", "subordinates", None)
    assert boss.get(f"/positions/{lead['id']}") == changed
    assert boss.patch(f"/positions/{lead['id']}", {}) == changed
    boss.patch(f"/positions/{chief['id']}", {"parent_id": clerk["id"]})
    assert tree(boss) == {"Chief": "Clerk", "Head": None, "Clerk": "Head"}
    boss.delete(f"/positions/{chief['id']}")
    assert tree(boss) == {"Head": None, "Clerk": "Head"}
    assert events_of_keys(database)[3:] == [
        ("position.moved", {"parent": ["Chief", None]}),
        ("position.updated", {"name": ["Lead", "Head"]}),
        ("position.updated", {"scope": ["own", "subordinates"]}),
        ("position.moved", {"parent": [None, "Clerk"]}),
        ("position.deleted", {"name": ["Chief", None], "scope": ["all", None]}),
    ]


def test_what_a_tree_cannot_be_is_refused(boss: Program, database: Database) -> None:
    chief = boss.post("/positions", {"name": "Chief"})
    lead = boss.post("/positions", {"name": "Lead", "parent_id": chief["id"]})
    before = events_of_keys(database)

    for body, status, code in [
        ({"name": "LEAD"}, 409, "position_name_taken"),
        ({"name": "New", "parent_id": lead["id"]}, 409, "circular_positions"),
        ({"name": "New", "parent_id": chief["id"]}, 409, "circular_positions"),
        ({"name": "New", "parent_id": str(uuid4())}, 404, "not_found"),
        ({"name": "New", "parent_id": "x"}, 422, "invalid_value"),
        ({"name": "New", "scope": "everything"}, 422, "invalid_value"),
        ({"name": "New", "scope": None}, 422, "invalid_value"),
        ({"name": ""}, 422, "invalid_value"),
        ({"name": " "}, 422, "invalid_value"),
        ({"name": None}, 422, "invalid_value"),
        ({"name": "a\0b"}, 422, "invalid_value"),
        ({"level": 1}, 422, "invalid_value"),
    ]:
        refused(boss.send("PATCH", f"/positions/{chief['id']}", body), status, code)
    refused(boss.send("DELETE", f"/positions/{chief['id']}"), 409, "position_in_use")

    assert boss.get(f"/positions/{chief['id']}") == chief
    assert events_of_keys(database) == before


def test_holders_are_listed_part_by_part_and_keep_their_position(
    boss: Program, office: Hands, database: Database
) -> None:
    chief = boss.post("/positions", {"name": "Chief"})
    for name in ("ada", "bob", "eve"):
        hold(office, name, chief)
    gone = hold(office, "max", chief)
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, gone))

    path = f"/positions/{chief['id']}"
    assert [each["user_name"] for each in boss.all(f"{path}/holders", limit=2)] == ["ada", "bob", "eve"]
    refused(boss.send("DELETE", path), 409, "position_in_use")
    refused(boss.send("GET", f"/positions/{uuid4()}/holders"), 404, "not_found")


def test_a_key_that_may_view_positions_changes_none(app: Flask, office: Hands) -> None:
    viewer, keeper = program(app, office, Manage.POSITIONS_VIEW), program(app, office, Manage.POSITIONS)
    chief = keeper.post("/positions", {"name": "Chief"})
    path = f"/positions/{chief['id']}"

    assert viewer.get(path) == chief
    assert keeper.patch(path, {"scope": "team"})["scope"] == "team"
    refused(keeper.send("GET", "/positions"), 403, "not_allowed")
    refused(viewer.send("POST", "/positions", {"name": "x"}), 403, "not_allowed")
    refused(viewer.send("PATCH", path, {"name": "x"}), 403, "not_allowed")
    refused(viewer.send("DELETE", path), 403, "not_allowed")
    keeper.delete(path)


def test_a_part_of_the_positions_costs_the_same_however_many_there_are(
    boss: Program, office: Hands, database: Database
) -> None:
    chief = boss.post("/positions", {"name": "Chief"})
    paths = ["/positions", f"/positions/{chief['id']}/holders"]

    def cost(path: str) -> int:
        with statements(database) as seen:
            boss.get(path)
        return len(seen)

    boss.get("/positions")
    before = [cost(path) for path in paths]
    for n in range(4):
        boss.post("/positions", {"name": f"Lead {n}", "parent_id": chief["id"]})
        hold(office, f"user{n}", chief)

    assert [cost(path) for path in paths] == before
