"""What Microsoft Entra ID sends about groups, and what it must hear back: exchanges 42 to 46.

Exchanges 23, 29 and 31, which test_entra_users.py has for users, are here for groups.

The exchanges were gathered from Microsoft's documentation, from captures of its SCIM validator that others have
published, and from public issue threads; none was recorded by us. Bodies and operations are those of the samples, with
our own ids and other names where a test needs several; beside the filters that the sources show stand others of the
same meaning.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from scim_server.db import Database
from tests.clients import GROUP, LIST_RESPONSE, PATCH_OP, Directory, Reply, assert_error

# As the captures of the validator have it; the documentation shows it without the charset.
CONTENT_TYPE = "application/scim+json; charset=utf-8"

RANDOM_GUID = "c3f7a2b5-0f0e-4c1b-9a54-6c8f2f6c7f11"

DOCUMENTED_GROUP: dict[str, Any] = {
    "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
    "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
    "displayName": "displayName",
    "meta": {"resourceType": "Group"},
}

VALIDATOR_GROUP: dict[str, Any] = {
    "displayName": "ZGHZBQHCAPZU",
    "externalId": "087af0b9-d1e1-480d-acb8-03ceaa8ea85b",
    "schemas": [GROUP],
}


def post_group(directory: Directory, body: dict[str, Any]) -> Reply:
    return directory.post("/Groups", body, content_type=CONTENT_TYPE)


def patch_group(directory: Directory, id: str, *operations: dict[str, Any]) -> Reply:
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return directory.send("PATCH", f"/Groups/{id}", body, content_type=CONTENT_TYPE)


def adding(*ids: str, op: str = "Add") -> dict[str, Any]:
    """The operation that adds members, each with the null that Entra ID sends along."""
    return {"op": op, "path": "members", "value": [{"$ref": None, "value": id} for id in ids]}


def search(directory: Directory, filter: str) -> Reply:
    return directory.search(filter, "/Groups")


def search_without_members(directory: Directory, filter: str) -> Reply:
    return directory.get("/Groups", excludedAttributes="members", filter=filter)


def attributes(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without what only the server says about it."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


def without_members(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "members"}


def assert_found(reply: Reply, *groups: Reply) -> None:
    """The reply is a list of exactly these groups; of none of them it is an empty list, and no 404."""
    assert reply.status == 200, reply.json
    assert reply.headers["content-type"] == "application/scim+json"
    assert reply["schemas"] == [LIST_RESPONSE]
    assert reply["totalResults"] == len(groups)
    assert reply["startIndex"] == 1
    assert reply["itemsPerPage"] == len(groups)
    assert [each["id"] for each in reply.resources] == [group.id for group in groups]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL statements that the database is sent inside the block."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("matching", ["displayName", "externalId"])
def test_the_connection_can_be_tested_for_groups(acme: Directory, globex: Directory, matching: str) -> None:
    """Exchange 23, from the documentation of Test Connection: a random GUID as the matching property of a group."""
    post_group(acme, DOCUMENTED_GROUP)
    theirs = post_group(globex, DOCUMENTED_GROUP | {matching: RANDOM_GUID})

    found = search_without_members(acme, f'{matching} eq "{RANDOM_GUID}"')

    assert found.status == 200
    assert found.json == {
        "schemas": [LIST_RESPONSE],
        "totalResults": 0,
        "Resources": [],
        "startIndex": 1,
        "itemsPerPage": 0,
    }
    assert_found(search_without_members(globex, f'{matching} eq "{RANDOM_GUID}"'), theirs)


@pytest.mark.parametrize(
    "filter",
    [
        'displayName eq "zghzbqhcapzu"',
        'DISPLAYNAME EQ "ZghzBqhcApzu"',
        'EXTERNALID eq "087af0b9-d1e1-480d-acb8-03ceaa8ea85b"',
    ],
)
def test_a_look_up_in_another_case_finds_the_group(acme: Directory, globex: Directory, filter: str) -> None:
    """Exchange 29, from published captures of the validator: Filter for an existing group with a different case.

    The value of externalId keeps its case, since RFC 7643 §3.1 has it compare exactly; its name may have any.
    """
    group = post_group(acme, VALIDATOR_GROUP)
    post_group(acme, DOCUMENTED_GROUP)

    found = search(acme, filter)

    assert_found(found, group)
    assert attributes(found.resources[0]) == VALIDATOR_GROUP | {"members": []}
    assert_found(search(globex, filter))


@pytest.mark.parametrize(
    "filter",
    [
        'id eq "{group}" and members eq "{member}"',
        'members eq "{member}" and id eq "{group}"',
        'ID eq "{group}" and Members eq "{member}"',
        'id eq "{group}" and members.value eq "{member}"',
        'id eq "{group}" and members[value eq "{member}"]',
    ],
)
def test_a_reference_check_tells_whether_somebody_is_a_member(acme: Directory, globex: Directory, filter: str) -> None:
    """Exchange 31, from the documentation and from authentik, issue 23211, where it was a 500."""
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    group, other = acme.create_group("Pioneers", ada), acme.create_group("Others", bob)

    found = search_without_members(acme, filter.format(group=group.id, member=ada.id))

    assert_found(found, group)
    assert "members" not in found.resources[0]
    assert_found(search_without_members(acme, filter.format(group=group.id, member=bob.id)))
    assert_found(search_without_members(acme, filter.format(group=other.id, member=ada.id)))
    assert_found(search_without_members(acme, filter.format(group=RANDOM_GUID, member="f648f8d5ea4e4cd38e9c")))
    assert_found(search_without_members(globex, filter.format(group=group.id, member=ada.id)))


@pytest.mark.parametrize("members", [{}, {"members": []}, {"members": None}], ids=["absent", "empty", "null"])
def test_a_created_group_is_answered_without_microsoft_s_urn(acme: Directory, members: dict[str, Any]) -> None:
    """Exchange 42, from the documentation: Create Group, with no members yet."""
    created = post_group(acme, DOCUMENTED_GROUP | members)

    assert created.status == 201
    assert created.headers["content-type"] == "application/scim+json"
    assert created.headers["location"] == f"https://scim.example.com/scim/v2/acme/Groups/{created.id}"
    assert created.headers["etag"] == created["meta"]["version"]
    assert created["meta"]["resourceType"] == "Group"
    assert created["meta"]["location"] == created.headers["location"]
    assert attributes(created.json) == {
        "schemas": [GROUP],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "displayName",
        "members": [],
    }
    assert acme.get(f"/Groups/{created.id}").json == created.json
    assert search(acme, 'displayName eq "displayName"').resources == [created.json]


@pytest.mark.parametrize("display_name", ["ZGHZBQHCAPZU", "zghzbqhcapzu"])
def test_a_duplicate_group_is_a_conflict_and_changes_nothing(acme: Directory, display_name: str) -> None:
    """Exchange 43, from published captures of the validator: Create a duplicate Group.

    The documentation has displayName unique among groups, and RFC 7643 §8.7.1 has it compare without case.
    """
    first = post_group(acme, VALIDATOR_GROUP)

    second = post_group(acme, VALIDATOR_GROUP | {"displayName": display_name, "externalId": RANDOM_GUID})

    assert_error(second, 409, "uniqueness")
    assert_found(acme.get("/Groups"), first)
    assert acme.get(f"/Groups/{first.id}").json == first.json


def test_a_group_is_shown_without_its_members_on_request(acme: Directory) -> None:
    """Exchange 44, from the documentation and from the validator's captures: Get Group, by id and by name."""
    ada = acme.create_user("ada")
    group = acme.create_group("displayName", ada)

    read = acme.get(f"/Groups/{group.id}", excludedAttributes="members")
    found = search_without_members(acme, 'displayName eq "displayName"')

    assert read.status == 200
    assert read.headers["content-type"] == "application/scim+json"
    assert read.headers["etag"] == group.headers["etag"]
    assert read.json == without_members(group.json)
    assert_found(found, group)
    assert found.resources == [read.json]
    assert acme.get(f"/Groups/{group.id}").members == {ada.id}


