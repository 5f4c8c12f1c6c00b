"""What Okta sends to find, create and update users, and what it is promised in return: exchanges 1 to 8.

The exchanges were gathered from the vendor's documentation and published test collections; none was recorded by us.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import LIST_RESPONSE, Directory, assert_error
from tests.vendors.okta import (
    DEACTIVATE,
    LOOK_UP,
    SPEC_LOOK_UP,
    TEST_USER,
    Okta,
    assign,
    okta,
    whole_text,
    without_meta,
)

PROVIDER = Provider.OKTA

# What the requests of Okta's SPEC test carry, also where there is no body.
SPEC_TEST = {
    "User-Agent": "OKTA SCIM Integration",
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Content-Type": "application/scim+json; charset=utf-8",
}


@pytest.fixture
def acme(acme: Directory) -> Okta:
    return okta(acme)


@pytest.fixture
def globex(globex: Directory) -> Okta:
    return okta(globex)


def test_the_credentials_are_tested_by_a_page_of_one(acme: Okta, globex: Okta) -> None:
    """Okta exchange 1 (SPEC test collection): the counts are integers, and the first user has what Okta reads."""
    assign(globex, userName="gina@okta.local")
    created = assign(acme)
    assign(acme, userName="second@okta.local")

    page = acme.get("/Users?count=1&startIndex=1", headers=SPEC_TEST)

    assert page.status == 200
    assert page.headers["content-type"] == "application/scim+json"
    assert page["schemas"] == [LIST_RESPONSE]
    counts = [page[name] for name in ("totalResults", "startIndex", "itemsPerPage")]
    assert counts == [2, 1, 1]
    assert all(type(count) is int for count in counts)
    [user] = page.resources
    assert user["id"] == created.id
    assert user["userName"] == "test.user@okta.local"
    assert user["name"] == {"givenName": "Test", "familyName": "User"}
    assert user["active"] is True
    assert user["emails"][0]["value"] == "test.user@okta.local"


def test_an_import_reads_every_user_once_and_always_in_the_same_order(acme: Okta, globex: Okta) -> None:
    """Okta exchange 1 (developer documentation): pages of 100 in one order, whatever the page and whatever changed."""
    assign(globex)
    created = [acme.create_user(f"user{number}@okta.local").id for number in range(101)]
    acme.patch(f"/Users/{created[50]}", DEACTIVATE)

    first = acme.get("/Users?startIndex=1&count=100")
    second = acme.get("/Users?startIndex=101&count=100")
    single = acme.get("/Users?startIndex=51&count=1")

    assert [first["totalResults"], first["startIndex"], first["itemsPerPage"]] == [101, 1, 100]
    assert [second["totalResults"], second["startIndex"], second["itemsPerPage"]] == [101, 101, 1]
    assert [user["id"] for user in first.resources + second.resources] == created
    assert [user["id"] for user in single.resources] == [created[50]]


@pytest.mark.parametrize("query", [LOOK_UP, SPEC_LOOK_UP])
def test_a_name_that_nobody_has_is_an_empty_list(acme: Okta, globex: Okta, query: str) -> None:
    """Okta exchange 2 (developer documentation, SPEC test collection): 200 and an empty list; 404 is tolerated only."""
    assign(globex)

    found = acme.get(query)

    assert found.status == 200
    assert found["schemas"] == [LIST_RESPONSE]
    assert found["totalResults"] == 0
    assert type(found["totalResults"]) is int
    assert found["Resources"] == []


@pytest.mark.parametrize("query", [LOOK_UP, SPEC_LOOK_UP])
def test_a_name_that_somebody_has_finds_them(acme: Okta, query: str) -> None:
    """Okta exchange 2 (developer documentation): what is found is matched, so that nobody is created twice."""
    created = assign(acme)

    found = acme.get(query)

    assert found.status == 200
    assert found["totalResults"] == 1
    assert found.resources == [created.json]


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("test.user@okta.local", "TEST.USER@OKTA.LOCAL"),
        ("TEST.USER@OKTA.LOCAL", "test.user@okta.local"),
    ],
)
def test_a_name_is_found_in_any_case(acme: Okta, globex: Okta, stored: str, asked: str) -> None:
    """Okta exchange 3 (SPEC test collection): a userName has no case, and is shown as it was sent."""
    assign(globex, userName=stored)
    created = assign(acme, userName=stored)

    found = acme.get(f"/Users?filter=userName%20eq%20%22{asked}%22", headers=SPEC_TEST)

    assert found.status == 200
    assert found["totalResults"] == 1
    assert [user["id"] for user in found.resources] == [created.id]
    assert found.user_names == [stored]


@pytest.mark.parametrize(
    "id", ["010101001010101011001010101011", "00919288221112222", "23a35c27-23d3-4c03-b4c5-6443c09e7173"]
)
def test_an_unknown_id_is_not_found(acme: Okta, id: str) -> None:
    """Okta exchange 4 (SPEC test collection): a SCIM error, with the status as a string."""
    assign(acme)

    assert_error(acme.get(f"/Users/{id}", headers=SPEC_TEST), 404)


def test_the_id_of_another_organizations_user_is_not_found(acme: Okta, globex: Okta) -> None:
    """Okta exchange 4 (SPEC test collection), with an id that exists elsewhere; no PUT or PATCH reaches it."""
    gina = assign(globex)
    path = f"/Users/{gina.id}"

    assert_error(acme.get(path), 404)
    assert_error(acme.put(path, {**gina.json, "active": False}), 404)
    assert_error(acme.patch(path, DEACTIVATE), 404)

    assert globex.get(path).json == gina.json


def test_a_token_that_is_none_is_unauthorized(acme: Okta) -> None:
    """Okta exchange 5 (SPEC test collection): a SCIM error, with the status as a string, and nothing is shown."""
    assign(acme)

    refused = acme.get(
        "/Users?filter=userName%20eq%20%22TEST.USER@OKTA.LOCAL%22", headers=SPEC_TEST | {"Authorization": "non-token"}
    )

    assert_error(refused, 401)


def test_a_token_of_another_organization_is_unauthorized(acme: Okta, globex: Okta) -> None:
    """Okta exchange 5 (SPEC test collection), with a token that is good elsewhere; nothing is written."""
    stranger = {"Authorization": f"Bearer {globex.token}"}

    assert_error(acme.get("/Users?count=1&startIndex=1", headers=stranger), 401)
    assert_error(acme.post("/Users", TEST_USER, headers=stranger), 401)

    assert acme.get(LOOK_UP)["totalResults"] == 0
    assert globex.get(LOOK_UP)["totalResults"] == 0


@pytest.mark.parametrize("content_type", ["application/scim+json; charset=utf-8", "application/json"])
def test_an_assigned_user_is_created_as_sent(acme: Okta, globex: Okta, content_type: str) -> None:
    """Okta exchange 6 (developer documentation): 201, all that was sent but the password, and where the user is.

    Okta takes an empty body for a failure; its SPEC test collection sends application/json.
    """
    created = acme.post(
        "/Users", TEST_USER, content_type=content_type, headers={"Accept": "application/scim+json; charset=utf-8"}
    )

    assert created.status == 201
    assert created.headers["content-type"] == "application/scim+json"
    sent = {name: value for name, value in TEST_USER.items() if name not in ("groups", "password")}
    assert {name: created[name] for name in sent} == sent
    # `groups` is readOnly (RFC 7643 §4.1.2): no group is one of ours to show, as [] or not at all.
    assert set(created.json) - {"groups"} == {*sent, "id", "meta"}
    assert created.json.get("groups", []) == []
    assert created["meta"]["resourceType"] == "User"
    assert created.headers["location"] == created["meta"]["location"]
    assert created.headers["location"].endswith(f"/scim/v2/acme/Users/{created.id}")
    assert acme.get(f"/Users/{created.id}").json == created.json
    assert globex.get("/Users?startIndex=1&count=100")["totalResults"] == 0


def test_a_password_is_in_no_answer(acme: Okta) -> None:
    """Okta exchange 6 (developer documentation): neither the answer to POST nor any later one tells the password."""
    created = assign(acme)
    path = f"/Users/{created.id}"
    group = acme.create_group("Test SCIMv2", created)

    answers = [
        created,
        acme.post("/Users", TEST_USER),
        acme.get(path),
        acme.get(path, attributes="password,userName"),
        acme.get(LOOK_UP),
        acme.get("/Users?startIndex=1&count=100"),
        acme.search('password eq "1mz050nq" or password pr'),
        acme.put(path, TEST_USER | {"id": created.id}),
        acme.patch(path, DEACTIVATE),
        acme.get(f"/Groups/{group.id}"),
    ]

    assert [answer.status for answer in answers] == [201, 409, *[200] * 8]
    assert "1mz050nq" not in whole_text(*answers)
    assert not any("password" in answer.json for answer in answers)


@pytest.mark.parametrize(
    "differing",
    [
        {},
        {"userName": "Test.User@Okta.Local"},
        {"externalId": "00uother", "emails": [{"primary": True, "value": "other@okta.local", "type": "work"}]},
    ],
)
@pytest.mark.parametrize("content_type", ["application/scim+json; charset=utf-8", "application/json"])
def test_a_name_that_is_taken_is_a_conflict(acme: Okta, differing: dict[str, Any], content_type: str) -> None:
    """Okta exchange 7 (developer documentation, SPEC test collection): 409 uniqueness, and nothing has changed."""
    created = assign(acme)

    refused = acme.post("/Users", TEST_USER | differing, content_type=content_type)

    assert_error(refused, 409, "uniqueness")
    assert acme.get("/Users?startIndex=1&count=100").resources == [created.json]


def test_a_name_that_is_taken_elsewhere_is_free(acme: Okta, globex: Okta) -> None:
    """Okta exchanges 2, 6 and 9 (developer documentation) in two organizations: the same person, and no conflict."""
    ours, theirs = assign(acme), assign(globex)

    deactivated = acme.patch(f"/Users/{ours.id}", DEACTIVATE)

    assert ours.id != theirs.id
    assert deactivated["active"] is False
    assert acme.get(LOOK_UP).resources == [deactivated.json]
    assert globex.get(LOOK_UP).resources == [theirs.json]
    by_external_id = 'externalId eq "00ujl29u0le5T6Aj10h7"'
    assert acme.search(by_external_id).resources == [deactivated.json]
    assert globex.search(by_external_id).resources == [theirs.json]


def test_a_profile_update_puts_the_whole_user(acme: Okta, globex: Okta) -> None:
    """Okta exchange 8 (developer documentation): GET, then PUT of what came back with the changes in it."""
    created, twin = assign(acme), assign(globex)
    path = f"/Users/{created.id}"

    read = acme.get(path)
    changes = {
        "name": {"givenName": "Another", "middleName": "Excited", "familyName": "User"},
        "emails": [
            {"primary": True, "value": "test.user@okta.local", "type": "work", "display": "test.user@okta.local"}
        ],
    }
    updated = acme.put(path, read.json | changes | {"groups": []})

    assert read.status == updated.status == 200
    assert without_meta(updated) == without_meta(read) | changes
    assert updated["meta"]["resourceType"] == "User"
    assert acme.get(path).json == updated.json
    assert globex.get(f"/Users/{twin.id}").json == twin.json


def test_a_profile_update_ignores_what_is_read_only(acme: Okta, globex: Okta) -> None:
    """Okta exchange 8 (developer documentation): `id`, `meta` and `groups` come along, and change nothing.

    RFC 7644 §3.5.1: values of readOnly attributes are ignored. The id of the answer is the one of the URL.
    """
    user, other, gina = assign(acme), assign(acme, userName="other@okta.local"), assign(globex)
    group = acme.create_group("Test SCIMv2", user)
    path = f"/Users/{user.id}"
    before = acme.get(path)

    meta = {"resourceType": "User", "created": "2019-09-10T02:02:58Z"}
    for id in (other.id, gina.id):
        updated = acme.put(path, before.json | {"id": id, "meta": meta, "groups": []})
        assert updated.status == 200
        assert updated.json == before.json

    assert [each["value"] for each in acme.get(path)["groups"]] == [group.id]
    assert acme.get(f"/Groups/{group.id}").members == {user.id}
    assert acme.get(f"/Users/{other.id}").json == other.json
    assert globex.get(f"/Users/{gina.id}").json == gina.json
