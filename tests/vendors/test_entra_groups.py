"""What Microsoft Entra ID sends about groups, and what it must hear back: exchanges 42 to 44.

Exchanges 23, 29 and 31, which test_entra_look_ups.py has for users, are here for groups.

The exchanges were gathered as tests/vendors/entra.py says; none was recorded by us.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from scim_server.db import Database
from scim_server.models import Provider
from tests.clients import GROUP, LIST_RESPONSE, Directory, assert_error
from tests.vendors.entra import (
    DOCUMENTED_GROUP,
    RANDOM_GUID,
    VALIDATOR_GROUP,
    adding,
    assert_found,
    attributes,
    patch_group,
    post_group,
    search_groups,
    search_without_members,
    without_members,
)

PROVIDER = Provider.ENTRA


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

    found = search_groups(acme, filter)

    assert_found(found, group)
    assert attributes(found.resources[0]) == VALIDATOR_GROUP | {"members": []}
    assert_found(search_groups(globex, filter))


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
    assert search_groups(acme, 'displayName eq "displayName"').resources == [created.json]


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
        assert_found(search_groups(acme, filter), ours)
        assert_found(search_groups(globex, filter), theirs)


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
