"""Statements that are prepared once: that they answer, refuse and fail as SQLAlchemy has them."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Float, Select, bindparam, cast, event, func, insert, literal_column, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from scim_server import db
from scim_server.config import load_settings
from scim_server.db import Database, connect
from scim_server.models import Organization, User, UserEmail
from scim_server.models.expressions import any_of, any_of_parameter
from scim_server.prepared import _prepared, fetch, first, run
from tests.clients import Directory

WHOLE: Select[Any] = select(
    User.id, User.document, User.created_at, User.manager_id, User.version, func.count().over().label("of")
).where(any_of_parameter(User.id, "ids"))


def test_rows_are_those_that_sqlalchemy_reads(acme: Directory, database: Database) -> None:
    ids = [UUID(acme.create_user(name, title="Dr.").id) for name in ("ada", "bob")]

    with database.asking() as session:
        rows = fetch(session.connection(), WHOLE, {"ids": ids})
        same = session.connection().execute(WHOLE, {"ids": ids}).all()

    assert len(rows) == 2
    assert [tuple(row) for row in rows] == [tuple(row) for row in same]
    assert [type(value) for value in rows[0]] == [type(value) for value in same[0]]
    assert {row.id for row in rows} == set(ids)
    assert [row.document["title"] for row in rows] == ["Dr.", "Dr."]
    assert [row.of for row in rows] == [2, 2]


def test_a_statement_that_answers_nothing_has_no_first_row(acme: Directory, database: Database) -> None:
    with database.asking() as session:
        assert first(session.connection(), WHOLE, {"ids": []}) is None


def test_a_statement_whose_text_depends_on_its_values_answers_as_any_other(acme: Directory, database: Database) -> None:
    ids = {UUID(acme.create_user(name).id) for name in ("ada", "bob", "cyd")}
    listed = select(User.id).where(User.id.in_(bindparam("listed", expanding=True)))

    with database.asking() as session:
        assert {row.id for row in fetch(session.connection(), listed, {"listed": list(ids)})} == ids
        assert fetch(session.connection(), select(User.id).where(any_of(User.id, [])), {}) == []


def test_a_value_is_made_the_driver_s_once_however_often_the_statement_has_it(
    acme: Directory, database: Database
) -> None:
    ids = [UUID(acme.create_user(name).id) for name in ("ada", "bob")]
    both = select(User.id).where(any_of_parameter(User.id, "ids"))
    twice = both.union_all(select(User.id).where(any_of_parameter(User.id, "ids")))

    with database.asking() as session:
        found = fetch(session.connection(), twice, {"ids": ids})

    assert sorted(row.id for row in found) == sorted([*ids, *ids])


def test_whoever_listens_to_statements_hears_of_each(acme: Directory, database: Database) -> None:
    heard: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    with database.asking() as session:
        fetch(session.connection(), WHOLE, {"ids": []})
        event.remove(database.engine, "before_cursor_execute", note)
        fetch(session.connection(), WHOLE, {"ids": []})

    assert [statement.startswith("SELECT users.id") for statement in heard] == [True]


def test_whoever_listens_to_what_is_asked_hears_of_it_before_it_is_text(acme: Directory, database: Database) -> None:
    heard: list[Any] = []

    def note(_connection: Any, statement: Any, *_: Any) -> None:
        heard.append(statement)

    event.listen(database.engine, "before_execute", note)
    with database.asking() as session:
        fetch(session.connection(), WHOLE, {"ids": []})
        event.remove(database.engine, "before_execute", note)
        fetch(session.connection(), WHOLE, {"ids": []})

    assert heard == [WHOLE]


def test_how_many_rows_came_of_a_statement_is_counted(acme: Directory, database: Database) -> None:
    acme.create_user("ada")
    renamed = update(Organization.__table__).where(Organization.slug == bindparam("which")).values(name="New")  # type: ignore[arg-type]

    with database.writing() as session:
        assert run(session.connection(), renamed, {"which": acme.slug}) == 1
        assert run(session.connection(), renamed, {"which": "nobody"}) == 0


def test_a_broken_rule_is_told_in_the_words_of_sqlalchemy_and_the_savepoint_is_undone(
    acme: Directory, database: Database
) -> None:
    ada = UUID(acme.create_user("ada", emails=[{"value": "ada@example.com"}]).id)
    every = select(UserEmail.__table__)

    with database.writing() as session:
        row = first(session.connection(), every, {})._asdict()
        again = insert(UserEmail.__table__).values({name: bindparam(f"same_{name}") for name in row})  # type: ignore[arg-type]
        with pytest.raises(IntegrityError) as refused, session.begin_nested():
            run(session.connection(), again, {f"same_{name}": value for name, value in row.items()})
        assert [each.user_id for each in fetch(session.connection(), every, {})] == [ada]

    assert refused.value.hide_parameters


def test_a_connection_that_is_lost_within_a_statement_is_told_and_replaced(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_RESTED", 3600.0)  # nobody finds out before
    database = connect(load_settings(database_url=postgresql))
    own: Select[Any] = select(literal_column("pg_backend_pid()").label("pid"))
    with database.asking() as session:
        lost = first(session.connection(), own, {}).pid
    with database.asking() as session:
        session.connection()
        with database.engine.connect() as admin:
            admin.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": lost})
        with pytest.raises(OperationalError) as told:
            first(session.connection(), own, {})

    assert told.value.connection_invalidated
    with database.asking() as session:
        assert first(session.connection(), own, {}).pid != lost
    database.engine.dispose()


def test_what_the_driver_refuses_is_an_error_of_the_database(database: Database) -> None:
    with database.asking() as session, pytest.raises(DBAPIError):
        fetch(session.connection(), select(literal_column("no_such_function()")), {})


def test_a_number_is_what_the_driver_says_it_is(acme: Directory, database: Database) -> None:
    half = select(cast(literal_column("0.5"), Float).label("half"))

    with database.asking() as session:
        assert first(session.connection(), half, {}).half == 0.5


def test_the_filter_of_one_request_alone_is_not_prepared(acme: Directory) -> None:
    acme.search('userName eq "ada" or userName eq "bob"')
    before = _prepared.cache_info()
    acme.search('userName eq "cyd" or userName eq "dan"')
    after = _prepared.cache_info()
    assert (after.misses, after.hits) == (before.misses, before.hits + 1)

    # Longer than what is kept for others who ask the like.
    acme.search(" or ".join(f'userName eq "{name}"' for name in "abcdefghijklmnopqrstuvwxyz"))
    assert _prepared.cache_info() == after
