"""A rule that the database keeps, told in the words of the domain."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from sqlalchemy import Insert, Table, Update, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from scim_server.db import violated_constraint
from scim_server.models import Base
from scim_server.prepared import run
from scim_server.services.errors import DomainError


@contextmanager
def telling(told: Mapping[str, DomainError]) -> Iterator[None]:
    """Whatever the block sends; `told` maps the name of a constraint to the error that its violation means.

    Any other integrity error is a bug, and stays one.
    """
    try:
        yield
    except IntegrityError as error:
        _tell(error, told)
        raise


def flush(session: Session, told: Mapping[str, DomainError]) -> None:
    """Send the pending changes; `told` as in `telling`."""
    with telling(told):
        session.flush()


def send(
    session: Session, statement: Insert | Update, values: Mapping[str, Any], told: Mapping[str, DomainError]
) -> int:
    """Send one new row, or one change, by itself; `told` as in `telling`. How many rows came of it, where the statement
    keeps count.
    """
    try:
        return run(session.connection(), statement, values)
    except IntegrityError as error:
        _tell(error, told)
        raise


def make_known(session: Session, row: Base) -> None:
    """Have the session know a row that was sent as if it had been read."""
    _fill(row)
    make_transient_to_detached(row)
    session.add(row)


def _fill(row: Base) -> None:
    """Give a row the values that nobody has said."""
    said = inspect(row).dict
    for key, default in _defaults(type(row)):
        if key not in said:
            set_committed_value(row, key, default())


def _tell(error: IntegrityError, told: Mapping[str, DomainError]) -> None:
    tables = [table for table in Base.metadata.tables.values() if isinstance(table, Table)]
    meaning = told.get(violated_constraint(error, tables) or "")
    if meaning is not None:
        raise meaning from error


@cache
def _defaults(model: type[Base]) -> list[tuple[str, Callable[[], Any]]]:
    """The attributes of a model, and what makes their values where nobody has said so."""
    return [(attribute.key, _default(attribute.columns[0])) for attribute in inspect(model).column_attrs]


def _default(column: Any) -> Callable[[], Any]:
    if column.default is None:
        return lambda: None
    return partial(column.default.arg, None) if column.default.is_callable else lambda: column.default.arg


def flush_removal(session: Session, row: Base, still_in_use: DomainError) -> None:
    """Take out a row. `still_in_use` is what it means that another one refers to it."""
    session.flush()
    session.delete(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise still_in_use from error
