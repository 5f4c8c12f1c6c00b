"""Versions: what a client has seen, and whether it is still so (RFC 7644 §3.14)."""

from collections.abc import Callable

import pytest

from tests.clients import Directory, Reply, assert_error

Change = Callable[[Directory, Reply, Reply, Reply], Reply]


@pytest.fixture
def ada(acme: Directory, globex: Directory) -> Reply:
    globex.create_group("Pioneers", globex.create_user("ada"))
    return acme.create_user("ada")


def unless(acme: Directory, user: Reply, seen: str) -> Reply:
    return acme.get(f"/Users/{user.id}", headers={"If-None-Match": seen})


def member(op: str, who: Reply) -> dict[str, object]:
    return {"op": op, "path": "members", "value": [{"value": who.id}]}


# What changes the groups that ada is shown with: she is in Engines, and there is a group that she is not in.
CHANGES: dict[str, Change] = {
    "a group that she enters": lambda acme, ada, _, other: acme.patch(f"/Groups/{other.id}", member("add", ada)),
    "a group that she leaves": lambda acme, ada, hers, _: acme.patch(f"/Groups/{hers.id}", member("remove", ada)),
    "another name of her group": lambda acme, _, hers, __: acme.patch(
        f"/Groups/{hers.id}", {"op": "replace", "path": "displayName", "value": "Motors"}
    ),
    "the end of her group": lambda acme, _, hers, __: acme.delete(f"/Groups/{hers.id}"),
    "a group that her group enters": lambda acme, _, hers, other: acme.patch(
        f"/Groups/{other.id}", member("add", hers)
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whoever_has_seen_a_user_learns_of_other_groups(acme: Directory, ada: Reply, change: str) -> None:
    hers, other = acme.create_group("Engines", ada), acme.create_group("Other")
    before = acme.get(f"/Users/{ada.id}")
    assert unless(acme, ada, before.headers["etag"]).status == 304

    assert CHANGES[change](acme, ada, hers, other).status in (200, 204)

    after = unless(acme, ada, before.headers["etag"])
    assert after.status == 200
    assert after.json.get("groups") != before["groups"]
    assert after.headers["etag"] != before.headers["etag"]
    assert unless(acme, ada, after.headers["etag"]).status == 304


def test_a_group_that_is_direct_now_is_another_version(acme: Directory, ada: Reply) -> None:
    company = acme.create_group("Company", acme.create_group("Engines", ada))
    before = acme.get(f"/Users/{ada.id}")

    acme.patch(f"/Groups/{company.id}", member("add", ada))

    assert unless(acme, ada, before.headers["etag"]).status == 200


def test_the_version_of_a_user_is_the_same_wherever_it_is_told(acme: Directory, ada: Reply) -> None:
    assert ada.headers["etag"] == ada["meta"]["version"] == 'W/"1"'
    acme.create_group("Engines", ada)

    read = acme.get(f"/Users/{ada.id}")
    [listed] = acme.get("/Users").resources
    patched = acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "title", "value": "Countess"})
    bare = acme.get(f"/Users/{ada.id}", attributes="userName,groups")

    assert read.headers["etag"] == read["meta"]["version"] == listed["meta"]["version"]
    assert read.headers["etag"].startswith('W/"1-')
    assert patched.headers["etag"] == patched["meta"]["version"]
    assert patched.headers["etag"] == read.headers["etag"].replace("1", "2", 1)
    assert bare.headers["etag"] == patched.headers["etag"]


def test_a_user_who_is_shown_without_groups_has_the_version_of_the_user_alone(acme: Directory, ada: Reply) -> None:
    acme.create_group("Engines", ada)

    shown = acme.get(f"/Users/{ada.id}", excludedAttributes="groups")

    assert shown.headers["etag"] == shown["meta"]["version"] == 'W/"1"'


def test_a_change_minds_the_version_of_the_user_and_not_of_their_groups(acme: Directory, ada: Reply) -> None:
    title = {"op": "replace", "path": "title"}

    def patch(seen: str, value: str) -> Reply:
        return acme.patch(f"/Users/{ada.id}", {**title, "value": value}, headers={"If-Match": seen})

    acme.create_group("Engines", ada)
    seen = acme.get(f"/Users/{ada.id}").headers["etag"]
    acme.create_group("Other", ada)

    assert patch(seen, "one").status == 200
    assert_error(patch(seen, "two"), 412)
    assert patch('W/"2"', "three").status == 200
    assert patch('"3"', "four").status == 200
    assert patch("*", "five").status == 200
    assert_error(patch('W/"1", W/"50"', "six"), 412)
    assert patch('W/"1", W/"5"', "seven").status == 200
    assert acme.get(f"/Users/{ada.id}")["title"] == "seven"


def test_whatever_a_request_changes_of_a_group_makes_one_other_version_of_it(acme: Directory, ada: Reply) -> None:
    bob = acme.create_user("bob")
    group = acme.create_group("Engines", ada)
    assert group.headers["etag"] == 'W/"1"'
    path = f"/Groups/{group.id}"

    changed = acme.put(path, group.json | {"displayName": "Motors", "members": [{"value": bob.id}]})

    assert changed.headers["etag"] == 'W/"2"'
    assert changed["meta"]["version"] == acme.get(path)["meta"]["version"] == 'W/"2"'
    assert [each["value"] for each in changed["members"]] == [bob.id]
    assert (changed["displayName"], acme.get(path)["displayName"]) == ("Motors", "Motors")


def test_a_group_is_created_with_the_members_that_it_is_shown_with(acme: Directory, ada: Reply) -> None:
    bob, within = acme.create_user("bob"), acme.create_group("Within", ada)

    for members in ([], [bob, ada], [ada, within]):
        group = acme.create_group(f"Of {len(members)} {members[-1:] == [within]}", *members)
        assert group.json == acme.get(f"/Groups/{group.id}").json
        assert {each["value"] for each in group.json.get("members", ())} == {each.id for each in members}
