"""What Okta sends about groups, and what it is promised in return: exchanges 13 to 19.

The exchanges were gathered from the vendor's documentation and published test collections; none was recorded by us.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import GROUP, LIST_RESPONSE, Directory, Reply, assert_error
from tests.vendors.okta import Okta, okta

PROVIDER = Provider.OKTA

# The look-up of the documentation's group, as it is encoded on the wire.
LOOK_UP = "/Groups?filter=displayName%20eq%20%22Test%20SCIMv2%22&startIndex=1&count=100"


@pytest.fixture
def acme(acme: Directory) -> Okta:
    return okta(acme)


@pytest.fixture
def globex(globex: Directory) -> Okta:
    return okta(globex)


def push(okta: Okta, *users: Reply, name: str = "Test SCIMv2") -> Reply:
    """Push the group of the documentation, with these members: Okta creates it empty and fills it afterwards."""
    created = okta.post("/Groups", {"schemas": [GROUP], "displayName": name, "members": []})
    assert created.status == 201, created.json
    filled = okta.patch(f"/Groups/{created.id}", push_now(*users))
    assert filled.status == 200, filled.json
    return okta.get(f"/Groups/{created.id}")


def member(user: Reply) -> dict[str, str]:
    """A member as Okta writes one."""
    return {"value": user.id, "display": user["userName"]}


def push_now(*users: Reply) -> dict[str, Any]:
    return {"op": "replace", "path": "members", "value": [member(user) for user in users]}


def rename(group_id: str, name: str) -> dict[str, Any]:
    """The operation by which Okta names a group, also where the name is the same: it goes with every change."""
    return {"op": "replace", "value": {"id": group_id, "displayName": name}}


def remove(user_id: str) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{user_id}"]'}


def add(*users: Reply) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [member(user) for user in users]}


def members(okta: Okta, group: Reply) -> set[str]:
    """The members of a group, as they are when somebody looks."""
    read = okta.get(f"/Groups/{group.id}")
    assert read.status == 200, read.json
    return read.members


def test_a_pushed_group_is_created_empty(acme: Okta, globex: Okta) -> None:
    """Okta exchange 13 (developer documentation): 201, with id, name and an empty array of members."""
    created = acme.post("/Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []})

    assert created.status == 201
    assert created.headers["content-type"] == "application/scim+json"
    assert set(created.json) == {"schemas", "id", "displayName", "members", "meta"}
    assert created["schemas"] == [GROUP]
    assert created["displayName"] == "Test SCIMv2"
    assert created["members"] == []
    assert created["meta"]["resourceType"] == "Group"
    assert created.headers["location"] == created["meta"]["location"]
    assert created.headers["location"].endswith(f"/scim/v2/acme/Groups/{created.id}")
    assert acme.get(f"/Groups/{created.id}").json == created.json
    assert globex.get("/Groups?startIndex=1&count=100")["totalResults"] == 0


def test_a_group_to_link_is_found_by_its_name(acme: Okta, globex: Okta) -> None:
    """Okta exchange 14 (developer documentation): one group, and only of the organization that asks."""
    push(globex, globex.create_user("gina"))
    group = push(acme, acme.create_user("ada"))
    push(acme, name="Test SCIMv2 as well")

    found = acme.get(LOOK_UP)

    assert found.status == 200
    assert found["schemas"] == [LIST_RESPONSE]
    assert [found["totalResults"], found["startIndex"], found["itemsPerPage"]] == [1, 1, 1]
    assert found.resources == [group.json]


def test_a_group_that_is_not_there_is_an_empty_list(acme: Okta, globex: Okta) -> None:
    """Okta exchange 14 (developer documentation): 200 and no group, though another organization has one so named."""
    push(globex)
    push(acme, name="Test")

    found = acme.get(LOOK_UP)

    assert found.status == 200
    assert found["totalResults"] == 0
    assert type(found["totalResults"]) is int
    assert found["Resources"] == []


def test_a_rename_does_not_touch_the_members(acme: Okta, globex: Okta) -> None:
    """Okta exchange 15 (developer documentation): 200 with the new name, the same group and the same members."""
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    group, twin = push(acme, ada, bob), push(globex, globex.create_user("gina"))

    renamed = acme.patch(f"/Groups/{group.id}", rename(group.id, "Test SCIMv20"))

    assert renamed.status == 200
    assert renamed.id == group.id
    assert renamed["displayName"] == "Test SCIMv20"
    read = acme.get(f"/Groups/{group.id}")
    assert read["displayName"] == "Test SCIMv20"
    assert read["members"] == group["members"]
    assert acme.get(LOOK_UP)["totalResults"] == 0
    assert globex.get(f"/Groups/{twin.id}").json == twin.json


def test_a_rename_to_the_same_name_changes_nothing(acme: Okta) -> None:
    """Okta exchange 15 (developer documentation): it goes with every change of members, so it is no conflict."""
    group = push(acme, acme.create_user("ada"))

    renamed = acme.patch(f"/Groups/{group.id}", rename(group.id, "Test SCIMv2"))

    assert renamed.status == 200
    assert renamed["displayName"] == "Test SCIMv2"
    assert acme.get(f"/Groups/{group.id}").json == group.json


def test_the_id_in_a_rename_is_ignored(acme: Okta, globex: Okta) -> None:
    """Okta exchange 15 (developer documentation): the URL says which group it is, whosever id the value holds."""
    group, other = push(acme, acme.create_user("ada")), push(acme, name="Another")
    twin = push(globex, globex.create_user("gina"))

    for id in (other.id, twin.id, "abf4dd94-a4c0-4f67-89c9-76b03340cb9b"):
        renamed = acme.patch(f"/Groups/{group.id}", rename(id, f"Renamed {id}"))

        assert renamed.status == 200
        assert renamed.id == group.id
        assert renamed["displayName"] == f"Renamed {id}"

    assert members(acme, group) == group.members
    assert acme.get(f"/Groups/{other.id}").json == other.json
    assert globex.get(f"/Groups/{twin.id}").json == twin.json


def test_one_request_removes_one_member_and_adds_another(acme: Okta, globex: Okta) -> None:
    """Okta exchange 16 (developer documentation): the difference is applied, and nobody else is touched."""
    ada, bob, cleo = (acme.create_user(name) for name in ("ada", "bob", "cleo"))
    group, twin = push(acme, ada, bob), push(globex, globex.create_user("gina"))

    changed = acme.patch(f"/Groups/{group.id}", remove(ada.id), add(cleo))

    assert changed.status == 200
    assert changed.id == group.id
    assert changed["displayName"] == "Test SCIMv2"
    assert members(acme, group) == {bob.id, cleo.id}
    assert "groups" not in acme.get(f"/Users/{ada.id}").json
    assert [each["value"] for each in acme.get(f"/Users/{cleo.id}")["groups"]] == [group.id]
    assert globex.get(f"/Groups/{twin.id}").json == twin.json


def test_removing_a_non_member_is_a_success(acme: Okta, globex: Okta) -> None:
    """Okta exchange 16 (developer documentation): who is not there is not there afterwards, and the rest is done."""
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    gina = globex.create_user("gina")
    group, twin = push(acme, ada), push(globex, gina)

    for id in (bob.id, gina.id, "89bb1940-b905-4575-9e7f-6f887cfb368e", "00ujl29u0le5T6Aj10h7"):
        assert acme.patch(f"/Groups/{group.id}", remove(id)).status == 200
        assert members(acme, group) == {ada.id}
    changed = acme.patch(f"/Groups/{group.id}", remove("89bb1940-b905-4575-9e7f-6f887cfb368e"), add(bob))

    assert changed.status == 200
    assert members(acme, group) == {ada.id, bob.id}
    assert members(globex, twin) == {gina.id}


def test_adding_a_member_twice_is_a_success(acme: Okta) -> None:
    """Okta exchange 16 (developer documentation), sent again after a time-out: nothing more happens."""
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    group = push(acme, ada)

    for _ in range(2):
        assert acme.patch(f"/Groups/{group.id}", remove(ada.id), add(bob)).status == 200

    assert members(acme, group) == {bob.id}


@pytest.mark.parametrize("operation", [add, push_now])
def test_a_stranger_does_not_cost_the_others_their_membership(acme: Okta, globex: Okta, operation: Any) -> None:
    """Okta exchanges 16 and 17 (developer documentation) with another organization's user among the members.

    Okta never sends a refused push again (public issue thread, fleet 52600): our own get in, the stranger does not.
    """
    ada, gina = acme.create_user("ada"), globex.create_user("gina")
    group, twin = push(acme), push(globex, gina)

    pushed = acme.patch(f"/Groups/{group.id}", operation(gina, ada))

    assert pushed.status == 200
    assert members(acme, group) == {ada.id}
    assert globex.get(f"/Groups/{twin.id}").json == twin.json
    assert [each["value"] for each in globex.get(f"/Users/{gina.id}")["groups"]] == [twin.id]


def test_push_now_makes_the_group_exactly_what_was_sent(acme: Okta, globex: Okta) -> None:
    """Okta exchange 17 (developer documentation): who is not in the array is out, and who is in it stays or comes."""
    ada, bob, cleo = (acme.create_user(name) for name in ("ada", "bob", "cleo"))
    group, twin = push(acme, ada, bob), push(globex, globex.create_user("gina"))

    pushed = acme.patch(f"/Groups/{group.id}", push_now(bob, cleo))

    assert pushed.status == 200
    assert pushed["displayName"] == "Test SCIMv2"
    assert members(acme, group) == {bob.id, cleo.id}
    assert globex.get(f"/Groups/{twin.id}").json == twin.json


def test_push_now_of_an_empty_group_empties_it(acme: Okta, globex: Okta) -> None:
    """Okta exchange 17 (developer documentation; issue thread SCIM-SDK 757): an empty array means nobody."""
    ada = acme.create_user("ada")
    group, twin = push(acme, ada), push(globex, globex.create_user("gina"))

    pushed = acme.patch(f"/Groups/{group.id}", push_now())

    assert pushed.status == 200
    read = acme.get(f"/Groups/{group.id}")
    assert read["members"] == []
    assert read["displayName"] == "Test SCIMv2"
    assert acme.get(f"/Users/{ada.id}").json == ada.json
    assert globex.get(f"/Groups/{twin.id}").json == twin.json


def test_a_put_replaces_name_and_members(acme: Okta, globex: Okta) -> None:
    """Okta exchange 18 (developer documentation): an AIW app puts the whole group, and is answered with the whole."""
    ada, bob, cleo = (acme.create_user(name) for name in ("ada", "bob", "cleo"))
    group, twin = push(acme, ada, bob), push(globex, globex.create_user("gina"))

    replaced = acme.put(
        f"/Groups/{group.id}",
        {"schemas": [GROUP], "displayName": "Test SCIMv20", "members": [member(bob), member(cleo)]},
    )

    assert replaced.status == 200
    assert set(replaced.json) == {"schemas", "id", "displayName", "members", "meta"}
    assert replaced.id == group.id
    assert replaced["displayName"] == "Test SCIMv20"
    assert replaced.members == {bob.id, cleo.id}
    assert replaced["meta"]["resourceType"] == "Group"
    assert acme.get(f"/Groups/{group.id}").json == replaced.json
    assert globex.get(f"/Groups/{twin.id}").json == twin.json


def test_a_put_without_anybody_empties_the_group(acme: Okta) -> None:
    """Okta exchange 18 (developer documentation): the last member of an AIW app's group leaves by an empty array."""
    ada = acme.create_user("ada")
    group = push(acme, ada)

    replaced = acme.put(f"/Groups/{group.id}", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []})

    assert replaced.status == 200
    assert replaced["members"] == []
    assert members(acme, group) == set()
    assert acme.get(f"/Users/{ada.id}").json == ada.json


