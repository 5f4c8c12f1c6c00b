"""A rule that the database keeps, told in the words of the domain."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, cast

from sqlalchemy import Insert, Table, insert, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from scim_server.db import violated_constraint
from scim_server.models import Base
from scim_server.services.errors import DomainError


def flush(session: Session, told: Mapping[str, DomainError]) -> None:
    """Send the pending changes; `told` maps the name of a constraint to the error that its violation means.

    Any other integrity error is a bug, and stays one.
    """
    with _told(told):
        session.flush()


@contextmanager
def _told(told: Mapping[str, DomainError]) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        tables = [table for table in Base.metadata.tables.values() if isinstance(table, Table)]
        meaning = told.get(violated_constraint(error, tables) or "")
        if meaning is None:
            raise
        raise meaning from error


def add(session: Session, row: Base, told: Mapping[str, DomainError]) -> None:
    """Send one new row by itself, in a quarter of the time that a flush takes, which looks for whatever else there may
    be to do; `told` as in `flush`. All that it refers to has been sent.
    """
    values = {key: getattr(row, key) for key in inspect(row).dict}
    for key, default in _defaults(type(row)):
        if key not in values:
            values[key] = default()
            set_committed_value(row, key, values[key])
    with _told(told):
        session.connection().execute(_insert(type(row)), values)
    make_transient_to_detached(row)
    session.add(row)


@cache
def _insert(model: type[Base]) -> Insert:
    return insert(cast(Table, model.__table__))


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
