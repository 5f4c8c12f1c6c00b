"""Transactions: what is only added in them, and the connections that they run on."""

from contextlib import nullcontext
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Column,
    DateTime,
    MetaData,
    NullPool,
    Table,
    Text,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from scim_server import db
from scim_server.config import Settings, load_settings
from scim_server.db import Database, Transaction, connect
from scim_server.models import Event, LoggedRequest, Organization, User, UserEmail
from scim_server.services import organizations
from scim_server.services.context import Context
from scim_server.services.events import Action, record
from tests.clients import Directory


def note(ctx: Context, name: str) -> None:
    record(ctx, Action.ORGANIZATION_UPDATED, ctx.org, {"name": (None, name)})


def noted(database: Database) -> list[str]:
    with database.reading() as session:
        events = session.scalars(
            select(Event).where(Event.action == Action.ORGANIZATION_UPDATED).order_by(Event.id)
        ).all()
    return [each.changes["name"][1] for each in events]


def test_what_a_savepoint_undoes_takes_along_the_events_within_it_and_no_other(
    acme: Directory, settings: Settings, database: Database
) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, acme.slug, now=datetime.now(UTC))
        note(ctx, "before")
        undone = session.begin_nested()
        note(ctx, "undone")
        undone.rollback()
        with session.begin_nested():
            note(ctx, "kept")
        note(ctx, "after")

    assert noted(database) == ["before", "kept", "after"]


def test_a_query_sees_the_events_of_its_own_transaction(
    acme: Directory, settings: Settings, database: Database
) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, acme.slug, now=datetime.now(UTC))
        note(ctx, "new")
        seen = session.scalars(select(Event).where(Event.action == Action.ORGANIZATION_UPDATED)).all()

    assert [each.changes["name"] for each in seen] == [[None, "new"]]


