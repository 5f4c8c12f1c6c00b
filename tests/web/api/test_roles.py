"""Roles and permissions, as programs make and change them."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import grants, users
from scim_server.services.built_in import TEMPLATES, Manage
from scim_server.services.declared import declared
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, product, program, refused
from tests.promises.databases import statements
from tests.web.api.events import events_of_keys


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


def role_of(office: Hands, user_id: Any) -> str:
    with office.acting() as ctx:
        return declared(ctx).roles[users.get_user(ctx, user_id).role_id].name


def test_every_organization_has_the_built_in_roles(boss: Program) -> None:
    found = {each["built_in"]: each for each in boss.all("/roles", limit=2)}

    assert found.keys() == {"admin", "agent", "viewer"}
    assert "roles.manage" in found["admin"]["permissions"]
    path = f"/roles/{found['agent']['id']}"
    assert boss.get(path) == found["agent"]
    refused(boss.send("PATCH", path, {"name": "Clerk"}), 403, "not_allowed")
    refused(boss.send("DELETE", path), 403, "not_allowed")


def test_a_role_is_made_changed_and_deleted(boss: Program, database: Database) -> None:
    made = boss.post("/roles", {"name": "Desk", "permissions": ["tickets.work"]})
    assert (made["description"], made["permissions"], made["built_in"]) == ("", ["tickets.work"], None)
    path = f"/roles/{made['id']}"

    assert boss.patch(path, {"name": "Front"})["permissions"] == ["tickets.work"]
    assert boss.patch(path, {"permissions": ["tags.manage"], "description": "x"})["name"] == "Front"
    assert boss.patch(path, {"permissions": []})["permissions"] == []
    assert boss.patch(path, {"description": ""})["description"] == ""
    assert boss.patch(path, {}) == boss.get(path)
    boss.delete(path)

    refused(boss.send("GET", path), 404, "not_found")
    assert events_of_keys(database) == [
        ("role.created", {"name": [None, "Desk"], "permissions": [None, ["tickets.work"]]}),
        ("role.updated", {"name": ["Desk", "Front"]}),
        ("role.updated", {"description": ["", "x"], "permissions": [["tickets.work"], ["tags.manage"]]}),
        ("role.updated", {"permissions": [["tags.manage"], []]}),
        ("role.updated", {"description": ["x", ""]}),
        ("role.deleted", {"name": ["Front", None], "permissions": [[], None]}),
    ]


def test_a_role_begins_as_a_template(boss: Program) -> None:
    templates = {each["key"]: each for each in boss.get("/role-templates")["items"]}
    assert templates.keys() == {each.key for each in TEMPLATES}

    made = boss.post("/roles", {"name": "Sales", "template": "sales", "permissions": ["tickets.delete"]})
    bare = boss.post("/roles", {"name": "Quiet", "template": "sales", "description": ""})

    assert set(made["permissions"]) == {*templates["sales"]["permissions"], "tickets.delete"}
    assert (made["description"], bare["description"]) == (templates["sales"]["description"], "")
    refused(boss.send("POST", "/roles", {"name": "x", "template": "nonsense"}), 422, "invalid_value")


def test_whoever_has_a_role_that_goes_gets_another(boss: Program, office: Hands) -> None:
    made = boss.post("/roles", {"name": "Desk", "permissions": ["tickets.work"]})
    viewer = next(each for each in boss.all("/roles") if each["built_in"] == "viewer")
    ada = office.create("ada", role="Desk")
    path = f"/roles/{made['id']}"

    refused(boss.send("DELETE", path), 409, "in_use")
    refused(boss.send("DELETE", f"{path}?replacement_id={made['id']}"), 422, "invalid_value")
    refused(boss.send("DELETE", f"{path}?replacement_id={uuid4()}"), 404, "not_found")
    refused(boss.send("DELETE", f"{path}?replacement_id=x"), 422, "invalid_value")
    boss.delete(f"{path}?replacement_id={viewer['id']}")

    assert role_of(office, ada) == "Viewer"


def test_a_program_gives_no_role_what_it_may_not_do(app: Flask, office: Hands, boss: Program) -> None:
    keeper = program(app, office, Manage.ROLES, Manage.TEAMS)
    strong = boss.post("/roles", {"name": "Strong", "permissions": ["users.manage"]})

    assert keeper.post("/roles", {"name": "Mine", "permissions": ["teams.manage"]})["name"] == "Mine"
    refused(keeper.send("POST", "/roles", {"name": "x", "permissions": ["users.manage"]}), 403, "not_allowed")
    refused(keeper.send("PATCH", f"/roles/{strong['id']}", {"name": "Weak"}), 403, "not_allowed")
    refused(keeper.send("DELETE", f"/roles/{strong['id']}"), 403, "not_allowed")
    refused(keeper.send("GET", "/roles"), 403, "not_allowed")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Agent"}, 409),
        ({"name": ""}, 422),
        ({"name": " "}, 422),
        ({"name": None}, 422),
        ({"name": "a\nb"}, 422),
        ({"name": "x" * 101}, 422),
        ({"permissions": ["tickets.nonsense"]}, 422),
        ({"permissions": ["x"]}, 422),
        ({"permissions": None}, 422),
        ({"description": None}, 422),
        ({"built_in": "admin"}, 422),
    ],
)
def test_what_no_role_can_be_is_refused(boss: Program, body: dict[str, Any], status: int) -> None:
    made = boss.post("/roles", {"name": "Desk", "permissions": ["tickets.work"]})

    refused(boss.send("PATCH", f"/roles/{made['id']}", body), status)
    refused(boss.send("POST", "/roles", {"name": "Other", **body}), status)

    assert boss.get(f"/roles/{made['id']}") == made


def test_the_product_adds_permissions_for_everybody_and_takes_them_away(
    app: Flask, office: Hands, boss: Program, globex: Directory, settings: Settings, database: Database
) -> None:
    ours = product(app, settings, database)
    new = {"key": "invoices.approve", "name": "Approve", "description": "Approve invoices."}

    refused(boss.send("POST", "/permissions", new), 403, "not_allowed")
    made = ours.post("/permissions", new)
    assert made == {**new, "group": "Product", "added": True, "of_directories": True}
    refused(ours.send("POST", "/permissions", new), 409, "permission_key_taken")
    refused(ours.send("POST", "/permissions", {**new, "key": "Invoices"}), 422, "invalid_value")
    [shown] = [each for each in boss.get("/permissions")["items"] if each["key"] == "invoices.approve"]
    assert shown == made

    boss.post("/roles", {"name": "Payer", "permissions": ["invoices.approve"]})
    ada = office.create("ada")
    with office.acting() as ctx:
        grants.grant(ctx, users.get_user_to_change(ctx, ada), "invoices.approve")
    refused(boss.send("DELETE", "/permissions/invoices.approve"), 403, "not_allowed")
    refused(ours.send("DELETE", "/permissions/invoices.approve"), 409, "in_use")
    ours.delete("/permissions/invoices.approve?everywhere=true")

    assert "invoices.approve" not in {each["key"] for each in boss.get("/permissions")["items"]}
    [payer] = [each for each in boss.all("/roles") if each["name"] == "Payer"]
    assert payer["permissions"] == []
    refused(ours.send("DELETE", "/permissions/invoices.approve"), 404, "not_found")
    refused(ours.send("DELETE", "/permissions/tickets.work"), 403, "not_allowed")
    refused(ours.send("DELETE", "/permissions/a%00b"), 404)


def test_the_catalogue_says_what_comes_with_the_program(boss: Program) -> None:
    found = {each["key"]: each for each in boss.get("/permissions")["items"]}

    assert found["roles.manage"]["of_directories"] is False
    assert found["tickets.work"] == {
        "key": "tickets.work",
        "name": "Work tickets",
        "description": "Answer, assign and close the tickets that one sees.",
        "group": "Tickets",
        "added": False,
        "of_directories": True,
    }


def test_a_list_of_roles_costs_the_same_however_long_it_is(boss: Program, office: Hands, database: Database) -> None:
    def cost(path: str) -> int:
        boss.get(path)  # what is declared is read anew after each change, once
        with statements(database) as seen:
            boss.get(path)
        return len(seen)

    before = [cost(path) for path in ("/roles", "/permissions", "/role-templates")]
    for n in range(5):
        boss.post("/roles", {"name": f"Role {n}", "permissions": ["tickets.work"]})
        office.create(f"user{n}", role=f"Role {n}")

    assert [cost(path) for path in ("/roles", "/permissions", "/role-templates")] == before
