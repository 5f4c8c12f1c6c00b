"""One search over users and groups."""

import pytest

from tests.clients import Directory, assert_error


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


@pytest.mark.parametrize("parameters", [{"sortBy": "displayName"}, {"cursor": ""}])
def test_what_is_not_served_for_both_at_once_says_so(town: Directory, parameters: dict[str, str]) -> None:
    assert_error(town.post("/.search", parameters), 501)