def test_a_look_up_of_a_group_that_is_not_there_finds_nothing(acme: Directory, globex: Directory) -> None:
    """Exchange 44, from published captures of the validator: Filter for a non-existing group."""
    post_group(globex, VALIDATOR_GROUP)

    assert_found(search_without_members(acme, 'displayName eq "ZGHZBQHCAPZU"'))
    assert_error(acme.get(f"/Groups/{RANDOM_GUID}", excludedAttributes="members"), 404)


@pytest.mark.parametrize("excluded", ["members", "Members", f"{GROUP}:members"])
@pytest.mark.parametrize("path", ["/Groups/{id}", "/Groups?filter=displayName+eq+%22Pioneers%22", "/Groups"])
def test_members_that_are_not_asked_for_are_never_read(
    acme: Directory, database: Database, path: str, excluded: str
) -> None:
    """Exchange 44, from the documentation: a group of any size costs the same statements, none of them on members."""
    users = [acme.create_user(f"user-{number}") for number in range(12)]
    group = acme.create_group("Pioneers")
    url = path.format(id=group.id)
    url += f"{'&' if '?' in url else '?'}excludedAttributes={excluded}"

    with statements(database) as when_empty:
        acme.get(url)
    patch_group(acme, group.id, adding(*(user.id for user in users)))
    with statements(database) as when_full:
        reply = acme.get(url)
    with statements(database) as with_members:
        acme.get(f"/Groups/{group.id}")

    assert reply.status == 200
    assert when_full == when_empty
    assert not any("memberships" in statement for statement in when_full)
    assert any("memberships" in statement for statement in with_members)


