"""The OpenAPI document of the management API, made of what the endpoints declare."""

import re
from functools import cache
from importlib.metadata import version
from typing import Any

import orjson
from flask import Response
from flask.typing import ResponseReturnValue
from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from scim_server.services.api_keys import SCOPES
from scim_server.web.api.blueprint import bp
from scim_server.web.api.callers import ORGANIZATION, Installation
from scim_server.web.api.endpoints import ENDPOINTS, JSON, Endpoint
from scim_server.web.api.idempotency import HEADER
from scim_server.web.api.problems import PROBLEM

_ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
_REF = "#/components/schemas/{model}"

_ABOUT = """What the services of scim-server can do, for programs: users, teams, roles, sign-in, and the record of it.

Send a key with every request, as `Authorization: Bearer scimk_…`; `scim-server api-key create` makes one. A key has
*scopes*, which are the permissions that people have too; each operation says which it needs. A key of the whole
installation names the organization that it means in `Scim-Organization`.

Lists come in parts: send the `next` of one as the `cursor` of the next request, until it is null. A `POST` with an
`Idempotency-Key` is done once and answered as often as it is sent, for 24 hours. What goes wrong is a problem (RFC
9457): `detail` is a sentence for a person, `code` a name for a program. Fields may be added to what is answered."""

_PROBLEMS = {
    400: "The request cannot be read.",
    401: "There is no key, or it is not usable.",
    403: "The key may not do that, or nobody may.",
    404: "There is no such thing in this organization.",
    405: "This path does not take that method.",
    409: "It is in conflict with what is there.",
    412: "It was changed in between.",
    413: "The body is too large.",
    415: "The body is of another type than this takes.",
    422: "The request can be read, and something in it cannot be.",
    429: "Too many requests: wait as long as `Retry-After` says.",
    500: "Something went wrong on our side.",
    503: "Others are changing the same: nothing was kept, send it again.",
}
_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "A problem (RFC 9457).",
    "properties": {
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string", "description": "A sentence for a person."},
        "code": {"type": "string", "description": "A name for a program, such as user_name_taken."},
        "attribute": {"type": "string", "description": "What was refused or is taken."},
        "errors": {
            "type": "array",
            "description": "Every fault of the body, by its JSON pointer, or of the query, by its parameter.",
            "items": {
                "type": "object",
                "properties": {
                    "detail": {"type": "string"},
                    "pointer": {"type": "string"},
                    "parameter": {"type": "string"},
                },
                "required": ["detail"],
            },
        },
    },
    "required": ["status", "title", "detail"],
}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_TEXT = {"type": "string"}
_ID = {"type": "string", "format": "uuid"}
# The one that a browser asks, with its session (web/api/me.py).
_ME = {
    "operationId": "show_me",
    "tags": ["Me"],
    "summary": "Show who has signed in with this browser",
    "security": [{"session": []}],
    "responses": {
        "200": {
            "description": "Who it is.",
            "content": {
                JSON: {
                    "schema": _object(
                        user=_object(
                            id=_ID,
                            user_name=_TEXT,
                            email={"type": ["string", "null"]},
                            role=_TEXT,
                            teams={"type": "array", "items": _TEXT},
                        ),
                        organization=_object(id=_ID, slug=_TEXT),
                    )
                }
            },
        },
        "401": {"$ref": "#/components/responses/Problem401"},
    },
}


@bp.get("/openapi.json")
def show_openapi() -> ResponseReturnValue:
    return Response(_document_bytes(), mimetype=JSON)


@cache
def document() -> dict[str, Any]:
    """The document (OpenAPI 3.1)."""
    schemas, named = _schemas()
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        operation = _operation(endpoint, named)
        paths.setdefault(path_of(endpoint), {})[endpoint.method.lower()] = operation
    paths["/me"] = {"get": _ME}
    rooms = {endpoint.room.name: endpoint.room.about for endpoint in ENDPOINTS}
    return {
        "openapi": "3.1.0",
        "info": {"title": "scim-server management API", "version": version("scim-server"), "description": _ABOUT},
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}],
        "tags": [{"name": name, "description": about} for name, about in rooms.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": f"Scopes: {', '.join(SCOPES)}."},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
            },
            "schemas": {**schemas, "Problem": _PROBLEM_SCHEMA},
            "responses": {f"Problem{status}": _problem(text) for status, text in _PROBLEMS.items()},
        },
    }


