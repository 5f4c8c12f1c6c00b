"""A first sync: a server is told of all users, and of groups, through its own SCIM API, by eight connections."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from benchmarks.load import Sample, measure
from benchmarks.results import Fill, Results
from benchmarks.targets import Target
from benchmarks.turns import write
from benchmarks.works import CHANGED, CREATED, GROUP, Group, Known, Person, patch, person

CONNECTIONS = 8
PORTION = 1000
MEMBERS = 500
"""Members that one PATCH adds; Entra ID sends fewer, Okta as many as there are."""


class NotFilled(Exception):
    """A server did not take what it was told, or not in time; `str()` says what happened."""


def fill(pool: ProcessPoolExecutor, target: Target, users: int, patience: float) -> tuple[Known, float]:
    """What is known of the server afterwards, and how many seconds it took.

    Raises NotFilled.
    """
    people: list[Person] = []
    elapsed = 0.0
    for start in range(0, users, PORTION):
        names = [f"user{number:07}" for number in range(start, min(start + PORTION, users))]
        requests = [write(target, "POST", "/Users", person(name)) for name in names]
        sample = _send(pool, target, requests, CREATED, CONNECTIONS)
        people += sorted(map(_person, sample.bodies), key=lambda each: each.name)
        elapsed += sample.elapsed
        if takes_too_long(elapsed, len(people), users, patience):
            raise NotFilled(f"{len(people)} users after {elapsed:.0f} seconds")
    return Known(people, users), elapsed


def fill_group(pool: ProcessPoolExecutor, target: Target, known: Known, size: int, patience: float) -> float:
    """Create a group and add its members, who are the first ones of the users; how many seconds that took.

    Raises NotFilled.
    """
    resource = {"schemas": [GROUP], "displayName": f"Group of {size}"}
    sample = _send(pool, target, [write(target, "POST", "/Groups", resource)], CREATED, 1)
    id, elapsed = str(json.loads(sample.bodies[0])["id"]), sample.elapsed
    for start in range(0, size, MEMBERS):
        members = [{"value": each.id} for each in known.people[start : min(start + MEMBERS, size)]]
        change = patch({"op": "add", "path": "members", "value": members})
        elapsed += _send(pool, target, [write(target, "PATCH", f"/Groups/{id}", change)], CHANGED, 1).elapsed
        if takes_too_long(elapsed, start + len(members), size, patience):
            raise NotFilled(f"a group of {size}: {start + len(members)} members after {elapsed:.0f} seconds")
    known.groups[size] = Group(id, [each.id for each in known.people[size:]])
    return elapsed


def takes_too_long(elapsed: float, done: int, wanted: int, patience: float) -> bool:
    """Whether there is more to do, and no time for it; who gets slower and slower takes longer than this says."""
    return done < wanted and elapsed > patience / 10 and elapsed * wanted / done > patience


def _send(
    pool: ProcessPoolExecutor, target: Target, requests: list[bytes], expected: frozenset[int], connections: int
) -> Sample:
    sample = pool.submit(measure, target.port, requests, expected, connections, 3600, keeps=True).result()
    if sample.wrong:
        raise NotFilled(sample.complaint)
    return sample


def _person(body: bytes) -> Person:
    resource = json.loads(body)
    return Person(str(resource["id"]), str(resource["userName"]).removesuffix("@example.com"))


def sync(
    pool: ProcessPoolExecutor,
    results: Results,
    server: str,
    target: Target,
    users: int,
    groups: Sequence[int],
    patience: float,
) -> Known:
    """Fill a server, and write down how long it took.

    Raises NotFilled where it has not the users; a group that it does not take is noted, and is not there.
    """
    known, seconds = fill(pool, target, users, patience)
    results.fills.append(Fill(server, "users", users, seconds))
    for size in groups:
        started = time.monotonic()
        try:
            seconds = fill_group(pool, target, known, size, patience)
        except (NotFilled, OSError) as problem:
            results.notes.append(f"{server}, after {time.monotonic() - started:.0f} seconds: {problem}")
            break
        results.fills.append(Fill(server, "members", size, seconds))
    return known
