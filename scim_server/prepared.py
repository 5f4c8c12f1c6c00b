"""Statements that requests ask all day, from their text to the driver without what SQLAlchemy does in between.

SQLAlchemy says how such a statement reads, what its values are to the driver, and what the driver's are to us. All of
that is the same each time. To find it again, and to make an object of each execution and one of each answer, takes
SQLAlchemy as long as the driver takes for the rest (docs/decisions/0013-hot-path.md).
"""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NoReturn

from sqlalchemy import CompoundSelect, Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.types import NumericCommon

Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | Insert | Update | Delete
Parameters = Mapping[str, Any]

# Of each request's own there are none among them, and a few hundred of all.
_MOST = 1000

# What SQLAlchemy tells of an execution.
_HEARD = ("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute")


class Prepared:
    """A statement as the driver takes it, and its rows as we do: tuples with the names of the columns."""

    def __init__(self, statement: Statement, compiled: Any, dialect: Dialect) -> None:
        self.text = str(compiled)
        self._order: list[str] | None = compiled.positiontup
        self._values = dict(compiled.params)
        binds = {  # by their names, as a statement may have one parameter several times
            name: parameter.type.dialect_impl(dialect).bind_processor(dialect)
            for parameter, name in compiled.bind_names.items()
        }
        self._binds = [(name, bind) for name, bind in binds.items() if bind]
        columns: Any = statement.exported_columns
        results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._results = [(place, result) for place, result in enumerate(results) if result]
        self._row: Any = partial(tuple.__new__, namedtuple("Row", columns.keys(), rename=True))

    def parameters(self, given: Parameters) -> dict[str, Any] | list[Any]:
        values = {**self._values, **given}
        for name, bind in self._binds:
            values[name] = bind(values[name])
        return values if self._order is None else [values[name] for name in self._order]

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        if self._results:
            found = read = [list(row) for row in found]
            for place, result in self._results:
                for row in read:
                    row[place] = result(row[place])
        return [self._row(row) for row in found]


def fetch(connection: Connection, statement: Statement, parameters: Parameters) -> Sequence[Any]:
    """The rows that a statement answers, which is put together once; all of them, so they are few.

    Raises what the connection's own `execute` would.
    """
    prepared = _suitable(connection, statement)
    if prepared is None:
        return connection.execute(statement, dict(parameters)).all()
    cursor = connection.connection.cursor()
    try:
        cursor.execute(prepared.text, prepared.parameters(parameters))
        found = cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        _tell(connection, prepared, cursor, error)
    cursor.close()
    return prepared.rows(found)


def first(connection: Connection, statement: Statement, parameters: Parameters) -> Any:
    """As `fetch`, of a statement that answers one row or none, which is None."""
    rows = fetch(connection, statement, parameters)
    return rows[0] if rows else None


def run(connection: Connection, statement: Statement, parameters: Parameters) -> int:
    """Have a statement done, which is put together once. How many rows came of it, where it keeps count.

    Raises as `fetch`.
    """
    prepared = _suitable(connection, statement)
    if prepared is None:
        return connection.execute(statement, dict(parameters)).rowcount
    cursor = connection.connection.cursor()
    try:
        cursor.execute(prepared.text, prepared.parameters(parameters))
    except connection.dialect.loaded_dbapi.Error as error:
        _tell(connection, prepared, cursor, error)
    count = cursor.rowcount
    cursor.close()
    return count


def _suitable(connection: Connection, statement: Statement) -> Prepared | None:
    """Where somebody listens to what is executed, they hear of it from SQLAlchemy, which executes it."""
    return None if _is_watched(connection) else _prepared(statement, connection.dialect)


def _is_watched(connection: Connection) -> bool:
    engine = connection.engine
    if not (connection._has_events or engine._has_events):
        return False
    # Which stays so when the last of them has gone.
    return any(getattr(each.dispatch, heard) for each in (connection, engine) for heard in _HEARD)


@lru_cache(maxsize=_MOST)
def _prepared(statement: Statement, dialect: Dialect) -> Prepared | None:
    """None for a statement of which SQLAlchemy says more with each execution: how long a list is, a default, or what
    kind of number the driver has answered with.
    """
    compiled: Any = statement.compile(dialect=dialect)
    if compiled.post_compile_params or compiled.literal_execute_params or compiled.escaped_bind_names:
        return None
    if (compiled.isinsert or compiled.isupdate) and (compiled.insert_prefetch or compiled.update_prefetch):
        return None
    if any(isinstance(column.type, NumericCommon) for column in statement.exported_columns):
        return None
    return Prepared(statement, compiled, dialect)


def _tell(connection: Connection, prepared: Prepared, cursor: Any, error: Exception) -> NoReturn:
    """In SQLAlchemy's words, and with what it does about a connection that is lost."""
    connection._handle_dbapi_exception(error, prepared.text, None, cursor, None)
