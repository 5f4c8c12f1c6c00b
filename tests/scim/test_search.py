"""One search over users and groups."""

import random
import re
from collections.abc import Iterator
from typing import Any, Union

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scim2_models import ScimFilter, SearchRequest

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.scim.schemas import EnterpriseUser, Group, ProductUser, User, extended
from tests.clients import ENTERPRISE_USER, GROUP, USER, Directory, Reply, assert_error, found
from tests.conftest import emptied
from tests.promises.databases import statements

UserResource: Any = extended(User, [EnterpriseUser, ProductUser])


@pytest.fixture
def town(acme: Directory, globex: Directory) -> Directory:
    for directory in (acme, globex):
        for name in ("ada", "bob", "carol"):
            directory.create_user(name, displayName=name.title())
        directory.create_group("Ada's friends")
        directory.create_group("Others")
    return acme


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ("", ["Ada", "Bob", "Carol", "Ada's friends", "Others"]),
        ('displayName co "ADA"', ["Ada", "Ada's friends"]),
        ('userName eq "ada"', ["Ada"]),
        ('not (userName eq "ada")', ["Bob", "Carol", "Ada's friends", "Others"]),
        ('userName pr or members pr or displayName eq "others"', ["Ada", "Bob", "Carol", "Others"]),
        ('emails[type eq "work"] or meta.resourceType eq "Group"', ["Ada's friends", "Others"]),
    ],
)
def test_a_search_finds_users_and_groups(town: Directory, filter: str, found: list[str]) -> None:
    answer = town.post("/.search", {"filter": filter})

    assert answer.status == 200, answer.json
    assert [each["displayName"] for each in answer.resources] == found
    assert answer["totalResults"] == len(found)


def test_pages_go_from_users_to_groups(town: Directory) -> None:
    pages = [town.post("/.search", {"startIndex": start, "count": 2}) for start in (1, 3, 5, 7)]

    names = [[each["displayName"] for each in page.resources] for page in pages]
    assert names == [["Ada", "Bob"], ["Carol", "Ada's friends"], ["Others"], []]
    assert {page["totalResults"] for page in pages} == {5}


def test_only_what_was_asked_for_is_shown_of_either(town: Directory) -> None:
    answer = town.post("/.search", {"attributes": ["displayName"]})

    assert {frozenset(each) for each in answer.resources} == {frozenset({"schemas", "id", "displayName"})}


def test_an_attribute_that_no_type_has_is_refused(town: Directory) -> None:
    assert_error(town.post("/.search", {"filter": 'bogus eq "x"'}), 400, "invalidFilter")
    assert_error(town.post("/.search", {"filter": "userName pr and bogus pr"}), 400, "invalidFilter")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"sortBy": "displayName"}, ["Ada", "Ada's friends", "Bob", "Carol", "Others"]),
        ({"sortBy": "displayName", "sortOrder": "descending"}, ["Others", "Carol", "Bob", "Ada's friends", "Ada"]),
        # Groups have no userName: they come last, and first where it descends.
        ({"sortBy": "userName"}, ["Ada", "Bob", "Carol", "Ada's friends", "Others"]),
        ({"sortBy": "userName", "sortOrder": "descending"}, ["Others", "Ada's friends", "Carol", "Bob", "Ada"]),
        ({"sortBy": "meta.resourceType"}, ["Ada's friends", "Others", "Ada", "Bob", "Carol"]),
        ({"sortOrder": "descending"}, ["Ada", "Bob", "Carol", "Ada's friends", "Others"]),
    ],
)
def test_an_order_holds_over_both_types_and_across_pages(
    town: Directory, query: dict[str, str], found: list[str]
) -> None:
    pages = [town.post("/.search", {"startIndex": start, "count": 2, **query}) for start in (1, 3, 5, 7)]

    assert [each["displayName"] for page in pages for each in page.resources] == found
    assert {page["totalResults"] for page in pages} == {5}
    assert [each["displayName"] for page in walk(town, count=2, **query) for each in page.resources] == found


def test_what_no_type_can_be_ordered_by_is_refused(town: Directory) -> None:
    for sort_by in ("bogus", "name", "password", "emails[primary eq true]"):
        assert_error(town.post("/.search", {"sortBy": sort_by}), 400, "invalidPath")
        assert_error(town.post("/.search", {"sortBy": sort_by, "cursor": ""}), 400, "invalidPath")
    assert_error(town.post("/.search", {"sortBy": "userName", "sortOrder": "sideways"}), 400, "invalidValue")


