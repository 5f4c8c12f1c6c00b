"""How we speak to PostgreSQL through psycopg."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Self

import psycopg

from scim_server.premises import HOLDS, Premise, check

_RELIED_ON = "premise_row"
"""The parameter for what a premise was when it was asked."""


class _Columns(Sequence[psycopg.Column]):
    """The columns of an answer, each described when it is looked at."""

    def __init__(self, cursor: psycopg.Cursor[Any], count: int) -> None:
        self._cursor = cursor
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        which = range(self._count)[index]
        if isinstance(which, int):
            return psycopg.Column(self._cursor, which)
        return [psycopg.Column(self._cursor, each) for each in which]


@lru_cache(maxsize=1024)
def relying(statement: str, premise: str) -> str | None:
    """A statement that finds nothing, locks nothing and changes nothing, unless a premise holds, or None where there is
    no such one. PostgreSQL asks for that once, and first: the premise has nothing to do with the rows.
    """
    holds = f"({premise}) = %({_RELIED_ON})s"
    if statement.startswith("SELECT"):
        return f"SELECT its.* FROM ({statement}) AS its WHERE {holds}"  # noqa: S608
    return statement.replace(HOLDS, holds) if HOLDS in statement else None


def relied_on(premise: Premise) -> dict[str, Any]:
    """The parameters that such a query has besides its own."""
    return premise.parameters | {_RELIED_ON: premise.row[0]}


class Connection(psycopg.Connection[Any]):
    """A connection whose next statement may take along the question whether something still holds."""

    relies_on: Premise | None = None

    def settle(self) -> None:
        """Ask by itself what no statement has asked along.

        Raises PremiseChanged.
        """
        premise, self.relies_on = self.relies_on, None
        if premise is not None:
            check(self, premise)


class Cursor(psycopg.Cursor[Any]):
    """A cursor that does not describe each column of each answer, which takes a tenth of a request: SQLAlchemy asks
    after each statement whether there are any, and looks at what they are the first time only. And it takes the rows of
    a COPY as it takes those of an INSERT, so that SQLAlchemy tells what goes wrong in the same words.
    """

    connection: Connection

    def execute(self, query: Any, params: Any = None, **how: Any) -> Self:
        """Raises PremiseChanged."""
        premise = self.connection.relies_on
        if premise is None:
            return super().execute(query, params, **how)
        asking = relying(query, premise.text) if isinstance(params, dict | None) else None
        if asking is None:
            self.connection.settle()
            return super().execute(query, params, **how)
        self.connection.relies_on = None
        super().execute(asking, {**(params or {}), **relied_on(premise)}, **how)
        # Nothing is found, or changed, where the premise does not hold, and where there is nothing to.
        if self.rowcount == 0:
            check(self.connection, premise)
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **how: Any) -> None:
        """Raises PremiseChanged."""
        self.connection.settle()
        if not query.startswith("COPY "):
            super().executemany(query, params_seq, **how)
            return
        with self.copy(query) as copy:
            for row in params_seq:
                copy.write_row(row)

    @property
    def description(self) -> Any:
        result = self.pgresult
        return _Columns(self, result.nfields) if result and result.nfields else None
