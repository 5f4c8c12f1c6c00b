"""What Microsoft Entra ID sends to change and delete groups, and what it must hear back: exchanges 45 and 49.

The exchanges were gathered as tests/vendors/entra.py says; none was recorded by us.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import Directory, assert_error
from tests.vendors.entra import (
    DOCUMENTED_GROUP,
    RANDOM_GUID,
    VALIDATOR_GROUP,
    assert_found,
    attributes,
    patch_group,
    post_group,
    search_groups,
)

PROVIDER = Provider.ENTRA

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
    assert_found(search_groups(acme, f'displayName eq "{NEW_NAME}"'), group)
    assert_found(search_groups(acme, 'displayName eq "displayName"'))
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


def test_the_external_id_of_a_group_can_be_replaced(acme: Directory) -> None:
    """Exchange 45, from published captures of the validator: Patch Group, Replace Attributes."""
    group = post_group(acme, VALIDATOR_GROUP)
    new = "663fa3a8-e2b6-4ac0-96c8-363432cdc01d"

    patched = patch_group(acme, group.id, {"op": "replace", "value": {"externalId": new}})

    assert patched.status == 200
    assert attributes(patched.json) == attributes(group.json) | {"externalId": new}
    assert_found(search_groups(acme, f'externalId eq "{new}"'), group)
    assert_found(search_groups(acme, f'externalId eq "{VALIDATOR_GROUP["externalId"]}"'))


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


def test_a_deleted_group_is_gone_and_its_members_are_not(acme: Directory, globex: Directory) -> None:
    """Exchange 49, from the documentation of Delete Group, and captures of the validator: the same Group twice."""
    ada = acme.create_user("ada")
    group = post_group(acme, DOCUMENTED_GROUP | {"members": [{"value": ada.id}]})
    theirs = post_group(globex, DOCUMENTED_GROUP)

    first = acme.delete(f"/Groups/{group.id}")
    second = acme.delete(f"/Groups/{group.id}")

    assert (first.status, first.json) == (204, None)
    assert_error(second, 404)
    assert_error(acme.get(f"/Groups/{group.id}"), 404)
    assert_found(search_groups(acme, 'displayName eq "displayName"'))
    assert "groups" not in acme.get(f"/Users/{ada.id}").json
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


def test_a_group_that_never_was_or_is_another_organization_s_cannot_be_deleted(
    acme: Directory, globex: Directory
) -> None:
    """Exchange 49, from published captures of the validator: Delete a non-existent Group."""
    theirs = post_group(globex, DOCUMENTED_GROUP)

    assert_error(acme.delete(f"/Groups/{RANDOM_GUID}"), 404)
    assert_error(acme.delete(f"/Groups/{theirs.id}"), 404)
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json