def test_a_transaction_that_fails_leaves_no_event(acme: Directory, settings: Settings, database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            note(organizations.open_organization(session, settings, acme.slug, now=datetime.now(UTC)), "lost")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert noted(database) == []


def test_a_connection_that_died_while_it_rested_is_replaced_before_anybody_relies_on_it(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_RESTED", 0.0)
    database = connect(load_settings(database_url=postgresql))
    own = text("SELECT pg_backend_pid()")
    with database.asking() as session:
        died = session.scalar(own)
    with create_engine(postgresql, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as operator:
        operator.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": died})

    with database.asking() as session:
        asked = session.scalar(own)
    with database.writing() as session:
        written = session.scalar(own)
    database.engine.dispose()

    assert died != asked == written


def test_whoever_writes_again_and_again_lets_others_write_in_between(acme: Directory, database: Database) -> None:
    written: list[int] = []
    rename = update(Organization).where(Organization.slug == acme.slug)

    def write_now_and_then() -> None:
        for number in range(40):
            with database.writing() as session:
                session.execute(rename.values(name=f"Acme {number}"))
            written.append(number)

    other = Thread(target=write_now_and_then)
    other.start()
    count = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT count(*) FROM n"
    )
    for number in range(100):
        with database.writing() as session:
            session.execute(rename.values(seats=number))
            session.execute(count)  # some milliseconds, as an import takes for a row
        if len(written) == 40:
            break
        database.give_way()

    assert len(written) == 40
    other.join()


def test_changes_of_a_row_come_one_after_the_other(acme: Directory, database: Database) -> None:
    rename = (
        update(Organization).where(Organization.slug == bindparam("which")).values(name=bindparam("called"))
    ).execution_options(synchronize_session=False)

    def name() -> str | None:
        with database.reading() as session:
            return session.scalar(select(Organization.name).where(Organization.slug == acme.slug))

    with database.writing() as session:
        assert isinstance(session, Transaction)
        session.change(rename, {"which": acme.slug, "called": "First"})
        session.change(rename, {"which": acme.slug, "called": "Second"})
    assert name() == "Second"

    with database.writing() as session:
        assert isinstance(session, Transaction)
        org = session.scalars(select(Organization).where(Organization.slug == acme.slug)).one()
        session.change(rename, {"which": acme.slug, "called": "Third"})
        org.name = "Fourth"
    assert name() == "Fourth"


@pytest.mark.parametrize(("addresses", "messages"), [(0, 1), (1, 1), (2, 1), (7, 2)])
def test_a_few_rows_are_sent_at_once(acme: Directory, database: Database, addresses: int, messages: int) -> None:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO events" in statement or "INSERT INTO user_emails" in statement:
            sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    emails = [{"value": f"ada{number}@example.com"} for number in range(addresses)]
    ada = acme.create_user("ada", emails=emails)
    event.remove(database.engine, "before_cursor_execute", note)

    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(UserEmail)) == addresses
        assert session.scalar(select(func.count()).where(Event.target_id == UUID(ada.id))) == 1
        assert session.scalar(select(func.count()).where(LoggedRequest.target_id == UUID(ada.id))) == 1
    if database.engine.dialect.name == "postgresql":
        assert len(sent) == messages


def test_whoever_asks_for_columns_and_for_objects_takes_one_connection_and_gives_it_back(
    acme: Directory, database: Database
) -> None:
    taken: list[Any] = []
    event.listen(database.engine, "checkout", lambda connection, *_: taken.append(connection))
    names = select(Organization.name).where(Organization.slug == acme.slug)
    rows = select(Organization).where(Organization.slug == acme.slug)

    with database.asking() as session:
        name = session.connection().execute(names).scalar_one()
        org = session.scalars(rows).one()
        assert session.connection().execute(names).scalar_one() == name

    assert (org.name, len(taken)) == (name, 1)
    with database.writing() as session:
        session.scalars(rows).one().name = "Acme, Inc."
    with database.asking() as session:
        assert session.scalar(names) == "Acme, Inc."


def test_what_is_to_be_done_last_is_done_before_the_end_and_not_at_all_where_its_savepoint_is_undone(
    database: Database,
) -> None:
    done: list[str] = []
    with database.writing() as session:
        assert isinstance(session, Transaction)
        session.last(lambda: done.append("first"))
        session.execute(select(1))
        with session.begin_nested() as undone:
            session.last(lambda: done.append("undone"))
            undone.rollback()
        with session.begin_nested():
            session.last(lambda: done.append("kept"))
        assert done[-1] == "kept"
        session.last(lambda: done.append("the last"))
        assert done[-1] == "kept"

    assert done == ["first", "kept", "the last"]


def test_what_is_changed_after_all_else_is_changed_after_it_in_one_message(postgresql: str) -> None:
    database = connect(load_settings(database_url=postgresql))
    at = Column("at", DateTime(timezone=True), server_default=func.clock_timestamp())
    steps = Table("steps", MetaData(), Column("name", Text), at, prefixes=["TEMPORARY"])
    one = steps.c.name == bindparam("which")
    change = update(steps).where(one).values(at=func.clock_timestamp()).returning(steps.c.name)
    sent: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _connection, _cursor, sql, *_: sent.append(sql))

    with database.writing() as session:
        assert isinstance(session, Transaction)
        steps.create(session.connection())
        session.connection().execute(insert(steps).values(name="changed"))
        del sent[:]
        for name in ("first", "second"):
            session.append(insert(steps), {"name": name})
        assert session.change_after(change, {"which": "changed"}) == "changed"
        assert len(sent) == 1
        order = session.connection().scalars(select(steps.c.name).order_by(steps.c.at)).all()

    assert order == ["first", "second", "changed"]
    database.engine.dispose()


@pytest.mark.parametrize("objects_first", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_what_objects_and_statements_write_is_kept_or_lost_together(
    acme: Directory, database: Database, *, objects_first: bool, fails: bool
) -> None:
    acme.create_user("ada")

    def by_object(session: Session) -> None:
        session.scalars(select(User)).one().nickname = "by an object"

    def by_statement(session: Session) -> None:
        session.connection().execute(update(Organization).values(name="by a statement"))

    def write() -> None:
        with database.writing() as session:
            for step in (by_object, by_statement)[:: 1 if objects_first else -1]:
                step(session)
            if fails:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) if fails else nullcontext():
        write()

    with database.reading() as session:
        found = session.scalars(select(User.nickname)).one(), session.scalars(select(Organization.name)).one()
    assert found == ((None, "acme") if fails else ("by an object", "by a statement"))
