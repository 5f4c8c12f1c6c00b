"""Two requests at once lose nothing, on either database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from tests.clients import Directory, Reply, assert_error

T = TypeVar("T")


def at_once(*requests: Callable[[], T]) -> list[T]:
    """Send requests, or do whatever it is, from threads that wait for each other first."""
    barrier = Barrier(len(requests))

    def send(request: Callable[[], T]) -> T:
        barrier.wait(timeout=10)
        return request()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def test_two_changes_of_one_user_are_both_kept(acme: Directory, globex: Directory) -> None:
    ada, other = acme.create_user("ada"), globex.create_user("ada")
    path = f"/Users/{ada.id}"

    replies = at_once(
        lambda: acme.patch(path, {"op": "replace", "path": "title", "value": "Countess"}),
        lambda: acme.patch(path, {"op": "replace", "path": "nickName", "value": "Ada"}),
        lambda: acme.patch(path, {"op": "add", "path": "emails", "value": [{"value": "ada@example.com"}]}),
    )

    assert [reply.status for reply in replies] == [200, 200, 200]
    after = acme.get(path)
    assert (after["title"], after["nickName"], len(after["emails"])) == ("Countess", "Ada", 1)
    assert after["meta"]["version"] == 'W/"4"'
    assert globex.get(f"/Users/{other.id}").json == other.json


def test_members_added_at_once_are_all_members(acme: Directory, globex: Directory) -> None:
    group = acme.create_group("Pioneers")
    people = [acme.create_user(f"user{number}") for number in range(6)]
    globex.create_group("Pioneers")

    def add(person: Reply) -> Callable[[], Reply]:
        operation = {"op": "add", "path": "members", "value": [{"value": person.id}]}
        return lambda: acme.patch(f"/Groups/{group.id}", operation)

    replies = at_once(*map(add, people))

    assert {reply.status for reply in replies} == {200}
    assert acme.get(f"/Groups/{group.id}").members == {person.id for person in people}


def test_of_two_users_with_one_name_one_is_created(acme: Directory, globex: Directory) -> None:
    body = {"userName": "ada"}

    replies = at_once(*[lambda: acme.post("/Users", body)] * 3, lambda: globex.post("/Users", body))

    *ours, theirs = replies
    assert sorted(reply.status for reply in ours) == [201, 409, 409]
    for reply in ours:
        if reply.status == 409:
            assert_error(reply, 409, "uniqueness")
    assert theirs.status == 201
    assert acme.search('userName eq "ada"')["totalResults"] == 1


def test_of_two_replacements_of_one_version_one_is_refused(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada")
    globex.create_user("ada")

    def replace(title: str) -> Callable[[], Reply]:
        body = {"userName": "ada", "title": title}
        return lambda: acme.send("PUT", f"/Users/{ada.id}", body, headers={"If-Match": ada.headers["etag"]})

    replies = at_once(replace("one"), replace("two"))

    assert sorted(reply.status for reply in replies) == [200, 412]
    [kept] = [reply["title"] for reply in replies if reply.status == 200]
    assert acme.get(f"/Users/{ada.id}")["title"] == kept
