"""What a directory may send at once of a large group."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import User
from scim_server.models.base import new_id
from scim_server.services import organizations
from scim_server.services.declared import declared
from tests.clients import GROUP, Directory

MANY = 10_000


@pytest.fixture
def crowd(settings: Settings, database: Database, acme: Directory, globex: Directory) -> list[str]:
    """The ids of many users of acme, put there past every use case because that is not what is tested here."""
    now = datetime.now(UTC)
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=now)
        role_id = declared(ctx).default_role.id
        same = {
            "org_id": ctx.org.id,
            "role_id": role_id,
            "origin": "scim",
            "search": {},
            "document": {"schemas": []},
            "version": 1,
        }
        rows: list[dict[str, Any]] = [
            {
                "id": new_id(),
                "user_name": f"u{number}",
                "user_name_key": f"u{number}",
                "display_name": f"u{number}",
                "created_at": now,
                "updated_at": now,
                **same,
            }
            for number in range(MANY)
        ]
        session.execute(insert(User), rows)
    return [str(row["id"]) for row in rows]


def test_ten_thousand_members_are_taken_in_one_request(acme: Directory, crowd: list[str]) -> None:
    everybody = [{"value": id} for id in crowd]
    quietly = {"excludedAttributes": "members"}

    created = acme.post("/Groups", {"schemas": [GROUP], "displayName": "All", "members": everybody}, **quietly)
    path = f"/Groups/{created.id}"
    emptied = acme.patch(path, {"op": "remove", "path": "members", "value": everybody}, **quietly)
    nobody = acme.get(path).members
    added = acme.patch(path, {"op": "add", "path": "members", "value": everybody}, **quietly)
    put = acme.put(path, {"schemas": [GROUP], "displayName": "All", "members": everybody[1:]}, **quietly)

    assert [each.status for each in (created, emptied, added, put)] == [201, 200, 200, 200]
    assert nobody == set()
    assert acme.get(path).members == set(crowd[1:])
