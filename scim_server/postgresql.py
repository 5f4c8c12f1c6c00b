"""How we speak to PostgreSQL through psycopg."""

from collections.abc import Sequence
from typing import Any

import psycopg


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


class Cursor(psycopg.Cursor[Any]):
    """A cursor that does not describe each column of each answer, which takes a tenth of a request: SQLAlchemy asks
    after each statement whether there are any, and looks at what they are the first time only.
    """

    @property
    def description(self) -> Any:
        result = self.pgresult
        return _Columns(self, result.nfields) if result and result.nfields else None
