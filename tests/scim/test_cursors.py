"""Walks through a listing by cursor (RFC 9865)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scim2_models import ExpiredCursorException, InvalidCursorException

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.scim import users
from scim_server.services import organizations
from tests.clients import Directory, Reply, assert_error


@pytest.fixture
def crowd(acme: Directory, globex: Directory) -> Directory:
    for number in range(7):
        acme.create_user(f"user{number}", title="even" if number % 2 == 0 else None)
        globex.create_user(f"user{number}")
    return acme


def walk(directory: Directory, **parameters: Any) -> Iterator[Reply]:
    """The pages of a walk, from the first on."""
    page = directory.get("/Users", cursor="", **parameters)
    while True:
        assert page.status == 200, page.json
        yield page
        if "nextCursor" not in page.json:
            return
        page = directory.get("/Users", cursor=page["nextCursor"], **parameters)


@pytest.mark.parametrize(
    "order", [{}, {"sortBy": "userName"}, {"sortBy": "title", "sortOrder": "descending"}, {"sortBy": "meta.created"}]
)
def test_a_walk_finds_everybody_once_and_comes_back_the_same_way(crowd: Directory, order: dict[str, str]) -> None:
    everybody = crowd.get("/Users", **order).user_names

    pages = list(walk(crowd, count=3, **order))
    back = [pages[-1]]
    while "previousCursor" in back[-1].json:
        back.append(crowd.get("/Users", cursor=back[-1]["previousCursor"], count=3, **order))

    assert sorted(name for page in pages for name in page.user_names) == sorted(everybody)
    assert [page["itemsPerPage"] for page in pages] == [3, 3, 1]
    assert [page.user_names for page in reversed(back)] == [page.user_names for page in pages]
    assert "previousCursor" not in pages[0].json
    assert "startIndex" not in pages[0].json


@pytest.mark.parametrize("order", [{}, {"sortBy": "userName"}, {"sortBy": "title", "sortOrder": "descending"}])
def test_a_page_leads_only_to_where_anybody_is(crowd: Directory, order: dict[str, str]) -> None:
    def page(cursor: str) -> Reply:
        return crowd.get("/Users", cursor=cursor, count=3, **order)

    first, second, third = walk(crowd, count=3, **order)
    onwards, back = first["nextCursor"], third["previousCursor"]
    assert {"previousCursor", "nextCursor"} <= page(onwards).json.keys() & page(back).json.keys()

    for each in (*first.resources, *third.resources):
        crowd.delete(f"/Users/{each['id']}")

    for cursor in (onwards, back):
        assert page(cursor).user_names == second.user_names
        assert not {"previousCursor", "nextCursor"} & page(cursor).json.keys()


def test_a_walk_misses_nobody_who_was_there_all_along(crowd: Directory) -> None:
    seen: list[str] = []

    for number, page in enumerate(walk(crowd, count=2)):
        seen += page.user_names
        crowd.delete(f"/Users/{page.resources[-1]['id']}")
        if number < 2:
            crowd.create_user(f"latecomer{number}")

    assert [name for name in seen if name.startswith("user")] == [f"user{number}" for number in range(7)]


def test_a_cursor_is_good_for_its_own_query_only(crowd: Directory, globex: Directory) -> None:
    cursor = crowd.get("/Users", cursor="", count=2, filter="userName pr")["nextCursor"]

    def asked(directory: Directory = crowd, path: str = "/Users", **parameters: Any) -> Reply:
        return directory.get(path, **{"cursor": cursor, "count": 2, "filter": "userName pr"} | parameters)

    assert asked().status == 200
    assert_error(asked(filter="userName pr or title pr"), 400, "invalidCursor")
    assert_error(asked(sortBy="userName"), 400, "invalidCursor")
    assert_error(asked(globex), 400, "invalidCursor")
    assert_error(asked(path="/Groups", filter="displayName pr"), 400, "invalidCursor")
    assert_error(asked(count=3), 400, "invalidCount")
    assert_error(asked(cursor=cursor[:50] + ("A" if cursor[50] != "A" else "B") + cursor[51:]), 400, "invalidCursor")
    assert_error(asked(cursor="MTIz"), 400, "invalidCursor")
    assert_error(asked(cursor="\u00e9\x00"), 400, "invalidCursor")
    assert_error(asked(startIndex=2), 400, "invalidValue")
    assert "userName" not in cursor


@pytest.mark.parametrize("count", ["-1", "501", "many"])
def test_a_count_beyond_the_limits_is_refused(crowd: Directory, count: str) -> None:
    assert_error(crowd.get("/Users", cursor="", count=count), 400, "invalidCount")


def test_a_count_of_none_ends_the_walk(crowd: Directory) -> None:
    page = crowd.get("/Users", cursor="", count=0)

    assert page.resources == []
    assert "nextCursor" not in page.json


def test_a_walk_goes_by_post_too(crowd: Directory) -> None:
    first = crowd.post("/Users/.search", {"cursor": "", "count": 5})
    second = crowd.post("/Users/.search", {"cursor": first["nextCursor"], "count": 5})

    assert first.user_names + second.user_names == [f"user{number}" for number in range(7)]


def test_a_cursor_ends_after_its_time(crowd: Directory, settings: Settings, database: Database) -> None:
    began = datetime.now(UTC)

    def page(cursor: str, later: timedelta) -> dict[str, Any]:
        with database.reading() as session:
            ctx = organizations.open_organization(session, settings, "acme", now=began + later)
            body: dict[str, Any] = users.search(ctx, {"cursor": cursor, "count": "2"}).body
            return body

    cursor = page("", timedelta())["nextCursor"]
    lifetime = timedelta(seconds=settings.cursor_timeout)

    assert len(page(cursor, lifetime - timedelta(seconds=2))["Resources"]) == 2
    with pytest.raises(ExpiredCursorException):
        page(cursor, lifetime + timedelta(seconds=2))
    with pytest.raises(InvalidCursorException):  # broken, not expired
        page("x" + cursor[1:], lifetime + timedelta(seconds=2))
