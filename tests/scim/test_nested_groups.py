"""Groups in groups: who is in which, directly and indirectly, as a directory writes it, reads it and asks for it."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.clients import GROUP, Directory, Reply, assert_error


@dataclass(frozen=True)
class World:
    """acme: ada is in Engines, which is in Research, which is in Company; bob is in Company itself."""

    acme: Directory
    ada: Reply
    bob: Reply
    engines: Reply
    research: Reply
    company: Reply

    def members(self, group: Reply) -> set[str]:
        return self.acme.get(f"/Groups/{group.id}").members

    def groups(self, user: Reply) -> list[tuple[str, str]]:
        shown = self.acme.get(f"/Users/{user.id}").json.get("groups", [])
        return sorted((each["display"], each["type"]) for each in shown)

    def patch(self, group: Reply, *operations: dict[str, Any], **parameters: Any) -> Reply:
        return self.acme.patch(f"/Groups/{group.id}", *operations, **parameters)

    def found(self, filter: str, kind: str = "Groups") -> set[str]:
        reply = self.acme.search(filter, f"/{kind}")
        assert reply.status == 200, reply.json
        return {each.get("userName") or each["displayName"] for each in reply.resources}


@pytest.fixture
def world(acme: Directory, globex: Directory) -> World:
    globex.create_group("Holding", globex.create_group("Company", globex.create_user("gina")))
    ada, bob = acme.create_user("ada", displayName="Ada Lovelace"), acme.create_user("bob")
    engines = acme.create_group("Engines", ada)
    research = acme.create_group("Research", engines)
    return World(acme, ada, bob, engines, research, acme.create_group("Company", research, bob))


def add(*members: Reply) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [{"value": member.id} for member in members]}


def remove(selection: str = "") -> dict[str, Any]:
    return {"op": "remove", "path": f"members{selection}"}


# What is shown


def test_a_member_is_shown_as_the_user_or_the_group_that_it_is(world: World) -> None:
    shown = world.acme.get(f"/Groups/{world.company.id}")

    entries = {each["value"]: each for each in shown["members"]}
    assert entries == {
        world.bob.id: {"value": world.bob.id, "$ref": world.bob["meta"]["location"], "type": "User"},
        world.research.id: {"value": world.research.id, "$ref": world.research["meta"]["location"], "type": "Group"},
    }
    assert shown["members"] == world.company["members"]


def test_the_names_of_members_are_shown_on_request(world: World) -> None:
    world.patch(world.company, add(world.ada))

    shown = world.acme.get(f"/Groups/{world.company.id}", attributes="members.display")

    assert {each["display"] for each in shown["members"]} == {"Ada Lovelace", "bob", "Research"}


def test_a_user_is_shown_with_the_groups_that_they_are_in_directly_and_indirectly(world: World) -> None:
    ada = world.acme.get(f"/Users/{world.ada.id}")

    assert [(each["display"], each["type"]) for each in ada["groups"]] == [
        ("Engines", "direct"),
        ("Research", "indirect"),
        ("Company", "indirect"),
    ]
    assert [each["$ref"] for each in ada["groups"]] == [
        group["meta"]["location"] for group in (world.engines, world.research, world.company)
    ]
    assert world.groups(world.bob) == [("Company", "direct")]
    listed = {each["userName"]: each.get("groups") for each in world.acme.get("/Users").resources}
    assert listed == {"ada": ada["groups"], "bob": world.acme.get(f"/Users/{world.bob.id}")["groups"]}


def test_a_group_that_a_user_is_in_on_several_ways_is_shown_once(world: World) -> None:
    world.patch(world.company, add(world.ada, world.engines))

    assert world.groups(world.ada) == [("Company", "direct"), ("Engines", "direct"), ("Research", "indirect")]


def test_what_type_a_client_calls_a_member_does_not_matter(world: World) -> None:
    entries = [{"value": world.engines.id, "type": "User"}, {"value": world.ada.id, "type": "Group", "$ref": "x"}]

    created = world.acme.post("/Groups", {"schemas": [GROUP], "displayName": "Odd", "members": entries})

    assert {each["value"]: each["type"] for each in created["members"]} == {
        world.engines.id: "Group",
        world.ada.id: "User",
    }


def test_the_schema_says_that_members_are_users_and_groups(world: World) -> None:
    [members] = [each for each in world.acme.get(f"/Schemas/{GROUP}")["attributes"] if each["name"] == "members"]
    parts = {each["name"]: each for each in members["subAttributes"]}

    assert parts["type"]["canonicalValues"] == ["User", "Group"]
    assert parts["$ref"]["referenceTypes"] == ["User", "Group"]


# Changes


def test_groups_and_users_are_added_and_removed_alike(world: World) -> None:
    group = world.acme.create_group("Mixed")

    both = world.patch(group, add(world.ada, world.engines))
    again = world.patch(group, add(world.engines, world.ada))
    one = world.patch(group, remove(f'[value eq "{world.engines.id}"]'))
    none = world.patch(group, {"op": "remove", "path": "members", "value": [{"value": world.ada.id}]})

    assert both.members == again.members == {world.ada.id, world.engines.id}
    assert again["meta"] == both["meta"]
    assert one.members == {world.ada.id}
    assert none.members == set()
    assert world.groups(world.ada) == [("Company", "indirect"), ("Engines", "direct"), ("Research", "indirect")]


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        ("", []),
        ('[type eq "Group"]', ["bob"]),
        ('[type eq "User"]', ["Research"]),
        ('[type eq "group" or value pr]', []),
        ('[not (type eq "User")]', ["bob"]),
        ('[display eq "research"]', ["bob"]),
        ('[display sw "b"]', ["Research"]),
        ('[$ref co "/Groups/"]', ["bob"]),
        ('[value eq "{research}" and type eq "Group"]', ["bob"]),
        ('[value eq "{research}" and type eq "User"]', ["Research", "bob"]),
        ('[value eq "nobody"]', ["Research", "bob"]),
    ],
)
def test_members_are_removed_by_what_is_said_of_them(world: World, selection: str, left: list[str]) -> None:
    names = {world.bob.id: "bob", world.research.id: "Research"}

    reply = world.patch(world.company, remove(selection.replace("{research}", world.research.id)))

    assert reply.status == 200, reply.json
    assert sorted(names[id] for id in reply.members) == left
    assert world.groups(world.bob) == ([("Company", "direct")] if "bob" in left else [])
    assert (("Company", "indirect") in world.groups(world.ada)) == ("Research" in left)


def test_a_replacement_sets_users_and_groups(world: World) -> None:
    path = f"/Groups/{world.company.id}"

    patched = world.patch(world.company, {**add(world.engines, world.ada), "op": "replace"})
    assert patched.members == {world.engines.id, world.ada.id}
    assert world.groups(world.ada) == [("Company", "direct"), ("Engines", "direct"), ("Research", "indirect")]

    body = {"schemas": [GROUP], "displayName": "Company", "members": [{"value": world.research.id}]}
    assert world.acme.put(path, body).members == {world.research.id}
    same = world.acme.put(path, body)
    assert same["meta"] == world.acme.get(path)["meta"]
    assert world.groups(world.ada) == [("Company", "indirect"), ("Engines", "direct"), ("Research", "indirect")]

    del body["members"]
    assert world.acme.put(path, body).members == {world.research.id}
    assert world.acme.put(path, {**body, "members": []}).members == set()
    assert world.groups(world.ada) == [("Engines", "direct"), ("Research", "indirect")]


def test_whoever_is_neither_user_nor_group_is_skipped(world: World, globex: Directory) -> None:
    theirs = globex.create_group("Theirs")
    gone = world.acme.create_group("Gone")
    world.acme.delete(f"/Groups/{gone.id}")
    group = world.acme.create_group("Mixed")

    reply = world.patch(group, add(theirs, gone, world.engines, world.ada))

    assert reply.status == 200
    assert reply.members == {world.engines.id, world.ada.id}
    assert world.acme.create_group("Other", theirs, gone).members == set()


# Circles


@pytest.mark.parametrize("write", ["add", "replace", "put"])
@pytest.mark.parametrize(("member", "container"), [("company", "engines"), ("company", "research"), ("engines",) * 2])
def test_no_group_is_put_into_itself(world: World, write: str, member: str, container: str) -> None:
    within, around = getattr(world, member), getattr(world, container)
    before = world.acme.get(f"/Groups/{around.id}").json
    entries = [{"value": world.bob.id}, {"value": within.id}]

    if write == "put":
        body = {"schemas": [GROUP], "displayName": before["displayName"], "members": entries}
        reply = world.acme.put(f"/Groups/{around.id}", body)
    else:
        reply = world.patch(around, {"op": write, "path": "members", "value": entries})

    assert_error(reply, 409)
    assert f"The group '{within['displayName']}' cannot be a member of" in reply["detail"]
    assert ("itself" if within is around else f"'{around['displayName']}'") in reply["detail"]
    assert world.acme.get(f"/Groups/{around.id}").json == before


def test_what_was_a_circle_is_none_once_it_is_open(world: World) -> None:
    world.patch(world.company, remove(f'[value eq "{world.research.id}"]'))

    assert world.patch(world.engines, add(world.company)).status == 200
    assert world.groups(world.bob) == [("Company", "direct"), ("Engines", "indirect"), ("Research", "indirect")]
    assert_error(world.patch(world.company, add(world.research)), 409)


# Deletion


def test_a_deleted_group_leaves_the_groups_that_it_was_in_and_whoever_was_in_it(world: World) -> None:
    before = world.acme.get(f"/Groups/{world.company.id}")

    assert world.acme.delete(f"/Groups/{world.research.id}").status == 204

    after = world.acme.get(f"/Groups/{world.company.id}")
    assert after.members == {world.bob.id}
    assert after["meta"]["version"] != before["meta"]["version"]
    assert after.headers["etag"] != before.headers["etag"]
    assert world.groups(world.ada) == [("Engines", "direct")]
    assert world.members(world.engines) == {world.ada.id}
    assert world.found(f'members.value eq "{world.research.id}"') == set()
    assert world.found(f'members[value eq "{world.research.id}"]') == set()
    assert world.found('members.type eq "Group"') == set()
    # There is no circle through what is not there.
    assert world.patch(world.engines, add(world.company)).status == 200


def test_a_deleted_user_leaves_all_groups_however_they_were_in_them(world: World) -> None:
    world.acme.delete(f"/Users/{world.ada.id}")

    assert world.members(world.engines) == set()
    assert world.found(f'groups.value eq "{world.company.id}"', "Users") == {"bob"}


def test_a_deleted_group_is_no_member_that_could_be_removed(world: World) -> None:
    world.acme.delete(f"/Groups/{world.engines.id}")
    before = world.acme.get(f"/Groups/{world.research.id}").json

    assert before["members"] == []
    assert world.patch(world.research, remove()).json == before


# Filters


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ('members.value eq "{research}"', {"Company"}),
        ('members eq "{research}"', {"Company"}),
        ('members.value eq "{ada}"', {"Engines"}),
        ('members[value eq "{research}" and type eq "Group"]', {"Company"}),
        ('members[value eq "{research}" and type eq "User"]', set()),
        ('members[value eq "{bob}" or value eq "{engines}"]', {"Company", "Research"}),
        ('members.type eq "Group"', {"Company", "Research"}),
        ('members.type eq "user"', {"Company", "Engines"}),
        ('not (members.type eq "Group")', {"Engines", "Empty"}),
        ('members.type ne "User"', {"Research", "Empty"}),
        ('members.display eq "engines"', {"Research"}),
        ('members.display co "a"', {"Company", "Engines"}),
        ('members.$ref ew "/Groups/{engines}"', {"Research"}),
        ('members.$ref ew "/Users/{engines}"', set()),
        ("members pr", {"Company", "Research", "Engines"}),
        ("members[display pr]", {"Company", "Research", "Engines"}),
        ("members.value eq null", {"Empty"}),
        ('members.value sw "0"', {"Company", "Research", "Engines"}),
        ('members.value ne "{research}"', {"Research", "Engines", "Empty"}),
        ('id eq "{company}" and members eq "{research}"', {"Company"}),
    ],
)
def test_groups_are_found_by_their_members(world: World, filter: str, found: set[str]) -> None:
    world.acme.create_group("Empty")

    assert world.found(filled(filter, world)) == found


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ('groups.value eq "{company}"', {"ada", "bob"}),
        ('groups eq "{research}"', {"ada"}),
        ('groups.value ne "{research}"', {"bob", "eve"}),
        ('groups[value eq "{company}" and type eq "indirect"]', {"ada"}),
        ('groups[value eq "{company}" and type eq "direct"]', {"bob"}),
        ('groups[value eq "{engines}" and type eq "indirect"]', set()),
        ('groups.type eq "indirect"', {"ada"}),
        ('groups.type eq "direct"', {"ada", "bob"}),
        ('not (groups.type eq "indirect")', {"bob", "eve"}),
        ('groups.display eq "COMPANY"', {"ada", "bob"}),
        ('groups.display co "sear"', {"ada"}),
        ('groups.$ref ew "{research}"', {"ada"}),
        ("groups pr", {"ada", "bob"}),
        ("groups eq null", {"eve"}),
        ('groups.value sw "0"', {"ada", "bob"}),
    ],
)
def test_users_are_found_by_the_groups_that_they_are_in(world: World, filter: str, found: set[str]) -> None:
    world.acme.create_user("eve")

    assert world.found(filled(filter, world), "Users") == found


def test_a_group_that_a_user_is_in_both_ways_is_found_as_direct_alone(world: World) -> None:
    world.patch(world.company, add(world.ada))
    company = f'value eq "{world.company.id}"'

    assert world.found(f'groups[{company} and type eq "direct"]', "Users") == {"ada", "bob"}
    assert world.found(f'groups[{company} and type eq "indirect"]', "Users") == set()


@pytest.mark.parametrize(("kind", "attribute"), [("Users", "groups"), ("Groups", "members")])
@pytest.mark.parametrize("part", ["value", "display", "type", "$ref"])
def test_resources_are_ordered_by_the_first_of_the_values_that_they_show(
    world: World, kind: str, attribute: str, part: str
) -> None:
    world.acme.create_group("Aside", world.research, world.acme.create_user("zoe"), world.engines)
    shown = ",".join(f"{attribute}.{name}" for name in ("value", "display", "type", "$ref"))

    found = world.acme.get(f"/{kind}", sortBy=f"{attribute}.{part}", attributes=shown).resources

    first = [each[attribute][0][part].lower() for each in found]
    assert len(first) > 2
    assert first == sorted(first)


def filled(template: str, world: World) -> str:
    named = {name: getattr(world, name).id for name in ("ada", "bob", "engines", "research", "company")}
    return template.format(**named)
