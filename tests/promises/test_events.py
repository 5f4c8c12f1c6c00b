"""Every change writes the event that tells of it, in the same transaction: both are there, or neither is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Event, Provider
from scim_server.services import directories, organizations
from scim_server.services.context import OPERATOR
from scim_server.services.errors import SlugTaken
from scim_server.services.profiles import PRODUCT_USER
from tests.clients import ENTERPRISE_USER, GROUP, USER, Directory, Reply
from tests.faults import failing_at_events
from tests.oauth import new_client, revoke_client
from tests.promises.databases import contents, events, id_of
from tests.promises.tokens import new_token, prefix, revoke


@dataclass(frozen=True)
class World:
    """acme with two users, one of them in a group and one barred from signing in; and globex, whose own it keeps."""

    acme: Directory
    ada: Reply
    bob: Reply
    pioneers: Reply

    def user(self, *operations: dict[str, Any]) -> Reply:
        return self.acme.patch(f"/Users/{self.ada.id}", *operations)

    def group(self, *operations: dict[str, Any]) -> Reply:
        return self.acme.patch(f"/Groups/{self.pioneers.id}", *operations)


@pytest.fixture
def world(acme: Directory, globex: Directory) -> World:
    globex.create_group("Crew", globex.create_user("gina"))
    ada = acme.create_user("ada", displayName="Ada")
    bob = acme.create_user("bob", active=False)
    return World(acme, ada, bob, acme.create_group("Pioneers", ada))


@contextmanager
def told(database: Database, slug: str = "acme") -> Iterator[list[Event]]:
    """The events that an organization has after the block and had not before it."""
    known = {each.id for each in events(database, slug)}
    added: list[Event] = []
    yield added
    added += [each for each in events(database, slug) if each.id not in known]


def replace(path: str | None, value: Any) -> dict[str, Any]:
    return {"op": "replace", "value": value} | ({"path": path} if path else {})


def put_user(w: World, **attributes: Any) -> Reply:
    return w.acme.put(f"/Users/{w.ada.id}", {"schemas": [USER], "userName": "ada", "displayName": "Ada", **attributes})


def put_group(w: World, name: str, *members: Reply) -> Reply:
    body = {"schemas": [GROUP], "displayName": name, "members": [{"value": member.id} for member in members]}
    return w.acme.put(f"/Groups/{w.pioneers.id}", body)


CHANGES: dict[str, tuple[Callable[[World], Reply], list[str]]] = {
    "a user is created": (lambda w: w.acme.create_user("eve"), ["user.created"]),
    "a user who may not sign in is created": (lambda w: w.acme.create_user("eve", active=False), ["user.created"]),
    "a user is patched": (lambda w: w.user(replace("displayName", "A. L.")), ["user.updated"]),
    "a user is replaced": (lambda w: put_user(w, title="Countess"), ["user.updated"]),
    "an extension is patched": (
        lambda w: w.user({"op": "add", "path": f"{ENTERPRISE_USER}:department", "value": "Engines"}),
        ["user.updated"],
    ),
    "a user is away": (
        lambda w: w.user({"op": "add", "path": f"{PRODUCT_USER}:availability", "value": "away"}),
        ["user.updated", "user.availability_changed"],
    ),
    "a user is deactivated by PATCH": (
        lambda w: w.user(replace("active", False)),
        ["user.deactivated", "checklist.opened"],
    ),
    "a user is deactivated by PUT": (
        lambda w: put_user(w, active=False),
        ["user.deactivated", "checklist.opened"],
    ),
    "a user is activated": (
        lambda w: w.acme.patch(f"/Users/{w.bob.id}", replace(None, {"active": True})),
        ["user.activated"],
    ),
    "a user is renamed and deactivated": (
        lambda w: w.user(replace(None, {"displayName": "A. L.", "active": False})),
        ["user.updated", "user.deactivated", "checklist.opened"],
    ),
    "a user is deleted": (
        lambda w: w.acme.delete(f"/Users/{w.ada.id}"),
        ["user.deleted", "checklist.opened"],
    ),
    "a group is created": (lambda w: w.acme.create_group("Settlers"), ["team.created"]),
    "a group with members is created": (
        lambda w: w.acme.create_group("Settlers", w.ada, w.bob),
        ["team.created", "team.members_added"],
    ),
    "a group is renamed": (lambda w: w.group(replace("displayName", "Settlers")), ["team.updated"]),
    "a member is added": (
        lambda w: w.group({"op": "add", "path": "members", "value": [{"value": w.bob.id}]}),
        ["team.members_added"],
    ),
    "a member is removed": (
        lambda w: w.group({"op": "remove", "path": f'members[value eq "{w.ada.id}"]'}),
        ["team.members_removed"],
    ),
    "members are changed for others": (
        lambda w: w.group(replace("members", [{"value": w.bob.id}])),
        ["team.members_removed", "team.members_added"],
    ),
    "a group is replaced": (
        lambda w: put_group(w, "Settlers", w.bob),
        ["team.updated", "team.members_removed", "team.members_added"],
    ),
    "a group is deleted": (lambda w: w.acme.delete(f"/Groups/{w.pioneers.id}"), ["team.deleted"]),
}

IDLE: dict[str, Callable[[World], Reply]] = {
    "the name that it has": lambda w: w.user(replace("displayName", "Ada")),
    "the status that it has": lambda w: w.user(replace("active", True)),
    "the status that it has, as a string": lambda w: w.user(replace("active", "True")),
    "an attribute that nobody has, removed": lambda w: w.user({"op": "remove", "path": "nickName"}),
    "a password": lambda w: w.user(replace("password", "correct horse")),
    "a name and back again": lambda w: w.user(replace("displayName", "A"), replace("displayName", "Ada")),
    "the user that it is": put_user,
    "the name that the group has": lambda w: w.group(replace("displayName", "Pioneers")),
    "a member who is one": lambda w: w.group({"op": "add", "path": "members", "value": [{"value": w.ada.id}]}),
    "a member who is none, removed": lambda w: w.group({"op": "remove", "path": f'members[value eq "{w.bob.id}"]'}),
    "the members that there are": lambda w: w.group(replace("members", [{"value": w.ada.id}])),
    "a member whom nobody knows": lambda w: w.group({"op": "add", "path": "members", "value": [{"value": "nobody"}]}),
    "the group that it is": lambda w: put_group(w, "Pioneers", w.ada),
}

REFUSED: dict[str, tuple[Callable[[World], Reply], int]] = {
    "a group in itself, and somebody else": (
        lambda w: w.group(
            replace("displayName", "P"), replace("members", [{"value": w.bob.id}, {"value": w.pioneers.id}])
        ),
        409,
    ),
    "a taken name, created": (lambda w: w.acme.post("/Users", {"schemas": [USER], "userName": "BOB"}), 409),
    "a taken name, patched": (lambda w: w.user(replace("displayName", "B"), replace("userName", "bob")), 409),
    "a taken name, put": (lambda w: put_user(w, userName="bob", active=False), 409),
    "a bad second operation": (lambda w: w.user(replace("displayName", "B"), {"op": "copy", "path": "title"}), 400),
    "a second operation without a target": (lambda w: w.user(replace("active", False), {"op": "remove"}), 400),
    "a value of the wrong type": (lambda w: w.user(replace("displayName", "B"), replace("emails", 7)), 400),
    "an outdated version": (
        lambda w: w.acme.delete(f"/Users/{w.ada.id}", headers={"If-Match": 'W/"9"'}),
        412,
    ),
    "a taken group name, put": (lambda w: put_group(w, "Settlers", w.bob), 409),
    "a taken group name after a change of members": (
        lambda w: w.group(
            {"op": "add", "path": "members", "value": [{"value": w.bob.id}]}, replace("displayName", "Settlers")
        ),
        409,
    ),
    "a group whose second operation is bad": (
        lambda w: w.group({"op": "remove", "path": "members"}, replace("members.value", "x")),
        400,
    ),
    "a group without a name": (lambda w: w.group({"op": "remove", "path": "members"}, replace("displayName", "")), 400),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_writes_exactly_its_events(world: World, database: Database, change: str) -> None:
    make, expected = CHANGES[change]
    acme, globex = id_of(database, "acme"), id_of(database, "globex")
    others = contents(database, globex)

    with told(database) as added:
        reply = make(world)

    assert reply.status in (200, 201, 204), reply.json
    assert [each.action for each in added] == expected
    about = {reply.id} if reply.json else {world.ada.id, world.pioneers.id}
    for each in added:
        assert each.org_id == acme
        assert each.details.get("user", str(each.target_id)) in about
        assert each.target_kind == each.action.partition(".")[0]
        assert (each.actor_kind, each.actor_name) == ("directory", "generic")
        assert each.request_id == reply.headers["x-request-id"]
    assert contents(database, globex) == others


@pytest.mark.parametrize("change", IDLE)
def test_a_request_that_changes_nothing_writes_no_event_and_keeps_the_version(
    world: World, database: Database, change: str
) -> None:
    before = contents(database)

    reply = IDLE[change](world)

    assert reply.status == 200, reply.json
    assert contents(database) == before


@pytest.mark.parametrize("change", REFUSED)
def test_a_request_that_fails_leaves_neither_the_change_nor_an_event(
    world: World, database: Database, change: str
) -> None:
    make, status = REFUSED[change]
    world.acme.create_group("Settlers")
    before = contents(database)

    reply = make(world)

    assert reply.status == status, reply.json
    assert contents(database) == before


def break_down() -> None:
    raise RuntimeError("the lights went out")


def test_a_fault_once_all_is_written_leaves_neither_the_changes_nor_their_events(
    world: World, database: Database
) -> None:
    before = contents(database)
    newcomer = {"op": "add", "path": "members", "value": [{"value": world.bob.id}]}

    with failing_at_events(break_down):
        replies = [
            world.acme.post("/Users", {"schemas": [USER], "userName": "eve"}),
            put_user(world, title="Countess"),
            world.user(replace("active", False)),
            world.acme.delete(f"/Users/{world.ada.id}"),
            world.acme.post("/Groups", {"schemas": [GROUP], "displayName": "Settlers"}),
            put_group(world, "Settlers", world.bob),
            world.group(newcomer),
            world.acme.delete(f"/Groups/{world.pioneers.id}"),
        ]

    assert [reply.status for reply in replies] == [500] * len(replies)
    assert contents(database) == before


def test_an_event_says_what_was_before_and_what_is_after(world: World, database: Database) -> None:
    with told(database) as added:
        world.user(replace("displayName", "A. L."), {"op": "add", "path": "title", "value": "Countess"})
        world.user(replace("active", False))
        world.group({"op": "add", "path": "members", "value": [{"value": world.bob.id}]})
        world.acme.delete(f"/Users/{world.ada.id}")

    assert [each.changes for each in added] == [
        {"displayName": ["Ada", "A. L."], "title": [None, "Countess"]},
        {"status": ["active", "deactivated"]},
        {"kind": [None, "leaver"]},
        {"members": [[], [world.bob.id]]},
        {"status": ["deactivated", "deleted"], "teams": [[world.pioneers.id], []]},
    ]


def test_an_event_tells_of_users_and_groups_as_members_alike(world: World, database: Database) -> None:
    both = sorted([world.bob.id, world.acme.create_group("Settlers").id])
    entries = [{"value": id} for id in both]

    with told(database) as added:
        world.group({"op": "add", "path": "members", "value": entries})
        world.group({"op": "add", "path": "members", "value": entries})
        world.group({"op": "remove", "path": "members", "value": entries})
        world.group({"op": "remove", "path": "members", "value": entries})
        world.group(replace("members", entries))
        world.acme.delete(f"/Groups/{next(id for id in both if id != world.bob.id)}")

    assert [(each.action, each.changes) for each in added] == [
        ("team.members_added", {"members": [[], both]}),
        ("team.members_removed", {"members": [both, []]}),
        ("team.members_removed", {"members": [[world.ada.id], []]}),
        ("team.members_added", {"members": [[], both]}),
        ("team.deleted", {"displayName": ["Settlers", None], "teams": [[world.pioneers.id], []]}),
    ]


def test_an_organization_is_founded_with_its_event_or_not_at_all(settings: Settings, database: Database) -> None:
    def establish(*slugs: str) -> None:
        with database.writing() as session:
            for slug in slugs:
                organizations.create_organization(
                    session, settings, actor=OPERATOR, now=datetime.now(UTC), slug=slug, seats=5
                )

    establish("acme")
    before = contents(database)

    with pytest.raises(SlugTaken):
        establish("initech", "acme")

    assert contents(database) == before
    [founded] = events(database, "acme")
    assert (founded.action, founded.actor_kind) == ("organization.created", "operator")
    assert founded.target_id == founded.org_id == id_of(database, "acme")
    assert founded.changes == {"slug": [None, "acme"], "seats": [None, 5]}


def test_a_token_is_made_and_ended_with_its_events(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    with told(database) as added, told(database, "globex") as others:
        secret = new_token(settings, database, "acme")
        revoke(settings, database, "acme", secret)
        revoke(settings, database, "acme", secret)

    assert [(each.action, each.changes) for each in added] == [
        ("token.created", {"name": [None, "generic"], "prefix": [None, prefix(secret)]}),
        ("token.revoked", {"prefix": [prefix(secret), None]}),
    ]
    assert len({each.target_id for each in added}) == 1
    assert others == []


def test_a_client_is_made_and_ended_with_its_events(
    app: Flask, settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    with told(database) as added, told(database, "globex") as others:
        client = new_client(app, settings, database, "acme")
        client.by_basic()
        revoke_client(settings, database, client)
        revoke_client(settings, database, client)

    assert [(each.action, each.changes) for each in added] == [
        ("client.created", {"name": [None, "generic"], "client_id": [None, client.id]}),
        ("client.revoked", {"client_id": [client.id, None]}),
    ]
    assert len({each.target_id for each in added}) == 1
    assert others == []


def test_a_directory_and_its_token_come_with_their_events_or_not_at_all(
    settings: Settings, database: Database, acme: Directory
) -> None:
    before = contents(database)

    def provide(then: Callable[[], None] = lambda: None) -> None:
        with database.writing() as session:
            ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
            directory = directories.provide_directory(ctx, Provider.OKTA)
            directories.create_token(ctx, directory, lifetime=timedelta(days=1))
            then()

    with pytest.raises(RuntimeError, match="lights"):
        provide(then=break_down)
    assert contents(database) == before

    with told(database) as first:
        provide()
    with told(database) as second:
        provide()
    assert [each.action for each in first] == ["directory.created", "token.created"]
    assert [each.action for each in second] == ["token.created"]
