"""What users may do and whose data they see, as programs ask and change it."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from scim_server.db import Database
from scim_server.models import Scope, UserStatus
from scim_server.services import positions, roles, users
from scim_server.services.built_in import Manage
from scim_server.services.profiles import ENTERPRISE_USER
from tests.clients import USER, Directory
from tests.hands import Hands
from tests.programs import Program, program, refused
from tests.promises.databases import events, statements
from tests.web.api.events import events_of_keys


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


@pytest.fixture
def ada(office: Hands) -> UUID:
    return office.create("ada", role="Viewer")


def role(office: Hands, name: str) -> str:
    with office.acting() as ctx:
        return str(roles.find_role(ctx, name).id)


def rights(of: Program, user: Any) -> Any:
    return of.get(f"/users/{user}/permissions")


def test_a_role_is_given_and_told(boss: Program, office: Hands, ada: UUID, database: Database) -> None:
    assert boss.put(f"/users/{ada}/role", {"role_id": role(office, "Agent")}) is None

    assert boss.get(f"/users/{ada}")["role"]["name"] == "Agent"
    found = rights(boss, ada)
    assert (found["role"]["name"], found["given"]["hand"]["name"], found["given"]["directory"]) == (
        "Agent",
        "Agent",
        None,
    )
    assert (found["everything"], found["besides"]) == (False, [])
    assert "tickets.work" in found["permissions"]
    assert events_of_keys(database) == [("user.role_changed", {"role": ["Viewer", "Agent"]})]
    refused(boss.send("PUT", f"/users/{ada}/role", {"role_id": str(uuid4())}), 404, "not_found")
    refused(boss.send("PUT", f"/users/{ada}/role", {"role_id": None}), 422, "invalid_value")


def test_no_key_gives_or_changes_what_is_more_than_its_own(
    app: Flask, office: Hands, ada: UUID, database: Database
) -> None:
    keeper, olga = program(app, office, Manage.ROLES, Manage.USERS_VIEW), office.create("olga", role="Admin")

    refused(keeper.send("PUT", f"/users/{ada}/role", {"role_id": role(office, "Admin")}), 403, "not_allowed")
    refused(keeper.send("PUT", f"/users/{ada}/permissions/data.export", {"granted": True}), 403, "not_allowed")
    refused(keeper.send("PUT", f"/users/{olga}/role", {"role_id": role(office, "Viewer")}), 403, "not_allowed")

    assert events_of_keys(database) == []
    refused(
        program(app, office).send("PUT", f"/users/{olga}/role", {"role_id": role(office, "Viewer")}),
        403,
        "last_admin_protected",
    )


def test_a_permission_is_granted_revoked_and_left_to_the_role_again(
    boss: Program, ada: UUID, database: Database
) -> None:
    path = f"/users/{ada}/permissions/data.export"
    assert "data.export" not in rights(boss, ada)["permissions"]

    assert boss.put(path, {"granted": True}) is None
    assert "data.export" in rights(boss, ada)["permissions"]
    [besides] = rights(boss, ada)["besides"]
    assert (besides["permission"], besides["granted"], besides["source"], besides["given_by"]) == (
        "data.export",
        True,
        "hand",
        "test",
    )
    boss.put(path, {"granted": False})
    assert "data.export" not in rights(boss, ada)["permissions"]
    assert boss.delete(path) is None
    assert boss.delete(path) is None
    assert rights(boss, ada)["besides"] == []
    assert [action for action, _ in events_of_keys(database)] == [
        "user.permission_granted",
        "user.permission_revoked",
        "user.permission_reset",
    ]


@pytest.mark.parametrize(
    ("key", "status"), [("data.exportt", 422), ("nonsense", 404), ("a%00.b", 404), ("A.B", 404), ("a" * 100, 404)]
)
def test_what_is_no_permission_is_not_given(boss: Program, ada: UUID, key: str, status: int) -> None:
    refused(boss.send("PUT", f"/users/{ada}/permissions/{key}", {"granted": True}), status)


def test_nothing_is_revoked_from_an_admin(boss: Program, office: Hands) -> None:
    olga = office.create("olga", role="Admin")

    refused(boss.send("PUT", f"/users/{olga}/permissions/data.export", {"granted": False}), 403, "not_allowed")
    assert rights(boss, olga)["everything"] is True


def test_a_position_says_who_sees_whom(boss: Program, app: Flask, office: Hands, database: Database) -> None:
    chief, hand, other = (office.create(name) for name in ("chief", "hand", "other"))
    with office.acting() as ctx:
        top = positions.create_position(ctx, "Chief", Scope.SUBORDINATES)
        below = positions.create_position(ctx, "Hand", Scope.OWN, parent=top)
        top_id, below_id = str(top.id), str(below.id)
    keeper = program(app, office, Manage.USERS, Manage.POSITIONS)
    asker = program(app, office, Manage.POSITIONS_VIEW)

    keeper.put(f"/users/{chief}/position", {"position_id": top_id})
    keeper.put(f"/users/{hand}/position", {"position_id": below_id})

    assert boss.get(f"/users/{chief}")["position"] == {"id": top_id, "name": "Chief"}
    assert asker.get(f"/users/{chief}/scope") == {"scope": "subordinates", "by": "position"}
    assert [each["user_name"] for each in asker.all(f"/users/{chief}/visible-users", limit=1)] == ["chief", "hand"]
    assert [each["user_name"] for each in asker.all(f"/users/{chief}/reports")] == ["hand"]
    assert asker.get(f"/users/{chief}/visible-users/{hand}") == {"visible": True}
    assert asker.get(f"/users/{chief}/visible-users/{other}") == {"visible": False}
    assert asker.get(f"/users/{hand}/visible-users/{chief}") == {"visible": False}
    [[above]] = asker.get(f"/users/{hand}/chain")["levels"]
    assert above == {"id": str(chief), "user_name": "chief", "display_name": "Chief"}
    assert asker.get(f"/users/{chief}/chain") == {"levels": []}
    keeper.put(f"/users/{chief}/position", {"position_id": None})
    assert boss.get(f"/users/{chief}")["position"] is None
    assert [each.action for each in events(database, "acme")[-3:]] == ["user.position_changed"] * 3


def test_whoever_is_not_active_sees_nobody_and_whoever_is_deleted_may_be_seen(boss: Program, office: Hands) -> None:
    olga, off = office.create("olga", role="Admin"), office.create("off", status=UserStatus.DEACTIVATED)
    gone = office.create("gone")
    boss.delete(f"/users/{gone}")

    assert boss.get(f"/users/{off}/visible-users") == {"items": [], "next": None}
    assert boss.get(f"/users/{off}/visible-users/{off}") == {"visible": False}
    assert boss.get(f"/users/{olga}/visible-users/{gone}") == {"visible": True}
    refused(boss.send("GET", f"/users/{gone}/visible-users"), 404, "not_found")


def test_of_another_organization_nobody_is_seen_and_nothing_given(
    boss: Program, office: Hands, globex: Directory, settings: Any, database: Database, ada: UUID
) -> None:
    gina = globex.create_user("gina").id
    with Hands(settings, database, "globex").acting() as ctx:
        theirs = str(positions.create_position(ctx, "Chief", Scope.ALL).id)

    refused(boss.send("GET", f"/users/{ada}/visible-users/{gina}"), 404, "not_found")
    refused(boss.send("GET", f"/users/{ada}/visible-users/{uuid4()}"), 404, "not_found")
    refused(boss.send("PUT", f"/users/{ada}/position", {"position_id": theirs}), 404, "not_found")


def test_who_reports_to_whom_follows_the_directory_where_there_are_no_positions(boss: Program, acme: Directory) -> None:
    top = acme.create_user("top").id
    for number in range(3):
        acme.create_user(
            f"report{number}", schemas=[USER, ENTERPRISE_USER], **{ENTERPRISE_USER: {"manager": {"value": top}}}
        )

    found = [each["user_name"] for each in boss.all(f"/users/{top}/reports", limit=2)]

    assert found == ["report0", "report1", "report2"]
    assert boss.get("/users", user_name="report0")["items"][0]["id"]


def test_what_is_shown_of_rights_and_sight_costs_the_same_however_much_there_is(
    boss: Program, office: Hands, database: Database
) -> None:
    olga = office.create("olga", role="Admin")
    paths = [f"/users/{olga}{end}" for end in ("", "/permissions", "/visible-users", "/reports", "/chain")]

    def costs() -> list[int]:
        found = []
        for path in paths:
            boss.get(path)
            with statements(database) as sent:
                boss.get(path)
            found.append(len(sent))
        return found

    before = costs()
    for number in range(20):
        office.create(f"user{number}")
    with office.acting() as ctx:
        assert users.count_users(ctx) == 21
    assert costs() == before
