"""One page of a listing."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, literal, or_, select, true, tuple_
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

    def ask(make: Callable[..., Select[Any]], place: Position | None, reverse: bool, most: int) -> Sequence[Any]:
        parameters = {**selection.parameters, "org_id": ctx.org.id, "limit": most}
        start = None
        if place is not None:
            parameters |= {"key_of_start": place.key, "id_of_start": place.id}
            start = "valued" if place.key is not None else "unvalued"
        query = selection.statement(make, listed, start, reverse)
        if listed.is_of_columns:
            return _ask(ctx, selection, query, parameters)
        return ctx.session.execute(query, parameters).all()

    found = cut_slice(
        lambda place, reverse, most: ask(_slice, place, reverse, most),
        lambda place, reverse: bool(ask(_anything, place, reverse, 1)),
        lambda row: Position(*row[-2:]),
        start=start,
        backwards=backwards,
        limit=limit,
    )
    return found if listed.is_of_columns else replace(found, rows=[row for row, _, _ in found.rows])


def _slice(listed: Listed, selection: Selection, start: str | None, reverse: bool) -> Select[Any]:
    """What lies behind a position, which has a key, has none, or is that before all."""
    id = listed.id.expression
    order = selection.order or Order(id, nullable=False)
    where = [*listed.within, selection.condition]
    if start is not None:
        key = bindparam("key_of_start", type_=order.key.type) if start == "valued" else None
        where.append(beyond(order, id, key, bindparam("id_of_start", type_=id.type), reverse))
    places = order.key.label("key_of_place"), id.label("id_of_place")
    return listed.select(*places).where(*where).order_by(*order.clauses(id, backwards=reverse)).limit(_LIMIT)


def _anything(listed: Listed, selection: Selection, start: str | None, reverse: bool) -> Select[Any]:
    found = _slice(listed, selection, start, reverse)
    return found.with_only_columns(literal(1), maintain_column_froms=True)


def cut_slice(
    ask: Callable[[Position | None, bool, int], Sequence[Any]],
    is_any_beyond: Callable[[Position, bool], bool],
    position: Callable[[Any], Position],
    *,
    start: Position | None,
    backwards: bool,
    limit: int,
) -> Slice[Any]:
    """What is found behind a position, or before it. `ask` takes that position, whether to go backwards from there, and
    how far; `position` is where something found lies.
    """
    if limit == 0:
        return Slice([])
    found = list(ask(start, backwards, limit + 1))
    more, found = len(found) > limit, found[:limit]
    if not found:
        return Slice([])
    if backwards:
        found.reverse()
    first, last = position(found[0]), position(found[-1])
    before = more if backwards else start is not None and is_any_beyond(first, True)
    behind = is_any_beyond(last, False) if backwards else more
    return Slice(found, first=first if before else None, last=last if behind else None)


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
