"""One page of a listing."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

from scim_server.prepared import fetch
from scim_server.services.context import Context

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
    """Which rows are asked for, in which order, and the values of the parameters that these name.

    `statements` are those that were made of the condition and the order, where somebody keeps these two for others who
    ask the same: to build a statement takes longer than the database takes to answer. `few` says that there will be few
    rows, if any.
    """

    condition: ColumnElement[bool] = field(default_factory=true)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    order: Order | None = None
    statements: dict[Any, Select[Any]] | None = None
    few: bool = False

    def statement(self, make: Callable[..., Select[Any]], listed: "Listed", *rest: Hashable) -> Select[Any]:
        if self.statements is None:
            return make(listed, self, *rest)
        key = (make, listed, *rest)
        found = self.statements.get(key)
        if found is None:
            found = self.statements[key] = make(listed, self, *rest)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """What can be listed: `what` is shown of rows, which is their model or a tuple of its columns, and whatever a
    selection says, they are those `within`. The statements serve every organization, so that names it by the parameter
    `org_id`.
    """

    what: Any
    id: InstrumentedAttribute[UUID]
    within: Sequence[ColumnElement[bool]]

    @property
    def is_of_columns(self) -> bool:
        return isinstance(self.what, tuple)

    def select(self, *more: Any) -> Select[Any]:
        return select(*self.what, *more) if self.is_of_columns else select(self.what, *more)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`total` counts all that match, on whatever page."""

    total: int
    rows: Sequence[Row]


def read_page(ctx: Context, listed: Listed, selection: Selection, *, offset: int, limit: int) -> Page[Any]:
    """The rows of a selection, from `offset` on; without an order of its own, in that of creation."""
    parameters = {**selection.parameters, "org_id": ctx.org.id, "offset": offset, "limit": limit}
    if limit and offset >= _DEEP and selection.order is None:
        return _read_deep_page(ctx, listed, selection, parameters)
    query = selection.statement(_page if offset else _first_page, listed)
    rows = _read(ctx, listed, selection, query, parameters) if limit else []
    if len(rows) < limit and (rows or offset == 0):  # the last page, which says how many there are
        return Page(offset + len(rows), rows)
    ((total,),) = _ask(ctx, selection, selection.statement(_count, listed), parameters)
    return Page(total, rows)


def _read_deep_page(ctx: Context, listed: Listed, selection: Selection, parameters: dict[str, Any]) -> Page[Any]:
    """As `read_page`, where many come before: what is passed over are ids, which an index has, and it begins at the end
    that is nearer. Whoever is created in the meantime comes behind that end, and moves nobody.
    """
    offset, limit = parameters["offset"], parameters["limit"]
    counted = selection.statement(_count_to_newest, listed)
    ((total, last),) = _ask(ctx, selection, counted, parameters)
    if offset >= total:
        return Page(total, [])
    behind = total - offset - limit
    if offset < behind:
        found = selection.statement(_deep_page, listed)
    else:
        found = selection.statement(_deep_page_from_the_end, listed)
        parameters |= {"last": last, "offset": max(0, behind), "limit": limit + min(0, behind)}
    return Page(total, _read(ctx, listed, selection, found, parameters))


_OFFSET, _LIMIT = bindparam("offset", type_=Integer), bindparam("limit", type_=Integer)
# Not as a parameter, of which PostgreSQL would not know that it is so few.
_ONE = literal_column("1", Integer)


def _page(listed: Listed, selection: Selection) -> Select[Any]:
    return _first_page(listed, selection).offset(_OFFSET)


def _first_page(listed: Listed, selection: Selection) -> Select[Any]:
    """With no OFFSET: PostgreSQL, which is not told how far, believes that it has to find more than it shows, and so
    plans each look-up anew, instead of keeping the plan, in three times the time that the look-up takes.
    """
    order = selection.order.clauses(listed.id.expression) if selection.order else [listed.id]
    page = listed.select().where(*listed.within, selection.condition)
    return page.order_by(*order).limit(_LIMIT)


def _count(listed: Listed, selection: Selection, *with_it: Any) -> Select[Any]:
    counted = select(func.count(), *with_it).select_from(listed.id.class_)
    return counted.where(*listed.within, selection.condition)


def _count_to_newest(listed: Listed, selection: Selection) -> Select[Any]:
    newest = _ids(listed, selection).order_by(listed.id.desc()).limit(1).scalar_subquery()
    return _count(listed, selection, newest)


def _deep_page(listed: Listed, selection: Selection) -> Select[Any]:
    ids = _ids(listed, selection).order_by(listed.id).offset(_OFFSET).limit(_LIMIT)
    return listed.select().where(*listed.within, listed.id.in_(ids)).order_by(listed.id)


def _deep_page_from_the_end(listed: Listed, selection: Selection) -> Select[Any]:
    ids = _ids(listed, selection).where(listed.id <= bindparam("last")).order_by(listed.id.desc())
    found = listed.id.in_(ids.offset(_OFFSET).limit(_LIMIT))
    return listed.select().where(*listed.within, found).order_by(listed.id)


