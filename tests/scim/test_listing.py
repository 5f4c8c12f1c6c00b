"""Pages, and which parts of a resource are shown."""

from typing import Any

import pytest

from tests.clients import ENTERPRISE_USER, USER, Directory, assert_error


@pytest.fixture
def crowd(acme: Directory, globex: Directory) -> Directory:
    for number in range(5):
        acme.create_user(f"user{number}", displayName=f"User {number}", emails=[{"value": f"u{number}@example.com"}])
        globex.create_user(f"user{number}")
    return acme


@pytest.mark.parametrize(
    ("parameters", "names", "start_index"),
    [
        ({}, ["user0", "user1", "user2", "user3", "user4"], 1),
        ({"startIndex": 2, "count": 2}, ["user1", "user2"], 2),
        ({"startIndex": 5}, ["user4"], 5),
        ({"startIndex": 6}, [], 6),
        ({"startIndex": 0, "count": 1}, ["user0"], 1),
        ({"startIndex": -3, "count": 1}, ["user0"], 1),
        ({"count": 0}, [], 1),
        ({"count": -1}, [], 1),
        ({"count": 100_000}, ["user0", "user1", "user2", "user3", "user4"], 1),
    ],
)
def test_a_page_is_what_was_asked_for(
    crowd: Directory, parameters: dict[str, Any], names: list[str], start_index: int
) -> None:
    page = crowd.get("/Users", **parameters)

    assert page.user_names == names
    counts = (page["totalResults"], page["startIndex"], page["itemsPerPage"])
    assert counts == (5, start_index, len(names))
    assert all(type(count) is int for count in counts)


@pytest.mark.parametrize("value", ["one", "1.5", "\u0661", "9" * 30, "0x1", " "])
def test_a_number_that_is_none_is_refused(crowd: Directory, value: str) -> None:
    assert_error(crowd.get("/Users", startIndex=value), 400, "invalidValue")
    assert_error(crowd.get("/Users", count=value), 400, "invalidValue")


def test_a_search_by_post_answers_as_a_get_does(crowd: Directory) -> None:
    asked = {"filter": 'userName ne "user0"', "startIndex": 2, "count": 2, "attributes": ["userName", "emails.value"]}
    listed = crowd.get("/Users", **{**asked, "attributes": "userName,emails.value"})

    searched = crowd.post(
        "/Users/.search", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], **asked}
    )

    assert searched.status == 200
    assert searched.json == listed.json
    assert searched.user_names == ["user2", "user3"]
    assert_error(crowd.post("/Users/.search", {"filter": {"a": 1}}), 400, "invalidSyntax")


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"attributes": "userName"}, {"schemas", "id", "userName"}),
        ({"attributes": "USERNAME, name.givenName"}, {"schemas", "id", "userName", "name"}),
        ({"attributes": f"{USER}:userName"}, {"schemas", "id", "userName"}),
        ({"attributes": f"{ENTERPRISE_USER}:department"}, {"schemas", "id", ENTERPRISE_USER}),
        ({"attributes": "noSuchThing"}, {"schemas", "id"}),
        ({"attributes": "password"}, {"schemas", "id"}),
        ({"excludedAttributes": "id,schemas,name,meta,active"}, {"schemas", "id", "userName", ENTERPRISE_USER}),
        (
            {"excludedAttributes": f"{ENTERPRISE_USER}:department,name.givenName"},
            {"schemas", "id", "userName", "name", "active", "meta", ENTERPRISE_USER},
        ),
    ],
)
def test_only_what_was_asked_for_is_shown(
    acme: Directory, globex: Directory, parameters: dict[str, str], shown: set[str]
) -> None:
    person = {
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        ENTERPRISE_USER: {"department": "Engines", "division": "Analytical"},
    }
    globex.create_user("ada")

    created = acme.post("/Users", {"userName": "ada", **person}, **parameters)
    path = f"/Users/{created.id}"

    assert set(created.json) == shown
    assert set(acme.get(path, **parameters).json) == shown
    assert set(acme.get("/Users", **parameters).resources[0]) == shown
    patched = acme.patch(path, {"op": "replace", "path": "title", "value": "x"}, attributes="title")
    assert patched.json == {"schemas": created["schemas"], "id": created.id, "title": "x"}


def test_an_excluded_sub_attribute_leaves_the_others(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user(
        "ada", name={"givenName": "Ada", "familyName": "Lovelace"}, emails=[{"value": "a@b", "type": "work"}]
    )
    globex.create_user("ada")

    read = acme.get(f"/Users/{ada.id}", excludedAttributes="name.givenName,emails.value")

    assert read["name"] == {"familyName": "Lovelace"}
    assert read["emails"] == [{"type": "work"}]


def test_what_is_not_the_name_of_an_attribute_is_refused(acme: Directory, globex: Directory) -> None:
    assert_error(acme.get("/Users", attributes="e mails"), 400, "invalidPath")


def test_the_name_of_a_member_is_shown_on_request_only(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada", displayName="Ada Lovelace")
    group = acme.create_group("Pioneers", ada)
    globex.create_group("Pioneers")

    plain = acme.get(f"/Groups/{group.id}")["members"]
    named = acme.get(f"/Groups/{group.id}", attributes="members.value,members.display")["members"]

    assert plain == [{"value": ada.id, "$ref": ada["meta"]["location"], "type": "User"}]
    assert named == [{"value": ada.id, "display": "Ada Lovelace"}]


@pytest.mark.parametrize("sort_by", ["bogus", "name", "addresses", "password", "emails[primary eq true]"])
def test_what_nothing_can_be_ordered_by_is_refused(acme: Directory, globex: Directory, sort_by: str) -> None:
    assert_error(acme.get("/Users", sortBy=sort_by), 400, "invalidPath")


def test_an_order_holds_across_pages_and_ends_at_the_organization(crowd: Directory) -> None:
    order = {"sortBy": "userName", "sortOrder": "descending", "count": 2}

    pages = [crowd.get("/Users", startIndex=start, **order).user_names for start in (1, 3, 5)]

    assert pages == [["user4", "user3"], ["user2", "user1"], ["user0"]]
    assert_error(crowd.get("/Users", sortBy="userName", sortOrder="sideways"), 400, "invalidValue")