NEW_NAME = "1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName"

RENAME = [
    pytest.param({"op": "Replace", "path": "displayName", "value": NEW_NAME}, id="documented"),
    pytest.param({"op": "replace", "value": {"displayName": NEW_NAME}}, id="validator"),
]


@pytest.mark.parametrize("operation", RENAME)
def test_a_renamed_group_keeps_its_members(acme: Directory, globex: Directory, operation: dict[str, Any]) -> None:
    """Exchange 45, from the documentation of Update Group, non-member attributes, and from the validator's captures.

    The documentation would have 204; Entra ID takes 200 with the group as well, which is our default.
    """
    ada = acme.create_user("ada")
    group = post_group(acme, DOCUMENTED_GROUP | {"members": [{"value": ada.id}]})
    theirs = post_group(globex, DOCUMENTED_GROUP)

    patched = patch_group(acme, group.id, operation)

    assert patched.status == 200
    assert patched.headers["content-type"] == "application/scim+json"
    assert patched.headers["etag"] == patched["meta"]["version"] != group.headers["etag"]
    assert attributes(patched.json) == attributes(group.json) | {"displayName": NEW_NAME}
    assert acme.get(f"/Groups/{group.id}").json == patched.json
    assert_found(search(acme, f'displayName eq "{NEW_NAME}"'), group)
    assert_found(search(acme, 'displayName eq "displayName"'))
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


def test_the_external_id_of_a_group_can_be_replaced(acme: Directory) -> None:
    """Exchange 45, from published captures of the validator: Patch Group, Replace Attributes."""
    group = post_group(acme, VALIDATOR_GROUP)
    new = "663fa3a8-e2b6-4ac0-96c8-363432cdc01d"

    patched = patch_group(acme, group.id, {"op": "replace", "value": {"externalId": new}})

    assert patched.status == 200
    assert attributes(patched.json) == attributes(group.json) | {"externalId": new}
    assert_found(search(acme, f'externalId eq "{new}"'), group)
    assert_found(search(acme, f'externalId eq "{VALIDATOR_GROUP["externalId"]}"'))


@pytest.mark.parametrize("operation", RENAME)
def test_a_group_that_already_has_the_name_is_not_changed(acme: Directory, operation: dict[str, Any]) -> None:
    """Exchange 45, sent a second time: the answer is the same, and so is the version."""
    group = post_group(acme, DOCUMENTED_GROUP)
    first = patch_group(acme, group.id, operation)

    second = patch_group(acme, group.id, operation)

    assert second.status == 200
    assert second.headers["etag"] == first.headers["etag"]
    assert second.json == first.json


