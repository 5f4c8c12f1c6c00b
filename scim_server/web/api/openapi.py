"""The OpenAPI document of the management API, made of what the endpoints declare."""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

import orjson
from flask import Response
from flask.typing import ResponseReturnValue

from scim_server.services.api_keys import SCOPES
from scim_server.web.api.blueprint import bp
from scim_server.web.api.endpoints import ENDPOINTS, JSON, Endpoint
from scim_server.web.api.operations import ARGUMENT, operation
from scim_server.web.api.problems import PROBLEM, codes
from scim_server.web.api.schemas import REF, schemas_of

_ABOUT = """What the services of scim-server can do, for programs: users, teams, roles, sign-in, and the record of it.

Send a key with every request, as `Authorization: Bearer scimk_…`; `scim-server api-key create` makes one. A key has
*scopes*, which are the permissions that people have too; each operation says which it needs. A key of the whole
installation names the organization that it means in `Scim-Organization`.

Lists come in parts: send the `next` of one as the `cursor` of the next request, until it is null. A `POST` with an
`Idempotency-Key` is done once and answered as often as it is sent, for 24 hours. What goes wrong is a problem (RFC
9457): `detail` is a sentence for a person, `code` a name for a program. Fields may be added to what is answered."""

_SESSION = "The session of a browser; where the server is reached without TLS, the cookie is called `session`."
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
_CHALLENGE = {"description": "How to say who asks.", "required": True, "schema": {"type": "string"}}
_WAIT = {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
_HEADERS = {401: {"WWW-Authenticate": _CHALLENGE}, 429: {"Retry-After": _WAIT}, 503: {"Retry-After": _WAIT}}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_TEXT = {"type": "string"}
_ID = {"type": "string", "format": "uuid"}
_ME_ROOM = {"name": "Me", "description": "Whoever is signed in with the browser that asks."}
# The one that a browser asks, with its session (web/api/me.py).
_ME = {
    "operationId": "show_me",
    "tags": ["Me"],
    "summary": "Show who has signed in with this browser",
    "description": "For the product's own pages. More fields may be added.",
    "x-scopes": [],
    "parameters": [],
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
        "500": {"$ref": "#/components/responses/Problem500"},
        "503": {"$ref": "#/components/responses/Problem503"},
    },
}


@bp.get("/openapi.json")
def show_openapi() -> ResponseReturnValue:
    return Response(_document_bytes(), mimetype=JSON)


# In the order in which somebody gets to know the API; a test finds one that is missing.
ROOMS = (
    "Users",
    "Deleted users",
    "Rights of users",
    "Who sees whom",
    "Sessions",
    "Invitations",
    "Teams",
    "Roles",
    "Positions",
    "Group mappings",
    "Many at once",
    "Imports",
    "Exports",
    "Activity",
    "Sign-ins",
    "Checklists",
    "Access reviews",
    "Directories",
    "SCIM tokens",
    "SCIM clients",
    "Directory requests",
    "Alarms",
    "Domains",
    "Connections",
    "Connection keys",
    "Extension schemas",
    "Organization",
    "API keys",
    "Organizations",
    "Accounts",
)


@cache
def document() -> dict[str, Any]:
    """The document (OpenAPI 3.1)."""
    schemas, named = schemas_of(_wanted())
    paths: dict[str, Any] = {"/me": {"get": _ME}}
    ordered = sorted(ENDPOINTS, key=lambda each: ROOMS.index(each.room.name))
    for endpoint in ordered:
        paths.setdefault(path_of(endpoint), {})[endpoint.method.lower()] = operation(endpoint, schemas, named)
    rooms = {endpoint.room.name: endpoint.room.about for endpoint in ordered}
    return {
        "openapi": "3.1.0",
        "info": {"title": "scim-server management API", "version": version("scim-server"), "description": _ABOUT},
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}],
        "tags": [{"name": name, "description": about} for name, about in rooms.items()] + [_ME_ROOM],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": f"Scopes: {', '.join(SCOPES)}."},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session", "description": _SESSION},
            },
            "schemas": {**schemas, "Problem": _problem_schema()},
            "responses": {f"Problem{status}": _problem(status, text) for status, text in _PROBLEMS.items()},
        },
    }


def path_of(endpoint: Endpoint) -> str:
    """The path as OpenAPI writes it."""
    return ARGUMENT.sub(r"{\2}", endpoint.path)


@cache
def _document_bytes() -> bytes:
    return orjson.dumps(document())


def _wanted() -> Iterator[tuple[Any, str]]:
    for each in ENDPOINTS:
        if each.body not in (None, bytes):
            yield each.body, "validation"
        if each.answer not in (None, Response):
            yield each.answer, "serialization"


def _problem_schema() -> dict[str, Any]:
    known = [{"code": each.code, "status": each.status, "description": each.about} for each in codes()]
    error = {"detail": _TEXT, "pointer": _TEXT, "parameter": _TEXT}
    return {
        "type": "object",
        "description": "A problem (RFC 9457).",
        "properties": {
            "status": {"type": "integer"},
            "title": _TEXT,
            "detail": _TEXT | {"description": "A sentence for a person."},
            "code": _TEXT | {"description": "A name for a program; x-codes has all of them.", "x-codes": known},
            "attribute": _TEXT | {"description": "What was refused or is taken."},
            "errors": {
                "type": "array",
                "description": "Every fault of the body, by its JSON pointer, or of the query, by its parameter.",
                "items": {"type": "object", "properties": error, "required": ["detail"]},
            },
        },
        "required": ["status", "title", "detail"],
    }


def _problem(status: int, text: str) -> dict[str, Any]:
    found = {"description": text, "content": {PROBLEM: {"schema": {"$ref": f"{REF}Problem"}}}}
    return found | ({"headers": _HEADERS[status]} if status in _HEADERS else {})
