"""Undoing what a directory did: everything is as before, but for what somebody else has changed since."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import (
    Alarm,
    AlarmState,
    Membership,
    Provider,
    Subteam,
    Team,
    TeamAncestor,
    User,
    UserEmail,
    UserPermission,
    UserSession,
    UserStatus,
    Way,
)
from scim_server.models.base import new_id
from scim_server.scim.keeping import keeping
from scim_server.services import (
    adoption,
    alarms,
    directories,
    grants,
    handmade_teams,
    lifecycle,
    mapping,
    organizations,
    ownership,
    roles,
    sessions,
    teams,
    undo,
    users,
)
from scim_server.services.context import OPERATOR, Actor, ActorKind, Context
from scim_server.services.declared import DeclaredRole
from scim_server.services.errors import DomainError, NotAllowed, NotFound
from scim_server.services.undo_plan import Result
from tests.clients import GROUP, USER, Directory, Reply, assert_error, founded
from tests.conftest import emptied
from tests.promises.databases import events, org_id
from tests.services.test_brake import OFF, ON, off, people, raised
from tests.services.test_mapping import SAML

# What goes on in any case, and what only a new version says; and that there may be something to look for in a team,
# which is never taken back.
_MOVES_ON = {"version", "updated_at", "removed_at", "removed_by", "linked"}


@contextmanager
def opened(settings: Settings, database: Database, slug: str = "acme") -> Iterator[Context]:
    with database.writing() as session:
        yield organizations.open_organization(session, settings, slug, now=datetime.now(UTC))


def undone(settings: Settings, database: Database, alarm_id: UUID) -> list[Result]:
    portions = undo.undo(lambda: opened(settings, database), alarm_id, keeping)
    return [each for portion in portions for each in portion]


def state(database: Database, slug: str = "acme") -> dict[str, Any]:
    """All that there is to see: whoever lives, who is in what, and what follows from it."""
    with database.reading() as session:
        org = org_id(session, slug)
        rows: dict[str, Any] = {}
        for model in (User, Team):
            living = User.status != UserStatus.DELETED if model is User else Team.deleted_at.is_(None)
            found = session.execute(select(model.__table__).where(model.org_id == org, living)).mappings()
            rows[model.__tablename__] = {
                row["id"]: {name: value for name, value in row.items() if name not in _MOVES_ON} for row in found
            }
        for link in (UserEmail, UserPermission, Membership, Subteam, TeamAncestor):
            found = session.execute(select(link.__table__).where(link.org_id == org)).mappings()
            alive = [
                dict(row)
                for row in found
                if row.get("user_id", next(iter(rows["users"]), None)) in rows["users"] or "user_id" not in row
            ]
            alive = [row for row in alive if row.get("team_id") is None or row["team_id"] in rows["teams"]]
            alive = [row for row in alive if row.get("member_id") is None or row["member_id"] in rows["teams"]]
            rows[link.__tablename__] = sorted(alive, key=repr)
        return rows


def alarm_from_now_on(settings: Settings, database: Database) -> UUID:
    """An alarm whose window begins now: an id of an event tells milliseconds."""
    began = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == began:
        pass
    with opened(settings, database) as ctx:
        directory = directories.find_directory(ctx, Provider.GENERIC)
        alarm = Alarm(
            org_id=ctx.org.id,
            id=new_id(),
            directory_id=directory.id,
            started_at=ctx.now,
            window_start=ctx.now,
            last_at=ctx.now,
            users=0,
            of_users=0,
        )
        ctx.session.add(alarm)
        ctx.session.flush()
        directory.brake_alarm_id = alarm.id
        return alarm.id


def entries(*members: str) -> list[dict[str, str]]:
    return [{"value": id} for id in members]


@dataclass
class Known:
    """The ids of everybody whom somebody has made, which all may try to change."""

    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


class Sync:
    """A directory that does whatever comes to its mind; refusals are part of it."""

    def __init__(self, directory: Directory, chance: random.Random, known: Known) -> None:
        self.directory, self.chance = directory, chance
        self.users, self.groups = known.users, known.groups

    def step(self) -> None:
        kinds = [
            self.create_user,
            self.create_group,
            self.rename_user,
            self.deactivate,
            self.activate,
            self.delete_user,
            self.change_user,
            self.change_role,
            self.change_entitlements,
            self.rename_group,
            self.delete_group,
            self.add_members,
            self.add_members,
            self.remove_members,
            self.set_members,
            self.remove_all,
        ]
        reply = self.chance.choice(kinds)()
        assert reply is None or reply.status in (200, 201, 204, 400, 403, 404, 409), reply.json

    def name(self) -> str:
        return self.chance.choice(["ada", "bob", "cy", "Dee", "EVE"])

    def some(self, found: list[str], most: int = 3) -> list[str]:
        return self.chance.sample(found, min(len(found), self.chance.randint(0, most)))

    def create_user(self) -> Reply:
        emails = [{"value": f"{self.name()}@{n}.example"} for n in range(self.chance.randint(0, 2))]
        body = {"schemas": [USER], "userName": self.name(), "emails": emails, "active": self.chance.random() < 0.8}
        reply = self.directory.post("/Users", body)
        if reply.status == 201 and reply.id not in self.users:
            self.users.append(reply.id)
        return reply

    def create_group(self) -> Reply:
        body = {
            "schemas": [GROUP],
            "displayName": self.name(),
            "members": entries(*self.some(self.users + self.groups)),
        }
        reply = self.directory.post("/Groups", body)
        if reply.status == 201 and reply.id not in self.groups:
            self.groups.append(reply.id)
        return reply

    def user(self, *operations: dict[str, Any]) -> Reply | None:
        return self.directory.patch(f"/Users/{self.chance.choice(self.users)}", *operations) if self.users else None

    def group(self, *operations: dict[str, Any]) -> Reply | None:
        return self.directory.patch(f"/Groups/{self.chance.choice(self.groups)}", *operations) if self.groups else None

    def rename_user(self) -> Reply | None:
        return self.user({"op": "replace", "path": "userName", "value": self.name()})

    def deactivate(self) -> Reply | None:
        return self.user(OFF)

    def activate(self) -> Reply | None:
        return self.user(ON)

    def delete_user(self) -> Reply | None:
        return self.directory.delete(f"/Users/{self.chance.choice(self.users)}") if self.users else None

    def change_user(self) -> Reply | None:
        value = self.chance.choice([{"title": self.name()}, {"emails": [{"value": f"{self.name()}@new.example"}]}])
        removed = {"op": "remove", "path": self.chance.choice(["title", "emails", "active"])}
        return self.user(removed if self.chance.random() < 0.3 else {"op": "replace", "value": value})

    def change_role(self) -> Reply | None:
        if self.chance.random() < 0.3:
            return self.user({"op": "remove", "path": "roles"})
        roles = [{"value": self.chance.choice(["Admin", "Viewer"])}]
        return self.user({"op": "replace", "path": "roles", "value": roles})

    def change_entitlements(self) -> Reply | None:
        if self.chance.random() < 0.3:
            return self.user({"op": "remove", "path": "entitlements"})
        keys = self.chance.sample(["macros.manage", "analytics.view", "tickets.delete"], 2)
        return self.user({"op": "replace", "path": "entitlements", "value": entries(*keys)})

    def rename_group(self) -> Reply | None:
        return self.group({"op": "replace", "path": "displayName", "value": self.name()})

    def delete_group(self) -> Reply | None:
        return self.directory.delete(f"/Groups/{self.chance.choice(self.groups)}") if self.groups else None

    def add_members(self) -> Reply | None:
        return self.group({"op": "add", "path": "members", "value": entries(*self.some(self.users + self.groups))})

    def remove_members(self) -> Reply | None:
        return self.group({"op": "remove", "path": "members", "value": entries(*self.some(self.users + self.groups))})

    def set_members(self) -> Reply | None:
        return self.group({"op": "replace", "path": "members", "value": entries(*self.some(self.users + self.groups))})

    def remove_all(self) -> Reply | None:
        return self.group({"op": "remove", "path": "members"})


class People:
    """What people do by hand, whatever comes to their mind; refusals are part of it."""

    def __init__(self, settings: Settings, database: Database, chance: random.Random, known: Known) -> None:
        self.settings, self.database, self.chance, self.known = settings, database, chance, known

    def step(self) -> None:
        kinds = [
            self.create_user,
            self.create_team,
            self.add_mates,
            self.add_mates,
            self.remove_mates,
            self.set_part,
            self.set_part,
            self.give_role,
            self.grant,
            self.delete_user,
            self.set_main_team,
            self.map_group,
            self.map_group,
            self.claim,
            self.switch_mapping,
            self.release,
        ]
        with suppress(DomainError), opened(self.settings, self.database) as ctx:
            self.chance.choice(kinds)(ctx)

    def name(self) -> str:
        return self.chance.choice(["ada", "bob", "cy", "Dee", "EVE"])

    def user(self, ctx: Context) -> User:
        found = ctx.session.scalars(select(User).where(User.status != UserStatus.DELETED).order_by(User.id)).all()
        return self.chance.choice(found)

    def team(self, ctx: Context) -> Team:
        found = ctx.session.scalars(select(Team).where(Team.deleted_at.is_(None)).order_by(Team.id)).all()
        if not found:
            raise NotFound("team", "any")
        return self.chance.choice(found)

    def some(self, ctx: Context) -> list[UUID]:
        return [self.user(ctx).id for _ in range(self.chance.randint(1, 3))]

    def role(self, ctx: Context) -> DeclaredRole:
        return roles.find_role(ctx, self.chance.choice(["Agent", "Viewer", "Admin"]))

    def create_user(self, ctx: Context) -> None:
        name = self.name()
        profile = keeping(ctx).user({"schemas": [USER], "userName": name, "displayName": name, "title": "By hand"})
        self.known.users.append(str(users.create_user(ctx, profile, role=self.role(ctx)).id))

    def create_team(self, ctx: Context) -> None:
        self.known.groups.append(str(handmade_teams.create_team(ctx, self.name(), description="By hand").id))

    def add_mates(self, ctx: Context) -> None:
        part = self.chance.choice([None, *handmade_teams.Part])
        handmade_teams.add_mates(ctx, self.team(ctx), self.some(ctx), part=part)

    def remove_mates(self, ctx: Context) -> None:
        handmade_teams.remove_mates(ctx, self.team(ctx), self.some(ctx))

    def set_part(self, ctx: Context) -> None:
        handmade_teams.set_part(ctx, self.team(ctx), self.some(ctx), self.chance.choice([*handmade_teams.Part]))

    def give_role(self, ctx: Context) -> None:
        roles.give_role(ctx, self.user(ctx), self.role(ctx))

    def grant(self, ctx: Context) -> None:
        self.chance.choice([grants.grant, grants.revoke, grants.reset])(ctx, self.user(ctx), "macros.manage")

    def delete_user(self, ctx: Context) -> None:
        lifecycle.delete_user(ctx, self.user(ctx))

    def set_main_team(self, ctx: Context) -> None:
        handmade_teams.set_main_team(ctx, self.team(ctx))

    def map_group(self, ctx: Context) -> None:
        group = self.team(ctx)
        role = roles.find_role(ctx, self.chance.choice(["Agent", "Viewer"]))
        team = self.team(ctx) if self.chance.random() < 0.7 else None
        priority = self.chance.randint(1, 9)
        mapping.enable_mapping(ctx, mapping.map_pushed_group(ctx, group, role=role, team=team, priority=priority))

    def claim(self, ctx: Context) -> None:
        team = self.team(ctx)
        mapping.enable_mapping(ctx, mapping.map_claim(ctx, SAML, "G", role=self.role(ctx), team=team))
        mapping.apply_claims(ctx, self.user(ctx), {SAML: ["G"]})

    def switch_mapping(self, ctx: Context) -> None:
        if found := mapping.list_mappings(ctx):
            row = self.chance.choice(found)
            (mapping.disable_mapping if row.enabled else mapping.enable_mapping)(ctx, row)

    def release(self, ctx: Context) -> None:
        adoption.release_user(ctx, self.user(ctx))


def peopled(acme: Directory, settings: Settings, database: Database) -> Known:
    """People in a group that gives a role and a team, and a main team, where supervisors are told by hand."""
    found = [acme.create_user(name) for name in ("ada", "bob", "cy")]
    group = acme.create_group("Dee", *found[:2])
    with opened(settings, database) as ctx:
        main, desk = (handmade_teams.create_team(ctx, name) for name in ("Main", "Desk"))
        handmade_teams.set_main_team(ctx, main)
        handmade_teams.add_mates(ctx, desk, [UUID(each.id) for each in found[1:]])
        viewer, team = roles.find_role(ctx, "Viewer"), teams.get_team(ctx, UUID(group.id))
        mapping.enable_mapping(ctx, mapping.map_pushed_group(ctx, team, role=viewer, team=desk))
        for each in (desk, team):
            handmade_teams.set_part(ctx, each, [UUID(found[0].id)], handmade_teams.Part.SUPERVISOR)
    return Known([each.id for each in found], [group.id, str(main.id), str(desk.id)])


@hypothesis_settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), before=st.integers(0, 40), after=st.integers(5, 40))
def test_whatever_a_directory_did_everything_is_as_before(
    app: Flask, settings: Settings, database: Database, seed: int, before: int, after: int
) -> None:
    acme = founded(app, settings, emptied(database), "acme")
    with opened(settings, database) as ctx:  # somebody is an admin, whatever happens
        boss = keeping(ctx).user({"schemas": [USER], "userName": "boss"})
        ownership.make_first_owner(ctx, users.create_user(ctx, boss, role=roles.find_role(ctx, "Admin")))
        okta = directories.create_token(ctx, directories.provide_directory(ctx, Provider.OKTA)).secret
    known, chance = peopled(acme, settings, database), random.Random(seed)  # noqa: S311 - to have a failure again
    sync = Sync(acme, chance, known)
    others: list[Sync | People] = [
        sync,
        Sync(Directory(app, "acme", okta), chance, known),
        People(settings, database, chance, known),
    ]
    for _ in range(before):
        chance.choice([sync, *others, others[2]]).step()
    alarm_id = alarm_from_now_on(settings, database)
    was = state(database)

    for _ in range(after):
        sync.step()
    results = undone(settings, database, alarm_id)

    assert [each.left for each in results if each.left] == []
    assert state(database) == was


def test_what_somebody_else_changed_since_stays_and_is_told(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    globex.create_user("gina")
    ada, bob, cy, dee = people(acme, 4)
    group = acme.create_group("Pioneers", ada, bob)
    alarm_id = alarm_from_now_on(settings, database)
    before = state(database, "globex")

    for user in (ada, bob, cy):
        off(acme, user)
    acme.patch(f"/Users/{dee.id}", {"op": "replace", "value": {"title": "T", "userName": "dora"}})
    new = acme.create_user("new")
    acme.patch(f"/Groups/{group.id}", {"op": "remove", "path": "members"})
    with opened(settings, database) as ctx:  # people: one back, one gone for good, one renamed, one in a group
        by_hand(ctx, ada, UserStatus.ACTIVE)
        by_hand(ctx, bob, UserStatus.DELETED)
        row = ctx.session.scalars(select(User).where(User.id == UUID(dee.id))).one()
        users.write_profile(ctx, row, keeping(ctx).user(row.document | {"title": "By hand"}))
        team = ctx.session.scalars(select(Team).where(Team.id == UUID(group.id))).one()
        teams.add_members(ctx, team, [UUID(new.id)])
    results = undone(settings, database, alarm_id)

    assert {str(each.id): each.left for each in results if each.left} == {
        ada.id: {"status": f"changed since by {OPERATOR.name}"},
        bob.id: {"status": f"changed since by {OPERATOR.name}"},
        dee.id: {"attribute title": f"changed since by {OPERATOR.name}"},
        new.id: {"created": f"changed since by {OPERATOR.name}"},
        group.id: {f"member {bob.id}": "is not there any more"},
    }
    shown = acme.get(f"/Users/{dee.id}")
    assert (shown["userName"], shown["title"]) == ("user3", "By hand")
    assert acme.get(f"/Users/{ada.id}")["active"] is True
    assert acme.get(f"/Users/{cy.id}")["active"] is True
    assert acme.get(f"/Users/{new.id}").status == 200
    assert acme.get(f"/Groups/{group.id}").members == {ada.id, new.id}
    assert state(database, "globex") == before


def test_who_is_in_a_team_by_several_stays_there_as_what_they_were(
    acme: Directory, settings: Settings, database: Database
) -> None:
    [ada, bob, cy] = people(acme, 3)
    with opened(settings, database) as ctx:
        desk = handmade_teams.create_team(ctx, "Desk", description="First line")
        ids = [UUID(each.id) for each in (ada, bob)]
        handmade_teams.add_mates(ctx, desk, ids, part=handmade_teams.Part.SUPERVISOR)
    alarm_id = alarm_from_now_on(settings, database)
    was = state(database)
    path = f"/Groups/{desk.id}"

    assert acme.create_group("Desk", ada, bob, cy).id == str(desk.id)  # which takes the team over
    acme.patch(path, {"op": "remove", "path": f'members[value eq "{bob.id}"]'})
    acme.delete(f"/Users/{ada.id}")
    told = {each.action for each in events(database, "acme")}
    results = undone(settings, database, alarm_id)

    assert {"team.adopted", "team.members_changed"} <= told
    assert [each.left for each in results if each.left] == []
    assert state(database) == was
    assert "team.released" in {each.action for each in events(database, "acme")}


def test_whom_people_have_given_a_part_since_stays_in_the_team(
    acme: Directory, settings: Settings, database: Database
) -> None:
    [ada, bob] = people(acme, 2)
    group = acme.create_group("Pioneers", bob)
    alarm_id = alarm_from_now_on(settings, database)
    acme.patch(f"/Groups/{group.id}", {"op": "replace", "path": "members", "value": entries(ada.id)})
    acme.patch(f"/Groups/{group.id}", {"op": "add", "path": "members", "value": entries(bob.id)})
    with opened(settings, database) as ctx:
        team = teams.get_team(ctx, UUID(group.id))
        part = handmade_teams.Part.BOTH
        handmade_teams.set_part(ctx, team, [UUID(ada.id), UUID(bob.id)], part)

    results = undone(settings, database, alarm_id)

    by = f"changed since by {OPERATOR.name}"
    [left] = [each.left for each in results if each.left]
    assert left == {f"part {ada.id}": by, f"member {ada.id}": by, f"part {bob.id}": by}
    with opened(settings, database) as ctx:
        mates = handmade_teams.list_mates(ctx, teams.get_team(ctx, UUID(group.id)))
        assert {each.id: each.part for each in mates} == {UUID(ada.id): part, UUID(bob.id): part}


def test_each_side_of_a_role_is_what_it_was_also_where_another_hid_it(
    acme: Directory, settings: Settings, database: Database
) -> None:
    [ada, bob] = people(acme, 2)
    acme.patch(f"/Users/{ada.id}", roles_of("Viewer"))
    with opened(settings, database) as ctx:
        roles.give_role(ctx, users.get_user(ctx, UUID(ada.id)), roles.find_role(ctx, "Agent"))
    alarm_id = alarm_from_now_on(settings, database)
    was = state(database)

    acme.patch(f"/Users/{ada.id}", roles_of("Admin"))
    acme.patch(f"/Users/{bob.id}", roles_of("Viewer"))
    told = [each.action for each in events(database, "acme")]
    results = {str(each.id): each.undone["role"] for each in undone(settings, database, alarm_id)}

    assert told[-4:] == ["user.updated", "user.role_granted", "user.updated", "user.role_changed"]
    assert results == {ada.id: ("Admin", "Viewer"), bob.id: ("Viewer", None)}
    assert state(database) == was


def test_what_a_directory_grants_in_entitlements_is_what_it_was(
    acme: Directory, settings: Settings, database: Database
) -> None:
    [ada, bob] = people(acme, 2)
    acme.patch(f"/Users/{ada.id}", {"op": "add", "path": "entitlements", "value": entries("macros.manage")})
    alarm_id = alarm_from_now_on(settings, database)
    was = state(database)

    for user in (ada, bob):
        acme.patch(f"/Users/{user.id}", {"op": "replace", "path": "entitlements", "value": entries("tickets.delete")})
    acme.patch(f"/Users/{ada.id}", {"op": "remove", "path": "entitlements"})
    with opened(settings, database) as ctx:
        grants.grant(ctx, users.get_user(ctx, UUID(bob.id)), "macros.manage")
    results = undone(settings, database, alarm_id)

    assert [each.left for each in results if each.left] == []
    assert {str(each.id): {key: pair for key, pair in each.undone.items() if "perm" in key} for each in results} == {
        ada.id: {"permission macros.manage": (None, "granted")},
        bob.id: {"permission tickets.delete": ("granted", None)},
    }
    [theirs, by_hand] = state(database)["user_permissions"]
    assert [theirs] == was["user_permissions"]
    assert (by_hand["permission"], by_hand["source"]) == ("macros.manage", "hand")


def test_a_role_that_people_gave_since_stays_beside_what_the_directory_gives(
    acme: Directory, settings: Settings, database: Database
) -> None:
    [ada] = people(acme, 1)
    acme.patch(f"/Users/{ada.id}", roles_of("Viewer"))
    given = state(database)["users"][UUID(ada.id)]["role_id"]
    alarm_id = alarm_from_now_on(settings, database)
    acme.patch(f"/Users/{ada.id}", {"op": "remove", "path": "roles"})
    with opened(settings, database) as ctx:
        admin = roles.find_role(ctx, "Admin")
        roles.give_role(ctx, users.get_user(ctx, UUID(ada.id)), admin)

    assert [each.left for each in undone(settings, database, alarm_id) if each.left] == []

    row = state(database)["users"][UUID(ada.id)]
    assert (row["role_id"], row["role_by_hand_id"], row["role_by_directory_id"]) == (admin.id, admin.id, given)


def test_what_a_mapping_gave_in_the_wake_of_the_directory_is_as_before_or_as_people_have_it_by_now(
    acme: Directory, settings: Settings, database: Database
) -> None:
    known = peopled(acme, settings, database)
    [ada, _, cy], group = known.users, known.groups[0]
    alarm_id = alarm_from_now_on(settings, database)
    was = state(database)
    acme.patch(f"/Groups/{group}", {"op": "replace", "path": "members", "value": entries(cy)})
    acme.delete(f"/Users/{ada}")
    new = acme.create_user("new")
    with opened(settings, database) as ctx:  # all of them are touched by it, by nobody's wish
        [row] = mapping.list_mappings(ctx)
        mapping.disable_mapping(ctx, row)
        mapping.enable_mapping(ctx, row)

    results = undone(settings, database, alarm_id)

    assert [each.left for each in results if each.left] == []
    assert acme.get(f"/Users/{new.id}").status == 404
    assert state(database) == was

    with opened(settings, database) as ctx:
        mapping.disable_mapping(ctx, mapping.list_mappings(ctx)[0])
    off_now = state(database)
    again = alarm_from_now_on(settings, database)
    with opened(settings, database) as ctx:
        mapping.enable_mapping(ctx, mapping.list_mappings(ctx)[0])
        alarms.let_through(ctx, again, lifetime=timedelta(hours=1))
    acme.delete(f"/Users/{ada}")
    with opened(settings, database) as ctx:
        mapping.disable_mapping(ctx, mapping.list_mappings(ctx)[0])
    undone(settings, database, again)
    now = state(database)
    assert now["users"] == off_now["users"], "whoever comes back has what the mappings give by now"


def roles_of(name: str) -> dict[str, Any]:
    return {"op": "replace", "path": "roles", "value": [{"value": name}]}


def test_a_removal_of_many_keeps_what_is_the_same_in_their_rows_once(acme: Directory, database: Database) -> None:
    found = people(acme, 30)
    group = acme.create_group("All", *found)
    acme.patch(f"/Groups/{group.id}", {"op": "remove", "path": "members"})

    [removed] = [each for each in events(database, "acme") if each.action == "team.members_removed"]

    assert len(removed.changes["members"][0]) == 30
    assert removed.details["memberships"]["each"] == {}
    assert len(str(removed.details)) < 400


def test_a_name_that_somebody_else_has_by_now_is_left_to_them(
    acme: Directory, settings: Settings, database: Database
) -> None:
    [ada, bob] = people(acme, 2)
    group = acme.create_group("Pioneers")
    alarm_id = alarm_from_now_on(settings, database)
    acme.delete(f"/Users/{ada.id}")
    acme.patch(f"/Users/{bob.id}", {"op": "replace", "value": {"userName": "other"}})
    acme.delete(f"/Groups/{group.id}")
    with opened(settings, database) as ctx:
        for name in ("USER0", "user1"):
            users.create_user(ctx, keeping(ctx).user({"schemas": [USER], "userName": name}))
        teams.create_team(ctx, keeping(ctx).team({"schemas": [GROUP], "displayName": "pioneers"}))

    results = {str(each.id): each.left for each in undone(settings, database, alarm_id)}

    assert results == {
        ada.id: {"userName": "is somebody else's by now"},
        bob.id: {"userName": "is somebody else's by now"},
        group.id: {"displayName": "is another team's by now"},
    }
    assert sorted(acme.get("/Users").user_names) == ["USER0", "other", "user1"]


def test_what_a_directory_did_over_a_persons_change_goes_back_to_that(
    acme: Directory, settings: Settings, database: Database
) -> None:
    [ada] = people(acme, 1)
    alarm_id = alarm_from_now_on(settings, database)
    off(acme, ada)
    with opened(settings, database) as ctx:
        by_hand(ctx, ada, UserStatus.ACTIVE)
    off(acme, ada)

    [result] = undone(settings, database, alarm_id)

    assert (result.undone, result.left) == ({"status": ("deactivated", "active")}, {})
    assert acme.get(f"/Users/{ada.id}")["active"] is True


def test_an_undo_says_in_every_event_what_it_is_part_of_and_ends_no_hold(
    acme: Directory, settings: Settings, database: Database
) -> None:
    [ada, bob] = people(acme, 2)
    alarm_id = alarm_from_now_on(settings, database)
    off(acme, ada)
    known = len(events(database, "acme"))

    undone(settings, database, alarm_id)

    told = events(database, "acme")[known:]
    assert [each.action for each in told] == [
        "directory.undo_begun",
        "user.activated",
        "checklist.cancelled",
        "directory.undone",
    ]
    assert told[1].details["undo"] == told[2].details["undo"] == str(alarm_id)
    assert (told[3].details["undone"], told[3].details["skipped"]) == (1, 0)
    # The directory would do it again in its next sync.
    assert_error(off(acme, ada), 429)
    assert_error(acme.delete(f"/Users/{bob.id}"), 429)
    assert acme.create_user("eve").status == 201
    [alarm] = raised(database)
    assert (alarm.state, alarm.refused) == (AlarmState.UNDONE, 2)
    with opened(settings, database) as ctx:
        with pytest.raises(NotAllowed, match="undone already"):
            alarms.begin_undo(ctx, alarm_id)
        alarms.let_through(ctx, alarm_id, lifetime=timedelta(hours=1))
    assert off(acme, ada).status == 200


def test_an_undo_that_was_interrupted_is_gone_on_with(
    acme: Directory, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "_USERS", 2)
    found = people(acme, 7)
    acme.create_group("All", *found)
    alarm_id = alarm_from_now_on(settings, database)
    was = state(database)
    for user in found:
        acme.delete(f"/Users/{user.id}")

    portions = undo.undo(lambda: opened(settings, database), alarm_id, keeping)
    next(portions)
    portions.close()
    assert len(state(database)["users"]) == 2
    assert raised(database)[0].state == AlarmState.UNDOING
    results = undone(settings, database, alarm_id)

    assert state(database) == was
    assert len([each for each in results if each.kind == "user"]) == 5


def test_what_the_directory_does_meanwhile_is_undone_too(
    acme: Directory, settings: Settings, database: Database
) -> None:
    [ada, bob] = people(acme, 2)
    alarm_id = alarm_from_now_on(settings, database)
    was = state(database)
    off(acme, ada)

    portions = undo.undo(lambda: opened(settings, database), alarm_id, keeping)
    next(portions)
    for user in (ada, bob):
        acme.patch(f"/Users/{user.id}", {"op": "replace", "path": "title", "value": "x"})
    list(portions)

    assert state(database) == was


def test_whom_a_directory_let_in_is_out_again_with_their_sessions(
    acme: Directory, settings: Settings, database: Database
) -> None:
    ada = acme.create_user("ada", active=False)
    alarm_id = alarm_from_now_on(settings, database)
    acme.patch(f"/Users/{ada.id}", ON)
    with opened(settings, database) as ctx:
        sessions.open_session(ctx, users.get_user(ctx, UUID(ada.id)), sessions.Proof(Way.PASSWORD))

    undone(settings, database, alarm_id)

    with database.reading() as session:
        assert session.scalars(select(UserSession)).one().ended_at is not None
    assert acme.get(f"/Users/{ada.id}")["active"] is False


def test_a_user_who_asks_must_be_an_admin(acme: Directory, settings: Settings, database: Database) -> None:
    agent = acme.create_user("agent")
    admin = acme.create_user("admin", roles=[{"value": "Admin"}])
    alarm_id = alarm_from_now_on(settings, database)
    with opened(settings, database) as ctx:
        asks = replace(ctx, actor=Actor(ActorKind.USER, "agent", UUID(agent.id)))
        for act in (
            lambda: alarms.list_alarms(asks),
            lambda: alarms.dismiss(asks, alarm_id),
            lambda: alarms.let_through(asks, alarm_id, lifetime=timedelta(hours=1)),
            lambda: alarms.begin_undo(asks, alarm_id),
            lambda: undo.preview(asks, alarm_id),
        ):
            with pytest.raises(NotAllowed):
                act()
        may = replace(ctx, actor=Actor(ActorKind.USER, "admin", UUID(admin.id)))
        assert alarms.dismiss(may, alarm_id).decided_by == "admin"


def by_hand(ctx: Context, user: Reply, status: UserStatus) -> None:
    """What a person does to a user whom a directory provisions, as it is on record."""
    row = ctx.session.scalars(select(User).where(User.id == UUID(user.id))).one()
    lifecycle.put_back(ctx, row, status)
