"""The request log: what is found in it, how long it is kept, and what waits to be written to it."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider
from scim_server.models.base import new_id
from scim_server.services import directories, organizations, request_log
from scim_server.services.context import OPERATOR, Context, Notes
from scim_server.services.request_log import Entry, Wanted
from scim_server.services.request_queue import RequestQueue
from tests.processes import wait_until
from tests.request_logs import in_database, shown

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

Directories = dict[str, tuple[UUID, UUID]]


@pytest.fixture
def town(app: Flask, settings: Settings, database: Database) -> Directories:
    """The organization and the id of each of three directories."""
    found: Directories = {}
    with database.writing() as session:
        for slug, providers in (("acme", (Provider.OKTA, Provider.ENTRA)), ("globex", (Provider.OKTA,))):
            organizations.create_organization(session, settings, actor=OPERATOR, now=NOON, slug=slug)
            ctx = organizations.open_organization(session, settings, slug, now=NOON)
            for provider in providers:
                found[f"{slug} {provider}"] = (ctx.org.id, directories.provide_directory(ctx, provider).id)
    return found


def entry(of: tuple[UUID, UUID], at: datetime = NOON, path: str = "/Users", status: int = 200, **more: Any) -> Entry:
    org_id, directory_id = of
    values: dict[str, Any] = {"request_id": "r", "method": "GET", "duration_ms": 1.5} | more
    return Entry(org_id=org_id, directory_id=directory_id, at=at, path=path, status=status, **values)


def write(database: Database, *entries: Entry) -> None:
    with database.writing() as session:
        request_log.write(session, entries)


@contextmanager
def inside(settings: Settings, database: Database, slug: str) -> Iterator[Context]:
    with database.reading() as session:
        yield organizations.open_organization(session, settings, slug, now=NOON)


def paths(settings: Settings, database: Database, wanted: Wanted, slug: str = "acme", **more: Any) -> list[str]:
    with inside(settings, database, slug) as ctx:
        return [row.path for row, _ in request_log.search(ctx, wanted, **({"limit": 100} | more))]


# Searching


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), ["/5", "/4?filter=100%", "/3", "/2", "/1"]),
        (Wanted(provider=Provider.ENTRA), ["/5"]),
        (Wanted(statuses=(400, 499)), ["/5", "/3"]),
        (Wanted(statuses=(409, 409)), ["/3"]),
        (Wanted(method="POST"), ["/3"]),
        (Wanted(text="ADA"), ["/3", "/2"]),
        (Wanted(text="100%"), ["/4?filter=100%"]),
        (Wanted(text="0_%"), []),
        (Wanted(text="uniqueness"), ["/3"]),
        (Wanted(since=NOON + 3 * MINUTE), ["/5", "/4?filter=100%", "/3"]),
        (Wanted(until=NOON + 3 * MINUTE), ["/2", "/1"]),
        (Wanted(method="GET", since=NOON + 2 * MINUTE, until=NOON + 5 * MINUTE), ["/4?filter=100%", "/2"]),
    ],
)
def test_a_search_finds_what_is_wanted_the_newest_first(
    settings: Settings, database: Database, town: Directories, wanted: Wanted, found: list[str]
) -> None:
    okta, entra, globex = town.values()
    write(
        database,
        entry(okta, NOON + MINUTE, "/1"),
        entry(okta, NOON + 2 * MINUTE, "/2", answer_body='{"userName":"Ada"}'),
        entry(okta, NOON + 3 * MINUTE, "/3", 409, method="POST", request_body="ada", answer_body="uniqueness"),
        entry(okta, NOON + 4 * MINUTE, "/4?filter=100%"),
        entry(entra, NOON + 5 * MINUTE, "/5", 404),
        entry(globex, NOON + 3 * MINUTE, "/globex", 409, method="POST", request_body="ada 100%"),
    )

    assert paths(settings, database, wanted) == found


def test_a_search_by_whom_it_was_about_stays_in_the_organization(
    settings: Settings, database: Database, town: Directories
) -> None:
    okta, _, globex = town.values()
    ada, bob = new_id(), new_id()
    write(
        database,
        entry(okta, path="/ada", about=("user", ada)),
        entry(okta, path="/bob", about=("user", bob)),
        entry(globex, path="/globex", about=("user", ada)),
        entry(okta, path="/nobody"),
    )

    assert paths(settings, database, Wanted(about=ada)) == ["/ada"]
    assert paths(settings, database, Wanted(about=ada), "globex") == ["/globex"]


def test_pages_follow_each_other_without_a_gap(settings: Settings, database: Database, town: Directories) -> None:
    okta, _, globex = town.values()
    for number in range(5):
        write(database, entry(okta, path=f"/{number}"), entry(globex, path="/globex"))

    walked: list[list[str]] = []
    last: UUID | None = None
    while True:
        with inside(settings, database, "acme") as ctx:
            page = request_log.search(ctx, Wanted(), limit=2, before=last)
        if not page:
            break
        walked.append([row.path for row, _ in page])
        last = page[-1][0].id
        write(database, entry(okta, path="/new"))

    assert walked == [["/4", "/3"], ["/2", "/1"], ["/0"]]


def test_what_a_request_changed_are_the_events_of_the_same_id_in_the_organization(
    settings: Settings, database: Database, town: Directories
) -> None:
    for slug in ("acme", "globex"):
        with database.writing() as session:
            operator = organizations.open_organization(session, settings, slug, now=NOON)
            ctx = Context(session, settings, operator.org, OPERATOR, NOON, "the-request")
            directories.provide_directory(ctx, Provider.PING)

    with inside(settings, database, "acme") as ctx:
        [change] = request_log.changes_of(ctx, "the-request")
        none = request_log.changes_of(ctx, "another-request")

    assert (change.action, change.org_id) == ("directory.created", ctx.org.id)
    assert none == []


# Purging


def kept(settings: Settings, days: int = 14, entries: int = 100) -> Settings:
    return settings.model_copy(update={"request_log_days": days, "request_log_entries": entries})


def test_what_is_older_than_it_shall_be_kept_goes(settings: Settings, database: Database, town: Directories) -> None:
    okta, entra, globex = town.values()
    old, young = NOON - 14 * DAY - MINUTE, NOON - 14 * DAY + MINUTE
    write(database, *(entry(of, at, path=f"/{at:%d}") for at in (old, young) for of in (okta, entra, globex)))

    deleted = request_log.purge(database, kept(settings), NOON)

    assert deleted == 3
    assert [row.at for row in in_database(database)] == [young] * 3
    assert request_log.purge(database, kept(settings), NOON) == 0


def test_what_is_more_than_a_directory_may_have_goes_the_oldest_first(
    settings: Settings, database: Database, town: Directories
) -> None:
    okta, entra, globex = town.values()
    write(database, *(entry(okta, path=f"/{number}") for number in range(1203)), entry(entra, path="/e"))
    write(database, entry(globex, path="/g"))

    deleted = request_log.purge(database, kept(settings, entries=3), NOON)

    assert deleted == 1200
    assert [row.path for row in in_database(database)] == ["/1200", "/1201", "/1202", "/e", "/g"]


def test_several_may_purge_at_once(settings: Settings, database: Database, town: Directories) -> None:
    okta, _, _ = town.values()
    write(database, *(entry(okta, path=f"/{number}") for number in range(2100)))

    with ThreadPoolExecutor(4) as pool:
        purges = [pool.submit(request_log.purge, database, kept(settings), NOON) for _ in range(4)]
        for each in purges:
            each.result()

    assert len(in_database(database)) == 100


def test_where_nothing_is_to_be_kept_what_was_kept_goes(
    settings: Settings, database: Database, town: Directories
) -> None:
    write(database, *(entry(of, NOON - MINUTE) for of in town.values()))

    request_log.purge(database, kept(settings, days=0), NOON)

    assert in_database(database) == []


# Waiting to be written


@pytest.fixture
def queue(settings: Settings, database: Database) -> Iterator[RequestQueue]:
    queue = RequestQueue(database, settings)
    yield queue
    queue.close()


@contextmanager
def out_of_order(database: Database, problem: Exception) -> Iterator[None]:
    """Nobody can write to the log."""

    def refuse(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("INSERT INTO directory_requests", "COPY directory_requests")):
            raise problem

    event.listen(database.engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", refuse)


def test_what_is_put_is_written_without_anybody_asking(
    database: Database, town: Directories, queue: RequestQueue
) -> None:
    okta, *_ = town.values()

    queue.put(entry(okta, path="/1"))

    wait_until(lambda: [row.path for row in in_database(database)] == ["/1"], "the thread writes it")


def test_the_thread_takes_away_what_is_too_old(
    database: Database, town: Directories, queue: RequestQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    okta, *_ = town.values()
    monkeypatch.setattr("scim_server.services.request_queue._FIRST_PURGE", 0.0)
    write(database, entry(okta, datetime.now(UTC) - 15 * DAY, "/old"), entry(okta, path="/young"))

    queue.start()

    wait_until(lambda: [row.path for row in in_database(database)] == ["/young"], "the thread purges")


def test_what_is_written_with_others_is_as_what_is_written_with_a_change(database: Database, town: Directories) -> None:
    okta, *_ = town.values()
    notes = Notes(rewrites=["a rewrite"], skipped=["nobody \u2665"])
    bodies: dict[str, Any] = {"request_body": "\\N\t\n\u2665", "answer_body": "{}"}
    full = entry(okta, path="/\u2665", status=404, method="POST", about=("user", new_id()), notes=notes, **bodies)
    empty = entry(okta)

    write(database, full, empty)
    with database.writing() as session:
        request_log.write_many(session, [replace(each, id=new_id()) for each in (full, empty)])

    with_change, with_others = in_database(database)[:2], in_database(database)[2:]
    assert [shown(row) | {"id": None} for row in with_others] == [shown(row) | {"id": None} for row in with_change]
    assert [name for name, value in shown(with_others[0]).items() if value is None] == []


def test_a_close_writes_all_that_waits(database: Database, town: Directories, queue: RequestQueue) -> None:
    okta, *_ = town.values()
    for number in range(1000):
        queue.put(entry(okta, path=f"/{number}"))

    queue.close()

    assert [row.path for row in in_database(database)] == [f"/{number}" for number in range(1000)]


def test_entries_from_many_threads_are_all_written(database: Database, town: Directories, queue: RequestQueue) -> None:
    okta, *_ = town.values()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: queue.put(entry(okta, path=f"/{number}")), range(500)))
    queue.flush()

    assert sorted(row.path for row in in_database(database)) == sorted(f"/{number}" for number in range(500))


def test_where_there_is_no_room_reads_go_before_refusals_and_the_log_says_so(
    settings: Settings, database: Database, town: Directories, caplog: pytest.LogCaptureFixture
) -> None:
    okta, *_ = town.values()
    queue = RequestQueue(database, settings, room=10_000)

    with out_of_order(database, sqlite_is_locked()):
        for number in range(50):
            queue.put(entry(okta, path=f"/{number}", request_body="x" * 1000))
        for number in range(50):
            queue.put(entry(okta, path=f"/refused/{number}", status=404, request_body="x" * 1000))
        assert queue.flush() is False
    with caplog.at_level(logging.WARNING):
        assert queue.flush() is True
    queue.close()

    assert [row.path for row in in_database(database)] == [
        *(f"/{number}" for number in range(5)),
        *(f"/refused/{number}" for number in range(5)),
    ]
    assert "'count': 90" in caplog.text


def test_what_the_database_does_not_take_now_it_is_given_again(
    database: Database, town: Directories, queue: RequestQueue
) -> None:
    okta, *_ = town.values()
    with out_of_order(database, sqlite_is_locked()):
        queue.put(entry(okta, path="/1"))
        queue.put(entry(okta, path="/2"))
        assert queue.flush() is False
        queue.put(entry(okta, path="/3"))

    assert queue.flush() is True
    assert [row.path for row in in_database(database)] == ["/1", "/2", "/3"]


def test_an_entry_of_a_directory_that_is_gone_costs_no_other_its_place(
    database: Database, town: Directories, queue: RequestQueue, caplog: pytest.LogCaptureFixture
) -> None:
    okta, _, globex = town.values()
    for number in range(3):
        queue.put(entry(okta, path=f"/{number}", request_body="hunter2"))
        queue.put(entry((okta[0], globex[1]), path="/gone", request_body="hunter2"))

    assert queue.flush() is True

    assert [row.path for row in in_database(database)] == ["/0", "/1", "/2"]
    assert "hunter2" not in caplog.text


def sqlite_is_locked() -> Exception:
    return OperationalError("INSERT", {}, RuntimeError("database is locked"))
