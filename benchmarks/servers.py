"""granian against gunicorn, under our application on PostgreSQL and under one that does nothing.

    python -m benchmarks.servers [--seconds 1] [--rounds 10]

Both get two worker processes of four threads, and take turns of a second. The client is a process of its own, which
keeps each connection open and sends the next request when it has read the answer; it shares the machine with what it
measures, so that only the ratios of one run say something. docs/decisions/0001-wsgi-server.md has what came of it.
"""

import os
import platform
import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from itertools import product
from pathlib import Path

from flask import Flask

from benchmarks.databases import postgresql, scratch
from benchmarks.filling import fill
from benchmarks.load import Sample, client
from benchmarks.ours import PROGRAMS, SLUG, environment, free_port, prepare, running, settings_for, target
from benchmarks.targets import Target
from benchmarks.turns import note, play
from benchmarks.works import BARE, Known, Person
from scim_server.db import connect

WORKERS, THREADS = 2, 4
CONNECTIONS = (1, 8)
PEOPLE = 1000
OURS = ("get a user", "look up by userName", "create a user")


def bare() -> Flask:
    """An application that does nothing: what remains is the server, and Flask."""
    app = Flask("bare")
    app.add_url_rule("/bare", view_func=lambda: {"status": "ok"})
    return app


# The servers


def granian(application: str, port: int) -> list[str]:
    return [
        *(str(PROGRAMS / "granian"), "--interface", "wsgi", "--factory", "--log-level", "warning"),
        *("--port", str(port), "--workers", str(WORKERS), "--blocking-threads", str(THREADS), application),
    ]


def gunicorn(application: str, port: int) -> list[str]:
    return [
        *(str(PROGRAMS / "gunicorn"), "--worker-class", "gthread", "--log-level", "warning"),
        *("--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", str(THREADS), f"{application}()"),
    ]


SERVERS = {"granian": granian, "gunicorn": gunicorn}


@contextmanager
def without_anything(folder: Path, server: str) -> Iterator[Target]:
    port, variables = free_port(), {"PYTHONPATH": os.pathsep.join(sys.path)}
    with running(SERVERS[server]("benchmarks.servers:bare", port), port, folder, variables, "/bare") as process:
        yield Target(port, "", process)


@contextmanager
def with_ours(folder: Path, server: str, url: str) -> Iterator[Target]:
    port, variables = free_port(), environment(url, folder) | {"SCIM_LOG_LEVEL": "warning"}
    command = SERVERS[server]("scim_server.app:create_app", port)
    with running(command, port, folder, variables, "/healthz") as process:
        yield target(port, process, folder)


def some_people(url: str, folder: Path) -> Known:
    prepare(url, folder)
    settings = settings_for(url, folder)
    database = connect(settings)
    filled = fill(database, SLUG, users=PEOPLE, settings=settings)
    database.engine.dispose()
    return Known([Person(str(filled.user_id(each)), filled.name(each)) for each in range(PEOPLE)], PEOPLE)


# The run


Samples = dict[tuple[str, int, str], list[Sample]]


def run(seconds: float, rounds: int) -> Samples:
    """A sample a round, of every kind of work, number of connections, and server."""
    found: Samples = {}
    with scratch() as folder, postgresql(folder) as databases, ExitStack() as stack:
        aims = {server: stack.enter_context(without_anything(folder, server)) for server in SERVERS}
        _take_turns(found, aims, Known([], 0), (BARE,), seconds, rounds)
        url = databases.create("bench")
        known = some_people(url, folder)
        aims = {server: stack.enter_context(with_ours(folder, server, url)) for server in SERVERS}
        _take_turns(found, aims, known, OURS, seconds, rounds)
    return found


def _take_turns(
    found: Samples, aims: Mapping[str, Target], known: Known, works: tuple[str, ...], seconds: float, rounds: int
) -> None:
    with client() as pool:
        for work, connections in product(works, CONNECTIONS):
            print(f"{work}, {connections}", file=sys.stderr)
            for number in range(-1, rounds):  # the first one warms up
                # The two take turns, so that what else the machine does meets both.
                for server in list(aims) if number % 2 == 0 else reversed(list(aims)):
                    sample = pool.submit(play, aims[server], known, work, connections, seconds).result()
                    if sample.wrong:
                        raise RuntimeError(sample.complaint)
                    note(known, work, sample)
                    if number >= 0:
                        found.setdefault((work, connections, server), []).append(sample)


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
