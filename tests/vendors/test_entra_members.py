"""What Microsoft Entra ID sends about the members of groups, and what it must hear back: exchanges 46 to 48.

The exchanges were gathered as tests/vendors/entra.py says; none was recorded by us.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import Directory
from tests.vendors.entra import RANDOM_GUID, adding, assert_found, patch_group, search_without_members

PROVIDER = Provider.ENTRA


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


def removing(*ids: str) -> list[dict[str, Any]]:
    """The operation that removes members, as Entra ID writes it without the compliance flag."""
    return [{"op": "Remove", "path": "members", "value": [{"$ref": None, "value": id} for id in ids]}]


def removing_by_path(*ids: str) -> list[dict[str, Any]]:
    """The operations that remove members, as Entra ID writes them with the compliance flag."""
    return [{"op": "remove", "path": f'members[value eq "{id}"]'} for id in ids]


REMOVALS = [pytest.param(removing, id="without the flag"), pytest.param(removing_by_path, id="with the flag")]


@pytest.mark.parametrize("removal", REMOVALS)
def test_only_the_members_who_are_named_are_removed(acme: Directory, globex: Directory, removal: Any) -> None:
    """Exchange 47, from the documentation: Update Group, Remove Members; SimpleIdServer, issue 244, removed all."""
    ada, bob, cyd = (acme.create_user(name) for name in ("ada", "bob", "cyd"))
    group = acme.create_group("Pioneers", ada, bob, cyd)
    theirs = globex.create_group("Pioneers", globex.create_user("ada"))

    patched = patch_group(acme, group.id, *removal(ada.id))
    again = patch_group(acme, group.id, *removal(bob.id, ada.id))

    assert (patched.status, again.status) == (200, 200)
    assert patched.members == {bob.id, cyd.id}
    assert again.members == {cyd.id}
    assert acme.get(f"/Groups/{group.id}").json == again.json
    assert "groups" not in acme.get(f"/Users/{ada.id}").json
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


@pytest.mark.parametrize("removal", REMOVALS)
@pytest.mark.parametrize("stranger", [RANDOM_GUID, "f648f8d5ea4e4cd38e9c"])
def test_removing_who_is_no_member_changes_nothing(
    acme: Directory, globex: Directory, removal: Any, stranger: str
) -> None:
    """Exchange 47, from the documentation, for an id that is nobody's, and for one of another organization."""
    ada, gina = acme.create_user("ada"), globex.create_user("gina")
    group, theirs = acme.create_group("Pioneers", ada), globex.create_group("Pioneers", gina)

    patched = patch_group(acme, group.id, *removal(stranger, gina.id))

    assert patched.status == 200
    assert patched.json == group.json
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


def test_the_members_who_are_put_in_place_of_the_others_are_the_only_ones(acme: Directory, globex: Directory) -> None:
    """Exchange 48, from published captures of the validator: Patch Group, Add Member, which is a `replace`."""
    ada, bob, cyd = (acme.create_user(name) for name in ("ada", "bob", "cyd"))
    group = acme.create_group("Pioneers", cyd)
    theirs = globex.create_group("Pioneers", globex.create_user("ada"))

    replacing = {"op": "replace", "path": "members", "value": [{"value": ada.id}, {"value": bob.id}]}
    patched = patch_group(acme, group.id, replacing)

    assert patched.status == 200
    assert patched.members == {ada.id, bob.id}
    assert acme.get(f"/Groups/{group.id}").json == patched.json
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


@pytest.mark.parametrize("removal", REMOVALS)
def test_the_operations_on_one_member_are_done_in_their_order(acme: Directory, removal: Any) -> None:
    """Exchange 48, from published captures of the validator: adding and removing the same id in one PATCH."""
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    group = acme.create_group("Pioneers", bob)

    gone = patch_group(acme, group.id, adding(ada.id, op="add"), *removal(ada.id))
    back = patch_group(acme, group.id, *removal(bob.id), adding(ada.id, bob.id, op="add"))

    assert (gone.status, back.status) == (200, 200)
    assert gone.members == {bob.id}
    assert back.members == {ada.id, bob.id}
