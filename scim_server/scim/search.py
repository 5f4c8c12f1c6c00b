"""One search over all types of resources (RFC 7644 §3.4.2.1, §3.4.3): users and groups as one collection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scim2_models import InvalidValueException
from sqlalchemy import true

from scim_server.models import Team, User
from scim_server.scim import groups, kinds, users
from scim_server.scim.answers import Answer, list_response
from scim_server.scim.cursors import read_walk, walk_response
from scim_server.scim.dialects import normalise_query
from scim_server.scim.filters import compile_filters
from scim_server.scim.kinds import Kind
from scim_server.scim.listing import read_count_of_walk, read_page_size, read_start_index, selection
from scim_server.scim.projection import projection_of
from scim_server.scim.sorting import compile_orders
from scim_server.services import shown_teams
from scim_server.services import users as people
from scim_server.services.context import Context
from scim_server.services.paging import Selection
from scim_server.services.unions import Part, read_page_of_union, read_slice_of_union


@dataclass(frozen=True, slots=True)
class _Searched:
    """What a type of resource contributes: what it is like, its rows, which of them, and how they are shown."""

    kind: Kind
    row: type[Any]
    among: Callable[[Context, Selection], Part]
    show: Callable[..., list[dict[str, Any]]]


def search(ctx: Context, parameters: Mapping[str, str]) -> Answer:
    """POST /.search."""
    query = normalise_query(ctx, parameters)
    # In the order in which they come where nothing else is asked for.
    searched = (
        _Searched(kinds.users(ctx), User, people.users_among, users.show),
        _Searched(kinds.groups(ctx), Team, shown_teams.teams_among, groups.show),
    )
    parts = _parts(ctx, searched, query)
    if "cursor" not in query:
        start, count = read_start_index(query), read_page_size(ctx, query)
        page = read_page_of_union(ctx.session, parts, offset=start - 1, limit=count)
        shown = _show(ctx, searched, page.rows, query)
        return Answer(200, list_response(shown, total=page.total, start_index=start))
    if query.get("startIndex"):
        raise InvalidValueException(detail="A listing goes by cursor or by startIndex, not by both.")
    walk, count = read_walk(ctx, "", query), read_count_of_walk(ctx, query)
    found = read_slice_of_union(ctx.session, parts, start=walk.start, backwards=walk.backwards, limit=count)
    return Answer(200, walk_response(ctx, walk, found, _show(ctx, searched, found.rows, query)))


def _parts(ctx: Context, searched: Sequence[_Searched], query: Mapping[str, str]) -> list[Part]:
    tables = {each.kind.model: each.kind.places for each in searched}
    text = query.get("filter")
    conditions = compile_filters(tables, text) if text else dict.fromkeys(tables, true())
    orders = compile_orders(tables, query)
    return [each.among(ctx, selection(ctx, conditions[each.kind.model], orders[each.kind.model])) for each in searched]


def _show(
    ctx: Context, searched: Sequence[_Searched], rows: Sequence[Any], query: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows of several types as resources, in the order of the rows."""
    shown: dict[str, Any] = {}
    for each in searched:
        own = [row for row in rows if isinstance(row, each.row)]
        shown |= {resource["id"]: resource for resource in each.show(ctx, own, projection_of(each.kind, query))}
    return [shown[str(row.id)] for row in rows]
