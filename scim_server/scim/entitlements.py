"""SCIM's `entitlements` and our permissions; and /Entitlements, where a directory reads which it may grant to a user.

What a directory sends in `entitlements` is kept and shown as it was sent; each of them that is a permission of the
product is granted, until the directory takes it back. What a person may do here, as against in the product, no
directory grants, so /Entitlements does not show it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scim2_models import NotImplementedException, ScimFilter, SearchRequest

from scim_server.scim.answers import Answer, base_url, list_response
from scim_server.scim.dialects import normalise_query
from scim_server.scim.filters import compile_filter
from scim_server.scim.kinds import ENTITLEMENTS
from scim_server.scim.listing import read_page_size, read_start_index
from scim_server.scim.projection import projection_of, read_projection
from scim_server.scim.schemas import ENTITLEMENT, ENTITLEMENT_TYPE, Entitlement
from scim_server.services.built_in import Permission
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import NotFound

Parameters = Mapping[str, str]
Entries = Sequence[Mapping[str, Any]] | None


def read(ctx: Context, id: str, parameters: Parameters) -> Answer:
    """GET /Entitlements/{id}."""
    projection = read_projection(ctx, ENTITLEMENTS, parameters)
    found = declared(ctx).permissions.get(id)
    if found is None or not found.of_directories:
        raise NotFound("entitlement", id)
    return Answer(200, projection(_resource(ctx, found)))


def search(ctx: Context, parameters: Parameters) -> Answer:
    """GET /Entitlements."""
    query = normalise_query(ctx, parameters)
    if "cursor" in query:
        raise NotImplementedException(detail="Entitlements are listed by startIndex; they fit on one page.")
    catalogue = declared(ctx).permissions
    every = [_resource(ctx, each) for each in catalogue.values() if each.of_directories]
    found = _ordered(_matching([Entitlement.model_validate(each) for each in every], query), query)
    start, count = read_start_index(query), read_page_size(ctx, query)
    projection = projection_of(ENTITLEMENTS, query)
    shown = [projection(_resource(ctx, catalogue[each.id])) for each in found[start - 1 : start - 1 + count]]
    return Answer(200, list_response(shown, total=len(found), start_index=start))


def granted_by(entries: Entries) -> list[str]:
    """The permissions that some `entitlements` name, as far as they are text at all."""
    return [value for entry in entries or () if isinstance(value := entry.get("value"), str)]


def _matching(entitlements: list[Any], query: Parameters) -> list[Any]:
    text = query.get("filter")
    if not text:
        return entitlements
    compile_filter(Entitlement, ENTITLEMENTS.places, text)  # which refuses what the evaluator takes for absent
    parsed = ScimFilter[Entitlement](text)
    return [each for each in entitlements if parsed.match(each)]


def _ordered(entitlements: list[Any], query: Parameters) -> list[Any]:
    asked = {name: query[name] for name in ("sortBy", "sortOrder") if query.get(name)}
    ordered: list[Any] = SearchRequest[Entitlement].model_validate(asked).sort(entitlements)
    return ordered


def _resource(ctx: Context, permission: Permission) -> dict[str, Any]:
    return {
        "schemas": [ENTITLEMENT],
        "id": permission.key,
        "displayName": permission.name,
        "type": ENTITLEMENT_TYPE,
        "description": permission.description,
        "meta": {
            "resourceType": ENTITLEMENTS.name,
            "location": f"{base_url(ctx)}{ENTITLEMENTS.endpoint}/{permission.key}",
        },
    }
