"""One page of a listing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are asked for: a condition, and the values of the parameters that it names."""

    condition: ColumnElement[bool] = field(default_factory=true)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`total` counts all that match, on whatever page."""

    total: int
    rows: Sequence[Row]


def read_page(
    session: Session,
    model: type[Row],
    order: InstrumentedAttribute[object],
    within: Sequence[ColumnElement[bool]],
    selection: Selection,
    *,
    offset: int,
    limit: int,
) -> Page[Row]:
    """The rows of a selection, from `offset` on, in a stable order. `within` holds whatever the selection says."""
    where = (*within, selection.condition)
    count = select(func.count()).select_from(model).where(*where).params(selection.parameters)
    total = session.scalar(count) or 0
    if limit == 0 or offset >= total:
        return Page(total, [])
    page = select(model).where(*where).order_by(order).offset(offset).limit(limit).params(selection.parameters)
    return Page(total, session.scalars(page).all())
