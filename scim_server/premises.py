"""What a request takes for granted, since it held the last time, and asks again with the first thing that it does.

To know who asks takes a question of its own, and with PostgreSQL to ask and to wait takes longer than to find the
answer. So whoever was known before is taken to be the same until there is a first answer: the question is put within
the first query, which finds nothing where its answer is another one than before. Then nothing of the request has
happened, and it begins anew, with nothing taken for granted (`PremiseChanged`).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, ClauseElement, Connection, Engine, literal_column
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

HOLDS = "/* what is taken for granted */ TRUE"
IT_HOLDS = literal_column(HOLDS, Boolean())
"""A condition of an INSERT … SELECT, or of whatever changes rows, under which it may come first: there it is asked
whether a premise holds, if there is one, and nothing is changed where it does not. Any query asks without it.
"""


class PremiseChanged(Exception):
    """What was taken for granted does not hold any more. Whatever was asked or written since is to be undone."""


@dataclass(frozen=True, slots=True)
class Premise:
    """A question, as the driver takes it, and the row that it was answered with, as the driver gives it: on PostgreSQL
    the whole of it as one text.
    """

    text: str
    parameters: dict[str, Any]
    row: tuple[Any, ...]


class Reliance:
    """What one block takes for granted, which is nothing where there is no premise, until somebody has asked for it."""

    def __init__(self, premise: Premise | None) -> None:
        self._premise = premise
        self._driver: Any = None

    def begin(self, connection: Connection) -> None:
        """The block has its connection now. On PostgreSQL its first statement takes the question along; SQLite, where
        nothing is waited for, is asked at once.

        Raises PremiseChanged.
        """
        premise, self._premise = self._premise, None
        if premise is None:
            return
        driver = _driver_of(connection)
        if connection.dialect.name == "postgresql":
            driver.relies_on, self._driver = premise, driver
        else:
            check(driver, premise)

    def settle(self, engine: Engine) -> None:
        """The block ends: ask what nothing in it has asked.

        Raises PremiseChanged.
        """
        if self._driver is not None:
            self._driver.settle()
        elif self._premise is not None:
            with engine.connect() as connection:
                check(_driver_of(connection), self._premise)


def ask(connection: Connection, query: ClauseElement, parameters: dict[str, Any]) -> Premise | None:
    """What a query answers now, to be taken for granted later, or None where it finds nothing. Its parameters are texts
    and bytes, whose names no other query has.
    """
    text = _text(query, connection.dialect.name)
    row = _driver_of(connection).execute(text, parameters).fetchone()
    return Premise(text, parameters, row) if row else None


def check(driver: Any, premise: Premise) -> None:
    """Ask by itself whether a premise holds, on a connection of the driver's.

    Raises PremiseChanged.
    """
    if driver.execute(premise.text, premise.parameters).fetchone() != premise.row:
        raise PremiseChanged


def _driver_of(connection: Connection) -> Any:
    return connection.connection.driver_connection


@lru_cache(maxsize=16)
def _text(query: ClauseElement, dialect: str) -> str:
    """With parameters by their names, which both drivers take."""
    if dialect == "sqlite":
        return str(query.compile(dialect=sqlite.dialect(paramstyle="named")))
    compiled = query.compile(dialect=PGDialect_psycopg())  # type: ignore[no-untyped-call]
    return f"SELECT CAST(ROW(its.*) AS TEXT) FROM ({compiled}) AS its"  # noqa: S608
