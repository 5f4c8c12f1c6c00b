"""Managers as directories push them: whatever is sent is kept, and who reports to whom follows from it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import User, UserStatus
from scim_server.services import organizations, scope, users
from tests.clients import ENTERPRISE_USER, USER, Directory, Reply
from tests.promises.databases import id_of, statements

MANAGER = f"{ENTERPRISE_USER}:manager"


def managed(by: str | None, **attributes: Any) -> dict[str, Any]:
    return {ENTERPRISE_USER: {"manager": {"value": by}}, **attributes} if by else attributes


def chain(database: Database, settings: Settings, user: Reply) -> list[str]:
    with database.reading() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        return [str(id) for [id] in scope.chain(ctx, users.get_user(ctx, UUID(user.id)))]


def test_a_manager_is_found_by_id_external_id_or_user_name(
    acme: Directory, globex: Directory, database: Database, settings: Settings
) -> None:
    object_id = str(uuid4())
    boss = acme.create_user("Boss@example.com", externalId=object_id)
    other = acme.create_user("other", externalId="00u1aB")
    theirs = globex.create_user("boss@example.com", externalId=object_id)
    named = [boss.id, boss.id.upper(), object_id, "boss@EXAMPLE.com", "00u1aB", "00U1AB", theirs.id, "nobody"]

    people = [acme.create_user(f"user{number}", **managed(name)) for number, name in enumerate(named)]

    assert [chain(database, settings, each) for each in people] == [
        *[[boss.id]] * 4,
        [other.id],  # an externalId is exact (RFC 7643 §3.1)
        [],
        [],
        [],
    ]
    assert [each[ENTERPRISE_USER]["manager"]["value"] for each in people] == named


@pytest.mark.parametrize("by", ["externalId", "userName"])
def test_a_manager_may_come_later_go_and_come_back(
    acme: Directory, database: Database, settings: Settings, by: str
) -> None:
    ada = acme.create_user("ada", **managed("boss"))
    assert chain(database, settings, ada) == []

    boss = acme.create_user(
        "boss" if by == "userName" else "b", **({"externalId": "boss"} if by == "externalId" else {})
    )
    assert chain(database, settings, ada) == [boss.id]

    acme.delete(f"/Users/{boss.id}")
    assert chain(database, settings, ada) == []
    with database.writing() as session:  # as a restore does
        session.execute(update(User).where(User.id == UUID(boss.id)).values(status=UserStatus.DEACTIVATED))
    assert chain(database, settings, ada) == [boss.id]


def test_a_manager_is_patched_and_removed(acme: Directory, database: Database, settings: Settings) -> None:
    one, two = acme.create_user("one"), acme.create_user("two")
    ada = acme.create_user("ada", **managed(one.id))

    acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": f"{MANAGER}.value", "value": two.id})
    assert chain(database, settings, ada) == [two.id]
    acme.patch(f"/Users/{ada.id}", {"op": "remove", "path": MANAGER})
    assert chain(database, settings, ada) == []
    acme.put(f"/Users/{ada.id}", {"schemas": [USER], "userName": "ada", **managed(one.id)})
    assert chain(database, settings, ada) == [one.id]


def test_a_circle_of_managers_is_kept_as_it_was_sent_and_walked_once(
    acme: Directory, database: Database, settings: Settings
) -> None:
    operations = [
        {
            "method": "POST",
            "path": "/Users",
            "bulkId": f"{number}",
            "data": {"schemas": [USER], "userName": f"user{number}", **managed(f"bulkId:{(number + 1) % 3}")},
        }
        for number in range(3)
    ]
    reply = acme.post(
        "/Bulk", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
    )

    assert [each["status"] for each in reply["Operations"]] == ["201"] * 3
    ring = [acme.search(f'userName eq "user{number}"').resources[0] for number in range(3)]
    assert ring[2][ENTERPRISE_USER]["manager"]["value"] == ring[0]["id"]
    first = acme.get(f"/Users/{ring[0]['id']}")
    assert chain(database, settings, first) == [ring[1]["id"], ring[2]["id"]]
    acme.patch(f"/Users/{first.id}", {"op": "replace", "path": f"{MANAGER}.value", "value": first.id})
    assert chain(database, settings, first) == []


def test_a_name_that_is_too_long_is_that_of_nobody(acme: Directory, database: Database, settings: Settings) -> None:
    ada = acme.create_user("ada", **managed("x" * 5000))

    assert ada[ENTERPRISE_USER]["manager"]["value"] == "x" * 5000
    assert chain(database, settings, ada) == []


def test_a_manager_costs_a_push_no_statement(acme: Directory, database: Database) -> None:
    boss = acme.create_user("boss")
    acme.get("/Users")
    sent = {}
    for name, manager in {"none": None, "id": boss.id, "name": "boss", "nobody": str(uuid4())}.items():
        with statements(database) as sent[name]:
            user = acme.create_user(name, **managed(manager))
            acme.patch(f"/Users/{user.id}", {"op": "add", "path": "title", "value": "x"})
    with statements(database) as titled:
        acme.patch(f"/Users/{user.id}", {"op": "add", "path": "nickName", "value": "x"})
    with statements(database) as moved:
        acme.patch(f"/Users/{user.id}", {"op": "replace", "path": MANAGER, "value": {"value": boss.id}})

    assert {len(each) for each in sent.values()} == {len(sent["none"])}
    assert len(moved) == len(titled)
    assert id_of(database, "acme")
