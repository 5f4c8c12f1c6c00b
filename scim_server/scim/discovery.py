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
from scim_server.models import Provider
from scim_server.scim.answers import Answer, base_url, list_response
from scim_server.scim.dialects import TOLERANT
from scim_server.scim.endpoints import ENDPOINTS
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.profiles import PRODUCT_USER

_BEARER = AuthenticationScheme(
    type=AuthenticationScheme.Type.oauthbearertoken,
    name="Bearer token",
    description="A token of this organization, in the Authorization header.",
    spec_uri="https://www.rfc-editor.org/info/rfc6750",
    primary=True,
)
_OAUTH = AuthenticationScheme(
    type=AuthenticationScheme.Type.oauth2,
    name="OAuth 2.0 client credentials",
    description="A client fetches a bearer token that soon ends, with a secret or with a signed assertion.",
    spec_uri="https://www.rfc-editor.org/info/rfc6749",
)
_BASIC = AuthenticationScheme(
    type=AuthenticationScheme.Type.httpbasic,
    name="HTTP Basic",
    description="The id and the secret of an OAuth client, as user name and password.",
    spec_uri="https://www.rfc-editor.org/info/rfc7617",
)
_SCHEME_DOCUMENTS = {scheme.name: scheme.model_dump() for scheme in (_BEARER, _OAUTH, _BASIC)}


def provider(ctx: Context) -> ScimProvider:
    """The service of an organization as scim2-models describes one."""
    asks = Provider(ctx.directory.provider) if ctx.directory else Provider.GENERIC
    announced = (endpoint for endpoint in ENDPOINTS if asks in endpoint.announced_to)
    return _provider(ctx.settings, tuple(endpoint.kind(ctx).model for endpoint in announced))


@lru_cache(maxsize=256)
def _provider(settings: Settings, served: tuple[Any, ...]) -> ScimProvider:
    return ScimProvider(
        models=[each for model in served for each in (_bare(model), *model.get_extension_models().values())],
        resource_types=[ResourceType.from_resource(model) for model in served],
        config=_config(settings),
        policy=TOLERANT,
    )


@lru_cache(maxsize=16)
def _config(settings: Settings) -> ServiceProviderConfig:
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(
            supported=True,
            max_operations=settings.bulk_max_operations,
            max_payload_size=settings.max_body_bytes,
        ),
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
        authentication_schemes=[_BEARER],
    )


@lru_cache(maxsize=16)
def _config_document(settings: Settings) -> dict[str, Any]:
    return _config(settings).model_dump()


def authentication_schemes(ctx: Context) -> list[AuthenticationScheme]:
    """The ways in that are open to whoever asks; which others there are is none of their business."""
    if ctx.directory is None:
        return [_BEARER]
    return [_BEARER, _OAUTH, _BASIC] if ctx.directory.basic_auth else [_BEARER, _OAUTH]


def service_provider_config(ctx: Context) -> Answer:
    """GET /ServiceProviderConfig."""
    own = {
        "authenticationSchemes": [_SCHEME_DOCUMENTS[scheme.name] for scheme in authentication_schemes(ctx)],
        "meta": _meta(ctx, "ServiceProviderConfig", ""),
    }
    return Answer(200, _config_document(ctx.settings) | own)


def schemas(ctx: Context, parameters: Mapping[str, str]) -> Answer:
    """GET /Schemas."""
    _refuse_filter(parameters)
    found = [
        _with_roles(ctx, schema.model_dump()) | {"meta": _meta(ctx, "Schema", f"/{schema.id}")}
        for schema in provider(ctx).schemas
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
        each.model_dump() | {"meta": _meta(ctx, "ResourceType", f"/{each.id}")} for each in provider(ctx).resource_types
    ]
    return Answer(200, list_response(found, total=len(found)))


def resource_type(ctx: Context, name: str) -> Answer:
    """GET /ResourceTypes/{name}.

    Raises NotFoundException.
    """
    return _one(resource_types(ctx, {}), name)


def _bare(model: Any) -> Any:
    """A resource model without its extensions."""
    return next(each for each in model.__mro__ if not hasattr(each, "__scim_extension_metadata__"))


def _with_roles(ctx: Context, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of our own extension with the names of the organization's roles, which are all that there may be."""
    if schema["id"] != PRODUCT_USER:
        return schema
    names = [role.name for role in declared(ctx).roles.values()]
    attributes = [
        each | {"canonicalValues": names} if each["name"] == "role" else each for each in schema["attributes"]
    ]
    return schema | {"attributes": attributes}


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
