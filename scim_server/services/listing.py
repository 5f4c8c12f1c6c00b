"""A list by the order of creation, cut where somebody has read so far: each part costs the same, however far down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from scim_server.services.context import Context

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Part(Generic[Found]):
    """Some of a list; `next` is the id behind which the rest lies, or None where this is the end."""

    items: Sequence[Found]
    next: UUID | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a list is asked for: so many, behind that id, or from the beginning."""

    limit: int = 50
    after: UUID | None = None


def read_part(
    ctx: Context,
    query: Select[*tuple[Any, ...]],
    id: InstrumentedAttribute[UUID],
    cut: Cut,
    *,
    newest_first: bool = False,
) -> Part[Any]:
    """A part of what a query finds, whose first column is the `id` or the row that has it; the query names the
    organization.

    A query of one column gives its rows, another one tuples.
    """
    if cut.after is not None:
        query = query.where(id < cut.after if newest_first else id > cut.after)
    query = query.order_by(id.desc() if newest_first else id).limit(cut.limit + 1)
    found = list(ctx.session.execute(query))
    more, found = len(found) > cut.limit, found[: cut.limit]
    items = [row[0] if len(row) == 1 else row for row in found]
    last = found[-1][0] if more else None
    return Part(items, last if last is None or isinstance(last, UUID) else last.id)


def part_of(items: Sequence[Any], cut: Cut) -> Part[Any]:
    """A part of a list that is there as a whole, in the order of its ids."""
    behind = [each for each in items if cut.after is None or each.id > cut.after]
    more = len(behind) > cut.limit
    return Part(behind[: cut.limit], behind[cut.limit - 1].id if more else None)
