"""/scim/v2/{org}: the endpoints that identity providers talk to.

Every view opens the context of whoever asks, a directory or at /Me a user: a transaction, in the organization that the
URL names and the token belongs to. The routes of resources are made at the end, the same ones for each type.
"""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import UnsupportedMediaType

from scim_server.scim import bulk, discovery, me, search
from scim_server.scim.endpoints import ENDPOINTS, Endpoint, Writing
from scim_server.scim.listing import search_parameters
from scim_server.scim.payloads import parse
from scim_server.web.auth import discovery_reading, me_reading, me_writing, scim_reading, scim_writing
from scim_server.web.rendering import render
from scim_server.web.requests import body, current

bp = Blueprint("scim", __name__, url_prefix="/scim/v2/<org>")

# RFC 7644 §3.1; Okta's test suite sends plain application/json, and some clients send no type at all.
_JSON = ("application/scim+json", "application/json", "")


@bp.post("/.search")
def search_all() -> ResponseReturnValue:
    with scim_reading() as ctx:
        return render(search.search(ctx, search_parameters(payload())))


@bp.post("/Bulk")
def run_bulk() -> ResponseReturnValue:
    with scim_writing() as ctx:
        return render(bulk.run(ctx, payload()))


@bp.get("/Me")
def read_me() -> ResponseReturnValue:
    with me_reading() as ctx:
        return render(me.read(ctx, current().args))


@bp.post("/Me")
def create_me() -> ResponseReturnValue:
    with me_reading():
        return render(me.create())


@bp.put("/Me")
def replace_me() -> ResponseReturnValue:
    with me_writing() as ctx:
        return render(me.replace(ctx, payload(), current().args, current().if_match))


@bp.patch("/Me")
def patch_me() -> ResponseReturnValue:
    with me_writing() as ctx:
        return render(me.patch(ctx, payload(), current().args, current().if_match))


@bp.delete("/Me")
def delete_me() -> ResponseReturnValue:
    with me_reading():
        return render(me.delete())


@bp.get("/ServiceProviderConfig")
def service_provider_config() -> ResponseReturnValue:
    with discovery_reading() as ctx:
        return render(discovery.service_provider_config(ctx))


@bp.get("/Schemas")
def list_schemas() -> ResponseReturnValue:
    with discovery_reading() as ctx:
        return render(discovery.schemas(ctx, current().args))


@bp.get("/Schemas/<urn>")
def read_schema(urn: str) -> ResponseReturnValue:
    with discovery_reading() as ctx:
        return render(discovery.schema(ctx, urn))


@bp.get("/ResourceTypes")
def list_resource_types() -> ResponseReturnValue:
    with discovery_reading() as ctx:
        return render(discovery.resource_types(ctx, current().args))


@bp.get("/ResourceTypes/<name>")
def read_resource_type(name: str) -> ResponseReturnValue:
    with discovery_reading() as ctx:
        return render(discovery.resource_type(ctx, name))


def payload() -> dict[str, Any]:
    """The JSON object of the request.

    Raises UnsupportedMediaType, and what `parse` raises.
    """
    asked = current()
    # Nearly all say it in so many words, and werkzeug need not take them to pieces.
    if asked.environ.get("CONTENT_TYPE", "") not in _JSON and asked.mimetype not in _JSON:
        raise UnsupportedMediaType
    return parse(asked.kept_body or body())


def _serve_reading(endpoint: Endpoint) -> None:
    """The routes below an endpoint that show something."""

    def list_resources() -> ResponseReturnValue:
        with scim_reading() as ctx:
            return render(endpoint.search(ctx, current().args))

    def search_resources() -> ResponseReturnValue:
        with scim_reading() as ctx:
            return render(endpoint.search(ctx, search_parameters(payload())))

    def read_resource(id: str) -> ResponseReturnValue:
        with scim_reading() as ctx:
            return render(endpoint.read(ctx, id, current().args))

    path, name = endpoint.path, endpoint.path.strip("/").lower()
    bp.add_url_rule(path, f"list_{name}", list_resources, methods=["GET"])
    bp.add_url_rule(f"{path}/.search", f"search_{name}", search_resources, methods=["POST"])
    bp.add_url_rule(f"{path}/<id>", f"read_{name}", read_resource, methods=["GET"])


def _serve_writing(endpoint: Endpoint, writing: Writing) -> None:
    """The routes below an endpoint that change something."""

    def create_resource() -> ResponseReturnValue:
        with scim_writing() as ctx:
            return render(writing.create(ctx, payload(), current().args))

    def replace_resource(id: str) -> ResponseReturnValue:
        with scim_writing() as ctx:
            return render(writing.replace(ctx, id, payload(), current().args, current().if_match))

    def patch_resource(id: str) -> ResponseReturnValue:
        with scim_writing() as ctx:
            return render(writing.patch(ctx, id, payload(), current().args, current().if_match))

    def delete_resource(id: str) -> ResponseReturnValue:
        with scim_writing() as ctx:
            return render(writing.delete(ctx, id, current().if_match))

    path, name = endpoint.path, endpoint.path.strip("/").lower()
    bp.add_url_rule(path, f"create_{name}", create_resource, methods=["POST"])
    bp.add_url_rule(f"{path}/<id>", f"replace_{name}", replace_resource, methods=["PUT"])
    bp.add_url_rule(f"{path}/<id>", f"patch_{name}", patch_resource, methods=["PATCH"])
    bp.add_url_rule(f"{path}/<id>", f"delete_{name}", delete_resource, methods=["DELETE"])


for _endpoint in ENDPOINTS:
    _serve_reading(_endpoint)
    if _endpoint.writing is not None:
        _serve_writing(_endpoint, _endpoint.writing)
