"""What a request of a directory leaves in its log, and when."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from flask import Flask
from sqlalchemy import event

from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import LoggedRequest
from scim_server.services import organizations, request_log
from scim_server.services.request_log import Wanted
from tests.clients import GROUP, PATCH_OP, USER, Directory, Reply
from tests.promises.databases import id_of
from tests.request_logs import in_database, logged, request_queue, shown


def the_only(rows: list[LoggedRequest]) -> LoggedRequest:
    [row] = rows
    return row


def of_request(rows: list[LoggedRequest], reply: Reply) -> LoggedRequest:
    return the_only([row for row in rows if row.request_id == reply.headers["x-request-id"]])


# What is kept


def test_a_change_is_logged_with_all_that_was_sent_and_answered(acme: Directory, database: Database) -> None:
    body = orjson.dumps({"schemas": [USER], "userName": "ada", "displayName": "Ada \u2665"})

    reply = acme.send("POST", "/Users", body, attributes="userName", headers={"X-Request-Id": "a-trace"})

    row = the_only(in_database(database))  # at once: nothing waited for a thread
    assert (row.method, row.path, row.status) == ("POST", "/Users?attributes=userName", 201)
    assert row.request_id == "a-trace"
    assert (row.target_kind, row.target_id) == ("user", UUID(reply.id))
    assert row.request_body == body.decode()
    assert orjson.loads(row.answer_body or "") == reply.json
    assert row.org_id == id_of(database, "acme")
    assert 0 < row.duration_ms < 60_000
    assert row.notes is None


def test_a_read_is_logged_with_its_query_and_its_answer(app: Flask, acme: Directory, database: Database) -> None:
    ada = acme.create_user("ada")

    found = acme.search('userName eq "ada" and active eq true')
    read = acme.get(f"/Users/{ada.id}")
    searched = acme.post("/Users/.search", {"filter": 'userName eq "ada"'})

    rows = logged(app, database)
    assert [row.path for row in rows[1:]] == [
        '/Users?filter=userName eq "ada" and active eq true',
        f"/Users/{ada.id}",
        "/Users/.search",
    ]
    assert [orjson.loads(row.answer_body or "") for row in rows[1:]] == [found.json, read.json, searched.json]
    assert [row.request_body for row in rows[1:]] == [None, None, '{"filter":"userName eq \\"ada\\""}']
    assert [row.target_id for row in rows[1:]] == [None, UUID(ada.id), None]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(("path", "kind"), [("/Users", "user"), ("/Groups", "team")])
def test_a_request_about_somebody_says_so_though_they_are_not_there_any_more(
    app: Flask, acme: Directory, database: Database, method: str, path: str, kind: str
) -> None:
    one = acme.create_user("ada") if kind == "user" else acme.create_group("Pioneers")
    body: Any = {"userName": "ada", "displayName": "x", "Operations": [{"op": "add", "path": "displayName"}]}
    body = None if method in ("GET", "DELETE") else body
    acme.delete(f"{path}/{one.id}")

    reply = acme.send(method, f"{path}/{one.id}", body)

    row = of_request(logged(app, database), reply)
    assert row.status == reply.status >= 400
    assert (row.target_kind, row.target_id) == (kind, UUID(one.id))


def test_a_refusal_is_logged_with_what_was_sent_and_why_it_was_refused(
    app: Flask, acme: Directory, database: Database
) -> None:
    acme.create_user("ada")

    conflict = acme.post("/Users", {"schemas": [USER], "userName": "ada"})
    wrong = acme.send("POST", "/Users", b'{"userName": ')
    unsupported = acme.send("POST", "/Users", b"ada", content_type="text/plain")
    filtered = acme.search('nothing eq "x"')

    rows = logged(app, database)
    for reply in (conflict, wrong, unsupported, filtered):
        row = of_request(rows, reply)
        assert row.status == reply.status
        assert orjson.loads(row.answer_body or "") == reply.json
    assert of_request(rows, conflict).request_body == f'{{"schemas":["{USER}"],"userName":"ada"}}'
    assert of_request(rows, wrong).request_body == "(not kept: 13 bytes, which are no JSON object)"
    assert of_request(rows, unsupported).request_body == "(not kept: 3 bytes, which are no JSON object)"


def test_a_request_says_which_members_were_skipped(acme: Directory, globex: Directory, database: Database) -> None:
    gina, group = globex.create_user("gina"), acme.create_group("Pioneers")
    strangers = [{"value": gina.id}, {"value": "nobody"}, {"value": "n" * 1000}]

    replies = [
        acme.post("/Groups", {"schemas": [GROUP], "displayName": "Settlers", "members": strangers}),
        acme.put(f"/Groups/{group.id}", {"schemas": [GROUP], "displayName": "Pioneers", "members": strangers}),
        acme.patch(f"/Groups/{group.id}", {"op": "add", "path": "members", "value": strangers}),
    ]

    rows = in_database(database)
    for reply in replies:
        assert of_request(rows, reply).notes == {"skipped": [gina.id, "nobody", "n" * 100], "skipped_count": 3}


def test_a_long_body_is_cut_and_says_so(settings: Settings, database: Database, acme: Directory) -> None:
    app = create_app(settings.model_copy(update={"request_log_body_bytes": 100}), database)
    body = {"schemas": [USER], "userName": "ada", "title": "x" * 500}

    Directory(app, "acme", acme.token).post("/Users", body)

    row = the_only(in_database(database))
    for kept in (row.request_body or "", row.answer_body or ""):
        assert "bytes in all)" in kept
        assert len(kept) < 150


def test_no_body_is_kept_of_an_answer_that_had_none(app: Flask, acme: Directory, database: Database) -> None:
    ada = acme.create_user("ada")

    unchanged = acme.get(f"/Users/{ada.id}", headers={"If-None-Match": ada.headers["etag"]})
    headed = acme.send("HEAD", f"/Users/{ada.id}")
    gone = acme.delete(f"/Users/{ada.id}")

    rows = logged(app, database)
    assert [of_request(rows, reply).status for reply in (unchanged, headed, gone)] == [304, 200, 204]
    assert [of_request(rows, reply).answer_body for reply in (unchanged, headed, gone)] == [None] * 3


def test_what_nobody_may_ask_is_in_nobodys_log(app: Flask, acme: Directory, database: Database) -> None:
    Directory(app, "acme", "scim_00000000_nobody").get("/Users")
    Directory(app, "nobody", acme.token).get("/Users")

    assert logged(app, database) == []


def test_where_the_log_is_off_nothing_is_kept(settings: Settings, database: Database, acme: Directory) -> None:
    app = create_app(settings.model_copy(update={"request_log_days": 0}), database)
    silent = Directory(app, "acme", acme.token)

    silent.create_user("ada")
    silent.search("nothing pr")

    assert logged(app, database) == []


# One organization's, and no other's


def test_a_log_shows_no_request_of_another_organization(
    app: Flask, settings: Settings, acme: Directory, globex: Directory, database: Database
) -> None:
    ada, gina = acme.create_user("ada"), globex.create_user("gina")
    for directory in (acme, globex):
        for id in (ada.id, gina.id):
            directory.get(f"/Users/{id}")
    assert len(logged(app, database)) == 6

    with database.reading() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=ada_is_created(database))
        every = request_log.search(ctx, Wanted(), limit=100)
        about_gina = request_log.search(ctx, Wanted(about=UUID(gina.id)), limit=100)
        changes = request_log.changes_of(ctx, gina.headers["x-request-id"])

    assert {row.org_id for row, _ in every} == {ctx.org.id}
    assert [(row.method, row.status) for row, _ in every] == [("GET", 404), ("GET", 200), ("POST", 201)]
    assert [row.status for row, _ in about_gina] == [404]
    assert changes == []


def ada_is_created(database: Database) -> Any:
    return in_database(database)[0].at


# Neither without the other: the change and its entry


def test_a_change_that_is_undone_leaves_no_entry_of_success(app: Flask, acme: Directory, database: Database) -> None:
    ada = acme.create_user("ada")
    before = len(in_database(database))

    def lights_out(_connection: Any) -> None:
        raise RuntimeError("the lights went out")

    event.listen(database.engine, "commit", lights_out)
    try:
        replies = [
            acme.post("/Users", {"schemas": [USER], "userName": "eve"}),
            acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "displayName", "value": "x"}),
            acme.delete(f"/Users/{ada.id}"),
        ]
        assert len(in_database_untouched(database)) == before
    finally:
        event.remove(database.engine, "commit", lights_out)

    rows = logged(app, database)
    assert [reply.status for reply in replies] == [500] * 3
    assert [of_request(rows, reply).status for reply in replies] == [500] * 3
    assert len(rows) == before + 3


def in_database_untouched(database: Database) -> list[Any]:
    """As `in_database`, without a commit."""
    with database.engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT id FROM directory_requests"))


def test_an_entry_that_cannot_be_written_undoes_its_change(app: Flask, acme: Directory, database: Database) -> None:
    def full(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO directory_requests" in statement:
            raise RuntimeError("the disk is full")

    event.listen(database.engine, "before_cursor_execute", full)
    try:
        refused = acme.post("/Users", {"schemas": [USER], "userName": "ada"})
    finally:
        event.remove(database.engine, "before_cursor_execute", full)

    assert refused.status == 500
    assert acme.get("/Users").user_names == []


def test_an_answer_finds_the_events_of_its_request(settings: Settings, acme: Directory, database: Database) -> None:
    ada = acme.create_user("ada")
    change = acme.patch(f"/Users/{ada.id}", {"op": "replace", "value": {"displayName": "Ada", "active": False}})

    row = of_request(in_database(database), change)
    with database.reading() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=row.at)
        events = request_log.changes_of(ctx, row.request_id)

    assert [(each.action, each.changes) for each in events] == [
        ("user.updated", {"displayName": [None, "Ada"]}),
        ("user.deactivated", {"status": ["active", "deactivated"]}),
        ("checklist.opened", {"kind": [None, "leaver"]}),
    ]


# Anything goes in


@pytest.mark.parametrize(
    "path", ["/Users/%00", "/Users/%ED%A0%80", "/Users?filter=%00&x=%ff", "/Users?" + "a" * 5000, "/Users?&&=&a=b=c"]
)
def test_whatever_a_path_holds_it_can_be_kept(app: Flask, acme: Directory, database: Database, path: str) -> None:
    reply = acme.get(path)

    row = of_request(logged(app, database), reply)
    assert row.path.isprintable()
    assert len(row.path) < 2100


@pytest.mark.parametrize(
    "body",
    [
        rb'{"userName": "\u0000", "password": "\u0000"}',
        b'{"userName": "a", "token": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"password": {}, "a": ' + b'{"b":' * 900 + b"1" + b"}" * 901,
        b"\x00",
        b'{"userName": "\xed\xa0\x80"}',
        b'{"userName": 1e999, "token": 123456789012345678901234567890}',
    ],
)
def test_whatever_a_body_holds_it_can_be_kept(app: Flask, acme: Directory, database: Database, body: bytes) -> None:
    replies = [acme.send("POST", "/Users", body), acme.send("POST", "/Users/.search", body)]

    rows = logged(app, database)
    assert {of_request(rows, reply).status for reply in replies} <= {200, 201, 400}


def test_every_column_is_filled_or_has_a_reason_not_to_be(app: Flask, acme: Directory, database: Database) -> None:
    group = acme.create_group("Pioneers")
    acme.patch(f"/Groups/{group.id}", {"op": "add", "path": "members", "value": [{"value": "nobody"}]})

    *_, row = logged(app, database)

    assert [name for name, value in shown(row).items() if value is None] == []


def test_requests_that_wait_are_written_when_the_application_is_closed(
    settings: Settings, database: Database, acme: Directory
) -> None:
    app = create_app(settings, database)
    for _ in range(3):
        Directory(app, "acme", acme.token).get("/Users")

    request_queue(app).close()

    assert [row.path for row in in_database(database)] == ["/Users"] * 3


def test_a_patch_that_changes_nothing_is_logged_all_the_same(acme: Directory, database: Database) -> None:
    ada = acme.create_user("ada", displayName="Ada")
    body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "displayName", "value": "Ada"}]}

    idle = acme.send("PATCH", f"/Users/{ada.id}", body)

    assert orjson.loads(of_request(in_database(database), idle).request_body or "") == body
