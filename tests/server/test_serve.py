"""`scim-server serve` and `demo` as processes: how they start, what they promise while they run, how they stop."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from scim_server.app import create_app
from scim_server.config import Settings, load_settings
from scim_server.db import Database
from tests.clients import Reply, assert_error, found
from tests.processes import (
    PATIENCE,
    Server,
    Upload,
    Wire,
    environment,
    serving,
    starting,
    upload,
    user,
    wait_until,
)
from tests.promises.databases import migrated_database
from tests.request_logs import in_database

UPGRADE = "scim-server db upgrade"
MAX_BODY = 100_000
# For what happens at once or not at all, on a machine that is busy with other things.
SOON = 15.0

Own = tuple[Settings, Database]


@pytest.fixture(scope="module")
def server(settings: Settings, migrated: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as it is by default, but for the limit of a body; one for all the tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, database_url=settings.database_url, max_body_bytes=MAX_BODY) as server:
        yield server


@pytest.fixture
def acme(server: Server, app: Flask, settings: Settings, database: Database) -> Wire:
    return Wire(server, "acme", found(app, settings, database, "acme").token)


@pytest.fixture
def globex(server: Server, app: Flask, settings: Settings, database: Database) -> Wire:
    return Wire(server, "globex", found(app, settings, database, "globex").token)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Own]:
    """A SQLite database for one test, with its tables; and the settings to reach it."""
    with migrated_database(load_settings(database_url="sqlite:///any.db"), tmp_path) as found:
        yield found


def token(own: Own, slug: str = "acme") -> str:
    """The token of a new organization."""
    settings, database = own
    return found(create_app(settings, database), settings, database, slug).token


# Starting


def test_an_empty_schema_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    with starting(tmp_path) as refused:
        assert_refused(refused, "empty", UPGRADE)


def test_an_outdated_schema_is_refused_with_the_command_that_mends_it(
    settings: Settings, migrated: Database, tmp_path: Path
) -> None:
    with at_revision(migrated, "0000"), starting(tmp_path, database_url=settings.database_url) as refused:
        assert_refused(refused, "0000", UPGRADE)


def test_a_port_that_another_program_has_is_refused(embedded: Own, tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        starting(tmp_path, port=other.getsockname()[1], database_url=embedded[0].database_url) as refused,
    ):
        assert_refused(refused, str(refused.port))


def test_two_servers_do_not_share_a_port(server: Server, settings: Settings, tmp_path: Path) -> None:
    """Linux would let them (SO_REUSEPORT), and each request would go to whichever."""
    with starting(tmp_path, port=server.port, database_url=settings.database_url) as refused:
        assert_refused(refused, str(server.port))


def assert_refused(server: Server, *sentences: str) -> None:
    """It ends with exit code 1, and says all this on standard error."""
    assert server.wait(SOON) == 1
    assert server.printed == ""
    assert server.log.startswith("Error: ")
    assert "Traceback" not in server.log
    for sentence in sentences:
        assert sentence in server.log


# Being alive, being ready


def test_a_server_that_can_work_is_alive_and_ready(server: Server) -> None:
    assert server.request("GET", "/healthz").status == 200
    assert server.request("GET", "/readyz").status == 200


def test_a_schema_that_is_outdated_makes_the_server_unready_until_it_is_upgraded(
    server: Server, migrated: Database
) -> None:
    with at_revision(migrated, "0000"):
        outdated, alive = server.request("GET", "/readyz"), server.request("GET", "/healthz")
    upgraded = server.request("GET", "/readyz")

    assert outdated.status == 503
    assert UPGRADE in outdated["problems"][0]
    assert alive.status == 200
    assert upgraded.status == 200


def test_a_database_that_is_gone_makes_the_server_unready_until_it_is_back(postgresql: str, tmp_path: Path) -> None:
    with migrated_database(load_settings(database_url=postgresql), tmp_path) as own:
        settings, _ = own
        secret = token(own)
        with serving(tmp_path, database_url=settings.database_url, workers=1) as server:
            acme = Wire(server, "acme", secret)
            acme.create_user("ada")
            with gone(postgresql, settings):
                unready, alive = server.request("GET", "/readyz"), server.request("GET", "/healthz")
                refused = acme.get("/Users")
            ready, back = server.request("GET", "/readyz"), acme.get("/Users")

    assert unready.status == 503
    assert "database" in unready["problems"][0]
    assert alive.status == 200
    assert_error(refused, 500)
    assert "psycopg" not in refused["detail"]
    assert ready.status == 200
    assert back.user_names == ["ada"]


@contextmanager
def gone(postgresql: str, settings: Settings) -> Iterator[None]:
    """PostgreSQL ends the connections to a database, and lets nobody in."""
    name = settings.database.database
    engine = create_engine(load_settings(database_url=postgresql).database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            text("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        try:
            yield
        finally:
            connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    engine.dispose()


@contextmanager
def at_revision(database: Database, revision: str) -> Iterator[None]:
    """The schema says that it is at this revision."""
    needed = _say_revision(database, revision)
    try:
        yield
    finally:
        _say_revision(database, needed)


def _say_revision(database: Database, revision: str) -> str:
    with database.writing() as session:
        before: str = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    return before


# Requests


def test_two_organizations_work_side_by_side_and_see_nothing_of_each_other(acme: Wire, globex: Wire) -> None:
    ada = acme.create_user("ada")
    globex.create_user("gina")

    assert acme.user_names() == ["ada"]
    assert globex.user_names() == ["gina"]
    assert_error(globex.get(f"/Users/{ada.id}"), 404)
    assert_error(Wire(acme.server, "globex", acme.token).get("/Users"), 401)


def test_every_worker_answers(settings: Settings, acme: Wire) -> None:
    """More requests are under way at the same time than one of the two has threads."""
    with ExitStack() as stack:
        uploads: list[Upload] = []

        def both_are_at_work() -> bool:
            # The kernel gives each new connection to either worker, so that sooner or later both have some.
            uploads.append(stack.enter_context(upload(acme, b"{}")))
            return sum(each.is_awaited() for each in uploads) > settings.threads

        wait_until(both_are_at_work, "both workers read bodies", SOON)


def test_sixteen_writers_at_once_are_all_served(acme: Wire, globex: Wire) -> None:
    names = [f"user{number}" for number in range(96)]

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda name: (acme if name[-1] in "02468" else globex).create_user(name), names))

    assert Counter(reply.status for reply in replies) == {201: 96}
    assert len(acme.user_names()) == 48
    assert sorted(acme.user_names() + globex.user_names()) == sorted(names)


def test_of_sixteen_that_want_the_same_name_one_gets_it(acme: Wire, globex: Wire) -> None:
    globex.create_user("ada")

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: acme.create_user("ada"), range(16)))

    assert Counter(reply.status for reply in replies) == {201: 1, 409: 15}
    assert acme.user_names() == ["ada"]


def test_a_body_in_chunks_is_read_whole(acme: Wire, globex: Wire) -> None:
    emails = [{"value": f"ada{number}@example.com"} for number in range(100)]
    body = orjson.dumps(user("ada") | {"emails": emails})

    created = acme.send("POST", "/Users", chunks(body, size=100))

    assert created.status == 201
    assert acme.get(f"/Users/{created.id}")["emails"] == emails
    assert globex.user_names() == []


@pytest.mark.parametrize("padding", [b" ", b"x"], ids=["a whole object in its beginning", "no object"])
def test_a_body_in_chunks_that_is_too_large_is_refused_and_not_cut(acme: Wire, padding: bytes) -> None:
    """RFC 7644 §3.12: 413. It has no Content-Length that would tell beforehand."""
    body = orjson.dumps(user("ada")).ljust(MAX_BODY + 1, padding)

    refused = acme.send("POST", "/Users", chunks(body, size=10_000))

    assert_error(refused, 413)
    assert acme.user_names() == []


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(acme: Wire) -> None:
    with upload(acme, b" " * (MAX_BODY + 1), SOON) as refused:
        assert_error(refused.reply(), 413)


def test_a_body_of_somebody_without_a_token_is_not_waited_for(server: Server, acme: Wire) -> None:
    """Else anybody could hold every thread of the server, for as long as they like."""
    with upload(Wire(server, acme.slug, "scim_00000000_wrong"), b"{}", SOON) as refused:
        assert_error(refused.reply(), 401)


def chunks(body: bytes, *, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


# The log


def test_a_request_leaves_one_line_that_says_what_it_was(acme: Wire, globex: Wire) -> None:
    ids = {"acme": secrets.token_hex(8), "globex": secrets.token_hex(8)}
    for wire in (acme, globex):
        wire.send("GET", "/Users?filter=userName%20pr", headers={"X-Request-Id": ids[wire.slug]})

    for slug, id in ids.items():
        [line] = [line for line in log_of(acme.server) if line.get("request_id") == id]
        assert line["event"] == "request"
        assert (line["method"], line["path"], line["status"]) == ("GET", f"/scim/v2/{slug}/Users", 200)
        assert 0 < line["ms"] < PATIENCE * 1000
        assert line["org"] == slug
        assert datetime.fromisoformat(line["timestamp"]) <= datetime.now(UTC)


def test_no_line_of_the_log_holds_a_secret(acme: Wire) -> None:
    secret = "correct-horse"
    acme.send("POST", "/Users", user("ada") | {"password": secret})
    acme.send("POST", "/Users", user("ada") | {"password": secret})
    acme.send("POST", "/Users", user("bob") | {"password": [secret], "userName": {"is": secret}})
    acme.send("POST", "/Users", f'{{"password": "{secret}"'.encode())
    acme.get(f"/Users?filter=password%20eq%20%22{secret}%22&token={secret}")
    acme.get(f"/Users/ada?{secret}")
    acme.send("GET", "/Users", headers={"Authorization": f"Bearer {secret}"})
    acme.send("GET", "/Users", headers={"X-Request-Id": f"{secret} {secret}"})

    log = acme.server.log

    assert "/scim/v2/acme/Users" in log
    assert secret not in log
    assert acme.token not in log
    assert acme.token.split("_", 2)[2] not in log


def test_health_checks_do_not_fill_the_log(server: Server) -> None:
    server.request("GET", "/healthz")
    server.request("GET", "/readyz")

    assert not [line for line in log_of(server) if line.get("path") in ("/healthz", "/readyz")]


def test_a_request_id_of_a_proxy_is_kept(acme: Wire) -> None:
    given = f"trace.{secrets.token_hex(8)}_A-1"

    reply = acme.send("GET", "/Users", headers={"X-Request-Id": given})

    assert reply.headers["x-request-id"] == given
    assert [line["request_id"] for line in log_of(acme.server) if given in str(line)] == [given]


@pytest.mark.parametrize("given", ["", "two words", 'a"quoted"one', "x" * 65, "{}", "a,b", "\xe9", "id\tid"])
def test_a_request_id_that_could_forge_the_log_is_replaced(acme: Wire, given: str) -> None:
    reply = acme.send("GET", "/Users", headers={"X-Request-Id": given})

    assert reply.status == 200
    assert re.fullmatch("[0-9a-f]{16}", reply.headers["x-request-id"])
    assert [line for line in log_of(acme.server) if line.get("request_id") == reply.headers["x-request-id"]]


def test_requests_without_an_id_get_each_their_own(acme: Wire) -> None:
    given = [acme.get("/Users").headers["x-request-id"] for _ in range(5)]

    assert len(set(given)) == 5


def test_a_worker_that_dies_is_replaced_and_the_log_says_so(embedded: Own, tmp_path: Path) -> None:
    secret = token(embedded)
    with serving(tmp_path, database_url=embedded[0].database_url, workers=1) as server:
        acme = Wire(server, "acme", secret)
        acme.create_user("ada")
        [dead] = server.workers()
        os.kill(dead, signal.SIGKILL)  # as the kernel does when memory runs out
        wait_until(lambda: bool(server.workers() - {dead}) and server.listens(), "there is another worker")
        names = acme.user_names()
        log = log_of(server)

    assert names == ["ada"]
    assert [line for line in log if line["level"] == "error"]
    assert server.printed == ""


def log_of(server: Server) -> list[dict[str, Any]]:
    """Every line of the log; each is a JSON object."""
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    return lines


# Stopping


def test_a_stop_finishes_what_is_under_way_and_a_restart_still_has_it(embedded: Own, tmp_path: Path) -> None:
    """One request waits for the database, one for the rest of its body; a third connection asks nothing."""
    settings, database = embedded
    acme_token, globex_token = token(embedded), token(embedded, "globex")
    with (
        serving(tmp_path, database_url=settings.database_url, workers=1, graceful_seconds=600) as server,
        socket.create_connection(("127.0.0.1", server.port), PATIENCE) as idle,
        upload(Wire(server, "acme", acme_token), orjson.dumps(user("ada"))) as ada,
        upload(Wire(server, "globex", globex_token), orjson.dumps(user("gina"))) as gina,
    ):
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: scim.example.com\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        ada.start()
        gina.start()
        with database.writing():  # on SQLite, whoever begins to write has the lock
            ada.send()
            server.send(signal.SIGTERM)
            wait_until(lambda: not server.listens(), "nobody new is let in")
            gina.send()
            assert server.process.poll() is None
        created = ada.reply(), gina.reply()
        code = server.wait(SOON)
    with serving(tmp_path, database_url=settings.database_url, workers=1, port=server.port) as again:
        acme, globex = Wire(again, "acme", acme_token), Wire(again, "globex", globex_token)
        kept = acme.get(f"/Users/{created[0].id}"), globex.get(f"/Users/{created[1].id}")
        names = acme.user_names(), globex.user_names()

    assert [reply.status for reply in created] == [201, 201]
    assert code == 0
    assert [reply.json for reply in kept] == [reply.json for reply in created]
    assert names == (["ada"], ["gina"])


def test_a_stop_waits_for_a_request_no_longer_than_it_was_told(embedded: Own, tmp_path: Path) -> None:
    secret = token(embedded)
    with (
        serving(tmp_path, database_url=embedded[0].database_url, workers=1, graceful_seconds=1) as server,
        upload(Wire(server, "acme", secret), orjson.dumps(user("ada"))) as never_ends,
    ):
        never_ends.start()
        server.send(signal.SIGTERM)
        server.wait(SOON)
        assert not server.listens()


def test_a_stop_writes_what_waits_to_be_logged(settings: Settings, tmp_path: Path) -> None:
    """Reads and refusals, whose answers are out before anybody has written them down; on both workers."""
    with migrated_database(settings, tmp_path) as own:
        secret = token(own)
        with serving(tmp_path, database_url=own[0].database_url) as server:
            acme = Wire(server, "acme", secret)
            with ThreadPoolExecutor(8) as pool:
                replies = list(pool.map(lambda number: acme.get(f"/Users/{number}"), range(60)))
            replies += [acme.get("/Users"), acme.create_user("ada")]
            code = server.stop()
        kept = in_database(own[1])

    assert code == 0
    assert Counter(row.request_id for row in kept) == Counter(reply.headers["x-request-id"] for reply in replies)
    assert Counter(row.status for row in kept) == {404: 60, 200: 1, 201: 1}


def test_what_waits_to_be_logged_is_written_while_the_server_runs(acme: Wire, database: Database) -> None:
    reply = acme.get("/Users")

    wait_until(lambda: len(in_database(database)) == 1, "the read is in the log", SOON)

    assert in_database(database)[0].request_id == reply.headers["x-request-id"]


def test_a_worker_does_not_hear_ctrl_c_even_while_it_starts(tmp_path: Path, embedded: Own) -> None:
    with starting(tmp_path, database_url=embedded[0].database_url) as server:

        def interrupted_is_up() -> bool:
            for worker in server.workers():
                os.kill(worker, signal.SIGINT)
            return server.listens()

        wait_until(interrupted_is_up, "the server listens")
        code = server.stop()

    assert code == 0
    assert server.log == ""


# `demo`, which `make run` starts


def test_a_demo_prints_what_to_paste_and_keeps_what_came_of_it(tmp_path: Path) -> None:
    with serving(tmp_path, command="demo", env="development", workers=2) as server:
        first, line, reply = demo_of(server), curl_line(server), pasted(server)
        server.press_ctrl_c()
        code, said = server.wait(SOON), server.log
    with serving(tmp_path, command="demo", env="development", workers=2, port=server.port) as again:
        second, reply_again = demo_of(again), pasted(again)
        names = Wire(again, "demo", second["Bearer token"]).user_names()
        again.press_ctrl_c()
        code_again, said_again = again.wait(SOON), again.log

    assert first["SCIM base URL"] == f"http://127.0.0.1:{server.port}/scim/v2/demo"
    assert first["Bearer token"] in line
    assert (code, code_again) == (0, 0)
    assert "Traceback" not in said + said_again
    assert second == first
    assert reply.status == reply_again.status == 201
    assert names == ["admin@example.com", reply["userName"], reply_again["userName"]]


def demo_of(server: Server) -> dict[str, str]:
    wait_until(lambda: curl_line(server) != "", "the demo says what to try")
    return dict(re.findall(r"^  (SCIM base URL|Bearer token) +(\S+)$", server.printed, re.MULTILINE))


def curl_line(server: Server) -> str:
    found = re.search(r"^ *(curl .*)\n", server.printed, re.MULTILINE)
    return found[1] if found else ""


def pasted(server: Server) -> Reply:
    """What the printed line answers when a person pastes it into a shell."""
    ran = subprocess.run(
        ["bash", "-c", curl_line(server)],
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    head, _, body = ran.stdout.replace("\r\n", "\n").partition("\n\n")
    return Reply(int(head.split()[1]), {}, json.loads(body))
