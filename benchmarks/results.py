"""What a run has found, and the file in which it is kept, so that a report can be printed again without measuring."""

import json
import os
import platform
import sqlite3
import statistics
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.load import Sample

FILE = Path("var/benchmarks/results.json")


@dataclass(frozen=True)
class Server:
    """A server of the run. `role` is "ours", "floor" or "peer"."""

    name: str
    role: str
    keeps: str
    processes: int
    version: str = ""

    @property
    def durable(self) -> bool:
        return self.keeps != "memory"


@dataclass(frozen=True)
class Turn:
    """One turn of a server at a work; the percentiles are in milliseconds."""

    p50: float
    p99: float
    throughput: float
    answers: int


@dataclass
class Cell:
    """All turns of a server at a work, with so many users in it, at so many connections.

    `group` is the size of the group that the work is about, `wrong` counts the answers of an unexpected status.
    """

    server: str
    users: int
    work: str
    group: int | None
    connections: int
    turns: list[Turn] = field(default_factory=list)
    wrong: dict[str, int] = field(default_factory=dict)
    complaint: str = ""
    reconnects: int = 0

    @property
    def p50(self) -> float:
        return statistics.median(turn.p50 for turn in self.turns)

    @property
    def throughput(self) -> float:
        return statistics.median(turn.throughput for turn in self.turns)

    def add(self, sample: Sample) -> None:
        if sample.latencies:
            answers = len(sample.latencies)
            self.turns.append(Turn(sample.percentile(50), sample.percentile(99), sample.throughput, answers))
        for status, times in sample.wrong.items():
            self.wrong[str(status)] = self.wrong.get(str(status), 0) + times
        self.complaint = self.complaint or sample.complaint
        self.reconnects += sample.reconnects


@dataclass(frozen=True)
class Fill:
    """A first sync: how long it took to tell an empty server of so many users, or of the members of so large a group.

    `by` says how: "SCIM", by eight connections, or "SQL".
    """

    server: str
    what: str
    number: int
    seconds: float
    by: str = "SCIM"


@dataclass(frozen=True)
class Memory:
    """The bytes of each worker of a server at some moment of the run ("start", "end")."""

    server: str
    users: int
    moment: str
    workers: list[int]


@dataclass
class Results:
    date: str = ""
    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    command: str = ""
    servers: list[Server] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a run left out, and why."""

    def cell(self, server: str, users: int, work: str, group: int | None, connections: int) -> Cell | None:
        wanted = (server, users, work, group, connections)
        return next(
            (c for c in self.cells if (c.server, c.users, c.work, c.group, c.connections) == wanted),
            None,
        )

    def add(self, server: str, users: int, work: str, group: int | None, connections: int, sample: Sample) -> None:
        cell = self.cell(server, users, work, group, connections)
        if cell is None:
            cell = Cell(server, users, work, group, connections)
            self.cells.append(cell)
        cell.add(sample)

    def save(self, file: Path = FILE) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1))


def load_results(file: Path = FILE) -> Results:
    kept = json.loads(file.read_text())
    return Results(
        **{name: kept[name] for name in ("date", "machine", "versions", "command", "notes")},
        servers=[Server(**each) for each in kept["servers"]],
        cells=[Cell(**each | {"turns": [Turn(**turn) for turn in each["turns"]]}) for each in kept["cells"]],
        fills=[Fill(**each) for each in kept["fills"]],
        memory=[Memory(**each) for each in kept["memory"]],
    )


PACKAGES = ("granian", "flask", "sqlalchemy", "psycopg", "orjson", "scim2-models")


def begun(command: str) -> Results:
    """Nothing yet, on this machine, now."""
    return Results(
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        machine={
            "cores": str(os.cpu_count()),
            "processor": _processor(),
            "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
            "system": f"{platform.system()} {platform.machine()}",
        },
        versions={
            "Python": platform.python_version(),
            "SQLite": sqlite3.sqlite_version,
            **{package: version(package) for package in PACKAGES},
        },
        command=command,
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