def _ids(listed: Listed, selection: Selection) -> Select[Any]:
    return select(listed.id).where(*listed.within, selection.condition).correlate(None)


def _read(
    ctx: Context, listed: Listed, selection: Selection, query: Select[Any], parameters: Mapping[str, Any]
) -> Sequence[Any]:
    """Rows of columns take nothing of what a session does for objects, and a fraction of its time."""
    if listed.is_of_columns:
        return _ask(ctx, selection, query, parameters)
    return ctx.session.scalars(query, parameters).all()


def _ask(ctx: Context, selection: Selection, query: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Any]:
    """Columns, by a statement that is prepared unless it is of this request alone."""
    if selection.statements is None:
        return ctx.session.connection().execute(query, parameters).all()
    return fetch(ctx.session.connection(), query, parameters)


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
    ctx: Context, listed: Listed, selection: Selection, *, start: Position | None, backwards: bool, limit: int
) -> Slice[Any]:
    """The rows of a selection behind a position, or before it; from the first one on where there is no position.

    It costs the same wherever the position lies, and whoever was there all along is in exactly one slice of a walk,
    whatever is created and deleted meanwhile.
    """

    parameters = {**selection.parameters, "org_id": ctx.org.id, "limit": limit + 1}
    kind = None
    if start is not None:
        parameters |= {"key_of_start": start.key, "id_of_start": start.id}
        kind = "valued" if start.key is not None else "unvalued"
    query = selection.statement(_slice, listed, kind, backwards)
    rows: Sequence[Any]
    if listed.is_of_columns:
        rows = _ask(ctx, selection, query, parameters)
    else:
        rows = ctx.session.execute(query, parameters).all()

    def position(row: Any) -> Position:
        key, id = row[-3], UUID(row[-2])
        return Position(key if selection.order else id, id)

    found = cut_slice(rows, position, backwards=backwards, limit=limit)
    return found if listed.is_of_columns else replace(found, rows=[row[0] for row in found.rows])


def _slice(listed: Listed, selection: Selection, start: str | None, backwards: bool) -> Select[Any]:
    """What lies behind a position, which has a key, has none, or is that before all; and with each row, whether there
    is anything that does not.
    """
    id = listed.id.expression
    order = selection.order or Order(id, nullable=False)
    behind: ColumnElement[bool] = true()
    is_left: ColumnElement[Any] = false()
    if start is not None:
        at = bindparam("key_of_start", type_=order.key.type) if start == "valued" else None
        behind = beyond(order, id, at, bindparam("id_of_start", type_=id.type), backwards)
        # In order, so that an index is read from the position on, where the first one is mostly there.
        left = select(_ONE).select_from(listed.id.class_).where(*listed.within, selection.condition, ~behind)
        left = left.order_by(*order.clauses(id, backwards=not backwards)).limit(_ONE)
        is_left = left.correlate(None).scalar_subquery()
    # Ids as text: of all these rows, only two are asked where they lie.
    key = order.key if selection.order else null()
    places = key.label("key_of_place"), cast(id, String).label("id_of_place"), is_left.label("is_left")
    found = listed.select(*places).where(*listed.within, selection.condition, behind)
    return found.order_by(*order.clauses(id, backwards=backwards)).limit(_LIMIT)


def cut_slice(found: Sequence[Any], position: Callable[[Any], Position], *, backwards: bool, limit: int) -> Slice[Any]:
    """Of rows that were found from somewhere on, or backwards from there, those that are wanted. One more than these
    says that there are more, and the last column of each whether there are any on the other side of where it began;
    `position` is where one lies.
    """
    rows = list(found[:limit])
    if not rows:
        return Slice([])
    more, left = len(found) > limit, bool(rows[0][-1])
    if backwards:
        rows.reverse()
    before, behind = (more, left) if backwards else (left, more)
    return Slice(rows, position(rows[0]) if before else None, position(rows[-1]) if behind else None)


def beyond(order: Order, id: ColumnElement[Any], at: Any, at_id: Any, reverse: bool) -> ColumnElement[bool]:
    """The rows that come after a position, of which `at` is the order's key and `at_id` the id, or parameters for
    these; before it, in reverse.
    """
    descends = order.descending != reverse
    if not order.nullable:
        here, there = tuple_(order.key, id), tuple_(at, at_id)
        return here < there if descends else here > there
    return beyond_key(order, at, id < at_id if descends else id > at_id, descends)


def beyond_key(order: Order, at: Any, beside: ColumnElement[bool], descends: bool) -> ColumnElement[bool]:
    """The rows whose key comes after `at`, and of those with that very key the ones that lie `beside` it."""
    key = order.key
    if at is None:
        same = and_(key.is_(None), beside)
        return or_(same, key.is_not(None)) if descends else same
    later = or_(key < at if descends else key > at, and_(key == at, beside))
    return and_(key.is_not(None), later) if descends else or_(key.is_(None), and_(key.is_not(None), later))
