"""What Microsoft Entra ID sends to create and delete users, and what it must hear back: exchanges 24 to 27 and 41.

The exchanges were gathered as tests/vendors/entra.py says; none was recorded by us.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import ENTERPRISE_USER, USER, Directory, assert_error
from tests.vendors.entra import (
    DOCUMENTED_USER,
    NULLED_USER,
    RANDOM_GUID,
    VALIDATOR_USER,
    VALIDATOR_USER_READ,
    assert_found,
    attributes,
    patch_user,
    post_user,
)

PROVIDER = Provider.ENTRA


def test_a_created_user_is_answered_whole_with_id_and_location(acme: Directory) -> None:
    """Exchange 24, from the documentation: Create User."""
    created = post_user(acme, DOCUMENTED_USER)

    assert created.status == 201
    assert created.headers["content-type"] == "application/scim+json"
    assert created.headers["location"] == f"https://scim.example.com/scim/v2/acme/Users/{created.id}"
    assert created.headers["etag"] == created["meta"]["version"]
    assert created["meta"]["resourceType"] == "User"
    assert created["meta"]["location"] == created.headers["location"]
    # RFC 7643 §2.5: an empty array is no value; and nothing of the enterprise schema was said.
    assert attributes(created.json) == {
        "schemas": [USER],
        "externalId": DOCUMENTED_USER["externalId"],
        "userName": DOCUMENTED_USER["userName"],
        "active": True,
        "emails": DOCUMENTED_USER["emails"],
        "name": DOCUMENTED_USER["name"],
    }
    assert acme.get(f"/Users/{created.id}").json == created.json


def test_nulls_are_no_values_and_the_misspelt_urn_of_the_samples_is_ignored(acme: Directory) -> None:
    """Exchange 25, from the documentation: Example 2, Provision a user."""
    created = post_user(acme, NULLED_USER)

    assert created.status == 201
    assert attributes(created.json) == {
        "schemas": [USER],
        "externalId": "jyoung",
        "userName": "jyoung@testuser.com",
        "active": True,
        "displayName": "Joy Young",
        "emails": [{"type": "work", "value": "jyoung@Contoso.com", "primary": True}],
        "name": {"familyName": "Young", "givenName": "Joy"},
    }
    assert acme.get(f"/Users/{created.id}").json == created.json


def test_every_attribute_that_the_validator_creates_is_read_back(acme: Directory, globex: Directory) -> None:
    """Exchange 26, from published captures of the validator: Create a new User, which it then looks up."""
    created = post_user(acme, VALIDATOR_USER)

    read = acme.get(f"/Users/{created.id}")
    [found] = acme.search('userName eq "julien.vonrueden@ondricka.us"').resources

    assert created.status == 201
    assert attributes(created.json) == VALIDATOR_USER_READ
    assert read.status == 200
    assert read.json == created.json
    assert found == created.json
    assert_found(globex.search('userName eq "julien.vonrueden@ondricka.us"'))


def test_a_string_that_stands_for_a_boolean_is_answered_as_a_boolean(acme: Directory) -> None:
    """Exchange 26, from published captures of the validator; a role's `primary` comes as the string `"True"`."""
    created = post_user(acme, VALIDATOR_USER)

    assert created["roles"][0]["primary"] is True
    assert acme.get(f"/Users/{created.id}")["roles"][0]["primary"] is True


def test_a_manager_who_is_nobody_is_kept_as_it_was_sent(acme: Directory) -> None:
    """Exchange 26, from published captures of the validator: the id of a manager who does not exist."""
    created = post_user(acme, VALIDATOR_USER)

    assert created.status == 201
    assert acme.get(f"/Users/{created.id}")[ENTERPRISE_USER]["manager"] == {"value": "BGKAWQXOZREF"}


@pytest.mark.parametrize("user_name", ["julien.vonrueden@ondricka.us", "JULIEN.VONRUEDEN@ONDRICKA.US"])
def test_a_duplicate_user_is_a_conflict_and_changes_nothing(acme: Directory, user_name: str) -> None:
    """Exchange 27, from the documentation and from published captures of the validator: Create a duplicate User."""
    first = post_user(acme, VALIDATOR_USER)

    second = post_user(acme, VALIDATOR_USER | {"userName": user_name, "displayName": "Somebody else"})

    assert_error(second, 409, "uniqueness")
    assert_found(acme.get("/Users"), first)
    assert acme.get(f"/Users/{first.id}").json == first.json


def test_a_deleted_user_is_gone_and_cannot_be_deleted_twice(acme: Directory, globex: Directory) -> None:
    """Exchange 41, from the documentation of Delete User, and the validator's preview: Delete the same User twice."""
    user, theirs = post_user(acme, DOCUMENTED_USER), post_user(globex, DOCUMENTED_USER)

    first = acme.delete(f"/Users/{user.id}")
    second = acme.delete(f"/Users/{user.id}")

    assert first.status == 204
    assert first.json is None
    assert_error(second, 404)
    assert_error(acme.get(f"/Users/{user.id}"), 404)
    assert_found(acme.search(f'userName eq "{DOCUMENTED_USER["userName"]}"'))
    assert_found(acme.search(f'emails[type eq "work"].value eq "{DOCUMENTED_USER["emails"][0]["value"]}"'))
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


def test_a_user_who_never_was_cannot_be_deleted(acme: Directory) -> None:
    """Exchange 41, from the validator's preview, as published: Delete a non-existent User."""
    assert_error(acme.delete(f"/Users/{RANDOM_GUID}"), 404)


def test_a_deleted_user_can_be_provisioned_anew(acme: Directory) -> None:
    """Exchange 41, then exchange 24: RFC 7644 §3.6 has no conflict with what was deleted."""
    user = post_user(acme, DOCUMENTED_USER)
    acme.delete(f"/Users/{user.id}")

    again = post_user(acme, DOCUMENTED_USER)

    assert again.status == 201
    assert again.id != user.id
    assert_found(acme.search(f'userName eq "{DOCUMENTED_USER["userName"]}"'), again)


@pytest.mark.parametrize("body", [DOCUMENTED_USER, NULLED_USER, VALIDATOR_USER])
def test_two_organizations_can_have_the_same_user(acme: Directory, globex: Directory, body: dict[str, Any]) -> None:
    """Exchanges 24 to 28 in both organizations, with the same names and ids: no conflict, and nobody else's user."""
    ours, theirs = post_user(acme, body), post_user(globex, body)

    assert (ours.status, theirs.status) == (201, 201)
    assert ours.id != theirs.id
    assert attributes(ours.json) == attributes(theirs.json)
    look_ups = [f'userName eq "{body["userName"]}"', f'emails[type eq "work"].value eq "{body["emails"][0]["value"]}"']
    for look_up in look_ups:
        assert_found(acme.search(look_up), ours)
        assert_found(globex.search(look_up), theirs)


def test_the_id_of_another_organization_s_user_is_nobody(acme: Directory, globex: Directory) -> None:
    """Exchanges 30 to 35 and 41 with an id of globex, sent by acme, which has the same user."""
    post_user(acme, DOCUMENTED_USER)
    theirs = post_user(globex, DOCUMENTED_USER)

    assert_error(acme.get(f"/Users/{theirs.id}"), 404)
    assert_error(patch_user(acme, theirs.id, {"op": "Replace", "path": "active", "value": "False"}), 404)
    assert_error(patch_user(acme, theirs.id, {"op": "replace", "value": {"displayName": "Pvlo"}}), 404)
    assert_error(acme.delete(f"/Users/{theirs.id}"), 404)
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json
