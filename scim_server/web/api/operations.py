"""What the OpenAPI document tells of one endpoint: what it takes, in which places, and what it answers."""

import re
from typing import Any

from flask import Response

from scim_server.services.organizations import SLUG
from scim_server.web.api.callers import ORGANIZATION, Installation
from scim_server.web.api.endpoints import JSON, Endpoint
from scim_server.web.api.idempotency import HEADER, REPLAYED
from scim_server.web.api.schemas import example, resolved, schemas_of

ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")

_EVERY = (401, 403, 404, 422, 429, 500, 503)
_OF_CHANGES = (409, 412)
_OF_BODIES = (400, 413, 415)

Named = dict[tuple[Any, str], Any]


def operation(endpoint: Endpoint, schemas: dict[str, Any], named: Named) -> dict[str, Any]:
    needs = f"Needs the scope {', '.join(f'`{each}`' for each in endpoint.needs)}." if endpoint.needs else ""
    told: dict[str, Any] = {
        "operationId": endpoint.view.__name__,
        "tags": [endpoint.room.name],
        "summary": endpoint.summary.rstrip("."),
        "description": "\n\n".join(text for text in (endpoint.description, needs) if text),
        "x-scopes": list(endpoint.needs),
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint), *_headers(endpoint)],
    }
    if endpoint.body is not None:
        told["requestBody"] = _body(endpoint, schemas, named)
    return told | {"responses": _responses(endpoint, schemas, named)}


def _body(endpoint: Endpoint, schemas: dict[str, Any], named: Named) -> dict[str, Any]:
    if endpoint.body is bytes:
        return {"required": True, "content": {media: {} for media in endpoint.consumes}}
    schema = named[endpoint.body, "validation"]
    told = {"schema": schema, "example": example(schema, schemas)}
    return {"required": True, "content": dict.fromkeys(endpoint.consumes, told)}


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    kinds: dict[str, dict[str, Any]] = {
        "uuid": {"type": "string", "format": "uuid"},
        "int": {"type": "integer", "minimum": 0},
        "": {"type": "string", "minLength": 1},
    }
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, kinds[""])}
        for kind, name in ARGUMENT.findall(endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schemas, named = schemas_of([(endpoint.query, "validation")])
    schema = resolved(named[endpoint.query, "validation"], schemas)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            **({"description": each["description"]} if "description" in each else {}),
            "schema": _without_null(_inlined(each, schemas)),
        }
        for name, each in schema["properties"].items()
    ]


def _inlined(schema: Any, schemas: dict[str, Any]) -> Any:
    """A schema that refers to nothing: those of a query are small, and nobody else's."""
    if isinstance(schema, list):
        return [_inlined(each, schemas) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = resolved(schema, schemas) | {name: each for name, each in schema.items() if name != "$ref"}
    return {name: _inlined(each, schemas) for name, each in found.items() if name != "description"}


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
        slug = {"type": "string", "pattern": f"^{SLUG.pattern}$", "examples": ["acme"]}
        found.append({"name": ORGANIZATION, "in": "header", "description": about, "schema": slug})
    if endpoint.method == "POST":
        about = "A name of your own for this request, such as a UUID: sent again, it is not done again."
        shape = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"}
        found.append({"name": HEADER, "in": "header", "description": about, "schema": shape})
    return found


def _responses(endpoint: Endpoint, schemas: dict[str, Any], named: Named) -> dict[str, Any]:
    problems = [*_EVERY, *(_OF_CHANGES if endpoint.method != "GET" else ()), *(_OF_BODIES if endpoint.body else ())]
    told = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(problems)}
    return {str(endpoint.status): _good(endpoint, schemas, named), **told}


def _good(endpoint: Endpoint, schemas: dict[str, Any], named: Named) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "What was asked for." if endpoint.method == "GET" else "It is done."}
    if endpoint.answer is Response:
        good |= {"description": "The file.", "content": {media: {} for media in endpoint.produces}}
    elif endpoint.answer is not None:
        good["content"] = {JSON: {"schema": named[endpoint.answer, "serialization"]}}
    headers: dict[str, Any] = {}
    if endpoint.status == 201 and "id" in _answered(endpoint, schemas, named).get("properties", {}):
        about = "Where it is from now on."
        headers["Location"] = {"description": about, "required": True, "schema": {"type": "string"}}
    if endpoint.method == "POST":
        about = "That this was done and answered before, under the same Idempotency-Key."
        headers[REPLAYED] = {"description": about, "schema": {"const": "true"}}
    return good | ({"headers": headers} if headers else {})


def _answered(endpoint: Endpoint, schemas: dict[str, Any], named: Named) -> dict[str, Any]:
    return resolved(named.get((endpoint.answer, "serialization"), {}), schemas)
