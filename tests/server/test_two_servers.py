"""Two servers on one database, and many requests at once: what was acknowledged is kept, and nobody meets an error."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import count
from threading import Barrier
from typing import Any

import pytest

from scim_server.app import create_app
from scim_server.config import Settings
from tests.clients import GROUP, PATCH_OP, USER, Reply, found
from tests.processes import Wire, serving
from tests.promises.databases import migrated_database

AT_ONCE = 8
EACH = 10

Operation = dict[str, Any]


class Pair:
    """A directory that talks to two servers, now to the one and now to the other."""

    def __init__(self, wires: list[Wire]) -> None:
        self.wires = wires
        self._turns = count()

    def send(self, method: str, path: str, body: Any = None) -> Reply:
        return self.wires[next(self._turns) % 2].send(method, path, body)

    def patch(self, path: str, *operations: Operation) -> Reply:
        return self.send("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)})

    def create(self, collection: str, **attributes: Any) -> str:
        reply = self.send("POST", collection, attributes)
        assert reply.status == 201, reply.json
        return reply.id


@pytest.fixture(scope="module")
def pair(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with (
        migrated_database(settings, tmp_path_factory.mktemp("database")) as (own, database),
        ExitStack() as stack,
    ):
        token = found(create_app(own, database), own, database, "acme").token
        servers = []
        for number in range(2):
            folder = tmp_path_factory.mktemp(f"server{number}")
            server = serving(folder, database_url=own.database_url, workers=1, rate_limit=100_000)
            servers.append(stack.enter_context(server))
        yield Pair([Wire(server, "acme", token) for server in servers])


def at_once(works: Sequence[Callable[[], list[Reply]]]) -> list[list[Reply]]:
    """Do all of these in threads that begin together; the replies of each."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], list[Reply]]) -> list[Reply]:
        barrier.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def versions(replies: list[list[Reply]]) -> list[int]:
    return sorted(int(reply["meta"]["version"].strip('W/"')) for each in replies for reply in each)


def assert_acknowledged(replies: list[list[Reply]]) -> None:
    assert {reply.status for each in replies for reply in each} == {200}, [
        reply.json for each in replies for reply in each if reply.status != 200
    ]


def add(*ids: str) -> Operation:
    return {"op": "add", "path": "members", "value": [{"value": id} for id in ids]}


def remove(*ids: str) -> Operation:
    return {"op": "remove", "path": "members", "value": [{"value": id} for id in ids]}


def test_changes_of_one_group_are_all_kept(pair: Pair) -> None:
    """Members of their own and shared ones come and go while the group gets one name after another."""
    people = [[pair.create("/Users", userName=f"a{n}-{each}") for each in range(EACH)] for n in range(AT_ONCE)]
    shared = [pair.create("/Users", userName=f"shared{n}") for n in range(EACH)]
    group = pair.create("/Groups", displayName="Busy", members=[{"value": shared[0]}])
    path = f"/Groups/{group}"

    def change(own: list[str], name: str) -> Callable[[], list[Reply]]:
        def work() -> list[Reply]:
            replies = []
            for number, id in enumerate(own):
                replies.append(pair.patch(path, add(id, shared[number])))
                replies.append(pair.patch(path, {"op": "replace", "path": "displayName", "value": f"{name} {number}"}))
                if number % 2:
                    replies.append(pair.patch(path, remove(id)))
            return replies

        return work

    [first] = versions([[pair.send("GET", path)]])

    replies = at_once([change(own, f"name {number}") for number, own in enumerate(people)])

    assert_acknowledged(replies)
    after = pair.send("GET", path)
    stayed = {id for own in people for number, id in enumerate(own) if number % 2 == 0}
    assert after.members == stayed | set(shared)
    assert after["displayName"] in {f"name {number} {EACH - 1}" for number in range(AT_ONCE)}
    # Each change has made one version: no two saw the same state and wrote over each other.
    assert versions(replies) == list(range(first + 1, versions(replies)[-1] + 1))
    assert versions([[after]]) == versions(replies)[-1:]


def test_whole_groups_that_are_put_at_once_are_one_of_them_in_the_end(pair: Pair) -> None:
    people = [pair.create("/Users", userName=f"b{n}") for n in range(AT_ONCE)]
    group = pair.create("/Groups", displayName="Put")

    def replace(id: str) -> Callable[[], list[Reply]]:
        body = {"schemas": [GROUP], "displayName": f"Put by {id}", "members": [{"value": id}]}
        return lambda: [pair.send("PUT", f"/Groups/{group}", body) for _ in range(EACH)]

    replies = at_once([replace(id) for id in people])

    assert_acknowledged(replies)
    for reply in [*(reply for each in replies for reply in each), pair.send("GET", f"/Groups/{group}")]:
        [member] = reply.members
        assert reply["displayName"] == f"Put by {member}"


def test_changes_of_different_attributes_of_one_user_are_all_kept(pair: Pair) -> None:
    names = ["title", "nickName", "userType", "locale", "name.givenName", "name.familyName", "active", "emails"]
    user = pair.create("/Users", userName="c", schemas=[USER])

    def value(name: str, number: int) -> Any:
        if name == "active":
            return bool(number % 2)
        return [{"value": f"{number}@example.com"}] if name == "emails" else f"{name} {number}"

    def change(name: str) -> Callable[[], list[Reply]]:
        path = f"/Users/{user}"
        return lambda: [pair.patch(path, {"op": "replace", "path": name, "value": value(name, n)}) for n in range(EACH)]

    replies = at_once([change(name) for name in names])

    assert_acknowledged(replies)
    after = pair.send("GET", f"/Users/{user}").json
    flat = {**after, "name.givenName": after["name"]["givenName"], "name.familyName": after["name"]["familyName"]}
    assert {name: flat[name] for name in names} == {name: value(name, EACH - 1) for name in names}
    assert versions(replies) == list(range(2, AT_ONCE * EACH + 2))


def test_people_who_leave_while_their_group_changes_leave_nothing_behind(pair: Pair) -> None:
    """A deletion and an addition may each hold what the other needs; then one is told to send again, and does."""
    people = [pair.create("/Users", userName=f"d{n}") for n in range(AT_ONCE * 2)]
    group = pair.create("/Groups", displayName="Leaving", members=[{"value": id} for id in people])
    path = f"/Groups/{group}"

    def until_taken(method: str, path: str, body: Any = None) -> Reply:
        for _ in range(100):
            reply = pair.send(method, path, body)
            if reply.status != 503:
                return reply
            assert int(reply.headers["retry-after"]) > 0
        raise AssertionError("busy for ever")

    def leave(ids: list[str]) -> list[Reply]:
        return [until_taken("DELETE", f"/Users/{id}") for id in ids]

    def add_again(ids: list[str]) -> list[Reply]:
        body = {"schemas": [PATCH_OP], "Operations": [remove(*ids), add(*ids)]}
        return [until_taken("PATCH", path, body) for _ in range(3)]

    leaving = [people[number::AT_ONCE] for number in range(AT_ONCE // 2)]
    staying = {id for number in range(AT_ONCE // 2, AT_ONCE) for id in people[number::AT_ONCE]}
    works = [partial(leave, ids) for ids in leaving] + [partial(add_again, people)] * 2

    replies = at_once(works)

    assert {reply.status for each in replies[: len(leaving)] for reply in each} == {204}
    assert {reply.status for each in replies[len(leaving) :] for reply in each} == {200}
    assert pair.send("GET", path).members == staying
