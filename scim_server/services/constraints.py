"""A rule that the database keeps, told in the words of the domain."""

from collections.abc import Mapping

from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scim_server.db import violated_constraint
from scim_server.models import Base
from scim_server.services.errors import DomainError


def flush(session: Session, told: Mapping[str, DomainError]) -> None:
    """Send the pending changes; `told` maps the name of a constraint to the error that its violation means.

    Any other integrity error is a bug, and stays one.
    """
    try:
        session.flush()
    except IntegrityError as error:
        tables = [table for table in Base.metadata.tables.values() if isinstance(table, Table)]
        meaning = told.get(violated_constraint(error, tables) or "")
        if meaning is None:
            raise
        raise meaning from error


def flush_removal(session: Session, row: Base, still_in_use: DomainError) -> None:
    """Take out a row. `still_in_use` is what it means that another one refers to it."""
    session.flush()
    session.delete(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise still_in_use from error
