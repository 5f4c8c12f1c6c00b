"""What Google Workspace provisions, and what it must hear back: exchange 58.

The exchange was gathered from Google's help pages and from guides of others. What goes over the wire is not published:
each promise is kept in every form that the RFCs have for it.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import USER, Directory, Reply, assert_error

PROVIDER = Provider.GOOGLE

LIZ: dict[str, Any] = {
    "schemas": [USER],
    "userName": "liz@example.com",
    "name": {"givenName": "Elizabeth", "familyName": "Smith"},
    "emails": [{"value": "liz@example.com", "primary": True}],
    "active": True,
}


def provision(directory: Directory) -> Reply:
    reply = directory.post("/Users", LIZ)
    assert reply.status == 201, reply.json
    return reply


def test_a_token_that_was_pasted_is_all_that_it_takes(acme: Directory, globex: Directory) -> None:
    """Google exchange 58 (help pages; guides tell of the probe): a page of one, by a bearer token and nothing else."""
    provision(globex)

    page = acme.get("/Users?count=1")

    assert (page.status, page["totalResults"], page["Resources"]) == (200, 0, [])
    assert_error(Directory(acme.app, "acme", "wrong").get("/Users?count=1"), 401)


def test_the_schema_of_users_has_what_is_mapped(acme: Directory) -> None:
    """Google exchange 58 (help pages): what an attribute can be mapped to, and which of them has to be."""
    schema = acme.get(f"/Schemas/{USER}")
    mapped = {each["name"]: each for each in schema["attributes"]}

    assert schema.status == 200
    assert [name for name, each in mapped.items() if each["required"]] == ["userName"]
    assert {"givenName", "familyName"} <= {each["name"] for each in mapped["name"]["subAttributes"]}
    assert {"value", "primary"} <= {each["name"] for each in mapped["emails"]["subAttributes"]}
    assert mapped["active"]["type"] == "boolean"


def test_a_provisioned_user_is_what_was_mapped(acme: Directory, globex: Directory) -> None:
    """Google exchange 58 (help pages): user name, names, address and status, and found by any that is unique."""
    created = provision(acme)

    assert {name: created[name] for name in LIZ} == LIZ
    for filter in ('userName eq "LIZ@example.com"', 'emails.value eq "liz@example.com"'):
        assert acme.search(filter).resources == [created.json]
        assert globex.search(filter)["totalResults"] == 0
    assert_error(acme.post("/Users", LIZ), 409, "uniqueness")


@pytest.mark.parametrize("method", ["PATCH", "PATCH without a path", "PUT"])
def test_a_suspended_user_is_inactive_and_comes_back(acme: Directory, globex: Directory, method: str) -> None:
    """Google exchange 58 (help pages): suspended is `active` false, and undone the same way."""
    created, theirs = provision(acme), provision(globex)
    path = f"/Users/{created.id}"

    def write(active: bool) -> Reply:
        if method == "PUT":
            return acme.put(path, LIZ | {"active": active})
        if method == "PATCH":
            return acme.patch(path, {"op": "replace", "path": "active", "value": active})
        return acme.patch(path, {"op": "replace", "value": {"active": active}})

    suspended = write(False)
    found = acme.search("active eq false")
    restored = write(True)

    assert [each.status for each in (suspended, restored)] == [200, 200]
    assert suspended["active"] is False
    assert found.resources == [suspended.json]
    assert restored["active"] is True
    assert {name: restored[name] for name in LIZ} == LIZ
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


def test_a_user_who_is_deleted_leaves_every_group(acme: Directory, globex: Directory) -> None:
    """Google exchange 58 (help pages): DELETE comes up to 21 days after the suspension, and memberships end with it."""
    created, other, theirs = provision(acme), acme.create_user("other"), provision(globex)
    groups = [acme.create_group(name, created, other) for name in ("Pioneers", "Engines")]
    path = f"/Users/{created.id}"
    acme.patch(path, {"op": "replace", "path": "active", "value": False})

    deleted = acme.delete(path)

    assert (deleted.status, deleted.json) == (204, None)
    assert_error(acme.get(path), 404)
    assert [acme.get(f"/Groups/{group.id}").members for group in groups] == [{other.id}] * 2
    assert acme.search('userName eq "liz@example.com"')["totalResults"] == 0
    assert provision(acme).id != created.id
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json