def test_an_unlinked_group_is_deleted_and_its_members_stay(acme: Okta, globex: Okta) -> None:
    """Okta exchange 19 (developer documentation): 204 without a body; the group is gone, the people are not."""
    ada = acme.create_user("ada")
    group, twin = push(acme, ada), push(globex, globex.create_user("gina"))

    deleted = acme.delete(f"/Groups/{group.id}")

    assert deleted.status == 204
    assert deleted.json is None
    assert_error(acme.get(f"/Groups/{group.id}"), 404)
    assert acme.get(LOOK_UP)["totalResults"] == 0
    assert acme.get(f"/Users/{ada.id}").json == ada.json
    assert globex.get(f"/Groups/{twin.id}").json == twin.json


def test_a_deleted_group_can_be_pushed_again(acme: Okta) -> None:
    """Okta exchanges 13 and 19 (developer documentation): the name is free, and nobody is in the new group."""
    group = push(acme, acme.create_user("ada"))
    acme.delete(f"/Groups/{group.id}")

    again = acme.post("/Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []})

    assert again.status == 201
    assert again.id != group.id
    assert again["members"] == []


def test_a_group_of_another_organization_is_out_of_reach(acme: Okta, globex: Okta) -> None:
    """Okta exchanges 15 to 19 (developer documentation) with an id that exists elsewhere: 404, and nothing happens."""
    ada, gina = acme.create_user("ada"), globex.create_user("gina")
    group = push(globex, gina)
    path = f"/Groups/{group.id}"

    assert_error(acme.patch(path, rename(group.id, "Ours")), 404)
    assert_error(acme.patch(path, remove(gina.id), add(ada)), 404)
    assert_error(acme.patch(path, push_now()), 404)
    assert_error(acme.put(path, {"schemas": [GROUP], "displayName": "Ours", "members": [member(ada)]}), 404)
    assert_error(acme.delete(path), 404)

    assert globex.get(path).json == group.json