@pytest.mark.parametrize("operation", RENAME)
def test_a_group_cannot_take_the_name_of_another_one(acme: Directory, operation: dict[str, Any]) -> None:
    """Exchange 45, with the conflict of exchange 43."""
    post_group(acme, VALIDATOR_GROUP | {"displayName": NEW_NAME.upper()})
    group = post_group(acme, DOCUMENTED_GROUP)

    assert_error(patch_group(acme, group.id, operation), 409, "uniqueness")
    assert acme.get(f"/Groups/{group.id}").json == group.json


@pytest.mark.parametrize("op", ["Add", "add"])
def test_members_are_added_to_those_who_are_there(acme: Directory, op: str) -> None:
    """Exchange 46, from the documentation: Update Group, Add Members, each with a `$ref` of null."""
    ada, bob, cyd = (acme.create_user(name) for name in ("ada", "bob", "cyd"))
    group = acme.create_group("Pioneers", ada)

    patched = patch_group(acme, group.id, adding(bob.id, cyd.id, op=op))

    assert patched.status == 200
    assert patched.headers["content-type"] == "application/scim+json"
    assert patched.members == {ada.id, bob.id, cyd.id}
    assert acme.get(f"/Groups/{group.id}").json == patched.json
    assert [each["value"] for each in acme.get(f"/Users/{bob.id}")["groups"]] == [group.id]


def test_a_batch_of_members_can_be_added_at_once(acme: Directory) -> None:
    """Exchange 46, from the documentation: its checklist asks for multiple memberships with a single PATCH."""
    users = [acme.create_user(f"user-{number}") for number in range(30)]
    group = acme.create_group("Pioneers")

    patched = patch_group(acme, group.id, adding(*(user.id for user in users)))

    assert patched.status == 200
    assert patched.members == {user.id for user in users}
    assert len(patched["members"]) == 30


def test_adding_a_member_twice_changes_nothing_the_second_time(acme: Directory) -> None:
    """Exchange 46, from the documentation, and sent again: the member is there once, and the version stays."""
    ada = acme.create_user("ada")
    group = acme.create_group("Pioneers")

    first = patch_group(acme, group.id, adding(ada.id))
    second = patch_group(acme, group.id, adding(ada.id, ada.id))

    assert first.headers["etag"] != group.headers["etag"]
    assert second.status == 200
    assert second.headers["etag"] == first.headers["etag"]
    assert second.json == first.json
    assert [each["value"] for each in second["members"]] == [ada.id]


def test_adding_an_old_and_a_new_member_is_a_change(acme: Directory) -> None:
    """Exchange 46, from the documentation, for somebody who is in the group and somebody who is not."""
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    group = acme.create_group("Pioneers", ada)

    patched = patch_group(acme, group.id, adding(ada.id, bob.id))

    assert patched.headers["etag"] == patched["meta"]["version"] != group.headers["etag"]
    assert patched.members == {ada.id, bob.id}
    assert len(patched["members"]) == 2


def test_adding_nobody_changes_nothing(acme: Directory) -> None:
    """Exchange 46, with an array that is empty: members stay, and so does the version."""
    ada = acme.create_user("ada")
    group = acme.create_group("Pioneers", ada)

    patched = patch_group(acme, group.id, adding())

    assert patched.status == 200
    assert patched.headers["etag"] == group.headers["etag"]
    assert patched.members == {ada.id}


@pytest.mark.parametrize("stranger", [RANDOM_GUID, "f648f8d5ea4e4cd38e9c"])
def test_a_member_who_is_unknown_does_not_cost_the_others_their_place(acme: Directory, stranger: str) -> None:
    """Exchange 46, from the documentation, with an id that is not ours; fleet, issue 52600, shows what a 400 costs."""
    ada = acme.create_user("ada")
    group = acme.create_group("Pioneers")

    patched = patch_group(acme, group.id, adding(stranger, ada.id))
    again = patch_group(acme, group.id, adding(stranger))

    assert patched.status == 200
    assert patched.members == {ada.id}
    assert again.status == 200
    assert again.headers["etag"] == patched.headers["etag"]


