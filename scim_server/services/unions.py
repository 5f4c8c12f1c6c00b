"""Listings that go through several tables as if they were one: users and teams, whichever comes next in the order.

Which rows are on a page is one query, a union of what each table has for it: each of them finds its place by its own
index and gives no more rows than a page has. The rows themselves are then read by their ids, a query for each table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, cast, false, func, literal, null, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from scim_server.models.expressions import any_of
from scim_server.services.paging import Order, Page, Position, Selection, Slice, beyond, beyond_key, cut_slice


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a listing: the rows of a selection, and `within` holds whatever the selection says.

    A selection without an order, among some that have one, is of rows that have nothing to be ordered by.
    """

    model: Any
    id: InstrumentedAttribute[UUID]
    within: Sequence[ColumnElement[bool]]
    selection: Selection


def read_page_of_union(session: Session, parts: Sequence[Part], *, offset: int, limit: int) -> Page[Any]:
    """The rows of several tables, from `offset` on; without an order of their own one table after the other, each in
    the order of creation.
    """
    total = sum(_count(session, part) for part in parts)
    if limit == 0 or offset >= total:
        return Page(total, [])
    keys = _keys(parts, [true()] * len(parts), reverse=False, most=offset + limit)
    return Page(total, _rows(session, parts, session.execute(keys.offset(offset).limit(limit)).all()))


def read_slice_of_union(
    session: Session, parts: Sequence[Part], *, start: Position | None, backwards: bool, limit: int
) -> Slice[Any]:
    """The rows of several tables behind a position, or before it, as `read_slice` has those of one table."""
    if start is None:
        query = _keys(parts, [true()] * len(parts), reverse=backwards, most=limit + 1).add_columns(false())
    else:
        behind = [_beyond(part, number, start, _order(parts), backwards) for number, part in enumerate(parts)]
        left = _keys(parts, [~each for each in behind], reverse=not backwards, most=1).exists()
        query = _keys(parts, behind, reverse=backwards, most=limit + 1).add_columns(left)
    keys = session.execute(query.limit(limit + 1)).all()
    found = cut_slice(keys, lambda row: Position(*row[:3]), backwards=backwards, limit=limit)
    return replace(found, rows=_rows(session, parts, found.rows))


def _count(session: Session, part: Part) -> int:
    query = select(func.count()).select_from(part.model).where(*part.within, part.selection.condition)
    return session.scalar(query.params(part.selection.parameters)) or 0


def _order(parts: Sequence[Part]) -> Order | None:
    return next((part.selection.order for part in parts if part.selection.order), None)


def _keys(parts: Sequence[Part], where: Sequence[ColumnElement[bool]], *, reverse: bool, most: int) -> Select[Any]:
    """Key, id and part of the rows for which a condition holds that each table has, in order; no more than `most` of
    each of them.
    """
    order = _order(parts)
    found = union_all(
        *(_keys_of_part(part, number, order, where[number], reverse, most) for number, part in enumerate(parts))
    ).subquery()
    key, id, part = found.c
    columns = [key.is_(None), key, part, id] if order else [part, id]
    descends = _descends(order, reverse)
    return select(key, id, part).order_by(*(each.desc() if descends else each.asc() for each in columns))


def _keys_of_part(
    part: Part, number: int, order: Order | None, where: ColumnElement[bool], reverse: bool, most: int
) -> Select[Any]:
    own, id = part.selection.order, part.id.expression
    key = own.key if own else cast(null(), order.key.type if order else Integer)
    clauses = own.clauses(id, backwards=reverse) if own else [id.desc() if _descends(order, reverse) else id.asc()]
    rows = select(key.label("key"), id.label("id"), literal(number).label("part"))
    rows = rows.where(*part.within, part.selection.condition, where)
    first = rows.order_by(*clauses).limit(most).params(part.selection.parameters).subquery()
    return select(first)  # SQLite takes an order in a part of a union in a subquery only


def _beyond(part: Part, number: int, place: Position, order_of_all: Order | None, reverse: bool) -> ColumnElement[bool]:
    """The rows of a table that come after a position, which may be in another table."""
    order, id, descends = part.selection.order, part.id.expression, _descends(order_of_all, reverse)
    at = None if order is None or place.key is None else literal(place.key, order.key.type)
    if number == place.part and order is not None:
        return beyond(order, id, at, literal(place.id, id.type), reverse)
    if number == place.part:
        return id < place.id if descends else id > place.id
    same_comes_after = (number < place.part) == descends  # of two with the same key, the table decides
    if order is None:
        # Without a key they come last, all of them, and first where it descends.
        after = same_comes_after if place.key is None else not descends
        return true() if after else false()
    if order.nullable or at is None:
        return beyond_key(order, at, true() if same_comes_after else false(), descends)
    if descends:
        return order.key <= at if same_comes_after else order.key < at
    return order.key >= at if same_comes_after else order.key > at


def _descends(order: Order | None, reverse: bool) -> bool:
    return (order is not None and order.descending) != reverse


def _rows(session: Session, parts: Sequence[Part], keys: Sequence[Any]) -> list[Any]:
    """The rows that keys stand for, in their order."""
    found: dict[UUID, Any] = {}
    for number, part in enumerate(parts):
        ids = [id for _, id, of, *_ in keys if of == number]
        if ids:
            rows = session.scalars(select(part.model).where(*part.within, any_of(part.id, ids)))
            found |= {row.id: row for row in rows}
    return [found[id] for _, id, *_ in keys if id in found]
