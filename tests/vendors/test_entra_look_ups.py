"""How Microsoft Entra ID looks for users, and what it must hear back: exchanges 23 and 28 to 31.

The exchanges were gathered as tests/vendors/entra.py says; none was recorded by us.
"""

import pytest

from scim_server.models import Provider
from tests.clients import ENTERPRISE_USER, LIST_RESPONSE, USER, Directory, assert_error
from tests.vendors.entra import (
    DOCUMENTED_USER,
    NULLED_USER,
    RANDOM_GUID,
    VALIDATOR_USER,
    VALIDATOR_USER_READ,
    assert_found,
    attributes,
    post_user,
)

PROVIDER = Provider.ENTRA


def test_the_connection_can_be_tested_without_a_user_agent(acme: Directory) -> None:
    """Exchange 23, from the documentation of Test Connection; the missing User-Agent from kortix suna, PR 7297.

    The sample has `itemsPerPage` 20 on an empty page; RFC 7644 §3.4.2 has it count what is there.
    """
    client = acme.app.test_client()
    del client.environ_base["HTTP_USER_AGENT"]

    response = client.get(
        f"/scim/v2/acme/Users?filter=userName+eq+%22{RANDOM_GUID}%22",
        headers={"Authorization": f"Bearer {acme.token}"},
    )

    assert "User-Agent" not in response.request.headers
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/scim+json"
    assert response.json == {
        "schemas": [LIST_RESPONSE],
        "totalResults": 0,
        "Resources": [],
        "startIndex": 1,
        "itemsPerPage": 0,
    }


@pytest.mark.parametrize("matching", ["userName", "externalId", 'emails[type eq "work"].value', "displayName"])
def test_the_connection_can_be_tested_with_any_matching_property(
    acme: Directory, globex: Directory, matching: str
) -> None:
    """Exchange 23, from the documentation: a random GUID as the matching property that the admin has selected."""
    post_user(acme, DOCUMENTED_USER)
    everything = {
        "userName": RANDOM_GUID,
        "externalId": RANDOM_GUID,
        "displayName": RANDOM_GUID,
        "emails": [{"type": "work", "value": RANDOM_GUID}],
    }
    theirs = post_user(globex, {"schemas": [USER], **everything})

    assert_found(acme.search(f'{matching} eq "{RANDOM_GUID}"'))
    assert_found(globex.search(f'{matching} eq "{RANDOM_GUID}"'), theirs)


@pytest.mark.parametrize(
    "filter",
    [
        'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
        'emails[type eq "work"].value eq "Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com"',
        'emails[type eq "work" and value eq "Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com"]',
        'userName eq "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1"',
        'externalId Eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef" And name.givenName Eq "givenName"',
    ],
)
def test_a_look_up_finds_the_one_user_or_nobody(acme: Directory, globex: Directory, filter: str) -> None:
    """Exchange 28, from the documentation: Get User by query, by any property that makes a user unique."""
    user = post_user(acme, DOCUMENTED_USER)
    post_user(acme, NULLED_USER)
    post_user(globex, NULLED_USER)

    assert_found(acme.search(filter), user)
    assert_found(globex.search(filter))


@pytest.mark.parametrize("query", ["filter=externalId+eq+%22jyoung%22", "filter=externalId%20eq%20%22jyoung%22"])
def test_a_look_up_may_write_its_blanks_either_way(acme: Directory, query: str) -> None:
    """Exchange 28, from the documentation, which shows it unencoded; a URL writes a blank as `+` or as `%20`."""
    user = post_user(acme, NULLED_USER)
    post_user(acme, DOCUMENTED_USER)

    assert_found(acme.get(f"/Users?{query}"), user)


def test_a_look_up_by_work_address_passes_over_addresses_of_another_type(acme: Directory) -> None:
    """Exchange 28, from the documentation: `emails[type eq "work"].value`, where a match would be the wrong person."""
    address = "jyoung@Contoso.com"
    post_user(
        acme,
        DOCUMENTED_USER
        | {"emails": [{"type": "work", "value": "proxy@Contoso.com"}, {"type": "other", "value": address}]},
    )
    user = post_user(acme, NULLED_USER)

    assert_found(acme.search(f'emails[type eq "work"].value eq "{address}"'), user)


@pytest.mark.parametrize(
    "filter",
    [
        'userName eq "JULIEN.VONRUEDEN@ONDRICKA.US"',
        'USERNAME eq "julien.vonrueden@ondricka.us"',
        'emails[type eq "work"].value eq "THADDEUS@HAMMES.INFO"',
        'emails[type eq "Work"].value eq "Thaddeus@Hammes.info"',
    ],
)
def test_a_look_up_in_another_case_finds_the_user(acme: Directory, filter: str) -> None:
    """Exchange 29, from published captures of the validator: Filter for an existing user with a different case.

    The validator does so with userName; RFC 7643 §8.7.1 compares e-mail addresses and their types in the same way.
    """
    user = post_user(acme, VALIDATOR_USER)

    found = acme.search(filter)

    assert_found(found, user)
    assert attributes(found.resources[0]) == VALIDATOR_USER_READ


def test_a_user_can_be_read(acme: Directory) -> None:
    """Exchange 30, from the documentation: Get User, User found."""
    user = post_user(acme, DOCUMENTED_USER)

    read = acme.get(f"/Users/{user.id}")

    assert read.status == 200
    assert read.headers["content-type"] == "application/scim+json"
    assert read.json == user.json


@pytest.mark.parametrize("id", ["5171a35d82074e068ce2", RANDOM_GUID])
def test_a_user_who_is_missing_is_a_404_in_the_words_of_scim(acme: Directory, id: str) -> None:
    """Exchange 30, from the documentation: Get User, User not found, with an id of theirs and with a random one."""
    post_user(acme, DOCUMENTED_USER)

    assert_error(acme.get(f"/Users/{id}"), 404)


@pytest.mark.parametrize(
    "filter",
    [
        'id eq "{user}" and manager eq "{manager}"',
        'manager eq "{manager}" and id eq "{user}"',
        'ID eq "{user}" and Manager eq "{manager}"',
        f'id eq "{{user}}" and {ENTERPRISE_USER}:manager eq "{{manager}}"',
    ],
)
def test_a_reference_check_tells_whether_somebody_is_the_manager(
    acme: Directory, globex: Directory, filter: str
) -> None:
    """Exchange 31, from the documentation: Example 4, Query the value of a reference attribute to be updated."""
    boss, other = acme.create_user("boss"), acme.create_user("other")
    user = post_user(acme, VALIDATOR_USER | {ENTERPRISE_USER: {"manager": {"value": boss.id}}})

    assert_found(acme.search(filter.format(user=user.id, manager=boss.id)), user)
    assert_found(acme.search(filter.format(user=user.id, manager=other.id)))
    assert_found(acme.search(filter.format(user=other.id, manager=boss.id)))
    assert_found(globex.search(filter.format(user=user.id, manager=boss.id)))


def test_a_reference_check_may_ask_for_the_id_alone(acme: Directory) -> None:
    """Exchange 31, from the documentation: Example 4 requests no attribute but `ID`."""
    user = post_user(acme, VALIDATOR_USER)

    found = acme.get("/Users", filter=f'id eq "{user.id}" and manager eq "BGKAWQXOZREF"', attributes="ID")

    assert_found(found, user)
    assert found.resources[0].keys() == {"schemas", "id"}
