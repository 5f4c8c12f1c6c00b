"""Rows as an event keeps them, so that they can be put back as they were, whatever columns they have."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.types import TypeEngine

from scim_server.models import Base
from scim_server.models.types import Id, UtcDateTime

# A row in JSON, by the names of its columns.
Kept = dict[str, Any]
# Whose organization's it is, the event says already.
_OF_EVENT = "org_id"


def columns(model: type[Base]) -> list[Any]:
    """The columns that are kept of a table."""
    return [column for column in _table(model).columns if column.name != _OF_EVENT]


def keep(row: Mapping[Any, Any]) -> Kept:
    return {name: _as_json(value) for name, value in row.items() if name != _OF_EVENT}


def restore(model: type[Base], org_id: UUID, kept: Kept) -> dict[str, Any]:
    """A row to be inserted. What the table has no more is left out, and what it has since by then takes its default."""
    known = {column.name: column for column in columns(model)}
    return {"org_id": org_id} | {
        name: _from_json(known[name].type, value) for name, value in kept.items() if name in known
    }


def pack(rows: Sequence[Kept], *, but: str) -> dict[str, Any]:
    """Many rows as an event keeps them: what is the same in all of them is said once, and what differs in a list.

    The column `but` is left out, which the event says already, in the same order.
    """
    packed: dict[str, Any] = {"same": {}, "each": {}}
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        if name == but:
            continue
        if all(value == values[0] for value in values):
            packed["same"][name] = values[0]
        else:
            packed["each"][name] = values
    return packed


def unpack(packed: dict[str, Any], number: int) -> list[Kept]:
    return [packed["same"] | {name: values[n] for name, values in packed["each"].items()} for n in range(number)]


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
