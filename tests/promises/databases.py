"""Databases from the outside: what is in one, which SQL it is sent, and one that a test may break."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import get_ident
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import Session

from scim_server.config import Settings, load_settings
from scim_server.db import Database, connect
from scim_server.migrations import upgrade
from scim_server.models import Base, Event, LoggedRequest, Organization
from scim_server.services.request_queue import close_all

Contents = dict[str, list[dict[str, Any]]]

# Where one statement of a message to PostgreSQL ends and the next begins.
_TOGETHER = re.compile(r"(?:^WITH |\), \n)anon_\d+ AS \n\((?=INSERT|UPDATE|DELETE)|\)\n (?=INSERT|UPDATE|DELETE)")

# In a trace of libpq, the messages after which nothing is sent until there is an answer.
_WAITED_FOR = re.compile(r"\tF\t\d+\t(?:Sync|Query)\b")


@contextmanager
def database_of_its_own(settings: Settings, folder: Path) -> Iterator[tuple[Settings, Database]]:
    """An empty database of the kind that `settings` name, gone when the block ends; and the settings to reach it."""
    if settings.database.get_backend_name() == "sqlite":
        with _opened(f"sqlite:///{folder / 'own.db'}") as found:
            yield found
        return
    with _on_the_server(settings, "CREATE DATABASE {name}") as found:
        yield found


@contextmanager
def migrated_database(settings: Settings, folder: Path) -> Iterator[tuple[Settings, Database]]:
    """As `database_of_its_own`, with its tables: a copy of one that was migrated once."""
    if settings.database.get_backend_name() == "sqlite":
        (folder / "own.db").write_bytes(_migrated_file())
        with _opened(f"sqlite:///{folder / 'own.db'}") as found:
            yield found
        return
    with _on_the_server(settings, f"CREATE DATABASE {{name}} TEMPLATE {_template(settings.database_url)}") as found:
        yield found


@cache
def _migrated_file() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "migrated.db"
        with _opened(f"sqlite:///{file}") as (_, database):
            upgrade(database.engine)
        return file.read_bytes()  # the last connection has put into it what was in the log beside it


@cache
def _template(database_url: str) -> str:
    """The name of a migrated database on that server, to which nobody is connected."""
    url = load_settings(database_url=database_url).database
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE migrated")
    server.dispose()
    with _opened(url.set(database="migrated").render_as_string(hide_password=False)) as (_, database):
        upgrade(database.engine)
    return "migrated"


@contextmanager
def _on_the_server(settings: Settings, create: str) -> Iterator[tuple[Settings, Database]]:
    name = f"own_{uuid4().hex}"
    server = create_engine(settings.database, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(create.format(name=name))
        try:
            with _opened(settings.database.set(database=name).render_as_string(hide_password=False)) as found:
                yield found
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@contextmanager
def _opened(url: str) -> Iterator[tuple[Settings, Database]]:
    settings = load_settings(database_url=url)
    database = connect(settings)
    try:
        yield settings, database
    finally:
        close_all()
        database.engine.dispose()


@contextmanager
def waits(database: Database) -> Iterator[list[str]]:
    """What this thread sends while the block runs and has to wait for, as the client library of PostgreSQL has it."""
    waited: list[str] = []
    here = get_ident()

    with TemporaryFile("r") as trace:

        def listen(connection: Any, *_: Any) -> None:
            if get_ident() == here:
                connection.pgconn.trace(os.dup(trace.fileno()))

        def leave(connection: Any, *_: Any) -> None:
            connection.pgconn.untrace()

        event.listen(database.engine, "checkout", listen)
        event.listen(database.engine, "checkin", leave)
        try:
            yield waited
        finally:
            event.remove(database.engine, "checkout", listen)
            event.remove(database.engine, "checkin", leave)
        trace.seek(0)
        waited += [line for line in trace if _WAITED_FOR.search(line)]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL that this thread sends while the block runs, which is not what the request log writes meanwhile.

    SQLite's BEGIN, which is no message on PostgreSQL, is not among it.
    """
    sent: list[str] = []
    here = get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN") and get_ident() == here:
            sent.extend(apart(statement))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def apart(statement: str) -> list[str]:
    """What is one message to PostgreSQL and several to SQLite (`scim_server/messages.py`), as several; or a statement.

    Rows that SQLite is sent by one statement count as one.
    """
    if not _TOGETHER.match(statement):
        return [statement]
    each = [part for part in _TOGETHER.split(statement) if part]
    return list({part.partition(" VALUES ")[0]: part for part in each}.values())


def contents(database: Database, org_id: UUID | None = None) -> Contents:
    """Every row of every table, or of one organization's; except for what any request leaves behind.

    That is when a token was last used, and the request log.
    """
    tables = [table for table in Base.metadata.sorted_tables if table.name != LoggedRequest.__tablename__]
    found: Contents = {}
    with database.reading() as session:
        for table in tables:
            owner = table.c.get("org_id", table.c.get("id"))
            assert owner is not None
            rows = session.execute(select(table) if org_id is None else select(table).where(owner == org_id))
            listed = [{name: value for name, value in row.items() if name != "last_used_at"} for row in rows.mappings()]
            found[table.name] = sorted(listed, key=repr)
    return found


def org_id(session: Session, slug: str) -> UUID:
    return session.scalars(select(Organization.id).where(Organization.slug == slug)).one()


def id_of(database: Database, slug: str) -> UUID:
    """The id of an organization."""
    with database.reading() as session:
        return org_id(session, slug)


def events(database: Database, slug: str) -> list[Event]:
    """The events of an organization, the oldest first."""
    with database.reading() as session:
        return list(session.scalars(select(Event).where(Event.org_id == org_id(session, slug)).order_by(Event.id)))
