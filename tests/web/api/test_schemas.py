"""Attributes of an organization's own, as programs declare them."""

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

URN = "urn:example:2.0:User"
BADGE = {"name": "badge", "type": "string"}
ROOM: dict[str, Any] = {
    "name": "room",
    "type": "complex",
    "multi_valued": True,
    "description": "Where they sit.",
    "sub_attributes": [
        {"name": "floor", "type": "integer", "required": True},
        {"name": "wing", "type": "string", "canonical_values": ["east", "west"], "case_exact": True},
    ],
}
NEW: dict[str, Any] = {"urn": URN, "name": "Badges", "attributes": [BADGE, ROOM]}


# scim2-models makes an annotation of a reference's types, which is code.
NO_TYPES = ["A\x14", "", "lambda", "None", "__import__('os').getpid()", "User, Group", "a" * 65]


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


def test_attributes_are_declared_used_changed_and_taken_back(
    boss: Program, acme: Directory, database: Database
) -> None:
    made = boss.post("/extension-schemas", NEW)
    path = f"/extension-schemas/{made['id']}"

    assert (made["urn"], made["extends"], made["name"], made["description"]) == (URN, "User", "Badges", "Badges")
    badge, room = made["attributes"]
    assert badge == {
        "name": "badge",
        "type": "string",
        "multi_valued": False,
        "description": "",
        "required": False,
        "canonical_values": [],
        "case_exact": False,
        "mutability": "readWrite",
        "returned": "default",
        "reference_types": [],
        "sub_attributes": [],
    }
    assert (room["multi_valued"], room["description"]) == (True, "Where they sit.")
    assert [each["name"] for each in room["sub_attributes"]] == ["floor", "wing"]
    assert (room["sub_attributes"][0]["required"], room["sub_attributes"][1]["case_exact"]) == (True, True)
    assert boss.get(path) == made
    assert boss.put(path, {key: made[key] for key in ("name", "description", "attributes")})["attributes"] == [
        badge,
        room,
    ]

    ada = acme.create_user("ada", **{URN: {"badge": "7", "room": [{"floor": 3, "wing": "east"}]}})
    assert acme.get(f"/Users/{ada.id}")[URN]["badge"] == "7"
    refused(boss.send("PUT", path, {"name": "Badges", "attributes": [ROOM]}), 409, "would_lose_data")
    refused(boss.send("DELETE", path), 409, "would_lose_data")
    more = {"name": "Insignia", "description": "x", "attributes": [BADGE, ROOM, {"name": "desk", "type": "boolean"}]}
    assert [each["name"] for each in boss.put(path, more)["attributes"]] == ["badge", "room", "desk"]
    acme.patch(f"/Users/{ada.id}", {"op": "remove", "path": f"{URN}:badge"}, {"op": "remove", "path": f"{URN}:room"})
    boss.delete(path)

    refused(boss.send("GET", path), 404, "not_found")
    assert boss.get("/extension-schemas")["items"] == []
    told = [action for action, _ in events_of_keys(database)]
    assert told == ["schema.declared", "schema.updated", "schema.updated", "schema.removed"]


def test_groups_have_attributes_of_their_own_too(boss: Program, acme: Directory) -> None:
    boss.post("/extension-schemas", {**NEW, "urn": "urn:example:2.0:Group", "extends": "Group", "attributes": [BADGE]})

    body = {"displayName": "Crew", "urn:example:2.0:Group": {"badge": "7"}}
    assert acme.post("/Groups", body)["urn:example:2.0:Group"] == {"badge": "7"}


def test_one_urn_is_declared_once(boss: Program) -> None:
    boss.post("/extension-schemas", NEW)

    refused(boss.send("POST", "/extension-schemas", {**NEW, "name": "x"}), 409, "schema_taken")
    refused(boss.send("POST", "/extension-schemas", {**NEW, "name": "x", "urn": URN.upper()}), 409, "schema_taken")
    assert len(boss.get("/extension-schemas")["items"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"urn": "urn:ietf:params:scim:schemas:core:2.0:User"},
        {"urn": "example"},
        {"urn": "urn:"},
        {"urn": None},
        {"name": ""},
        {"name": " "},
        {"name": "User"},
        {"name": "a\0b"},
        {"extends": "Role"},
        {"attributes": []},
        {"attributes": None},
        {"attributes": [{"name": "x"}]},
        {"attributes": [{"name": "1x", "type": "string"}]},
        {"attributes": [{"name": "x", "type": "text"}]},
        {"attributes": [{"name": "x", "type": "complex"}]},
        {"attributes": [{"name": "x", "type": "string", "sub_attributes": [BADGE]}]},
        {"attributes": [{"name": "x", "type": "complex", "sub_attributes": [ROOM]}]},
        {"attributes": [{"name": "x", "type": "string", "mutability": "readOnly"}]},
        {"attributes": [{"name": "x", "type": "string", "uniqueness": "server"}]},
        {"attributes": [{"name": "x", "type": "string", "required": "no"}]},
        *({"attributes": [{"name": "x", "type": "reference", "reference_types": ["User", each]}]} for each in NO_TYPES),
        {"attributes": [BADGE, BADGE]},
        {"attributes": [BADGE, {**BADGE, "name": "BADGE"}]},
    ],
)
def test_what_no_schema_can_be_is_refused(boss: Program, wrong: dict[str, Any]) -> None:
    refused(boss.send("POST", "/extension-schemas", {**NEW, **wrong}), 422, "invalid_value")

    assert boss.get("/extension-schemas")["items"] == []


def test_a_key_that_may_view_settings_declares_nothing(app: Flask, office: Hands) -> None:
    viewer, keeper = program(app, office, Manage.SETTINGS_VIEW), program(app, office, Manage.SETTINGS)
    made = keeper.post("/extension-schemas", NEW)
    path = f"/extension-schemas/{made['id']}"

    assert viewer.get(path) == made
    refused(keeper.send("GET", path), 403, "not_allowed")
    refused(viewer.send("DELETE", path), 403, "not_allowed")
    refused(viewer.send("POST", "/extension-schemas", NEW), 403, "not_allowed")
    refused(keeper.send("DELETE", f"/extension-schemas/{uuid4()}"), 404, "not_found")
    keeper.delete(path)


def test_a_list_of_schemas_costs_the_same_however_many_there_are(boss: Program, database: Database) -> None:
    def cost() -> int:
        with statements(database) as seen:
            assert list(boss.all("/extension-schemas"))
        return len(seen)

    boss.post("/extension-schemas", NEW)
    boss.get("/extension-schemas")
    before = cost()
    for n in range(3):
        boss.post("/extension-schemas", {**NEW, "urn": f"urn:example:{n + 3}.0:User", "name": f"Badges{n}"})

    assert cost() == before
