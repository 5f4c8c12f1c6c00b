"""What this server says about itself (RFC 7644 §4): exactly what is true."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    ForbiddenException,
    NotFoundException,
    Pagination,
    Patch,
    ResourceType,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
)

from scim_server.config import Settings
from scim_server.scim.answers import Answer, base_url, list_response
from scim_server.scim.dialects import TOLERANT
from scim_server.scim.schemas import EnterpriseUser, Group, User, UserResource
from scim_server.services.context import Context


@lru_cache
def provider(settings: Settings) -> ScimProvider:
    """Our service as scim2-models describes one."""
    return ScimProvider(
        models=[User, EnterpriseUser, Group],
        resource_types=[ResourceType.from_resource(UserResource), ResourceType.from_resource(Group)],
        config=ServiceProviderConfig(
            patch=Patch(supported=True),
            bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
            filter=Filter(supported=True, max_results=settings.max_page_size),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=True),
            etag=ETag(supported=True),
            pagination=Pagination(
                cursor=True,
                index=True,
                default_pagination_method=Pagination.DefaultPaginationMethod.index,
                default_page_size=settings.default_page_size,
                max_page_size=settings.max_page_size,
                cursor_timeout=settings.cursor_timeout,
            ),
            authentication_schemes=[
                AuthenticationScheme(
                    type=AuthenticationScheme.Type.oauthbearertoken,
                    name="Bearer token",
                    description="A token of this organization's directory, in the Authorization header.",
                    spec_uri="https://www.rfc-editor.org/info/rfc6750",
                    primary=True,
                )
            ],
        ),
        policy=TOLERANT,
    )


def service_provider_config(ctx: Context) -> Answer:
    """GET /ServiceProviderConfig."""
    config = provider(ctx.settings).config
    assert config is not None
    document = config.model_dump()
    document["meta"] = _meta(ctx, "ServiceProviderConfig", "")
    return Answer(200, document)


def schemas(ctx: Context, parameters: Mapping[str, str]) -> Answer:
    """GET /Schemas."""
    _refuse_filter(parameters)
    found = [
        schema.model_dump() | {"meta": _meta(ctx, "Schema", f"/{schema.id}")}
        for schema in provider(ctx.settings).schemas
    ]
    return Answer(200, list_response(found, total=len(found)))


def schema(ctx: Context, urn: str) -> Answer:
    """GET /Schemas/{urn}.

    Raises NotFoundException.
    """
    return _one(schemas(ctx, {}), urn)


def resource_types(ctx: Context, parameters: Mapping[str, str]) -> Answer:
    """GET /ResourceTypes."""
    _refuse_filter(parameters)
    found = [
        each.model_dump() | {"meta": _meta(ctx, "ResourceType", f"/{each.id}")}
        for each in provider(ctx.settings).resource_types
    ]
    return Answer(200, list_response(found, total=len(found)))


def resource_type(ctx: Context, name: str) -> Answer:
    """GET /ResourceTypes/{name}.

    Raises NotFoundException.
    """
    return _one(resource_types(ctx, {}), name)


def _one(answer: Answer, id: str) -> Answer:
    for document in answer.body["Resources"]:
        if document["id"].lower() == id.lower():
            return Answer(200, document)
    raise NotFoundException(detail=f"Nothing is called {id!r} here.")


def _meta(ctx: Context, resource_type: str, path: str) -> dict[str, Any]:
    endpoint = "ServiceProviderConfig" if not path else f"{resource_type}s{path}"
    return {"resourceType": resource_type, "location": f"{base_url(ctx)}/{endpoint}"}


def _refuse_filter(parameters: Mapping[str, str]) -> None:
    # RFC 7644 §4: a filter on a discovery endpoint is 403, so that no client believes the answer was filtered.
    if parameters.get("filter"):
        raise ForbiddenException(detail="This endpoint takes no filter.")
