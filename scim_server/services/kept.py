"""Rows as an event keeps them, so that they can be put back as they were, whatever columns they have."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Table
from sqlalchemy.types import TypeEngine

from scim_server.models import Base
from scim_server.models.types import Id, UtcDateTime

# A row in JSON, by the names of its columns. Whose organization's it is, the event says already.
Kept = dict[str, Any]


def columns(model: type[Base]) -> list[Any]:
    """The columns that are kept of a table."""
    return [column for column in _table(model).columns if column.name != "org_id"]


def keep(row: RowMapping) -> Kept:
    return {name: _as_json(value) for name, value in row.items()}


def restore(model: type[Base], org_id: UUID, kept: Kept) -> dict[str, Any]:
    """A row to be inserted. What the table has no more is left out, and what it has since by then takes its default."""
    known = {column.name: column for column in columns(model)}
    return {"org_id": org_id} | {
        name: _from_json(known[name].type, value) for name, value in kept.items() if name in known
    }


def _as_json(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _from_json(kind: TypeEngine[Any], value: Any) -> Any:
    if value is None:
        return None
    match kind:
        case Id():
            return UUID(value)
        case UtcDateTime():
            return datetime.fromisoformat(value)
        case _:
            return value


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
