"""The run: every server is filled, and then they take turns at each work, so that noise meets all of them."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from benchmarks.databases import PostgreSQL, postgresql, scratch
from benchmarks.first_sync import NotFilled, sync
from benchmarks.floor import LACKS, floor
from benchmarks.load import Sample, client
from benchmarks.ours import ours
from benchmarks.results import Results, Server
from benchmarks.targets import Target
from benchmarks.works import NAMES, OF_A_GROUP, Known, note, play

CHAINS = (
    ("create a user", "delete a user"),
    ("get a user",),
    ("look up by userName",),
    ("look up by userName, missing",),
    ("look up by externalId",),
    ("page of 100 users",),
    ("PUT a user",),
    ("PATCH active",),
    ("create a group", "delete a group"),
    ("get a group without its members",),
    ("add a member", "remove a member"),
)
"""What is measured in one turn: of each pair, the second work takes back what the first one did."""
TAKEN_BACK = {chain[0]: chain[1] for chain in CHAINS if len(chain) > 1}
SMALL_GROUP = 10


@dataclass(frozen=True)
class Options:
    """`only` are roles: "ours", "floor", "peers"; `peers` are names, and None means all."""

    only: frozenset[str] = frozenset({"ours", "floor", "peers"})
    databases: tuple[str, ...] = ("PostgreSQL", "SQLite")
    peers: frozenset[str] | None = None
    sizes: tuple[int, ...] = (2000,)
    connections: tuple[int, ...] = (1, 8)
    seconds: float = 0.5
    rounds: int = 3
    patience: float = 180
    """Seconds that a first sync may take; who takes longer sits out the works at that size."""


@dataclass
class Contender:
    """A server that runs, and what the run knows of it."""

    server: Server
    target: Target
    lacks: frozenset[str] = frozenset()
    known: Known = field(default_factory=lambda: Known([], 0))

    def can(self, work: str) -> bool:
        return work not in self.lacks and (work not in OF_A_GROUP or self.known.group in self.known.groups)


@dataclass(frozen=True)
class Entry:
    """A server that can be started, in a folder of its own, on an empty database where it keeps things in one."""

    server: Server
    start: Callable[[Path, str | None], AbstractContextManager[Target]]
    lacks: frozenset[str] = frozenset()


@dataclass
class Run:
    options: Options
    results: Results
    pool: ProcessPoolExecutor

    def turns(self, contenders: Sequence[Contender], chain: Sequence[str], group: int | None = None) -> None:
        """All turns of all servers at what is measured together."""
        for connections, round in product(self.options.connections, range(self.options.rounds)):
            for contender in contenders if round % 2 == 0 else reversed(contenders):
                contender.known.group = group or 0
                for work in filter(contender.can, chain):
                    sample = self.play(contender, work, connections, self.options.seconds)
                    if work in NAMES or len(chain) == 1:
                        users = contender.known.total
                        self.results.add(contender.server.name, users, work, group, connections, sample)
                self.take_back(contender, chain)

    def take_back(self, contender: Contender, chain: Sequence[str]) -> None:
        """What the measured turns did not get to."""
        for back in (TAKEN_BACK[work] for work in chain if work in TAKEN_BACK):
            if contender.can(back):
                self.play(contender, back, 8, 60)

    def warm(self, contender: Contender) -> None:
        """Have every worker do everything once, unmeasured."""
        for chain in CHAINS:
            for work in filter(contender.can, chain):
                self.play(contender, work, 8, 0.2)
            self.take_back(contender, chain)

    def play(self, contender: Contender, work: str, connections: int, seconds: float) -> Sample:
        sample = self.pool.submit(play, contender.target, contender.known, work, connections, seconds).result()
        note(contender.known, work, sample)
        return sample


def compare(options: Options, results: Results, entries: Sequence[Entry]) -> None:
    """Measure all servers at all sizes."""
    for entry in entries:
        results.servers.append(entry.server)
    with scratch() as folder, client() as pool, postgresql(folder) as databases:
        run = Run(options, results, pool)
        for size in options.sizes:
            with ExitStack() as stack:
                _compare_at(run, size, list(_filled(run, stack, entries, folder, databases, size)))


def _compare_at(run: Run, size: int, contenders: Sequence[Contender]) -> None:
    for contender in contenders:
        contender.known.group = size // 2
        run.warm(contender)
    for chain in CHAINS:
        say(f"{size} users: {', '.join(chain)}")
        of_group = chain[0] in OF_A_GROUP
        for group in _groups(size) if of_group else [None]:
            run.turns(contenders, chain, group)


def _groups(size: int) -> list[int | None]:
    return [SMALL_GROUP, size // 2]


def _filled(
    run: Run, stack: ExitStack, entries: Sequence[Entry], folder: Path, databases: PostgreSQL, size: int
) -> Iterator[Contender]:
    for number, entry in enumerate(entries):
        name, own = entry.server.name, folder / f"{size}-{number}"
        say(f"{size} users: {name} is filled")
        own.mkdir()
        target = stack.enter_context(entry.start(own, url_for(entry.server, own, databases)))
        contender = Contender(entry.server, target, entry.lacks)
        groups = [group for group in _groups(size) if group and "create a group" not in entry.lacks]
        try:
            contender.known = sync(run.pool, run.results, name, target, size, groups, run.options.patience)
        except (NotFilled, OSError) as problem:
            run.results.notes.append(f"{name} at {size} users: {problem}")
        else:
            yield contender


def url_for(server: Server, folder: Path, databases: PostgreSQL) -> str | None:
    """Of an empty database of its own."""
    if server.keeps == "PostgreSQL":
        return databases.create(folder.name)
    return f"sqlite:///{folder}/scim.db" if server.keeps == "SQLite" else None


def entries_of(options: Options) -> list[Entry]:
    """The servers that take part, ours first."""
    entries = []
    for role, start, lacks in (("ours", ours, frozenset[str]()), ("floor", floor, LACKS)):
        for keeps in options.databases if role in options.only else ():
            name = f"scim-server, {keeps}" if role == "ours" else f"floor, {keeps}"
            entries.append(Entry(Server(name, role, keeps, 2), _on_a_database(start), lacks))
    return entries


def _on_a_database(
    start: Callable[[str, Path], AbstractContextManager[Target]],
) -> Callable[[Path, str | None], AbstractContextManager[Target]]:
    def started(folder: Path, url: str | None) -> AbstractContextManager[Target]:
        assert url is not None
        return start(url, folder)

    return started


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
