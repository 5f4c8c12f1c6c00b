"""SCIM's `roles` and our role, of which every user has one; and /Roles, where a directory reads which there are.

What a directory sends in `roles` is kept and shown as it was sent. The first of them that is one of ours, the primary
one before the others, is the role that the directory gives to the user; where it takes that back, the user is left with
what others gave (services/roles.py). Roles that a directory never sent are none of its business.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from scim_server.models import Role
from scim_server.scim.answers import Answer, base_url, etag, meta
from scim_server.scim.ids import known_id
from scim_server.scim.kinds import ROLES
from scim_server.scim.listing import answer_listing, read_listing
from scim_server.scim.projection import Projection, read_projection
from scim_server.scim.schemas import ROLE, ROLE_TYPE
from scim_server.services import roles
from scim_server.services.context import Context
from scim_server.services.declared import Declared, DeclaredRole

Parameters = Mapping[str, str]
Entries = Sequence[Mapping[str, Any]] | None


def read(ctx: Context, id: str, parameters: Parameters) -> Answer:
    """GET /Roles/{id}."""
    projection = read_projection(ctx, ROLES, parameters)
    role = roles.get_role(ctx, known_id("role", id))
    [shown] = show(ctx, [role], projection)
    return Answer(200, shown, version=etag(role))


def search(ctx: Context, parameters: Parameters) -> Answer:
    """GET /Roles."""
    listing = read_listing(ctx, ROLES, parameters)
    return answer_listing(ctx, listing, roles.list_roles, roles.walk_roles, show)


def show(ctx: Context, rows: Sequence[Role], projection: Projection) -> list[dict[str, Any]]:
    """Roles as resources, in the order of the rows."""
    return [projection(_resource(ctx, role)) for role in rows]


def role_of_newcomer(catalogue: Declared, asked: Entries) -> DeclaredRole | None:
    """The role that these `roles` give to somebody new."""
    return _among(catalogue, asked)


def role_after(catalogue: Declared, given: DeclaredRole | None, *, was: Entries, asked: Entries) -> DeclaredRole | None:
    """The role that a directory has given to somebody whose `roles` were one thing and are another."""
    if was == asked:
        return given
    taken_back = _among(catalogue, was) == given
    return _among(catalogue, asked) or (None if taken_back else given)


def _among(catalogue: Declared, entries: Entries) -> DeclaredRole | None:
    """The first of some `roles` that is one of ours, the primary one before the others."""
    ordered = sorted(entries or (), key=lambda entry: entry.get("primary") is not True)
    texts = (text for entry in ordered for text in _texts(entry.get("value")))
    return next((role for text in texts if (role := catalogue.role(text))), None)


def _texts(value: Any) -> Iterator[str]:
    """What a role may be called: Entra ID puts an object as JSON into the value (exchange 39)."""
    if not isinstance(value, str):
        return
    yield value
    if value.startswith("{"):
        try:
            found = orjson.loads(value)
        except orjson.JSONDecodeError:
            return
        yield from (each for name in ("id", "value", "displayName") if isinstance(each := found.get(name), str))


def _resource(ctx: Context, role: Role) -> dict[str, Any]:
    return {
        "schemas": [ROLE],
        "id": str(role.id),
        "displayName": role.name,
        "type": ROLE_TYPE,
        "description": role.description,
        "meta": meta(base_url(ctx), "Role", role),
    }