def walk(directory: Directory, **query: Any) -> Iterator[Reply]:
    """The pages of a walk, from the first on."""
    cursor: str | None = ""
    while cursor is not None:
        page = directory.post("/.search", {"cursor": cursor, **query})
        assert page.status == 200, page.json
        yield page
        cursor = page.json.get("nextCursor")


@pytest.mark.parametrize("order", [{}, {"sortBy": "displayName", "sortOrder": "descending"}, {"sortBy": "userName"}])
def test_a_walk_comes_back_the_same_way(town: Directory, order: dict[str, str]) -> None:
    pages = list(walk(town, count=2, **order))
    back = [pages[-1]]
    while "previousCursor" in back[-1].json:
        back.append(town.post("/.search", {"cursor": back[-1]["previousCursor"], "count": 2, **order}))

    assert [page.resources for page in reversed(back)] == [page.resources for page in pages]
    assert [page["itemsPerPage"] for page in pages] == [2, 2, 1]
    assert all("totalResults" not in page.json and "startIndex" not in page.json for page in pages)


@pytest.mark.parametrize("order", [{}, {"sortBy": "displayName"}, {"sortBy": "userName", "sortOrder": "descending"}])
def test_a_page_leads_only_to_where_anything_is(town: Directory, order: dict[str, str]) -> None:
    def page(cursor: str) -> Reply:
        return town.post("/.search", {"cursor": cursor, "count": 2, **order})

    first, second, third = walk(town, count=2, **order)
    onwards, back = first["nextCursor"], third["previousCursor"]
    assert {"previousCursor", "nextCursor"} <= page(onwards).json.keys() & page(back).json.keys()

    for each in (*first.resources, *third.resources):
        town.delete(f"/{each['meta']['resourceType']}s/{each['id']}")

    for cursor in (onwards, back):
        assert [each["id"] for each in page(cursor).resources] == [each["id"] for each in second.resources]
        assert not {"previousCursor", "nextCursor"} & page(cursor).json.keys()


@pytest.mark.parametrize("order", [{}, {"sortBy": "displayName"}, {"sortBy": "userName", "sortOrder": "descending"}])
def test_a_walk_misses_nobody_who_was_there_all_along(town: Directory, order: dict[str, str]) -> None:
    seen: list[str] = []

    for number, page in enumerate(walk(town, count=1, **order)):
        seen += [each["displayName"] for each in page.resources]
        last = page.resources[-1]
        town.delete(f"/{last['meta']['resourceType']}s/{last['id']}")
        if number < 3:
            town.create_user(f"late{number}", displayName=f"Late {number}")
            town.create_group(f"Late group {number}")

    there = [name for name in seen if not name.startswith("Late")]
    assert sorted(there) == ["Ada", "Ada's friends", "Bob", "Carol", "Others"]
    assert len(set(seen)) == len(seen)


def test_a_cursor_is_good_for_its_own_query_only(town: Directory, globex: Directory) -> None:
    query = {"count": 2, "filter": "displayName pr", "sortBy": "displayName"}
    cursor = town.post("/.search", {"cursor": "", **query})["nextCursor"]
    of_users = town.post("/Users/.search", {"cursor": "", **query})["nextCursor"]

    def asked(directory: Directory = town, path: str = "/.search", **others: Any) -> Reply:
        return directory.post(path, {"cursor": cursor, **query, **others})

    assert asked().status == 200
    assert_error(asked(globex), 400, "invalidCursor")
    for path in ("/Users/.search", "/Groups/.search"):
        assert_error(asked(path=path), 400, "invalidCursor")
    assert_error(asked(cursor=of_users), 400, "invalidCursor")
    assert_error(asked(sortOrder="descending"), 400, "invalidCursor")
    assert_error(asked(filter="userName pr"), 400, "invalidCursor")
    assert_error(asked(count=3), 400, "invalidCount")
    assert_error(asked(count=501, cursor=""), 400, "invalidCount")
    assert_error(asked(startIndex=2), 400, "invalidValue")
    assert_error(asked(cursor="MTIz"), 400, "invalidCursor")


def test_a_page_costs_the_same_wherever_it_is(town: Directory, database: Database) -> None:
    for number in range(20):
        town.create_group(f"Group {number}", town.create_user(f"user{number}"))
    town.come_in()

    for query in ({}, {"sortBy": "displayName"}):
        costs = []
        cursor: str | None = ""
        while cursor is not None:
            with statements(database) as sent:
                page = town.post("/.search", {"cursor": cursor, "count": 5, "attributes": "displayName", **query})
            costs.append(len(sent))
            cursor = page.json.get("nextCursor")
        # The keys, with whether any come before, and the rows of one type or of both.
        assert len(costs) == 9
        assert set(costs) <= {2, 3}


