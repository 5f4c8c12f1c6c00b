"""What Microsoft Entra ID sends to change users, and what it must hear back: exchanges 32 to 35.

The exchanges were gathered as tests/vendors/entra.py says; none was recorded by us.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import ENTERPRISE_USER, USER, Directory, assert_error
from tests.vendors.entra import (
    DOCUMENTED_USER,
    NULLED_USER,
    VALIDATOR_USER,
    VALIDATOR_USER_READ,
    assert_found,
    attributes,
    patch_user,
    post_user,
)

PROVIDER = Provider.ENTRA


def test_values_inside_attributes_can_be_replaced(acme: Directory, globex: Directory) -> None:
    """Exchange 32, from the documentation: Update User, multi-valued properties."""
    user, theirs = post_user(acme, DOCUMENTED_USER), post_user(globex, DOCUMENTED_USER)

    patched = patch_user(
        acme,
        user.id,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updatedEmail@microsoft.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
    )

    assert patched.status == 200
    assert patched.headers["content-type"] == "application/scim+json"
    assert patched["emails"] == [{"primary": True, "type": "work", "value": "updatedEmail@microsoft.com"}]
    assert patched["name"]["familyName"] == "updatedFamilyName"
    assert patched["name"]["givenName"] == "givenName"
    assert acme.get(f"/Users/{user.id}").json == patched.json
    assert_found(acme.search('emails[type eq "work"].value eq "updatedEmail@microsoft.com"'), patched)
    assert_found(acme.search(f'emails[type eq "work"].value eq "{user["emails"][0]["value"]}"'))
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


def test_a_work_address_that_is_not_there_is_created(acme: Directory) -> None:
    """Exchange 32, from the documentation: the same request where the user has no address of that type."""
    bare = post_user(acme, {"schemas": [USER], "userName": "eleanore@boyercorwin.biz"})
    operation = {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updatedEmail@microsoft.com"}

    patched = patch_user(acme, bare.id, operation)

    assert patched.status == 200
    assert patched["emails"] == [{"type": "work", "value": "updatedEmail@microsoft.com"}]
    assert_found(acme.search('emails[type eq "work"].value eq "updatedEmail@microsoft.com"'), patched)


def test_a_work_address_is_created_beside_the_addresses_of_other_types(acme: Directory) -> None:
    """Exchange 32, from the documentation: what the filter of a path does not select stays as it is."""
    other = {"type": "other", "value": "smtp@Contoso.com"}
    user = post_user(acme, {"schemas": [USER], "userName": "eleanore@boyercorwin.biz", "emails": [other]})
    operation = {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updatedEmail@microsoft.com"}

    patched = patch_user(acme, user.id, operation)

    assert patched.status == 200
    assert patched["emails"] == [other, {"type": "work", "value": "updatedEmail@microsoft.com"}]


def test_several_attributes_can_be_replaced_one_operation_each(acme: Directory) -> None:
    """Exchange 32, from the documentation of the compliance flag: Replace multiple attributes, without the flag."""
    user = post_user(acme, DOCUMENTED_USER)

    patched = patch_user(
        acme,
        user.id,
        {"op": "Replace", "path": "displayName", "value": "Pvlo"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "TestBcwqnm@test.microsoft.com"},
        {"op": "Replace", "path": "name.givenName", "value": "Gtfd"},
        {"op": "Replace", "path": "name.familyName", "value": "Pkqf"},
        {"op": "Replace", "path": "externalId", "value": "Eqpj"},
        {"op": "Replace", "path": f"{ENTERPRISE_USER}:employeeNumber", "value": "Eqpj"},
    )

    assert patched.status == 200
    assert attributes(patched.json) == {
        "schemas": [USER, ENTERPRISE_USER],
        "externalId": "Eqpj",
        "userName": DOCUMENTED_USER["userName"],
        "displayName": "Pvlo",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": "TestBcwqnm@test.microsoft.com"}],
        "name": {"formatted": "givenName familyName", "familyName": "Pkqf", "givenName": "Gtfd"},
        ENTERPRISE_USER: {"employeeNumber": "Eqpj"},
    }
    assert_found(acme.search('externalId eq "Eqpj"'), user)


def test_a_user_can_be_renamed(acme: Directory) -> None:
    """Exchange 33, from the documentation: Update User, single-valued properties."""
    user = post_user(acme, DOCUMENTED_USER)
    new_name = "5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com"

    patched = patch_user(acme, user.id, {"op": "Replace", "path": "userName", "value": new_name})

    assert patched.status == 200
    assert attributes(patched.json) == attributes(user.json) | {"userName": new_name}
    assert_found(acme.search(f'userName eq "{new_name}"'), user)
    assert_found(acme.search(f'userName eq "{DOCUMENTED_USER["userName"]}"'))


def test_a_user_cannot_be_renamed_to_a_name_that_is_taken(acme: Directory) -> None:
    """Exchange 33, from the documentation: userName must stay unique, and a refused change leaves no trace."""
    post_user(acme, NULLED_USER)
    user = post_user(acme, DOCUMENTED_USER)

    patched = patch_user(
        acme,
        user.id,
        {"op": "Replace", "path": "displayName", "value": "Half done"},
        {"op": "Replace", "path": "userName", "value": "JYoung@testuser.com"},
    )

    assert_error(patched, 409, "uniqueness")
    assert acme.get(f"/Users/{user.id}").json == user.json


def test_a_user_can_take_the_name_that_another_organization_uses(acme: Directory, globex: Directory) -> None:
    """Exchange 33 in one organization, with a name that only the other one has."""
    user, theirs = post_user(acme, DOCUMENTED_USER), post_user(globex, NULLED_USER)

    patched = patch_user(acme, user.id, {"op": "Replace", "path": "userName", "value": "jyoung@testuser.com"})

    assert patched.status == 200
    assert_found(acme.search('userName eq "jyoung@testuser.com"'), user)
    assert_found(globex.search('userName eq "jyoung@testuser.com"'), theirs)


@pytest.mark.parametrize("op", ["Add", "add"])
def test_a_value_can_be_added_where_there_was_none(acme: Directory, op: str) -> None:
    """Exchange 33, from the documentation of the compliance flag: Add a single-value string attribute, both ways."""
    user = post_user(acme, DOCUMENTED_USER)

    patched = patch_user(acme, user.id, {"op": op, "path": "nickName", "value": "Babs"})

    assert patched.status == 200
    assert attributes(patched.json) == attributes(user.json) | {"nickName": "Babs"}


DISABLE = [
    pytest.param({"op": "Replace", "path": "active", "value": "False"}, {}, id="a string, without the flag"),
    pytest.param({"op": "Replace", "path": "active", "value": False}, {}, id="a boolean"),
    pytest.param(
        {"op": "replace", "path": "active", "value": False}, {"aadOptscim062020": ""}, id="a boolean, with the flag"
    ),
]


@pytest.mark.parametrize(("operation", "parameters"), DISABLE)
def test_a_deactivated_user_can_still_be_read_and_found(
    acme: Directory, globex: Directory, operation: dict[str, Any], parameters: dict[str, str]
) -> None:
    """Exchange 34, from the documentation: Disable User, and the same without and with the compliance flag."""
    user, theirs = post_user(acme, DOCUMENTED_USER), post_user(globex, DOCUMENTED_USER)

    patched = patch_user(acme, user.id, operation, **parameters)

    assert patched.status == 200
    assert attributes(patched.json) == attributes(user.json) | {"active": False}
    assert patched["active"] is False
    assert acme.get(f"/Users/{user.id}").json == patched.json
    for filter in (
        f'userName eq "{DOCUMENTED_USER["userName"]}"',
        f'externalId eq "{DOCUMENTED_USER["externalId"]}"',
        f'emails[type eq "work"].value eq "{DOCUMENTED_USER["emails"][0]["value"]}"',
        "active eq false",
    ):
        found = acme.search(filter)
        assert_found(found, user)
        assert found.resources[0]["active"] is False
    assert_found(acme.search("active eq true"))
    assert globex.get(f"/Users/{theirs.id}")["active"] is True


@pytest.mark.parametrize("again", ["True", True])
def test_a_deactivated_user_comes_back(acme: Directory, again: str | bool) -> None:
    """Exchange 34, from the documentation: restoring a user is `active` again, of the same resource."""
    user = post_user(acme, DOCUMENTED_USER)
    patch_user(acme, user.id, {"op": "Replace", "path": "active", "value": "False"})

    patched = patch_user(acme, user.id, {"op": "Replace", "path": "active", "value": again})

    assert patched.status == 200
    assert patched["active"] is True
    assert attributes(patched.json) == attributes(user.json)


def test_a_user_created_as_inactive_is_inactive(acme: Directory) -> None:
    """Exchange 34's string in the body of exchange 24: no source shows the two together, but each shows its half."""
    created = post_user(acme, DOCUMENTED_USER | {"active": "False"})

    assert created.status == 201
    assert created["active"] is False
    assert_found(acme.search("active eq false"), created)


