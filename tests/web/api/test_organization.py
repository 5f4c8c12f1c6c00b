"""An organization, as its programs see and change it: its name, its settings, its seats, and how people sign in."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Overage, UserStatus
from scim_server.services import organizations, ownership, users
from scim_server.services.built_in import Manage
from scim_server.services.settings import OrganizationSettings
from tests.hands import Hands
from tests.programs import Program, product, program, refused
from tests.promises.databases import statements
from tests.services.test_sso_required import World, world  # noqa: F401
from tests.web.api.events import events_of_keys


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


def test_an_organization_is_shown_and_renamed(boss: Program, office: Hands, database: Database) -> None:
    olga = office.create("olga", role="Admin")
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, users.get_user(ctx, olga))

    shown = boss.get("/organization")
    assert (shown["slug"], shown["name"], shown["seats"], shown["overage"]) == ("acme", "acme", None, "block")
    assert (shown["owner_id"], shown["main_team_id"], shown["sso_required_at"]) == (str(olga), None, None)
    assert shown["scim_base_url"] == "https://scim.example.com/scim/v2/acme"
    assert shown["console_url"] == "https://scim.example.com/console/acme"

    assert boss.patch("/organization", {"name": "Acme Inc."})["name"] == "Acme Inc."
    assert boss.patch("/organization", {})["name"] == "Acme Inc."
    for body in ({"name": ""}, {"name": " "}, {"name": None}, {"seats": 3}, {"slug": "x"}, {"name": "a\0"}):
        refused(boss.send("PATCH", "/organization", body), 422, "invalid_value")
    assert boss.get("/organization")["name"] == "Acme Inc."
    assert events_of_keys(database) == [("organization.updated", {"name": ["acme", "Acme Inc."]})]


def test_every_setting_is_shown_and_can_be_chosen(boss: Program, database: Database) -> None:
    shown = boss.get("/organization/settings")
    assert shown.keys() == OrganizationSettings.model_fields.keys()
    assert shown == OrganizationSettings().model_dump(mode="json")

    chosen = {
        "retention_days": 7,
        "invited_users_take_seats": False,
        "language": "pt-BR",
        "time_zone": "Europe/Lisbon",
        "date_pattern": "dd/MM/yyyy",
        "hour_cycle": "12h",
        "require_second_factor": True,
        "session_idle_minutes": 5,
        "session_hours": 1,
        "scope_without_position": "own",
    }
    assert boss.patch("/organization/settings", chosen) == {**shown, **chosen}
    assert boss.patch("/organization/settings", {"session_hours": 2}) == {**shown, **chosen, "session_hours": 2}
    assert boss.patch("/organization/settings", {}) == boss.get("/organization/settings")

    [first, second] = events_of_keys(database)
    assert first[1]["retention_days"] == [30, 7]
    assert second == ("organization.updated", {"session_hours": [1, 2]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"retention_days": "7"},
        {"retention_days": 7.5},
        {"retention_days": -1},
        {"retention_days": 3651},
        {"retention_days": None},
        {"retention_days": True},
        {"require_second_factor": 1},
        {"require_second_factor": "true"},
        {"language": ""},
        {"language": "no language"},
        {"language": 1},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"date_pattern": "backwards"},
        {"hour_cycle": None},
        {"scope_without_position": "everything"},
        {"colour": "red"},
    ],
)
def test_what_a_setting_cannot_be_is_refused_and_pointed_at(boss: Program, wrong: dict[str, Any]) -> None:
    before = boss.get("/organization/settings")

    problem = refused(boss.send("PATCH", "/organization/settings", {"session_hours": 1, **wrong}), 422, "invalid_value")

    assert [each["pointer"] for each in problem["errors"]] == [f"#/{name}" for name in wrong]
    assert boss.get("/organization/settings") == before


def test_the_document_describes_every_setting(boss: Program) -> None:
    document = boss.get("/openapi.json")

    for shape in ("OrganizationSettings", "SettingsChange"):
        properties = document["components"]["schemas"][shape]["properties"]
        assert properties.keys() == OrganizationSettings.model_fields.keys()
        assert all(each["description"] for each in properties.values())


def test_seats_are_counted(boss: Program, office: Hands) -> None:
    with office.acting() as ctx:
        organizations.change_organization(ctx, plan=organizations.Plan(1, Overage.BILL))
    for name, status in (("ada", UserStatus.ACTIVE), ("bob", UserStatus.INVITED), ("eve", UserStatus.DEACTIVATED)):
        office.create(name, status=status)

    assert boss.get("/organization/seats") == {"plan": 1, "used": 2, "over": 1, "overage": "bill"}
    boss.patch("/organization/settings", {"invited_users_take_seats": False})
    assert boss.get("/organization/seats") == {"plan": 1, "used": 1, "over": 0, "overage": "bill"}


def test_everybody_has_to_come_through_a_connection_but_one(app: Flask, world: World, database: Database) -> None:  # noqa: F811
    boss = program(app, world.office)
    assert boss.get("/organization/sso-required") == {"required": False, "since": None, "break_glass_user_id": None}

    for user, status in ((world.ada, 403), (uuid4(), 404)):
        body = {"break_glass_user_id": str(user)}
        refused(boss.send("PUT", "/organization/sso-required", body), status)
    for wrong in ({}, {"break_glass_user_id": None}, {"break_glass_user_id": "gus"}):
        refused(boss.send("PUT", "/organization/sso-required", wrong), 422, "invalid_value")
    made = boss.put("/organization/sso-required", {"break_glass_user_id": str(world.gus)})

    assert (made["required"], made["break_glass_user_id"]) == (True, str(world.gus))
    assert boss.get("/organization/sso-required") == made
    assert boss.get("/organization")["sso_required_at"] == made["since"]
    boss.delete("/organization/sso-required")
    boss.delete("/organization/sso-required")
    assert boss.get("/organization/sso-required")["required"] is False
    told = [action for action, _ in events_of_keys(database)]
    assert told == ["organization.sso_required", "organization.sso_not_required"]


def test_a_key_that_keeps_directories_alone_does_not_say_who_signs_people_in(app: Flask, world: World) -> None:  # noqa: F811
    keeper = program(app, world.office, Manage.DIRECTORIES)

    body = {"break_glass_user_id": str(world.gus)}
    refused(keeper.send("PUT", "/organization/sso-required", body), 403, "not_allowed")
    refused(keeper.send("DELETE", "/organization/sso-required"), 403, "not_allowed")


def test_a_key_that_may_view_settings_changes_none(app: Flask, office: Hands) -> None:
    viewer, keeper = program(app, office, Manage.SETTINGS_VIEW), program(app, office, Manage.SETTINGS)

    for path in ("/organization", "/organization/settings", "/organization/seats"):
        viewer.get(path)
        refused(keeper.send("GET", path), 403, "not_allowed")
    assert keeper.patch("/organization", {"name": "x"})["name"] == "x"
    assert keeper.patch("/organization/settings", {"session_hours": 3})["session_hours"] == 3
    for path in ("/organization", "/organization/settings"):
        refused(viewer.send("PATCH", path, {}), 403, "not_allowed")


def test_the_product_founds_finds_and_changes_organizations(
    app: Flask, office: Hands, settings: Settings, database: Database
) -> None:
    ours = product(app, settings, database)

    made = ours.post("/organizations", {"slug": "initech", "name": "Initech", "seats": 2})
    bare = ours.post("/organizations", {"slug": "hooli"})

    assert (made["slug"], made["name"], made["seats"], made["overage"]) == ("initech", "Initech", 2, "block")
    assert (bare["name"], bare["seats"], bare["owner_id"]) == ("hooli", None, None)
    assert made["scim_base_url"] == "https://scim.example.com/scim/v2/initech"
    path = f"/organizations/{made['id']}"
    assert ours.get(path) == made
    assert [each["slug"] for each in ours.all("/organizations", limit=1)] == ["acme", "initech", "hooli"]
    assert [each["id"] for each in ours.get("/organizations", slug="initech")["items"]] == [made["id"]]
    assert ours.get("/organizations", slug="nobody")["items"] == []

    changed = ours.patch(path, {"seats": None, "overage": "bill"})
    assert (changed["seats"], changed["overage"], changed["name"]) == (None, "bill", "Initech")
    assert ours.patch(path, {"seats": 5})["overage"] == "bill"
    assert ours.patch(path, {"name": "Initrode"})["seats"] == 5
    assert ours.patch(path, {}) == ours.get(path)
    within = Program(app, ours.key, "initech")
    assert within.get("/organization") == ours.get(path)
    link = within.post("/first-admin", {"email": "ada@initech.example"})["link"]
    assert link.startswith("https://scim.example.com/invitations/")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"slug": "acme"}, 409),
        ({}, 422),
        ({"slug": "Initech"}, 422),
        ({"slug": "-x"}, 422),
        ({"slug": "x" * 64}, 422),
        ({"slug": "x\n"}, 422),
        ({"slug": None}, 422),
        ({"slug": "x", "name": " "}, 422),
        ({"slug": "x", "name": None}, 422),
        ({"slug": "x", "seats": 0}, 422),
        ({"slug": "x", "seats": 2**31}, 422),
        ({"slug": "x", "seats": "3"}, 422),
        ({"slug": "x", "plan": "gold"}, 422),
    ],
)
def test_what_no_organization_can_be_is_not_founded(
    app: Flask, office: Hands, settings: Settings, database: Database, body: dict[str, Any], status: int
) -> None:
    ours = product(app, settings, database)

    refused(ours.send("POST", "/organizations", body), status)

    assert [each["slug"] for each in ours.all("/organizations")] == ["acme"]


def test_a_plan_is_the_products_alone_to_change(
    app: Flask, office: Hands, boss: Program, settings: Settings, database: Database
) -> None:
    ours = product(app, settings, database)
    path = f"/organizations/{boss.get('/organization')['id']}"

    refused(boss.send("PATCH", path, {"seats": 1000}), 403, "not_allowed")
    refused(boss.send("GET", "/organizations"), 403, "not_allowed")
    for wrong in ({"seats": 0}, {"overage": None}, {"overage": "free"}, {"name": None}, {"slug": "x"}):
        refused(ours.send("PATCH", path, wrong), 422, "invalid_value")
    refused(ours.send("PATCH", f"/organizations/{uuid4()}", {"seats": 3}), 404, "not_found")


def test_a_list_of_organizations_costs_the_same_however_many_there_are(
    app: Flask, office: Hands, settings: Settings, database: Database
) -> None:
    ours = product(app, settings, database)

    def cost() -> int:
        with statements(database) as seen:
            ours.get("/organizations")
        return len(seen)

    ours.get("/organizations")
    before = cost()
    for n in range(5):
        ours.post("/organizations", {"slug": f"org{n}"})

    assert cost() == before
