"""What JumpCloud sends, and what it must hear back: exchanges 52 to 55.

The exchanges were gathered from JumpCloud's support pages, and from requests that others have published in the tests of
their own servers; none was recorded by us. Where a source shows no value, it is ours.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import ENTERPRISE_USER, GROUP, LIST_RESPONSE, USER, Directory, Reply, assert_error

PROVIDER = Provider.JUMPCLOUD

CREATED_USER: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE_USER],
    "userName": "test@example.com",
    "active": True,
    "externalId": "66e2d689590450d073d2df3b",
    "displayName": "Test User",
    "name": {"givenName": "Test", "familyName": "User"},
    "emails": [{"value": "test@example.com", "type": "work", "primary": True}],
    "phoneNumbers": [{"value": "tel:+1-555-555-5555", "type": "work", "primary": True}],
    "addresses": [
        {
            "type": "work",
            "primary": True,
            "streetAddress": "123 Main St",
            "locality": "Denver",
            "region": "CO",
            "postalCode": "80202",
            "country": "US",
        }
    ],
    "locale": "en-US",
    "preferredLanguage": "en-US",
    ENTERPRISE_USER: {"employeeNumber": "701984", "department": "Engines"},
}


def create(directory: Directory) -> Reply:
    reply = directory.post("/Users", CREATED_USER, content_type="application/json")
    assert reply.status == 201, reply.json
    return reply


def shown(reply: Reply) -> dict[str, Any]:
    """A resource without what only the server says about it."""
    return {name: each for name, each in reply.json.items() if name not in ("id", "meta")}


def test_an_activation_finds_nobody_and_tries_a_user_and_a_group(acme: Directory, globex: Directory) -> None:
    """JumpCloud exchange 52 (support pages, Custom SCIM): empty lists, then a test user and group that come and go."""
    twin = create(globex)

    empty = [acme.get("/Users"), acme.get("/Groups")]
    user = create(acme)
    group = acme.post("/Groups", {"schemas": [GROUP], "displayName": "Test Group", "members": [{"value": user.id}]})
    gone = [acme.delete(f"/Groups/{group.id}"), acme.delete(f"/Users/{user.id}")]

    for page in empty:
        assert page.status == 200
        assert page["schemas"] == [LIST_RESPONSE]
        assert (page["totalResults"], page["Resources"]) == (0, [])
    assert group.status == 201
    assert group.members == {user.id}
    assert [(each.status, each.json) for each in gone] == [(204, None), (204, None)]
    assert [acme.get(path)["totalResults"] for path in ("/Users", "/Groups")] == [0, 0]
    assert globex.get(f"/Users/{twin.id}").json == twin.json


def test_an_activation_can_be_made_again(acme: Directory) -> None:
    """JumpCloud exchange 52 (support pages, Custom SCIM), twice: the test user of before is in nobody's way."""
    first = create(acme)
    acme.delete(f"/Users/{first.id}")

    assert create(acme).id != first.id


@pytest.mark.parametrize("content_type", ["application/json", "application/scim+json"])
def test_a_user_is_created_as_sent(acme: Directory, globex: Directory, content_type: str) -> None:
    """JumpCloud exchange 53 (published requests): 201, with the phone number as the URI that it is sent as."""
    created = acme.post("/Users", CREATED_USER, content_type=content_type)

    assert created.status == 201
    assert shown(created) == CREATED_USER
    assert created.headers["location"].endswith(f"/scim/v2/acme/Users/{created.id}")
    assert acme.get(f"/Users/{created.id}").json == created.json
    assert acme.search('externalId eq "66e2d689590450d073d2df3b"').resources == [created.json]
    assert globex.get("/Users")["totalResults"] == 0


