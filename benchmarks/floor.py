"""The floor: what Flask and the bare statements cost, under the same granian with as many workers and threads.

The same rows, one transaction each, and nothing else: no authentication, no validation, no events, no request log. What
a SCIM server of this kind adds to it is what can be saved.
"""

import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import orjson
import psycopg
import uuid_utils.compat
from flask import Flask, Response, request
from psycopg.types.string import TextLoader

from benchmarks.ours import PROGRAMS, WORKERS, free_port, running
from benchmarks.targets import Target
from benchmarks.works import NAMES

THREADS = 4
LACKS = frozenset(NAMES) - {
    "create a user",
    "get a user",
    "look up by userName",
    "look up by userName, missing",
    "page of 100 users",
    "PUT a user",
    "PATCH active",
    "delete a user",
}
ORGANIZATION = UUID(int=1)
TABLE = """
    CREATE TABLE users (
        org_id {id} NOT NULL, id {id} NOT NULL, user_name_key TEXT NOT NULL, document {json} NOT NULL,
        created_at {time} NOT NULL, updated_at {time} NOT NULL, PRIMARY KEY (org_id, id)
    )
"""
INDEX = "CREATE UNIQUE INDEX uq_user_name ON users (org_id, user_name_key)"

PATCH_POSTGRESQL = """
    UPDATE users SET document = jsonb_set(document, '{active}', ?::jsonb), updated_at = ? WHERE org_id = ? AND id = ?
    RETURNING document
"""
PATCH_SQLITE = """
    UPDATE users SET document = json_set(document, '$.active', json(?)), updated_at = ? WHERE org_id = ? AND id = ?
    RETURNING document
"""

Row = tuple[Any, ...]


class Statements(Protocol):
    """One statement, one transaction; `?` stands for a parameter."""

    def __call__(self, statement: str, *parameters: object) -> list[Row]: ...


def _on_postgresql(url: str) -> Statements:
    opened = threading.local()

    def run(statement: str, *parameters: object) -> list[Row]:
        connection = getattr(opened, "connection", None)
        if connection is None:
            connection = opened.connection = psycopg.connect(url, autocommit=True)
            connection.adapters.register_loader("jsonb", TextLoader)  # it is not read, only sent
        cursor = connection.execute(statement.replace("?", "%s"), parameters, prepare=True)
        return cursor.fetchall() if cursor.description else []

    return run


def _on_sqlite(path: str) -> Statements:
    opened = threading.local()

    def run(statement: str, *parameters: object) -> list[Row]:
        connection = getattr(opened, "connection", None)
        if connection is None:
            connection = opened.connection = sqlite3.connect(path, timeout=15, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        plain = (str(value) if isinstance(value, UUID | datetime) else value for value in parameters)
        rows: list[Row] = connection.execute(statement, tuple(plain)).fetchall()
        return rows

    return run


def _statements(url: str) -> Statements:
    return _on_postgresql(url) if url.startswith("postgresql") else _on_sqlite(url.removeprefix("sqlite:///"))


def app() -> Flask:
    """What granian serves."""
    url = os.environ["FLOOR_DATABASE_URL"]
    app = Flask("floor")
    app.add_url_rule("/bare", view_func=lambda: {"status": "ok"})
    _Views(_statements(url), url.startswith("postgresql")).register(app)
    return app


class _Views:
    def __init__(self, run: Statements, postgresql: bool) -> None:
        self.run = run
        self.patched = PATCH_POSTGRESQL if postgresql else PATCH_SQLITE

    def register(self, app: Flask) -> None:
        rules: list[tuple[str, str, Callable[..., Response]]] = [
            ("POST", "/Users", self.create),
            ("GET", "/Users", self.find),
            ("GET", "/Users/<uuid:id>", self.get),
            ("PUT", "/Users/<uuid:id>", self.put),
            ("PATCH", "/Users/<uuid:id>", self.patch),
            ("DELETE", "/Users/<uuid:id>", self.delete),
        ]
        for method, path, view in rules:
            app.add_url_rule(path, view.__name__, view, methods=[method])

    def create(self) -> Response:
        document, id, now = orjson.loads(request.data), uuid_utils.compat.uuid7(), datetime.now(UTC)
        document |= {"id": str(id), "meta": {"created": now, "lastModified": now}}
        text = orjson.dumps(document)
        key = document["userName"].casefold()
        self.run("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)", ORGANIZATION, id, key, text.decode(), now, now)
        return _answer(text, 201)

    def get(self, id: UUID) -> Response:
        rows = self.run("SELECT document FROM users WHERE org_id = ? AND id = ?", ORGANIZATION, id)
        return _answer(rows[0][0])

    def find(self) -> Response:
        filter = request.args.get("filter")
        if filter is None:
            return self.page(int(request.args["startIndex"]), int(request.args["count"]))
        key = filter.split('"')[1].casefold()
        rows = self.run("SELECT document FROM users WHERE org_id = ? AND user_name_key = ?", ORGANIZATION, key)
        return _list(rows, len(rows))

    def page(self, start: int, count: int) -> Response:
        ordered = "SELECT document FROM users WHERE org_id = ? ORDER BY id LIMIT ? OFFSET ?"
        rows = self.run(ordered, ORGANIZATION, count, start - 1)
        [(total,)] = self.run("SELECT count(*) FROM users WHERE org_id = ?", ORGANIZATION)
        return _list(rows, total)

    def put(self, id: UUID) -> Response:
        text = orjson.dumps(orjson.loads(request.data) | {"id": str(id)})
        statement = "UPDATE users SET document = ?, updated_at = ? WHERE org_id = ? AND id = ?"
        self.run(statement, text.decode(), datetime.now(UTC), ORGANIZATION, id)
        return _answer(text)

    def patch(self, id: UUID) -> Response:
        active = orjson.dumps(orjson.loads(request.data)["Operations"][0]["value"]["active"]).decode()
        return _answer(self.run(self.patched, active, datetime.now(UTC), ORGANIZATION, id)[0][0])

    def delete(self, id: UUID) -> Response:
        self.run("DELETE FROM users WHERE org_id = ? AND id = ?", ORGANIZATION, id)
        return Response(status=204)


def _list(rows: list[Row], total: int) -> Response:
    return _answer(f'{{"totalResults":{total},"Resources":[{",".join(row[0] for row in rows)}]}}')


def _answer(body: str | bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/scim+json")


@contextmanager
def floor(url: str, folder: Path) -> Iterator[Target]:
    """It runs on an empty database; the path "/bare" is answered without one."""
    folder.mkdir(parents=True, exist_ok=True)
    run, postgresql = _statements(url), url.startswith("postgresql")
    types = ("uuid", "jsonb", "timestamptz") if postgresql else ("TEXT", "TEXT", "TEXT")
    run(TABLE.format(id=types[0], json=types[1], time=types[2]))
    run(INDEX)
    port = free_port()
    command = [
        *(str(PROGRAMS / "granian"), "--interface", "wsgi", "--factory", "--log-level", "warning"),
        *("--port", str(port), "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "benchmarks.floor:app"),
    ]
    environment = {"FLOOR_DATABASE_URL": url, "PYTHONPATH": os.pathsep.join(sys.path)}
    with running(command, port, folder, environment, "/bare") as process:
        yield Target(port, "", process)
