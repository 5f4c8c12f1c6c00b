"""/scim/v2/{org}: the endpoints that identity providers talk to.

Every view opens the context of the directory that asks: a transaction, in the organization that the URL names and the
token belongs to.
"""

from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import UnsupportedMediaType

from scim_server.scim import discovery, groups, search, users
from scim_server.scim.listing import search_parameters
from scim_server.scim.payloads import parse
from scim_server.web.auth import scim_reading, scim_writing
from scim_server.web.rendering import render
from scim_server.web.requests import body

bp = Blueprint("scim", __name__, url_prefix="/scim/v2/<org>")

# RFC 7644 §3.1; Okta's test suite sends plain application/json, and some clients send no type at all.
_JSON = ("application/scim+json", "application/json", "")


@bp.url_value_preprocessor
def _name_organization(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.org = values.pop("org") if values else ""


@bp.post("/.search")
def search_all() -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(search.search(ctx, search_parameters(payload())))


@bp.get("/Users")
def list_users() -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(users.search(ctx, request.args))


@bp.post("/Users")
def create_user() -> ResponseReturnValue:
    with scim_writing() as ctx:
        return render(users.create(ctx, payload(), request.args))


@bp.post("/Users/.search")
def search_users() -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(users.search(ctx, search_parameters(payload())))


@bp.get("/Users/<id>")
def read_user(id: str) -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(users.read(ctx, id, request.args))


@bp.put("/Users/<id>")
def replace_user(id: str) -> ResponseReturnValue:
    with scim_writing() as ctx:
        return render(users.replace(ctx, id, payload(), request.args, request.if_match))


@bp.patch("/Users/<id>")
def patch_user(id: str) -> ResponseReturnValue:
    with scim_writing() as ctx:
        return render(users.patch(ctx, id, payload(), request.args, request.if_match))


@bp.delete("/Users/<id>")
def delete_user(id: str) -> ResponseReturnValue:
    with scim_writing() as ctx:
        return render(users.delete(ctx, id, request.if_match))


@bp.get("/Groups")
def list_groups() -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(groups.search(ctx, request.args))


@bp.post("/Groups")
def create_group() -> ResponseReturnValue:
    with scim_writing() as ctx:
        return render(groups.create(ctx, payload(), request.args))


@bp.post("/Groups/.search")
def search_groups() -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(groups.search(ctx, search_parameters(payload())))


@bp.get("/Groups/<id>")
def read_group(id: str) -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(groups.read(ctx, id, request.args))


@bp.put("/Groups/<id>")
def replace_group(id: str) -> ResponseReturnValue:
    with scim_writing() as ctx:
        return render(groups.replace(ctx, id, payload(), request.args, request.if_match))


@bp.patch("/Groups/<id>")
def patch_group(id: str) -> ResponseReturnValue:
    with scim_writing() as ctx:
        return render(groups.patch(ctx, id, payload(), request.args, request.if_match))


@bp.delete("/Groups/<id>")
def delete_group(id: str) -> ResponseReturnValue:
    with scim_writing() as ctx:
        return render(groups.delete(ctx, id, request.if_match))


@bp.get("/ServiceProviderConfig")
def service_provider_config() -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(discovery.service_provider_config(ctx))


@bp.get("/Schemas")
def list_schemas() -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(discovery.schemas(ctx, request.args))


@bp.get("/Schemas/<urn>")
def read_schema(urn: str) -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(discovery.schema(ctx, urn))


@bp.get("/ResourceTypes")
def list_resource_types() -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(discovery.resource_types(ctx, request.args))


@bp.get("/ResourceTypes/<name>")
def read_resource_type(name: str) -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(discovery.resource_type(ctx, name))


def payload() -> dict[str, Any]:
    """The JSON object of the request.

    Raises UnsupportedMediaType, and what `parse` raises.
    """
    if request.mimetype not in _JSON:
        raise UnsupportedMediaType
    return parse(body())