SORTABLE = [
    *("id", "externalId", "displayName", "userName", "title", "active", "schemas", "name.familyName", "emails"),
    *("emails.type", "roles.value", "groups", "groups.display", "members", "members.type", "members.$ref"),
    *("meta.created", "meta.lastModified", "meta.resourceType", "meta.location", "meta.version"),
    *(f"{ENTERPRISE_USER}:department", f"{GROUP}:displayName", f"{USER}:displayName"),
]
NAMES = ["a", "A", "ab", "É", "e\u0301", "ß", "_", "%", "10", "9", "Z", "日本", "\U0001f600"]


class Everything:
    """An organization's users and groups, as our SQL and as scim2-models see them."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        chance = random.Random(9865)  # noqa: S311
        somebody = [directory.create_user(f"{chance.choice(NAMES)}{number}", **_kept(chance)) for number in range(25)]
        for number in range(15):
            body = {"displayName": f"{chance.choice(NAMES)}{number % 12}{chance.choice(NAMES)}"}
            who = [{"value": each.id} for each in chance.sample(somebody, chance.randint(0, 3))]
            directory.post(
                "/Groups", {**body, "members": who} | ({"externalId": chance.choice(NAMES)} if number % 3 else {})
            )
        for each in chance.sample(somebody, 8):
            directory.patch(f"/Users/{each.id}", {"op": "add", "path": "nickName", "value": "x"})
        shown = directory.get("/Users").resources
        for user in shown:  # what is filtered and sorted is the version of the row, without the digest of the groups
            user["meta"]["version"] = re.sub("-[0-9a-f]+", "", user["meta"]["version"])
        self.resources = [
            *map(UserResource.model_validate, shown),
            *map(Group.model_validate, directory.get("/Groups").resources),
        ]


def _kept(chance: random.Random) -> dict[str, Any]:
    def text() -> str:
        return chance.choice(NAMES)

    everything = {
        "displayName": text(),
        "externalId": text(),
        "title": text(),
        "active": chance.random() < 0.5,
        "name": {"familyName": text()},
        "emails": [{"value": text(), "type": text(), "primary": chance.random() < 0.3} for _ in range(2)],
        "roles": [{"value": text()}],
        ENTERPRISE_USER: {"department": text()},
    }
    return {name: value for name, value in everything.items() if chance.random() < 0.7}


@pytest.fixture(scope="module")
def everything(app: Flask, settings: Settings, migrated: Database) -> Everything:
    database = emptied(migrated)
    elsewhere = found(app, settings, database, "elsewhere")
    elsewhere.create_group("a", elsewhere.create_user("a"))
    return Everything(found(app, settings, database, "everything"))


@hypothesis_settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    sort_by=st.sampled_from(SORTABLE),
    descending=st.booleans(),
    count=st.integers(4, 50),
    filter=st.sampled_from([None, "displayName pr", "userName pr or members pr", "not (title pr)", "active eq true"]),
)
def test_a_walk_is_in_the_order_that_scim2_models_has(
    everything: Everything, sort_by: str, descending: bool, count: int, filter: str | None
) -> None:
    query = {"sortBy": sort_by, "sortOrder": "descending" if descending else "ascending"}
    asked: Any = SearchRequest[Union[UserResource, Group]]  # noqa: UP007 - no class for a type checker
    request = asked(sort_by=sort_by, sort_order=query["sortOrder"])
    parsed = ScimFilter[Union[UserResource, Group]](filter) if filter else None  # noqa: UP007
    chosen = [each for each in everything.resources if parsed is None or parsed.match(each)]
    # Our own promise besides: what compares equal comes users first, by id, and the other way round where it descends.
    exactly = asked(sort_by=sort_by, sort_order="ascending").sort(chosen)

    pages = walk(everything.directory, count=count, **query, **({"filter": filter} if filter else {}))

    ids = [each["id"] for page in pages for each in page.resources]
    by_id = {each.id: each for each in everything.resources}
    assert [request.sort_value(by_id[id]) for id in ids] == [request.sort_value(each) for each in request.sort(chosen)]
    assert ids == [each.id for each in (reversed(exactly) if descending else exactly)]
