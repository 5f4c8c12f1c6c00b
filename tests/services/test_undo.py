"""Undoing what a directory did: everything is as before, but for what somebody else has changed since."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import (
    Alarm,
    Membership,
    Provider,
    Subteam,
    Team,
    TeamAncestor,
    User,
    UserEmail,
    UserStatus,
)
from scim_server.models.base import new_id
from scim_server.scim.keeping import keeping
from scim_server.services import directories, organizations, undo
from scim_server.services.context import Context
from scim_server.services.undo_plan import Result
from tests.clients import GROUP, USER, Directory, Reply, founded
from tests.conftest import emptied
from tests.promises.databases import org_id
from tests.services.test_brake import OFF, ON

# What goes on in any case, and what only a new version says.
_MOVES_ON = {"version", "updated_at", "removed_at", "removed_by"}


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
        for link in (UserEmail, Membership, Subteam, TeamAncestor):
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


class Sync:
    """A directory that does whatever comes to its mind; refusals are part of it."""

    def __init__(self, directory: Directory, chance: random.Random) -> None:
        self.directory, self.chance = directory, chance
        self.users: list[str] = []
        self.groups: list[str] = []

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
        if reply.status == 201:
            self.users.append(reply.id)
        return reply

    def create_group(self) -> Reply:
        body = {
            "schemas": [GROUP],
            "displayName": self.name(),
            "members": entries(*self.some(self.users + self.groups)),
        }
        reply = self.directory.post("/Groups", body)
        if reply.status == 201:
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
        return self.user(
            {"op": "replace", "path": "roles", "value": [{"value": self.chance.choice(["Admin", "Viewer"])}]}
        )

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


@hypothesis_settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32), before=st.integers(0, 25), after=st.integers(1, 40))
def test_whatever_a_directory_did_everything_is_as_before(
    app: Flask, settings: Settings, database: Database, seed: int, before: int, after: int
) -> None:
    acme = founded(app, settings, emptied(database), "acme")
    sync = Sync(acme, random.Random(seed))  # noqa: S311 - so that a failure can be had again
    for _ in range(before):
        sync.step()
    alarm_id = alarm_from_now_on(settings, database)
    was = state(database)

    for _ in range(after):
        sync.step()
    results = undone(settings, database, alarm_id)

    assert [each.left for each in results if each.left] == []
    assert state(database) == was