def test_an_update_puts_the_whole_user_with_empty_arrays_for_what_is_gone(acme: Directory, globex: Directory) -> None:
    """JumpCloud exchange 54 (published requests): the id in the body, and [] for unassigned."""
    created, twin = create(acme), create(globex)
    emptied: dict[str, Any] = {"addresses": [], "phoneNumbers": [], "photos": []}

    updated = acme.put(
        f"/Users/{created.id}", {"id": created.id, **CREATED_USER, **emptied, "displayName": "Another User"}
    )

    assert updated.status == 200
    expected = {name: each for name, each in CREATED_USER.items() if name not in emptied}
    assert shown(updated) == expected | {"displayName": "Another User"}
    assert acme.get(f"/Users/{created.id}").json == updated.json
    assert globex.get(f"/Users/{twin.id}").json == twin.json


def test_an_update_may_say_little_and_null_for_what_is_gone(acme: Directory, globex: Directory) -> None:
    """JumpCloud exchange 54 (published requests), the minimal form: null for unassigned, and no `active` to bar by."""
    created, twin = create(acme), create(globex)
    minimal = {"schemas": [USER], "userName": "test@example.com", "emails": None}
    minimal_read = {"schemas": [USER], "userName": "test@example.com", "active": True}

    updated = acme.put(f"/Users/{created.id}", minimal)
    found = acme.search('active eq true and userName eq "test@example.com"')

    assert updated.status == 200
    assert shown(updated) == minimal_read
    assert [each["id"] for each in found.resources] == [created.id]
    assert acme.search('emails.value eq "test@example.com"')["totalResults"] == 0
    assert globex.get(f"/Users/{twin.id}").json == twin.json


def test_a_patch_replaces_names_and_deactivates_in_one_go(acme: Directory, globex: Directory) -> None:
    """JumpCloud exchange 55 (published requests): three operations, the last of which bars the user."""
    created, twin = create(acme), create(globex)

    patched = acme.patch(
        f"/Users/{created.id}",
        {"op": "replace", "path": "name.givenName", "value": "John"},
        {"op": "replace", "path": "name.familyName", "value": "Doe"},
        {"op": "replace", "path": "active", "value": False},
    )

    assert patched.status == 200
    assert shown(patched) == CREATED_USER | {"name": {"givenName": "John", "familyName": "Doe"}, "active": False}
    assert acme.get(f"/Users/{created.id}").json == patched.json
    assert globex.get(f"/Users/{twin.id}").json == twin.json


def test_members_come_and_go_by_arrays_of_values(acme: Directory, globex: Directory) -> None:
    """JumpCloud exchange 55 (published requests): a removal names whom it means in its value, and nobody else goes."""
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    group, theirs = acme.create_group("Pioneers", bob), globex.create_group("Pioneers", globex.create_user("ada"))
    path = f"/Groups/{group.id}"

    added = acme.patch(path, {"op": "add", "path": "members", "value": [{"value": ada.id}]})
    removed = acme.patch(path, {"op": "remove", "path": "members", "value": [{"value": ada.id}]})
    stranger = acme.patch(path, {"op": "remove", "path": "members", "value": [{"value": "jc-user-uuid-001"}]})

    assert [each.status for each in (added, removed, stranger)] == [200, 200, 200]
    assert [each.members for each in (added, removed, stranger)] == [{ada.id, bob.id}, {bob.id}, {bob.id}]
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


def test_a_group_of_the_same_name_is_found_taken_over_and_renamed(acme: Directory, globex: Directory) -> None:
    """JumpCloud exchange 55 (support pages): a group that was there gets the members, and later a new name."""
    user, theirs = create(acme), globex.create_group("Engineering")
    existing = acme.create_group("Engineering")

    refused = acme.post("/Groups", {"schemas": [GROUP], "displayName": "Engineering", "members": [{"value": user.id}]})
    [found] = acme.search('displayName eq "Engineering"', "/Groups").resources
    taken = acme.put(f"/Groups/{found['id']}", found | {"members": [{"value": user.id}]})
    renamed = acme.patch(f"/Groups/{found['id']}", {"op": "replace", "path": "displayName", "value": "Engines"})

    assert_error(refused, 409, "uniqueness")
    assert found["id"] == existing.id
    assert (taken.status, taken.members) == (200, {user.id})
    assert (renamed.status, renamed["displayName"], renamed.members) == (200, "Engines", {user.id})
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json
