"""Where others hold the database, the answer is 503, which is sent again, and nothing is half-written."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from scim_server import db
from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database, begin
from tests.clients import Directory, Reply, assert_error, found
from tests.processes import wait_until
from tests.promises.databases import contents, migrated_database

Own = tuple[Directory, Database]


@pytest.fixture
def own(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    """A directory on a database where nobody waits for long."""
    monkeypatch.setattr(db, "_BUSY_MS", 200)
    with migrated_database(settings, tmp_path) as (own, database):
        yield found(create_app(own, database), own, database, "acme"), database


def assert_busy(reply: Reply) -> None:
    assert_error(reply, 503)
    assert int(reply.headers["retry-after"]) > 0


@contextmanager
def held(database: Database, id: str) -> Iterator[Connection]:
    """Somebody else's transaction, which has changed a user."""
    with database.engine.connect() as connection:
        begin(connection, writes=True)
        connection.execute(text("UPDATE users SET nickname = 'held' WHERE id = :id"), {"id": id})
        yield connection
        connection.rollback()


def test_what_waits_for_too_long_is_to_be_sent_again(own: Own) -> None:
    acme, database = own
    ada = acme.create_user("ada")
    title = {"op": "replace", "path": "title", "value": "Countess"}
    change = {"schemas": [], "Operations": [{"method": "PATCH", "path": f"/Users/{ada.id}", "data": [title]}]}

    with held(database, ada.id):
        before = contents(database)
        replies = [
            acme.patch(f"/Users/{ada.id}", title),
            acme.put(f"/Users/{ada.id}", {"userName": "ada"}),
            acme.delete(f"/Users/{ada.id}"),
            acme.post("/Bulk", change),
        ]
        read = acme.get(f"/Users/{ada.id}")
        after = contents(database)
    again = acme.patch(f"/Users/{ada.id}", title)

    for reply in replies:
        assert_busy(reply)
    assert read.json == ada.json
    assert after == before
    assert (again.status, again["title"]) == (200, "Countess")


def test_of_two_who_wait_for_each_other_one_is_to_send_again(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL ends the one that finds out, which is the bulk job here; SQLite has one writer at a time."""
    acme, database = own
    if database.engine.dialect.name == "postgresql":
        monkeypatch.setattr(db, "_BUSY_MS", 60_000)
        database.engine.dispose()  # new connections wait for longer than a deadlock takes to be found
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    operations = [
        {"method": "PATCH", "path": f"/Users/{each.id}", "data": [{"op": "add", "path": "title", "value": "x"}]}
        for each in (bob, ada)
    ]

    with held(database, ada.id) as connection, ThreadPoolExecutor(1) as pool:
        job = pool.submit(acme.post, "/Bulk", {"schemas": [], "Operations": operations})
        if database.engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL deadlock_timeout = '1min'"))
            wait_until(lambda: _waits(connection), "the job waits for us")
            connection.execute(text("UPDATE users SET nickname = 'held' WHERE id = :id"), {"id": bob.id})
        reply = _result(job)

    assert_busy(reply)
    assert [acme.get(f"/Users/{each.id}").json for each in (ada, bob)] == [ada.json, bob.json]


def _waits(connection: Connection) -> bool:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
    return bool(connection.scalar(waiting))


def _result(job: "Future[Any]") -> Reply:
    reply: Reply = job.result(60)
    return reply


def test_a_user_who_is_deleted_while_they_are_added_to_a_group_is_in_none(own: Own) -> None:
    acme, _ = own
    ada, group = acme.create_user("ada"), acme.create_group("Pioneers")
    add = {"op": "add", "path": "members", "value": [{"value": ada.id}]}

    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            jobs = [
                pool.submit(acme.delete, f"/Users/{ada.id}"),
                pool.submit(acme.patch, f"/Groups/{group.id}", add),
            ]
            replies = [_result(job) for job in jobs]

            for reply in replies:
                assert reply.status in (200, 204, 503), reply.json
            if replies[0].status == 503:
                acme.delete(f"/Users/{ada.id}")
            assert acme.get(f"/Groups/{group.id}").members == set()
            ada = acme.create_user("ada")
            add["value"] = [{"value": ada.id}]