def path_of(endpoint: Endpoint) -> str:
    """The path as OpenAPI writes it."""
    return _ARGUMENT.sub(r"{\2}", endpoint.path)


@cache
def _document_bytes() -> bytes:
    return orjson.dumps(document())


def _schemas() -> tuple[dict[str, Any], dict[tuple[Any, str], Any]]:
    """Every schema by its name, and where each type that goes in or out is found."""
    adapters: dict[tuple[Any, str], TypeAdapter[Any]] = {}
    for each in ENDPOINTS:
        if each.body not in (None, bytes):
            adapters[each.body, "validation"] = TypeAdapter(each.body)
        if _is_json(each):
            adapters[each.answer, "serialization"] = TypeAdapter(each.answer)
    inputs: list[Any] = [(key, key[1], adapter) for key, adapter in adapters.items()]
    found, whole = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    return whole.get("$defs", {}), {key: schema for (key, _), schema in found.items()}


def _is_json(endpoint: Endpoint) -> bool:
    return endpoint.answer is not None and endpoint.answer is not Response


def _operation(endpoint: Endpoint, named: dict[tuple[Any, str], Any]) -> dict[str, Any]:
    needs = f"Needs the scope {', '.join(f'`{each}`' for each in endpoint.needs)}." if endpoint.needs else ""
    operation: dict[str, Any] = {
        "operationId": endpoint.view.__name__,
        "tags": [endpoint.room.name],
        "summary": endpoint.summary.rstrip("."),
        "description": "\n\n".join(text for text in (endpoint.description, needs) if text),
        "x-scopes": list(endpoint.needs),
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint), *_headers(endpoint)],
        "responses": _responses(endpoint, named),
    }
    if endpoint.body is not None:
        schema = {} if endpoint.body is bytes else named[endpoint.body, "validation"]
        operation["requestBody"] = {
            "required": True,
            "content": {media: {"schema": schema} for media in endpoint.consumes},
        }
    return operation


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    kinds = {"uuid": {"type": "string", "format": "uuid"}, "": {"type": "string", "minLength": 1}}
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, kinds[""])}
        for kind, name in _ARGUMENT.findall(endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    _, whole = models_json_schema([(endpoint.query, "validation")], ref_template=_REF)
    schema = endpoint.query.model_json_schema(ref_template=_REF)
    within = whole.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            **({"description": each["description"]} if "description" in each else {}),
            "schema": _without_null(_inlined(each, within)),
        }
        for name, each in schema["properties"].items()
    ]


def _inlined(schema: Any, within: dict[str, Any]) -> Any:
    """A schema that refers to nothing: those of a query are small, and nobody else's."""
    if isinstance(schema, list):
        return [_inlined(each, within) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(within[schema["$ref"].rpartition("/")[2]], within)
    return {name: _inlined(each, within) for name, each in schema.items() if name not in ("title", "description")}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Nobody sends null in a query: a parameter is there, or it is not."""
    kinds = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default") or value is not None}
    rest.pop("anyOf", None)
    return {**kinds[0], **rest} if len(kinds) == 1 else schema


def _headers(endpoint: Endpoint) -> list[dict[str, Any]]:
    found = []
    if endpoint.first is not Installation:
        about = "The slug of the organization: for a key of the whole installation."
        found.append({"name": ORGANIZATION, "in": "header", "description": about, "schema": {"type": "string"}})
    if endpoint.method == "POST":
        about = "A name of your own for this request, such as a UUID: sent again, it is not done again."
        shape = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"}
        found.append({"name": HEADER, "in": "header", "description": about, "schema": shape})
    return found


def _responses(endpoint: Endpoint, named: dict[tuple[Any, str], Any]) -> dict[str, Any]:
    if endpoint.answer is None:
        good: dict[str, Any] = {"description": "It is done."}
    elif endpoint.answer is Response:
        good = {"description": "The file.", "content": {media: {} for media in endpoint.produces}}
    else:
        schema = named[endpoint.answer, "serialization"]
        good = {
            "description": "It is done." if endpoint.method != "GET" else "What was asked for.",
            "content": {JSON: {"schema": schema}},
        }
    problems = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in _PROBLEMS}
    return {str(endpoint.status): good, **problems}


def _problem(text: str) -> dict[str, Any]:
    return {
        "description": text,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
