"""One page of a listing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

Row = TypeVar("Row")

# Rows to pass over from which on it is worth while to count first.
_DEEP = 1000


@dataclass(frozen=True, slots=True)
class Order:
    """What rows are ordered by; those without a value come last, and first where it descends (RFC 7644 §3.4.2.3).

    `nullable` is False where every row has a value, which lets an index find a place in the order.
    """

    key: ColumnElement[Any]
    descending: bool = False
    nullable: bool = True

    def clauses(self, id: ColumnElement[Any], *, backwards: bool = False) -> list[ColumnElement[Any]]:
        columns = [self.key.is_(None), self.key, id] if self.nullable else [self.key, id]
        return [column.desc() if self.descending != backwards else column.asc() for column in columns]


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
    what: Any,
    id: InstrumentedAttribute[UUID],
    within: Sequence[ColumnElement[bool]],
    selection: Selection,
    *,
    offset: int,
    limit: int,
) -> Page[Row]:
    """The rows of a selection, from `offset` on; without an order of its own, in that of creation.

    `what` is the model, or a tuple of columns of it. `within` holds whatever the selection says.
    """
    where = (*within, selection.condition)
    if limit and offset >= _DEEP and selection.order is None:
        return _read_deep_page(session, what, id, within, selection, offset=offset, limit=limit)
    order = selection.order.clauses(id.expression) if selection.order else [id]
    page = _select(what).where(*where).order_by(*order).offset(offset).limit(limit).params(selection.parameters)
    rows = _read(session, what, page) if limit else []
    if len(rows) < limit and (rows or offset == 0):  # the last page, which says how many there are
        return Page(offset + len(rows), rows)
    count = select(func.count()).select_from(id.class_).where(*where).params(selection.parameters)
    return Page(session.scalar(count) or 0, rows)


def _read_deep_page(
    session: Session,
    what: Any,
    id: InstrumentedAttribute[UUID],
    within: Sequence[ColumnElement[bool]],
    selection: Selection,
    *,
    offset: int,
    limit: int,
) -> Page[Row]:
    """As `read_page`, where many come before: what is passed over are ids, which an index has, and it begins at the end
    that is nearer. Whoever is created in the meantime comes behind that end, and moves nobody.
    """
    mine = select(id).where(*within, selection.condition).correlate(None)
    newest = mine.order_by(id.desc()).limit(1).scalar_subquery()
    count = select(func.count(), newest).select_from(id.class_).where(*within, selection.condition)
    total, last = session.execute(count.params(selection.parameters)).one()
    if offset >= total:
        return Page(total, [])
    behind = total - offset - limit
    if offset < behind:
        ids = mine.order_by(id).offset(offset).limit(limit)
    else:
        ids = mine.where(id <= last).order_by(id.desc()).offset(max(0, behind)).limit(limit + min(0, behind))
    page = _select(what).where(*within, id.in_(ids)).order_by(id)
    return Page(total, _read(session, what, page.params(selection.parameters)))


def _select(what: Any, *places: Any) -> Select[Any]:
    return select(*what, *places) if isinstance(what, tuple) else select(what, *places)


def _read(session: Session, what: Any, query: Select[Any]) -> Sequence[Any]:
    """Rows of columns take nothing of what a session does for objects, and a fraction of its time."""
    return session.connection().execute(query).all() if isinstance(what, tuple) else session.scalars(query).all()


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an order: that of a row with this value of the order's key, and this id.

    `part` tells which table it is in, where a listing goes through several (services/unions.py).
    """

    key: Any
    id: UUID
    part: int = 0


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """Some rows in a row; `first` and `last` are where they lie, if there are more before or behind them."""

    rows: Sequence[Row]
    first: Position | None = None
    last: Position | None = None


def read_slice(
    session: Session,
    what: Any,
    id: InstrumentedAttribute[UUID],
    within: Sequence[ColumnElement[bool]],
    selection: Selection,
    *,
    start: Position | None,
    backwards: bool,
    limit: int,
) -> Slice[Row]:
    """The rows of a selection behind a position, or before it; from the first one on where there is no position.

    It costs the same wherever the position lies, and whoever was there all along is in exactly one slice of a walk,
    whatever is created and deleted meanwhile.
    """
    order = selection.order or Order(id.expression, nullable=False)

    def query(place: Position | None, reverse: bool) -> Select[tuple[Row, Any, UUID]]:
        where = [*within, selection.condition]
        if place is not None:
            where.append(beyond(order, id.expression, place, reverse))
        clauses = order.clauses(id.expression, backwards=reverse)
        places = order.key.label("key_of_place"), id.label("id_of_place")
        return _select(what, *places).where(*where).order_by(*clauses).params(selection.parameters)

    found = cut_slice(session, query, lambda row: Position(*row[-2:]), start=start, backwards=backwards, limit=limit)
    return found if isinstance(what, tuple) else replace(found, rows=[row for row, _, _ in found.rows])


def cut_slice(
    session: Session,
    query: Callable[[Position | None, bool], Select[Any]],
    position: Callable[[Any], Position],
    *,
    start: Position | None,
    backwards: bool,
    limit: int,
) -> Slice[Any]:
    """What a query finds behind a position, or before it. `query` takes that position, and whether it goes backwards
    from there; `position` is where something found lies.
    """

    def is_any_beyond(place: Position, reverse: bool) -> bool:
        anything = query(place, reverse).with_only_columns(literal(1), maintain_column_froms=True)
        return session.execute(anything.limit(1)).first() is not None

    if limit == 0:
        return Slice([])
    found = list(session.execute(query(start, backwards).limit(limit + 1)))
    more, found = len(found) > limit, found[:limit]
    if not found:
        return Slice([])
    if backwards:
        found.reverse()
    first, last = position(found[0]), position(found[-1])
    before = more if backwards else start is not None and is_any_beyond(first, True)
    behind = is_any_beyond(last, False) if backwards else more
    return Slice(found, first=first if before else None, last=last if behind else None)


def beyond(order: Order, id: ColumnElement[Any], place: Position, reverse: bool) -> ColumnElement[bool]:
    """The rows that come after a position; before it, in reverse."""
    descends = order.descending != reverse
    if not order.nullable:
        here = tuple_(order.key, id)
        there = tuple_(literal(place.key, order.key.type), literal(place.id, id.type))
        return here < there if descends else here > there
    return beyond_key(order, place.key, id < place.id if descends else id > place.id, descends)


def beyond_key(order: Order, at: Any, beside: ColumnElement[bool], descends: bool) -> ColumnElement[bool]:
    """The rows whose key comes after `at`, and of those with that very key the ones that lie `beside` it."""
    key = order.key
    if at is None:
        same = and_(key.is_(None), beside)
        return or_(same, key.is_not(None)) if descends else same
    value = literal(at, key.type)
    later = or_(key < value if descends else key > value, and_(key == value, beside))
    return and_(key.is_not(None), later) if descends else or_(key.is_(None), and_(key.is_not(None), later))
