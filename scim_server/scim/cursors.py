"""Cursors (RFC 9865): where a walk through a listing stands, sealed.

A client can neither read one nor forge one, nor carry it to another query or another organization.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from scim2_models import ExpiredCursorException, InvalidCountException, InvalidCursorException

from scim_server.scim.answers import LIST_RESPONSE
from scim_server.sealing import Broken, Expired, seal, unseal
from scim_server.services.context import Context
from scim_server.services.paging import Position, Slice

_PURPOSE = "cursor"
_QUERY = ("filter", "sortBy", "sortOrder")


@dataclass(frozen=True, slots=True)
class Walk:
    """One step of a walk: from a position on, or backwards from it; None is where it begins."""

    query: str
    count: str
    start: Position | None = None
    backwards: bool = False


def read_walk(ctx: Context, resource_type: str, parameters: Mapping[str, str]) -> Walk:
    """The step that a request asks for.

    Raises InvalidCursorException, ExpiredCursorException, InvalidCountException.
    """
    query, count = _digest(ctx, resource_type, parameters), parameters.get("count", "")
    cursor = parameters["cursor"]
    if not cursor:
        return Walk(query, count)
    lifetime = timedelta(seconds=ctx.settings.cursor_timeout)
    try:
        content = orjson.loads(unseal(ctx.settings, _PURPOSE, cursor, ctx.now, lifetime))
    except Broken:
        raise InvalidCursorException from None
    except Expired:
        raise ExpiredCursorException from None
    if content["query"] != query:
        raise InvalidCursorException
    if content["count"] != count:  # RFC 9865 §2.4
        raise InvalidCountException
    start = Position(_read(content["key"]), UUID(content["id"]), content["part"])
    return Walk(query, count, start, content["backwards"])


def walk_response(ctx: Context, walk: Walk, found: Slice[Any], resources: list[Any]) -> dict[str, Any]:
    """A ListResponse of a walk: with cursors that go on and back, and without a total, which nobody needs to count."""
    cursors = {}
    if found.last is not None:
        cursors["nextCursor"] = _cursor(ctx, walk, found.last, backwards=False)
    if found.first is not None:
        cursors["previousCursor"] = _cursor(ctx, walk, found.first, backwards=True)
    return {"schemas": [LIST_RESPONSE], "itemsPerPage": len(resources), **cursors, "Resources": resources}


def _cursor(ctx: Context, walk: Walk, position: Position, *, backwards: bool) -> str:
    content = {
        "query": walk.query,
        "count": walk.count,
        "key": _write(position.key),
        "id": str(position.id),
        "part": position.part,
        "backwards": backwards,
    }
    return seal(ctx.settings, _PURPOSE, orjson.dumps(content), ctx.now)


def _digest(ctx: Context, resource_type: str, parameters: Mapping[str, str]) -> str:
    """What a cursor is good for: this query, of this organization."""
    query = [str(ctx.org.id), resource_type, *(parameters.get(name) for name in _QUERY)]
    return hashlib.sha256(orjson.dumps(query)).hexdigest()


def _write(key: Any) -> Any:
    """A value of an order's key as JSON, which has no instants and no ids."""
    if isinstance(key, datetime):
        return {"at": key.isoformat()}
    return {"id": str(key)} if isinstance(key, UUID) else key


def _read(key: Any) -> Any:
    if isinstance(key, dict):
        return datetime.fromisoformat(key["at"]) if "at" in key else UUID(key["id"])
    return key
