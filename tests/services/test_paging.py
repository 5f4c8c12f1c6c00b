"""Pages by startIndex hold what comes after so many others, wherever they are."""

import pytest

from benchmarks.filling import Filled, fill
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import paging
from tests.clients import Directory

SIZE = 47


@pytest.fixture
def filled(settings: Settings, database: Database, acme: Directory, monkeypatch: pytest.MonkeyPatch) -> Filled:
    monkeypatch.setattr(paging, "_DEEP", 10)
    filled = fill(database, "acme", users=SIZE, groups=[20], settings=settings)
    for number in (3, 20, SIZE - 1):
        assert acme.delete(f"/Users/{filled.user_id(number)}").status == 204
    return filled


@pytest.mark.parametrize("count", [1, 5, 7, 100])
def test_pages_of_any_depth_make_up_the_whole(acme: Directory, filled: Filled, count: int) -> None:
    everybody = [filled.user_name(number) for number in range(SIZE) if number not in (3, 20, SIZE - 1)]

    found: list[str] = []
    while len(found) < len(everybody):
        page = acme.get("/Users", startIndex=len(found) + 1, count=count)
        assert page["totalResults"] == len(everybody)
        assert page["startIndex"] == len(found) + 1
        assert len(page.resources) == min(count, len(everybody) - len(found))
        found += page.user_names

    assert found == everybody
    for beyond in (1, 2, 100):
        page = acme.get("/Users", startIndex=len(everybody) + beyond, count=count)
        assert (page["totalResults"], page.resources) == (len(everybody), [])


def test_deep_pages_hold_only_what_the_filter_says(acme: Directory, filled: Filled) -> None:
    group = filled.groups[0]
    members = [filled.user_name(number) for number in filled.members(group) if number not in (3, 20, SIZE - 1)]

    for filter in (f'groups.value eq "{group.id}"', f'groups[value eq "{group.id}" and type eq "direct"]'):
        page = acme.get("/Users", filter=filter, startIndex=13, count=4)
        assert (page["totalResults"], page.user_names) == (len(members), members[12:16])


def test_deep_pages_in_another_order_are_in_that_order(acme: Directory, filled: Filled) -> None:
    names = sorted((filled.user_name(n) for n in range(SIZE) if n not in (3, 20, SIZE - 1)), reverse=True)

    page = acme.get("/Users", sortBy="userName", sortOrder="descending", startIndex=31, count=5)

    assert (page["totalResults"], page.user_names) == (len(names), names[30:35])
