"""How many requests a directory may send, and what it is told when it sends more."""

from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import update

from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Directory as DirectoryRow
from scim_server.web.rate_limit import RateLimit
from tests.clients import USER, Directory
from tests.promises.databases import contents
from tests.promises.refusals import refused
from tests.request_logs import logged


def let_in(limit: RateLimit, directory: UUID, requests: int, now: float) -> int:
    """How many of so many requests at one instant are let in."""
    return sum(limit.take(directory, now) == 0 for _ in range(requests))


# The bucket


def test_a_seconds_worth_may_come_at_once_and_no_more() -> None:
    assert let_in(RateLimit(25), uuid4(), 100, now=1000.0) == 25


def test_so_many_a_second_are_let_in_for_as_long_as_they_come() -> None:
    limit, directory = RateLimit(25), uuid4()
    let_in(limit, directory, 25, now=0)

    found = sum(let_in(limit, directory, 1, now=tick / 100) for tick in range(1, 1001))

    assert found == pytest.approx(250, abs=1)


def test_no_more_is_saved_up_than_a_second_brings() -> None:
    limit, directory = RateLimit(25), uuid4()
    let_in(limit, directory, 25, now=0)

    assert let_in(limit, directory, 100, now=3600) == 25


def test_whoever_comes_back_when_told_is_let_in() -> None:
    limit, directory = RateLimit(25), uuid4()
    let_in(limit, directory, 25, now=0)

    wait = limit.take(directory, 0)

    assert 0 < wait <= 1 / 25
    assert limit.take(directory, wait / 2) > 0
    assert limit.take(directory, wait) == pytest.approx(0)


def test_one_directory_does_not_use_up_what_another_may() -> None:
    limit, one, other = RateLimit(25), uuid4(), uuid4()

    let_in(limit, one, 100, now=0)

    assert let_in(limit, other, 100, now=0) == 25


def test_a_clock_that_stands_still_or_goes_back_gives_nothing() -> None:
    limit, directory = RateLimit(25), uuid4()
    let_in(limit, directory, 25, now=10)

    assert let_in(limit, directory, 10, now=5) == 0
    assert let_in(limit, directory, 10, now=10) == 0


def test_only_the_latest_directories_are_remembered() -> None:
    limit = RateLimit(25, buckets=3)
    busy = uuid4()
    for _ in range(10):
        let_in(limit, busy, 100, now=0)
        let_in(limit, uuid4(), 1, now=0)

    assert len(limit._buckets) == 3
    assert let_in(limit, busy, 100, now=0) == 0


# On the wire


@pytest.fixture
def slow(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An application that lets in 25 requests a second, at an instant that lasts."""
    monkeypatch.setattr("scim_server.web.rate_limit.monotonic", lambda: 1000.0)
    return create_app(settings.model_copy(update={"rate_limit": 25}), database)


def through(app: Flask, directory: Directory) -> Directory:
    return Directory(app, directory.slug, directory.token)


def test_too_many_requests_are_refused_with_whole_seconds_to_wait(
    slow: Flask, acme: Directory, globex: Directory, database: Database
) -> None:
    limited, other = through(slow, acme), through(slow, globex)
    served = [limited.get("/Users").status for _ in range(25)]
    before = contents(database)

    replies = [limited.get("/Users"), limited.post("/Users", {"schemas": [USER], "userName": "ada"})]

    assert served == [200] * 25
    for reply in replies:
        refused(reply, 429)
        assert reply.headers["retry-after"] == "1"
    assert contents(database) == before
    assert other.get("/Users").status == 200


def test_a_refusal_for_haste_is_in_the_log_of_the_directory(slow: Flask, acme: Directory, database: Database) -> None:
    limited = through(slow, acme)
    for _ in range(26):
        limited.get("/Users")

    assert [row.status for row in logged(slow, database)] == [200] * 25 + [429]


def test_a_request_that_begins_anew_as_its_directory_has_changed_is_counted_once(
    slow: Flask, acme: Directory, database: Database
) -> None:
    limited = through(slow, acme)
    for _ in range(23):
        limited.get("/Users")
    with database.writing() as session:
        session.execute(update(DirectoryRow).values(name="another one"))

    assert [limited.get("/Users").status for _ in range(3)] == [200, 200, 429]


def test_who_does_not_come_in_uses_up_nothing(slow: Flask, acme: Directory, globex: Directory) -> None:
    stranger = Directory(slow, "acme", globex.token)
    for _ in range(30):
        refused(stranger.get("/Users"), 401)

    assert through(slow, acme).get("/Users").status == 200
    assert through(slow, globex).get("/Users").status == 200
