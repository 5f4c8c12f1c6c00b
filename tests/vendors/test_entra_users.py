"""What Microsoft Entra ID sends about users, and what it must hear back: exchanges 23 to 35 and 41.

The exchanges were gathered from Microsoft's documentation, from captures of its SCIM validator that others have
published, and from public issue threads; none was recorded by us. Bodies and operations are those of the samples, with
other names where a test needs several; beside the filters that the sources show stand others of the same meaning.
"""

from typing import Any

import pytest
from flask import request

from tests.clients import ENTERPRISE_USER, LIST_RESPONSE, PATCH_OP, USER, Directory, Reply, assert_error

# As the captures of the validator have it; the documentation shows it without the charset.
CONTENT_TYPE = "application/scim+json; charset=utf-8"

# The matching property of somebody who does not exist, as Test Connection makes it up.
RANDOM_GUID = "c3f7a2b5-0f0e-4c1b-9a54-6c8f2f6c7f11"

# Microsoft's own URN, but for the colon that the samples of the documentation lack.
MISSPELT_ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"

DOCUMENTED_USER: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE_USER],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1",
    "active": True,
    "emails": [
        {"primary": True, "type": "work", "value": "Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com"}
    ],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
    "roles": [],
}

# The sample of the documentation that has nulls for what the directory does not know.
NULLED_USER: dict[str, Any] = {
    "schemas": [USER, MISSPELT_ENTERPRISE_USER],
    "externalId": "jyoung",
    "userName": "jyoung@testuser.com",
    "active": True,
    "addresses": None,
    "displayName": "Joy Young",
    "emails": [{"type": "work", "value": "jyoung@Contoso.com", "primary": True}],
    "meta": {"resourceType": "User"},
    "name": {"familyName": "Young", "givenName": "Joy"},
    "phoneNumbers": None,
    "preferredLanguage": None,
    "title": None,
    "department": None,
    "manager": None,
}

# The validator fills every attribute with noise: a URL that is none, a locale that is none, a manager who is nobody,
# and one boolean, of all those that it sends, that is a string. Put together from several captures.
VALIDATOR_USER: dict[str, Any] = {
    "userName": "julien.vonrueden@ondricka.us",
    "active": True,
    "displayName": "NDSQQTECVAAC",
    "title": "CJSGUNOAAMMQ",
    "emails": [{"type": "work", "value": "thaddeus@hammes.info", "primary": True}],
    "preferredLanguage": "hi",
    "name": {
        "givenName": "Elfrieda",
        "familyName": "Urban",
        "formatted": "Myah",
        "middleName": "Cindy",
        "honorificPrefix": "Minerva",
        "honorificSuffix": "Micaela",
    },
    "addresses": [
        {
            "type": "work",
            "formatted": "ZQEHBLETAAQE",
            "streetAddress": "25928 Katlyn Row",
            "locality": "YRAKBQCGOHZF",
            "region": "XCCVLAIDMQYR",
            "postalCode": "cx47 4mz",
            "primary": True,
            "country": "Sierra Leone",
        }
    ],
    "phoneNumbers": [
        {"type": "work", "value": "10-040-1308", "primary": True},
        {"type": "mobile", "value": "10-040-1308"},
        {"type": "fax", "value": "10-040-1308"},
    ],
    ENTERPRISE_USER: {
        "employeeNumber": "OXYYEGWVLTGW",
        "department": "ZYWTBPDFHIIP",
        "costCenter": "ASHTVSKANCGL",
        "organization": "DPQRRHJMBXZE",
        "division": "WXNFEJQDRAVI",
        "manager": {"value": "BGKAWQXOZREF"},
    },
    "roles": [{"primary": "True", "display": "MRONYWGFFHXQ", "value": "WDEIISGWWQBE", "type": "XVTUOHMYUFRL"}],
    "userType": "GZILLRZCFPNC",
    "nickName": "FOGSIQTKHIPG",
    "locale": "HNULHBRGUHWA",
    "timezone": "America/Guayaquil",
    "profileUrl": "ROQHEOEENWTS",
    "schemas": [USER, ENTERPRISE_USER],
}

# The same as it must be read back: the string has become the boolean that the schema says it is.
VALIDATOR_USER_READ = VALIDATOR_USER | {"roles": [VALIDATOR_USER["roles"][0] | {"primary": True}]}


def post_user(directory: Directory, body: dict[str, Any]) -> Reply:
    return directory.post("/Users", body, content_type=CONTENT_TYPE)


def patch_user(directory: Directory, id: str, *operations: dict[str, Any], **parameters: Any) -> Reply:
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return directory.send("PATCH", f"/Users/{id}", body, content_type=CONTENT_TYPE, **parameters)


def attributes(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without what only the server says about it."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


def assert_found(reply: Reply, *users: Reply) -> None:
    """The reply is a list of exactly these users; of none of them it is an empty list, and no 404."""
    assert reply.status == 200, reply.json
    assert reply.headers["content-type"] == "application/scim+json"
    assert reply["schemas"] == [LIST_RESPONSE]
    assert reply["totalResults"] == len(users)
    assert reply["startIndex"] == 1
    assert reply["itemsPerPage"] == len(users)
    assert [each["id"] for each in reply.resources] == [user.id for user in users]


def test_the_connection_can_be_tested_without_a_user_agent(acme: Directory) -> None:
    """Exchange 23, from the documentation of Test Connection; the missing User-Agent from kortix suna, PR 7297.

    The sample has `itemsPerPage` 20 on an empty page; RFC 7644 §3.4.2 has it count what is there.
    """
    client = acme.app.test_client()
    del client.environ_base["HTTP_USER_AGENT"]

    with client:
        response = client.get(
            f"/scim/v2/acme/Users?filter=userName+eq+%22{RANDOM_GUID}%22",
            headers={"Authorization": f"Bearer {acme.token}"},
        )
        assert "User-Agent" not in request.headers

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


def test_a_user_can_take_the_name_that_another_organization_uses(acme: Directory, globex: Directory) -> None:
    """Exchange 33 in one organization, with a name that only the other one has."""
    user, theirs = post_user(acme, DOCUMENTED_USER), post_user(globex, NULLED_USER)

    patched = patch_user(acme, user.id, {"op": "Replace", "path": "userName", "value": "jyoung@testuser.com"})

    assert patched.status == 200
    assert_found(acme.search('userName eq "jyoung@testuser.com"'), user)
    assert_found(globex.search('userName eq "jyoung@testuser.com"'), theirs)
