"""The targets that were set for the server, each a ratio of two measurements of one run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benchmarks.results import Cell, Results, Server
from benchmarks.works import NAMES

WRITES = ("create a user", "PATCH active", "PUT a user")
READS = ("get a user", "look up by userName")
NEAR = ("create a user", "get a user", "look up by userName", "delete a user")
AHEAD = (
    "PATCH active",
    "PUT a user",
    "page of 100 users",
    "create a group",
    "get a group without its members",
    "add a member",
    "remove a member",
)
MANY = 20_000
TWO_PROCESSES, ONE_PROCESS, GATEWAY = "scim2-server, 2 processes", "scim2-server", "scimgateway"


@dataclass(frozen=True)
class Goal:
    """One ratio, which has to be `limit` at `least`, or at most; None where what it needs was not measured."""

    target: str
    work: str
    ours: str
    against: str
    limit: float
    least: bool
    ratio: float | None

    @property
    def wanted(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.limit:g}"

    @property
    def reached(self) -> bool | None:
        if self.ratio is None:
            return None
        return self.ratio >= self.limit if self.least else self.ratio <= self.limit


def goals(results: Results) -> Iterator[Goal]:
    """In the order in which they were set."""
    judge = Judge(results)
    yield from judge.durable("create, PATCH, PUT; 8 connections", WRITES, 2)
    yield from judge.durable("get, look-up; 8 connections", READS, 1.2)
    yield from judge.two_processes()
    yield from judge.gateway()
    yield from judge.everybody()
    yield from judge.pages()
    yield from judge.growth()
    yield from judge.memory()


class Judge:
    def __init__(self, results: Results) -> None:
        self.results = results
        self.ours = [server for server in results.servers if server.role == "ours"]
        self.peers = [server for server in results.servers if server.role == "peer"]
        self.sizes = sorted({cell.users for cell in results.cells if cell.server in {peer.name for peer in self.peers}})

    def durable(self, target: str, works: Iterable[str], limit: float) -> Iterator[Goal]:
        """Throughput on PostgreSQL, against the best durable peer, and against the floor."""
        for work in works:
            mine = self.throughput("scim-server, PostgreSQL", work)
            best = self.best([peer for peer in self.peers if peer.durable], work)
            yield Goal(target, work, "PostgreSQL", best[0], limit, True, _ratio(mine, best[1]))
        for work in works:
            mine, floor = (self.throughput(f"{name}, PostgreSQL", work) for name in ("scim-server", "floor"))
            yield Goal(target, work, "PostgreSQL", "floor, PostgreSQL", 0.5, True, _ratio(mine, floor))

    def two_processes(self) -> Iterator[Goal]:
        """Two processes that share nothing answer little of this; twice what one answers is more than they could."""
        for work in (*WRITES, *READS):
            mine = self.throughput("scim-server, PostgreSQL", work)
            against, theirs = TWO_PROCESSES, self.throughput(TWO_PROCESSES, work)
            if theirs is None and (one := self.throughput(ONE_PROCESS, work)):
                against, theirs = f"twice {ONE_PROCESS}, 1 process", 2 * one
            target = "all of these against scim2-server with 2 processes"
            yield Goal(target, work, "PostgreSQL", against, 1.5, True, _ratio(mine, theirs))

    def gateway(self) -> Iterator[Goal]:
        """Speed is the reciprocal of the time that an answer takes."""
        for work in (*WRITES, *READS):
            mine, theirs = (self.p50(name, self.size, work) for name in ("scim-server, SQLite", GATEWAY))
            target = "the same on SQLite, 1 connection, against scimgateway"
            yield Goal(target, work, "SQLite", GATEWAY, 0.5, True, _ratio(theirs, mine))

    def everybody(self) -> Iterator[Goal]:
        users = self.sizes[-1] if self.sizes else MANY
        target = f"{users:,} users, 1 connection, against every peer"
        for server in self.ours:
            for work in (*AHEAD, *NEAR):
                for group in self.groups(users, work):
                    mine = self.p50(server.name, users, work, group)
                    name, best = self.fastest(users, work, group)
                    said = f"{work} (of {group:,})" if group else work
                    limit = 1 if work in AHEAD else 0.5
                    yield Goal(target, said, server.keeps, name, limit, True, _ratio(best, mine))

    def pages(self) -> Iterator[Goal]:
        work = "page of 100 users"
        for size in self.sizes:
            name, best = self.fastest(size, work, None)
            for server in self.ours:
                mine = self.p50(server.name, size, work)
                said = f"{work}, of {size:,}"
                yield Goal("page, against the fastest peer", said, server.keeps, name, 0.5, False, _ratio(mine, best))

    def growth(self) -> Iterator[Goal]:
        """Ours against itself."""
        for server in self.ours:
            sizes = sorted(
                {fill.number for fill in self.results.fills if (fill.server, fill.by) == (server.name, "SQL")}
            )
            small, large = (sizes[0], sizes[-1]) if len(sizes) > 1 else (1000, 1_000_000)
            for first, last, limit in (
                ("first page by cursor", "last page by cursor", 1.2),
                ("first page", "last page", 2),
            ):
                ratio = _ratio(*(self.p50(server.name, large, work) for work in (last, first)))
                yield Goal(f"page at the end of {large:,}", last, server.keeps, first, limit, False, ratio)
            ratio = _ratio(*(self.p50(server.name, users, "look up by userName") for users in (large, small)))
            against = f"among {small:,}"
            yield Goal("look-up", f"userName, among {large:,}", server.keeps, against, 1.2, False, ratio)
            biggest = max(self.groups(large, "add a member"), key=lambda size: size or 0) or 100_000
            for work, limit in (
                ("add a member", 1.2),
                ("remove a member", 1.2),
                ("get a group without its members", 1.1),
            ):
                ratio = _ratio(*(self.p50(server.name, large, work, group) for group in (biggest, 10)))
                yield Goal(f"group of {biggest:,}", work, server.keeps, "group of 10", limit, False, ratio)

    def memory(self) -> Iterator[Goal]:
        for server in self.ours:
            of = {(m.users, m.moment): max(m.workers) for m in self.results.memory if m.server == server.name}
            users = max((users for users, _ in of), default=1_000_000)
            ratio = _ratio(of.get((users, "end")), of.get((users, "start")))
            said = f"after the run with {users:,} users"
            yield Goal("memory of a worker", said, server.keeps, "after start", 1.3, False, ratio)

    # What was measured

    @property
    def size(self) -> int:
        """What the ratios are taken at that name no size."""
        return self.sizes[0] if self.sizes else min((cell.users for cell in self.results.cells), default=0)

    def groups(self, users: int, work: str) -> list[int | None]:
        found = dict.fromkeys(cell.group for cell in self.results.cells if (cell.users, cell.work) == (users, work))
        return list(found) or [None]

    def throughput(self, server: str, work: str) -> float | None:
        cell = self.results.cell(server, self.size, work, None, 8)
        return cell.throughput if cell and _usable(cell) else None

    def p50(self, server: str, users: int, work: str, group: int | None = None) -> float | None:
        cell = self.results.cell(server, users, work, group, 1)
        return cell.p50 if cell and _usable(cell) else None

    def best(self, servers: Iterable[Server], work: str) -> tuple[str, float | None]:
        found = [(value, server.name) for server in servers if (value := self.throughput(server.name, work))]
        value, name = max(found, default=(None, "best durable peer"))
        return name, value

    def fastest(self, users: int, work: str, group: int | None) -> tuple[str, float | None]:
        found = [(value, peer.name) for peer in self.peers if (value := self.p50(peer.name, users, work, group))]
        value, name = min(found, default=(None, "fastest peer"))
        return name, value


def _usable(cell: Cell) -> bool:
    """Most answers have to be right, or what was measured is something else."""
    return bool(cell.turns) and sum(cell.wrong.values()) <= sum(turn.answers for turn in cell.turns)


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


assert set(WRITES + READS + NEAR + AHEAD) <= set(NAMES)
