"""Statements whose results nobody waits for: on PostgreSQL, where each message is, a few of them go in one."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import CTE, Connection, Delete, Insert, Update, bindparam, func, literal_column, select

from scim_server.prepared import fetch, run

Statement = Insert | Update | Delete
Row = dict[str, Any]
# Statements with the parameters of each time that they are to be sent.
Pending = dict[Statement, list[Row]]

# A statement, and the names of its parameters.
_Message = tuple[Statement, tuple[str, ...]]

# As many rows go together as a request about one user has. Of many, each statement is sent with all of its own.
_FEW = 8
# A text with more parameters psycopg takes to pieces anew each time, which takes longer than to send it twice.
_MOST_PARAMETERS = 50


class _Part(NamedTuple):
    """A statement in a message, the names of the parameters of its own, and of those that it has in common with the
    one before it that is the same statement.
    """

    statement: Statement
    own: tuple[str, ...]
    common: tuple[str, ...] = ()


def send(connection: Connection, pending: Pending) -> None:
    if _go_together(connection, pending):
        for parts, values in _messages(pending):
            _send(connection, _together(parts), values)
        return
    for statement, rows in pending.items():
        if len(rows) > 1:
            connection.execute(statement, rows)
        else:
            ((parts, values),) = _messages({statement: rows})
            _send(connection, _together(parts), values)


def send_and_change(connection: Connection, pending: Pending, change: Update, parameters: Row) -> Any:
    """Send what is pending, and then a change, with the last of it if it can; and return the first value that the
    change returns, if any.
    """
    if _go_together(connection, pending):
        *others, (parts, values) = _messages(pending)
        if len(values) + len(parameters) <= _MOST_PARAMETERS:
            for before, its in others:
                _send(connection, _together(before), its)
            statement, names = _followed(parts, change)
            return _value(connection, statement, dict(zip(names, values, strict=True), **parameters))
    send(connection, pending)
    return _value(connection, change, parameters)


def _value(connection: Connection, change: Statement, parameters: Row) -> Any:
    rows = fetch(connection, change, parameters)
    return rows[0][0] if rows else None


def _go_together(connection: Connection, pending: Pending) -> bool:
    return connection.dialect.name == "postgresql" and 0 < sum(map(len, pending.values())) <= _FEW


def _send(connection: Connection, message: _Message, values: list[Any]) -> None:
    statement, names = message
    run(connection, statement, dict(zip(names, values, strict=True)))


def _messages(pending: Pending) -> Iterator[tuple[tuple[_Part, ...], list[Any]]]:
    parts: list[_Part] = []
    values: list[Any] = []
    for statement, (first, *others) in pending.items():
        of_statement = [_Part(statement, tuple(first))]
        told = list(first.values())
        for row in others:
            # The events of a request differ in few columns.
            own = [name for name, value in row.items() if value is not first[name]]
            of_statement.append(_Part(statement, tuple(own), tuple(name for name in row if name not in own)))
            told += [row[name] for name in own]
        if parts and len(values) + len(told) > _MOST_PARAMETERS:
            yield tuple(parts), values
            parts, values = [], []
        parts += of_statement
        values += told
    yield tuple(parts), values


@lru_cache(maxsize=256)
def _together(parts: tuple[_Part, ...]) -> _Message:
    """A statement that does what each of these does, and the names of its parameters."""
    (first, *others), names = _named(parts)
    return first.add_cte(*(other.cte() for other in others)), names


@lru_cache(maxsize=256)
def _followed(parts: tuple[_Part, ...], change: Update) -> _Message:
    """A statement that does what each of these does, and after them the change.

    PostgreSQL does the parts of a statement in an order of its own, but for what is looked at. So the change looks at
    what the others return, and locks its row after they have theirs.
    """
    statements, names = _named(parts)
    done: list[CTE] = [each.returning(literal_column("1").label("done")).cte() for each in statements]
    counted = [select(func.count()).select_from(each).scalar_subquery() for each in done]
    return change.where(*(each >= literal_column("0") for each in counted)), names


def _named(parts: tuple[_Part, ...]) -> tuple[list[Statement], tuple[str, ...]]:
    """These statements with parameters of their own each, and the names of these."""
    names: list[str] = []
    statements: list[Statement] = []
    firsts: dict[Statement, int] = {}
    for number, (statement, own, common) in enumerate(parts):
        if isinstance(statement, Insert):
            its = {column: f"{column}_{number}" for column in own}
            its |= {column: f"{column}_{firsts.setdefault(statement, number)}" for column in common}
            names += [its[column] for column in own]
            firsts.setdefault(statement, number)
            statement = statement.values({column: bindparam(name) for column, name in its.items()})
        else:
            names += own
        statements.append(statement)
    assert len(set(names)) == len(names), "what is sent at once has parameters of its own"
    return statements, tuple(names)
