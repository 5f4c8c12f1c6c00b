"""One page of a listing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Order:
    """What rows are ordered by; those without a value come last, and first where it descends (RFC 7644 §3.4.2.3)."""

    key: ColumnElement[Any]
    descending: bool = False

    def clauses(self, tie_breaker: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        columns = [self.key.is_(None), self.key, tie_breaker]
        return [column.desc() if self.descending else column.asc() for column in columns]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are asked for, in which order, and the values of the parameters that these name."""

    condition: ColumnElement[bool] = field(default_factory=true)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`total` counts all that match, on whatever page."""

    total: int
    rows: Sequence[Row]


def read_page(
    session: Session,
    model: type[Row],
    id: InstrumentedAttribute[UUID],
    within: Sequence[ColumnElement[bool]],
    selection: Selection,
    *,
    offset: int,
    limit: int,
) -> Page[Row]:
    """The rows of a selection, from `offset` on; without an order of its own, in that of creation.

    `within` holds whatever the selection says.
    """
    where = (*within, selection.condition)
    count = select(func.count()).select_from(model).where(*where).params(selection.parameters)
    total = session.scalar(count) or 0
    if limit == 0 or offset >= total:
        return Page(total, [])
    order = selection.order.clauses(id.expression) if selection.order else [id]
    page = select(model).where(*where).order_by(*order).offset(offset).limit(limit).params(selection.parameters)
    return Page(total, session.scalars(page).all())
