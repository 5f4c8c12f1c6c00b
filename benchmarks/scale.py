"""Ours with very many users, against ours with a thousand: what grows with the directory, and what does not.

The users are put into the database by `filling.py`; a first sync of a million would take an hour. A PATCH is answered
with 204, as Entra ID's documentation has it: to show all members of a group costs what it costs, whoever changed one.
"""

import time
from contextlib import ExitStack

from benchmarks.comparison import CHAINS, PAGES, SMALL_GROUP, Contender, Run, say
from benchmarks.filling import Filled, fill
from benchmarks.ours import SLUG, WORKERS, prepare, serving, settings_for
from benchmarks.results import Fill, Server
from benchmarks.turns import walk
from benchmarks.works import Group, Known, Person
from scim_server.db import connect
from scim_server.models import PatchResponse

SMALL = 1000
GROUPS = (SMALL_GROUP, 100, 1000, 10_000, 100_000)
ASKED_ABOUT = 20_000
"""Users that requests are about; they are spread evenly over all."""
OUTSIDE = 4_000


def measure_at_scale(run: Run) -> None:
    with ExitStack() as stack:
        contenders = [
            _contender(run, stack, keeps, users)
            for keeps in run.options.databases
            for users in (SMALL, run.options.large)
        ]
        groups = [size for size in GROUPS if size < run.options.large]
        for contender in contenders:
            run.remember_memory(contender, "start")
            run.warm(contender, SMALL_GROUP)
            run.remember_memory(contender, "warm")
        for contender in contenders:
            _walk(run, contender)
        for chain in (*CHAINS, *PAGES):
            run.measure(contenders, chain, groups)
        for contender in contenders:
            run.remember_memory(contender, "end")


def _contender(run: Run, stack: ExitStack, keeps: str, users: int) -> Contender:
    """A server that has just been started, on a database that is full."""
    server = Server(f"scim-server, {keeps}", "ours", keeps, WORKERS)
    folder = run.folder / f"large-{keeps.lower()}-{users}"
    folder.mkdir()
    url = run.url_for(server, folder)
    assert url is not None
    say(f"{users} users: {server.name} is filled")
    prepare(url, folder, PatchResponse.NO_CONTENT)
    settings = settings_for(url, folder)
    database, started = connect(settings), time.monotonic()
    groups = [size for size in GROUPS if size < users]  # somebody has to be left to be added
    filled = fill(database, SLUG, users=users, groups=groups, settings=settings)
    database.engine.dispose()
    run.results.fills.append(Fill(server.name, "users", users, time.monotonic() - started, by="SQL"))
    target = stack.enter_context(serving(url, folder))
    return Contender(server, target, known=_known(filled))


def _known(filled: Filled) -> Known:
    step = max(1, filled.users // ASKED_ABOUT)
    numbers = range(0, filled.users, step)
    known = Known([Person(str(filled.user_id(n)), filled.name(n)) for n in numbers], filled.users)
    for group in filled.groups:
        inside = set(filled.members(group))
        outside = [str(filled.user_id(n)) for n in numbers if n not in inside]
        known.groups[group.size] = Group(str(group.id), outside[:OUTSIDE])
    return known


def _walk(run: Run, contender: Contender) -> None:
    """An import of everybody, which is also the way to the cursor of the last page."""
    say(f"{contender.known.total} users: {contender.server.name}, a walk by cursor")
    seconds, _, contender.known.cursor = run.pool.submit(walk, contender.target).result()
    run.results.fills.append(Fill(contender.server.name, "walk", contender.known.total, seconds, by="cursor"))
