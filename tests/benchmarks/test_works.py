"""The works on a server that really runs: each does what it says, and leaves the server as it was."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks.comparison import CHAINS, Contender, Options, Run
from benchmarks.databases import PostgreSQL
from benchmarks.first_sync import NotFilled, sync, takes_too_long
from benchmarks.floor import LACKS, floor
from benchmarks.load import client
from benchmarks.ours import memory_of_workers, ours
from benchmarks.results import Results, Server
from benchmarks.targets import Target
from benchmarks.works import BARE, NAMES

USERS, GROUP = 24, 12


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with client() as started:
        yield started


def measured(
    start: Callable[[str, Path], AbstractContextManager[Target]],
    role: str,
    lacks: frozenset[str],
    pool: ProcessPoolExecutor,
    folder: Path,
) -> tuple[Results, Any, Any]:
    """Every work in short turns; the results, and all users and the group before and after."""
    results, server = Results(), Server(role, role, "SQLite", 2)
    run = Run(Options(seconds=0.05, rounds=1, connections=(1, 4)), results, pool, PostgreSQL(None), folder)
    with start(f"sqlite:///{folder}/scim.db", folder) as target:
        known = sync(pool, results, role, target, USERS, () if lacks else (GROUP,), 60)
        contender = Contender(server, target, lacks, known)
        before = state(target, contender)
        run.warm(contender, GROUP)
        for chain in CHAINS:
            run.measure([contender], chain, (GROUP,))
        assert len(memory_of_workers(target)) == 2
        return results, before, state(target, contender)


def state(target: Target, contender: Contender) -> Any:
    connection = HTTPConnection("127.0.0.1", target.port, timeout=30)
    shown = []
    paths = ["/Users?startIndex=1&count=100"]
    paths += [f"/Groups/{group.id}" for group in contender.known.groups.values()]
    for path in paths:
        connection.request("GET", target.path + path, headers=dict(target.headers))
        shown.append(orjson.loads(connection.getresponse().read()))
    connection.close()
    users = {user["userName"] for user in shown[0]["Resources"]}
    members = [{member["value"] for member in group["members"]} for group in shown[1:]]
    return users, members


def test_all_works_are_done_by_ours_and_taken_back(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    results, before, after = measured(ours, "ours", frozenset(), pool, tmp_path)
    assert not results.notes
    assert {cell.work for cell in results.cells} == set(NAMES)
    assert [(cell.work, cell.complaint) for cell in results.cells if cell.wrong or not cell.turns] == []
    assert after == before


def test_the_floor_does_the_works_that_it_is_measured_by(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    results, before, after = measured(floor, "floor", LACKS, pool, tmp_path)
    assert not results.notes
    assert {cell.work for cell in results.cells} == {*NAMES, BARE} - LACKS
    assert [(cell.work, cell.complaint) for cell in results.cells if cell.wrong or not cell.turns] == []
    assert after == before


def test_a_change_changes_something_each_time(tmp_path: Path, pool: ProcessPoolExecutor) -> None:
    results = Results()
    run = Run(Options(), results, pool, PostgreSQL(None), tmp_path)
    with floor(f"sqlite:///{tmp_path}/scim.db", tmp_path) as target:
        known = sync(pool, results, "floor", target, USERS, (), 60)
        contender = Contender(Server("floor", "floor", "SQLite", 2), target, LACKS, known)
        seen = []
        for _ in range(3):
            run.play(contender, "PATCH active", 1, 30, most=USERS // 2)
            run.play(contender, "PUT a user", 1, 30, most=USERS // 2)
            seen.append(_shown(target, [replace(known).half(which, 0)[0].id for which in (1, 0)]))
    assert [patched["active"] for patched, _ in seen] == [False, True, False]
    assert len({put["name"]["familyName"] for _, put in seen}) == 3


@pytest.mark.parametrize(
    ("elapsed", "done", "late"), [(9, 10, False), (11, 110, False), (11, 90, True), (99, 1000, False), (101, 999, True)]
)
def test_whoever_will_not_be_through_in_time_is_given_up_on_after_a_tenth_of_it(
    elapsed: float, done: int, *, late: bool
) -> None:
    assert takes_too_long(elapsed, done, 1000, 100) is late


def test_a_server_that_takes_too_long_is_not_filled_any_further(tmp_path: Path, pool: ProcessPoolExecutor) -> None:
    with (
        floor(f"sqlite:///{tmp_path}/scim.db", tmp_path) as target,
        pytest.raises(NotFilled, match="1000 users after"),
    ):
        sync(pool, Results(), "floor", target, 100_000, (), 0.001)


def _shown(target: Target, ids: list[str]) -> list[Any]:
    connection = HTTPConnection("127.0.0.1", target.port, timeout=30)
    shown = []
    for id in ids:
        connection.request("GET", f"{target.path}/Users/{id}")
        shown.append(orjson.loads(connection.getresponse().read()))
    connection.close()
    return shown
