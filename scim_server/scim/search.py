"""One search over all types of resources (RFC 7644 §3.4.2.1, §3.4.3)."""

from collections.abc import Iterable, Mapping
from typing import Any

from scim2_models import NotImplementedException

from scim_server.scim import groups, kinds, users
from scim_server.scim.answers import Answer, list_response
from scim_server.scim.dialects import normalise_query
from scim_server.scim.filters import compile_filters
from scim_server.scim.kinds import Kind
from scim_server.scim.listing import read_page_size, read_start_index, selection
from scim_server.scim.projection import projection_of
from scim_server.services import teams
from scim_server.services import users as people
from scim_server.services.context import Context
from scim_server.services.paging import Selection


def search(ctx: Context, parameters: Mapping[str, str]) -> Answer:
    """POST /.search: users, then groups, as one collection."""
    query = normalise_query(ctx, parameters)
    for name in ("cursor", "sortBy"):
        if name in query:
            raise NotImplementedException(detail=f"{name} is supported below /Users and /Groups, not for both at once.")
    user_kind, group_kind = kinds.users(ctx), kinds.groups(ctx)
    chosen = _selections(ctx, (user_kind, group_kind), query.get("filter"))
    start, count = read_start_index(query), read_page_size(ctx, query)
    offset = start - 1
    found = people.list_users(ctx, chosen[user_kind.model], offset=offset, limit=count)
    rest = teams.list_teams(
        ctx, chosen[group_kind.model], offset=max(0, offset - found.total), limit=count - len(found.rows)
    )
    shown = [
        *users.show(ctx, found.rows, projection_of(user_kind, query)),
        *groups.show(ctx, rest.rows, projection_of(group_kind, query)),
    ]
    return Answer(200, list_response(shown, total=found.total + rest.total, start_index=start))


def _selections(ctx: Context, searched: Iterable[Kind], text: str | None) -> dict[Any, Selection]:
    tables = {kind.model: kind.places for kind in searched}
    if not text:
        return {model: Selection() for model in tables}
    return {model: selection(ctx, condition) for model, condition in compile_filters(tables, text).items()}