def test_a_deactivated_user_can_be_a_member_and_a_deleted_one_cannot(acme: Directory) -> None:
    """Exchange 46, after exchanges 34 and 41: a soft-deleted user is still one of ours."""
    ada, bob = acme.create_user("ada", active=False), acme.create_user("bob")
    group = acme.create_group("Pioneers")
    acme.delete(f"/Users/{bob.id}")

    patched = patch_group(acme, group.id, adding(ada.id, bob.id))

    assert patched.status == 200
    assert patched.members == {ada.id}


def test_a_deleted_user_is_a_member_no_more(acme: Directory) -> None:
    """Exchange 41, from the documentation: Delete User, of somebody who was added by exchange 46."""
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    group = acme.create_group("Pioneers", ada, bob)

    acme.delete(f"/Users/{ada.id}")

    read = acme.get(f"/Groups/{group.id}")
    assert read.members == {bob.id}
    assert read.headers["etag"] != group.headers["etag"]


def test_two_organizations_can_have_the_same_group(acme: Directory, globex: Directory) -> None:
    """Exchanges 42 to 46 in both organizations, with the same names and ids: no conflict, and no other's member."""
    ours, theirs = post_group(acme, DOCUMENTED_GROUP), post_group(globex, DOCUMENTED_GROUP)
    our_ada, their_ada = acme.create_user("ada"), globex.create_user("ada")

    ours, theirs = (
        patch_group(acme, ours.id, adding(our_ada.id)),
        patch_group(globex, theirs.id, adding(their_ada.id)),
    )

    assert (ours.status, theirs.status) == (200, 200)
    assert ours.id != theirs.id
    assert without_members(attributes(ours.json)) == without_members(attributes(theirs.json))
    assert (ours.members, theirs.members) == ({our_ada.id}, {their_ada.id})
    for filter in ('displayName eq "displayName"', 'externalId eq "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159"'):
        assert_found(search(acme, filter), ours)
        assert_found(search(globex, filter), theirs)


def test_a_user_of_another_organization_cannot_be_added(acme: Directory, globex: Directory) -> None:
    """Exchange 46 with an id of globex, sent by acme: it adds nobody, changes nothing, and tells nothing."""
    gina = globex.create_user("gina")
    group = acme.create_group("Pioneers")

    patched = patch_group(acme, group.id, adding(gina.id))

    assert patched.status == 200
    assert patched.members == set()
    assert patched.headers["etag"] == group.headers["etag"]
    assert patched.json == patch_group(acme, group.id, adding(RANDOM_GUID)).json
    assert_found(search_without_members(acme, f'id eq "{group.id}" and members eq "{gina.id}"'))
    assert globex.get(f"/Users/{gina.id}").json == gina.json


def test_a_group_cannot_be_created_with_a_user_of_another_organization(acme: Directory, globex: Directory) -> None:
    """Exchange 42 with members, one of them an id of globex: the group has our own user alone."""
    ada, gina = acme.create_user("ada"), globex.create_user("gina")

    created = post_group(acme, DOCUMENTED_GROUP | {"members": [{"value": gina.id}, {"value": ada.id}]})

    assert created.status == 201
    assert created.members == {ada.id}
    assert "groups" not in globex.get(f"/Users/{gina.id}").json


def test_the_id_of_another_organization_s_group_is_nothing(acme: Directory, globex: Directory) -> None:
    """Exchanges 44 to 46 with an id of globex, sent by acme, which has the same group."""
    post_group(acme, DOCUMENTED_GROUP)
    theirs = post_group(globex, DOCUMENTED_GROUP)
    ada = acme.create_user("ada")

    assert_error(acme.get(f"/Groups/{theirs.id}", excludedAttributes="members"), 404)
    assert_error(patch_group(acme, theirs.id, {"op": "Replace", "path": "displayName", "value": "Taken"}), 404)
    assert_error(patch_group(acme, theirs.id, adding(ada.id)), 404)
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json
