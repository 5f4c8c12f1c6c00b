"""The run: every server is filled, and then they take turns at each work, so that noise meets all of them."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from benchmarks.databases import PostgreSQL
from benchmarks.first_sync import NotFilled, sync
from benchmarks.load import Sample
from benchmarks.ours import memory_of_workers
from benchmarks.results import Memory, Results, Server
from benchmarks.targets import Target
from benchmarks.turns import has_member, note, play
from benchmarks.works import BARE, OF_A_GROUP, Known

CHAINS = (
    (BARE,),
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
PAGES = (("first page", "last page"), ("first page by cursor", "last page by cursor"))
ALONE = frozenset({"page of 100 users", "first page", "first page by cursor", *OF_A_GROUP})
"""Works whose throughput nobody asks for: they are measured at one connection only."""
UNSEEN = frozenset({"delete a group"})
"""Works that only clear away."""
SMALL_GROUP = 10
BROKEN = (NotFilled, OSError, RuntimeError, subprocess.SubprocessError)
"""What may go wrong with a server, without an end to the run."""


@dataclass(frozen=True)
class Options:
    """`only` are roles: "ours", "floor", "peers"; `peers` are names, and None means all.

    `large` is how many users ours is measured with besides, against ours with a thousand; 0: not at all.
    """

    only: frozenset[str] = frozenset({"ours", "floor", "peers"})
    databases: tuple[str, ...] = ("PostgreSQL", "SQLite")
    peers: frozenset[str] | None = None
    sizes: tuple[int, ...] = (2000,)
    large: int = 0
    connections: tuple[int, ...] = (1, 8)
    seconds: float = 0.4
    rounds: int = 3
    patience: float = 180
    """Seconds that a first sync may take; who takes longer sits out the works at that size."""


@dataclass(frozen=True)
class Entry:
    """A server that can be started, in a folder of its own, on an empty database where it keeps things in one."""

    server: Server
    start: Callable[[Path, str | None], AbstractContextManager[Target]]
    lacks: frozenset[str] = frozenset()


@dataclass
class Contender:
    """A server that runs, and what the run knows of it."""

    server: Server
    target: Target
    lacks: frozenset[str] = frozenset()
    known: Known = field(default_factory=lambda: Known([], 0))

    def can(self, work: str) -> bool:
        if work in self.lacks or (work == BARE and self.server.role != "floor"):
            return False
        return work not in OF_A_GROUP or self.known.group in self.known.groups


@dataclass
class Run:
    options: Options
    results: Results
    pool: ProcessPoolExecutor
    databases: PostgreSQL
    folder: Path

    def measure(self, contenders: Sequence[Contender], chain: Sequence[str], groups: Sequence[int] = ()) -> None:
        """All turns of all servers at what is measured together; of a work on a group, with each size of it."""
        say(f"{', '.join(chain)}")
        connections = (1,) if chain[0] in ALONE else self.options.connections
        for many, round in product(connections, range(self.options.rounds)):
            for contender in contenders if round % 2 == 0 else reversed(contenders):
                for group in groups if chain[0] in OF_A_GROUP else (0,):
                    self.turn(contender, chain, group, many)

    def turn(self, contender: Contender, chain: Sequence[str], group: int, connections: int) -> None:
        contender.known.group = group
        for work in filter(contender.can, chain):
            sample = self.play(contender, work, connections, self.options.seconds)
            if work not in UNSEEN:
                server, users = contender.server.name, contender.known.total
                self.results.add(server, users, work, group or None, connections, sample)
        self.take_back(contender, chain)

    def take_back(self, contender: Contender, chain: Sequence[str]) -> None:
        """What the measured turns did not get to."""
        for back in (TAKEN_BACK[work] for work in chain if work in TAKEN_BACK):
            if contender.can(back):
                self.play(contender, back, 8, 60)

    def warm(self, contender: Contender, group: int) -> None:
        """Have every worker do everything once, unmeasured."""
        contender.known.group = group
        self._learn_to_remove(contender)
        for chain in CHAINS:
            for work in filter(contender.can, chain):
                self.play(contender, work, 8, 0.1)
            self.take_back(contender, chain)

    def play(self, contender: Contender, work: str, connections: int, seconds: float, most: int = 1_000_000) -> Sample:
        target, known = contender.target, contender.known
        try:
            sample = self.pool.submit(play, target, known, work, connections, seconds, most).result()
        except BROKEN as problem:
            self.results.notes.append(f"{contender.server.name}, {work}: {problem}")
            contender.lacks |= {work}
            return Sample()
        note(known, work, sample)
        return sample

    def remember_memory(self, contender: Contender, moment: str) -> None:
        workers = memory_of_workers(contender.target)
        self.results.memory.append(Memory(contender.server.name, contender.known.total, moment, workers))

    def _learn_to_remove(self, contender: Contender) -> None:
        """Whether a member goes as Okta asks for it. Whoever does not understand that may well answer that it did."""
        known = contender.known
        if not (contender.can("add a member") and contender.can("remove a member")):
            return
        self.play(contender, "add a member", 1, 1, most=1)
        somebody = known.groups[known.group].added[:1]
        self.play(contender, "remove a member", 1, 1, most=1)
        if somebody and has_member(contender.target, known, somebody[0]):
            known.names_members = True
            group = known.groups[known.group]
            group.outside.remove(somebody[0])
            group.added += somebody
            self.play(contender, "remove a member", 1, 1, most=1)

    def url_for(self, server: Server, folder: Path) -> str | None:
        """Of an empty database of its own."""
        if server.keeps == "PostgreSQL":
            return self.databases.create(folder.name)
        return f"sqlite:///{folder}/scim.db" if server.keeps == "SQLite" else None


def compare(run: Run, entries: Sequence[Entry]) -> None:
    """Measure all servers at all sizes."""
    for size in run.options.sizes:
        with ExitStack() as stack:
            groups = [SMALL_GROUP, size // 2]
            contenders = list(_filled(run, stack, entries, size, groups))
            for contender in contenders:
                say(f"{size} users: {contender.server.name} is warmed up")
                run.warm(contender, groups[-1])
            for chain in CHAINS:
                run.measure(contenders, chain, groups)


def _filled(
    run: Run, stack: ExitStack, entries: Sequence[Entry], size: int, groups: Sequence[int]
) -> Iterator[Contender]:
    """The servers that took all users in time."""
    for number, entry in enumerate(entries):
        name, folder = entry.server.name, run.folder / f"{size}-{number}"
        say(f"{size} users: {name} is filled")
        folder.mkdir()
        wanted = groups if not entry.lacks >= OF_A_GROUP else ()
        with ExitStack() as attempt:
            try:
                target = attempt.enter_context(entry.start(folder, run.url_for(entry.server, folder)))
                known = sync(run.pool, run.results, name, target, size, wanted, run.options.patience)
            except BROKEN as problem:
                run.results.notes.append(f"{name} at {size} users: {problem}")
                continue
            stack.push(attempt.pop_all())
        yield Contender(entry.server, target, entry.lacks, known)


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