def test_a_value_without_a_path_may_have_dotted_names_and_urns(acme: Directory, globex: Directory) -> None:
    """Exchange 35, from the documentation of the compliance flag: Replace multiple attributes, with the flag."""
    user, theirs = post_user(acme, DOCUMENTED_USER), post_user(globex, DOCUMENTED_USER)

    patched = patch_user(
        acme,
        user.id,
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "TestMhvaes@test.microsoft.com"},
        {
            "op": "replace",
            "value": {
                "displayName": "Bjfe",
                "name.givenName": "Kkom",
                "name.familyName": "Unua",
                f"{ENTERPRISE_USER}:employeeNumber": "Aklq",
            },
        },
        aadOptscim062020="",
    )

    assert patched.status == 200
    assert attributes(patched.json) == {
        "schemas": [USER, ENTERPRISE_USER],
        "externalId": DOCUMENTED_USER["externalId"],
        "userName": DOCUMENTED_USER["userName"],
        "displayName": "Bjfe",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": "TestMhvaes@test.microsoft.com"}],
        "name": {"formatted": "givenName familyName", "familyName": "Unua", "givenName": "Kkom"},
        ENTERPRISE_USER: {"employeeNumber": "Aklq"},
    }
    assert acme.get(f"/Users/{user.id}").json == patched.json
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


def test_a_value_without_a_path_leaves_what_it_does_not_name(acme: Directory) -> None:
    """Exchange 35, from the documentation of the compliance flag: neighbours of a dotted name or a URN stay."""
    user = post_user(acme, VALIDATOR_USER)

    patched = patch_user(
        acme,
        user.id,
        {
            "op": "replace",
            "value": {"displayName": "Pvlo", "name.givenName": "Gtfd", f"{ENTERPRISE_USER}:employeeNumber": "Eqpj"},
        },
    )

    assert patched.status == 200
    assert attributes(patched.json) == VALIDATOR_USER_READ | {
        "displayName": "Pvlo",
        "name": VALIDATOR_USER["name"] | {"givenName": "Gtfd"},
        ENTERPRISE_USER: VALIDATOR_USER[ENTERPRISE_USER] | {"employeeNumber": "Eqpj"},
    }
