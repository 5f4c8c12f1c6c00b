"""What Microsoft Entra ID sends about roles and other attributes of many values: exchanges 36, 39 and 40.

The exchanges were gathered as tests/vendors/entra.py says; none was recorded by us.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import ENTERPRISE_USER, USER, Directory
from tests.vendors.entra import DOCUMENTED_USER, assert_found, attributes, patch_user, post_user

PROVIDER = Provider.ENTRA

# A user as the validator makes one that it is going to patch.
BARE_USER = {"schemas": [USER], "userName": "rickey_torp@rohan.co.uk"}

# What the validator adds to it, as captures show: each path selects the entry that the one before it has made.
SELECTED: dict[str, Any] = {
    'emails[type eq "work"].value': "roberta_kuvalis@hayesmertz.com",
    'emails[type eq "work"].primary': True,
    'addresses[type eq "work"].formatted': "QQHYDJGFDRFX",
    'addresses[type eq "work"].streetAddress': "7841 Goodwin Loaf",
    'addresses[type eq "work"].locality': "UGWEYHVKKITS",
    'addresses[type eq "work"].region': "JQQETQNHZCDZ",
    'addresses[type eq "work"].postalCode': "ru86 0et",
    'addresses[type eq "work"].primary': True,
    'addresses[type eq "work"].country': "Uzbekistan",
    'phoneNumbers[type eq "work"].value': "22-377-3428",
    'phoneNumbers[type eq "work"].primary': True,
    'phoneNumbers[type eq "mobile"].value': "22-377-3428",
    'phoneNumbers[type eq "fax"].value': "22-377-3428",
    'roles[primary eq "True"].display': "MSSEWRRJREQY",
    'roles[primary eq "True"].value': "CYDBGQIIERUP",
    'roles[primary eq "True"].type': "QRPQKXXKNVRS",
}
NAMED: dict[str, Any] = {
    "active": True,
    "displayName": "CDHQYEYIKBGB",
    "title": "LOATBSFQQPBF",
    "preferredLanguage": "nb-SJ",
    "name.givenName": "Adell",
    "name.familyName": "Lesley",
    "name.formatted": "Henderson",
    "name.middleName": "Guadalupe",
    "name.honorificPrefix": "Reinhold",
    "name.honorificSuffix": "Mathilde",
    f"{ENTERPRISE_USER}:employeeNumber": "DVJTEKOQVLLR",
    f"{ENTERPRISE_USER}:department": "TEUFEQIRBMVQ",
    f"{ENTERPRISE_USER}:costCenter": "XAOYALZZMQDE",
    f"{ENTERPRISE_USER}:organization": "LARDLXQMBEZT",
    f"{ENTERPRISE_USER}:division": "USYTEGEBXVTJ",
    "userType": "XXEMRJMTGJYS",
    "nickName": "EZUFFGHXIFHD",
    "locale": "ECRNKKFCCWRQ",
    "timezone": "Africa/Djibouti",
    "profileUrl": "UTISNQJTBOMN",
}
READ: dict[str, Any] = BARE_USER | {
    "schemas": [USER, ENTERPRISE_USER],
    "active": True,
    "displayName": "CDHQYEYIKBGB",
    "title": "LOATBSFQQPBF",
    "preferredLanguage": "nb-SJ",
    "name": {
        "givenName": "Adell",
        "familyName": "Lesley",
        "formatted": "Henderson",
        "middleName": "Guadalupe",
        "honorificPrefix": "Reinhold",
        "honorificSuffix": "Mathilde",
    },
    "emails": [{"type": "work", "value": "roberta_kuvalis@hayesmertz.com", "primary": True}],
    "addresses": [
        {
            "type": "work",
            "formatted": "QQHYDJGFDRFX",
            "streetAddress": "7841 Goodwin Loaf",
            "locality": "UGWEYHVKKITS",
            "region": "JQQETQNHZCDZ",
            "postalCode": "ru86 0et",
            "primary": True,
            "country": "Uzbekistan",
        }
    ],
    "phoneNumbers": [
        {"type": "work", "value": "22-377-3428", "primary": True},
        {"type": "mobile", "value": "22-377-3428"},
        {"type": "fax", "value": "22-377-3428"},
    ],
    "roles": [{"primary": True, "display": "MSSEWRRJREQY", "value": "CYDBGQIIERUP", "type": "QRPQKXXKNVRS"}],
    "userType": "XXEMRJMTGJYS",
    "nickName": "EZUFFGHXIFHD",
    "locale": "ECRNKKFCCWRQ",
    "timezone": "Africa/Djibouti",
    "profileUrl": "UTISNQJTBOMN",
    ENTERPRISE_USER: {
        "employeeNumber": "DVJTEKOQVLLR",
        "department": "TEUFEQIRBMVQ",
        "costCenter": "XAOYALZZMQDE",
        "organization": "LARDLXQMBEZT",
        "division": "USYTEGEBXVTJ",
    },
}


def adding(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"op": "add", "path": path, "value": value} for path, value in values.items()]


@pytest.mark.parametrize(
    "operations",
    [
        pytest.param(adding(SELECTED | NAMED), id="one operation each"),
        pytest.param([*adding(SELECTED), {"op": "add", "value": NAMED}], id="without a path where it can"),
    ],
)
def test_every_attribute_that_the_validator_adds_is_read_back(
    acme: Directory, globex: Directory, operations: list[dict[str, Any]]
) -> None:
    """Exchange 36, from published captures of the validator: Patch User, Add Attributes (Verbose Request), and short.

    A path that selects what is not there creates it, once: the role has `primary` from its filter, and all three parts.
    """
    user, theirs = post_user(acme, BARE_USER), post_user(globex, BARE_USER)

    patched = patch_user(acme, user.id, *operations)

    assert patched.status == 200, patched.json
    assert attributes(patched.json) == READ
    assert acme.get(f"/Users/{user.id}").json == patched.json
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


def test_adding_what_was_added_changes_nothing(acme: Directory) -> None:
    """Exchange 36, from published captures of the validator, sent a second time: no entry is there twice."""
    user = post_user(acme, BARE_USER)
    first = patch_user(acme, user.id, *adding(SELECTED | NAMED))

    second = patch_user(acme, user.id, *adding(SELECTED | NAMED))

    assert second.status == 200
    assert second.json == first.json


def app_role(name: str) -> dict[str, str]:
    """An app role as Entra ID writes it: an object as JSON, in a string."""
    return {"value": f'{{"id":"18d14569-c3bd-439b-9a66-3a2aee01d14f","value":"{name}","displayName":"{name}"}}'}


@pytest.mark.parametrize("roles", [[app_role("Approver")], [app_role("Approver"), app_role("Reviewer")]])
def test_app_roles_are_kept_as_the_text_that_they_are(
    acme: Directory, globex: Directory, roles: list[dict[str, str]]
) -> None:
    """Exchange 39, from the documentation: AppRoleAssignmentsComplex, in a POST and in a PATCH."""
    user, theirs = post_user(acme, DOCUMENTED_USER), post_user(globex, DOCUMENTED_USER)

    created = post_user(acme, BARE_USER | {"roles": roles})
    patched = patch_user(acme, user.id, {"op": "Add", "path": "roles", "value": roles})

    assert (created.status, patched.status) == (201, 200)
    assert created["roles"] == patched["roles"] == roles
    assert attributes(patched.json) == attributes(user.json) | {"roles": roles}
    assert acme.get(f"/Users/{user.id}").json == patched.json
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


@pytest.mark.parametrize("op", ["Add", "Replace"])
def test_the_one_app_role_is_the_primary_role(acme: Directory, op: str) -> None:
    """Exchange 39, from the documentation: SingleAppRoleAssignment, which names a role by `primary` alone."""
    user = post_user(acme, DOCUMENTED_USER)
    path = 'roles[primary eq "True"].value'

    first = patch_user(acme, user.id, {"op": op, "path": path, "value": "Approver"})
    second = patch_user(acme, user.id, {"op": op, "path": path, "value": "Reviewer"})

    assert (first.status, second.status) == (200, 200)
    assert first["roles"] == [{"primary": True, "value": "Approver"}]
    assert second["roles"] == [{"primary": True, "value": "Reviewer"}]


def test_a_proxy_address_is_kept_though_it_is_no_e_mail_address(acme: Directory, globex: Directory) -> None:
    """Exchange 40, from the documentation: a mapping of proxyAddresses, with a capital letter in the path."""
    user, theirs = post_user(acme, DOCUMENTED_USER), post_user(globex, DOCUMENTED_USER)
    proxy = "smtp:test.user@contoso.onmicrosoft.com"

    patched = patch_user(acme, user.id, {"op": "Add", "path": 'emails[type eq "other"].Value', "value": proxy})

    assert patched.status == 200
    assert patched["emails"] == [*DOCUMENTED_USER["emails"], {"type": "other", "value": proxy}]
    assert acme.get(f"/Users/{user.id}").json == patched.json
    assert_found(acme.search(f'emails[type eq "other"].value eq "{proxy}"'), patched)
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json
