"""Every endpoint of the management API: nobody without a key, nobody without its scope, and no id of another
organization. An endpoint that is added is asked here too, or fails because nobody said what its arguments name.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import LoggedRequest
from scim_server.services.api_keys import SCOPES
from scim_server.services.context import ADMIN
from scim_server.services.errors import DomainError
from scim_server.web.api import problems
from scim_server.web.api.callers import Installation
from scim_server.web.api.endpoints import ENDPOINTS, JSON, Endpoint
from scim_server.web.api.openapi import document, path_of
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, product, program, refused
from tests.promises.databases import Contents, contents, id_of
from tests.promises.organization import fill
from tests.promises.test_errors_have_answers import KINDS

# What the argument of a path names: the table of its rows, or what it is that is the same for everybody.
ROWS = {
    "event_id": "events",
    "sign_in": "sign_ins",
    "alarm_id": "alarms",
    "checklist_id": "checklists",
    "client_id": "oauth_clients",
    "connection_id": "connections",
    "directory_id": "directories",
    "domain_id": "domains",
    "import_id": "imports",
    "invitation_id": "invitations",
    "key_id": "api_keys",
    "entry_id": "directory_requests",
    "mapping_id": "group_mappings",
    "other_id": "users",
    "position_id": "positions",
    "review_id": "access_reviews",
    "role_id": "roles",
    "schema_id": "extension_schemas",
    "session_id": "sessions",
    "team_id": "teams",
    "token_id": "scim_tokens",
    "user_id": "users",
}
EVERYBODYS = {
    "fingerprint": "a certificate is of its connection",
    "account_id": "an account is of a person, and only a key of the installation asks",
    "item": "an item is within its checklist",
    "kind": "there are two kinds of checklists",
    "key": "a permission of the catalogue",
    "organization_id": "an organization, which only a key of the installation asks for",
    "permission": "the catalogue is the same for everybody",
}

UNDECLARED = [each for each in ENDPOINTS if each.first is not Installation]


def filled(endpoint: Endpoint, **arguments: str) -> str:
    """The path of an endpoint, its arguments filled in: by name, or with what nothing has."""
    path = path_of(endpoint)
    for name in names(endpoint):
        path = path.replace(f"{{{name}}}", arguments.get(name, str(uuid4())))
    return path


def names(endpoint: Endpoint) -> list[str]:
    return [part.partition("}")[0] for part in path_of(endpoint).split("{")[1:]]


def ask(who: Program, endpoint: Endpoint, id: str | None = None, **arguments: str) -> Any:
    """Ask an endpoint with the least body that it takes, in which each id is `id`."""
    id = id or str(uuid4())
    more: dict[str, Any] = {}
    if endpoint.body is bytes:
        more = {"data": b"user_name\n", "content_type": endpoint.consumes[0]}
    elif endpoint.body is not None:
        more = {"json": least(body_schema(endpoint), id)}
    if query := required_query(endpoint):
        more["query_string"] = query
    return who.send(endpoint.method, filled(endpoint, **arguments), **more)


def body_schema(endpoint: Endpoint) -> dict[str, Any]:
    operation = document()["paths"][path_of(endpoint)][endpoint.method.lower()]
    schema: dict[str, Any] = operation["requestBody"]["content"][JSON]["schema"]
    return schema


def required_query(endpoint: Endpoint) -> dict[str, Any]:
    parameters = document()["paths"][path_of(endpoint)][endpoint.method.lower()]["parameters"]
    return {
        each["name"]: least(each["schema"], str(uuid4()))
        for each in parameters
        if each["in"] == "query" and each["required"]
    }


def least(schema: dict[str, Any], id: str) -> Any:
    """The least that a schema takes; whatever is an id is `id`."""
    if "$ref" in schema:
        return least(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]], id)
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return least(next(each for each in several if each.get("type") != "null"), id)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            return {name: least(schema["properties"][name], id) for name in schema.get("required", [])}
        case "array":
            return [least(schema["items"], id) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "string":
            return least_text(schema, id)
    return {}


def least_text(schema: dict[str, Any], id: str) -> str:
    formats = {"uuid": id, "date-time": "2026-01-01T00:00:00Z", "date": "2026-01-01", "email": "x@example.com"}
    example: str = schema.get("examples", ["x" * schema.get("minLength", 1)])[0]
    return formats.get(schema.get("format", ""), example)


def text_of(response: Any) -> str:
    """What is sent, which may be a file that is no text."""
    return str(response.get_data().decode(errors="replace"))


def label(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def test_every_argument_says_what_it_names() -> None:
    assert {name for each in ENDPOINTS for name in names(each)} == ROWS.keys() | EVERYBODYS.keys()


def test_nobody_without_a_key_gets_anywhere(app: Flask, office: Hands) -> None:
    stranger = Program(app, "nonsense")

    for endpoint in ENDPOINTS:
        refused(ask(stranger, endpoint), 401)


@pytest.mark.parametrize("scope", SCOPES)
def test_every_endpoint_takes_the_scopes_that_it_names(app: Flask, office: Hands, scope: str) -> None:
    holder = program(app, office, scope)
    wrong = []

    for endpoint in ENDPOINTS:
        response = ask(holder, endpoint)
        enough = scope == ADMIN or set(endpoint.needs) <= {scope}
        if enough == ("This takes a key with the scope" in text_of(response)):
            wrong.append((label(endpoint), response.status_code))
        elif not enough:
            refused(response, 403, "not_allowed")
        elif "needs the permission" in text_of(response):
            wrong.append((label(endpoint), text_of(response)))

    assert wrong == []


def test_what_is_of_no_organization_takes_a_key_of_the_installation(app: Flask, office: Hands) -> None:
    boss = program(app, office)

    for endpoint in ENDPOINTS:
        if endpoint.first is Installation:
            assert "takes one of the whole installation" in refused(ask(boss, endpoint), 403)["detail"]


def everything(database: Database, slug: str) -> Contents:
    """What an organization has, and the log of its directories."""
    id = id_of(database, slug)
    with database.reading() as session:
        logged = session.scalars(select(LoggedRequest.id).where(LoggedRequest.org_id == id).limit(1))
        return contents(database, id) | {"directory_requests": [{"id": each} for each in logged]}


@pytest.fixture
def foreign(globex: Directory, settings: Settings, database: Database, app: Flask) -> Iterator[Contents]:
    """What another organization has, and keeps: at least one row of whatever an argument names."""
    fill(app, globex, settings, database)
    before = everything(database, "globex")
    yield before
    assert everything(database, "globex") == before


def test_every_endpoint_answers_404_to_every_foreign_id(
    app: Flask, acme: Directory, office: Hands, settings: Settings, foreign: Contents, database: Database
) -> None:
    fill(app, acme, settings, database)
    boss = program(app, office)
    before = everything(database, "acme")
    own = {name: str(before[table][0]["id"]) for name, table in ROWS.items()}
    wrong = []

    for endpoint in UNDECLARED:
        for name in set(names(endpoint)) & ROWS.keys():
            for row in foreign[ROWS[name]][:2]:
                response = ask(boss, endpoint, str(row["id"]), **own | {name: str(row["id"])})
                if response.status_code != 404:
                    wrong.append((label(endpoint), response.status_code, text_of(response)))

    assert wrong == []
    assert everything(database, "acme") == before
    assert all(foreign[table] for table in ROWS.values())


def test_no_list_shows_what_is_another_organizations(
    app: Flask, office: Hands, foreign: Contents, settings: Settings, database: Database
) -> None:
    boss = program(app, office)
    theirs = {str(row["id"]) for rows in foreign.values() for row in rows if isinstance(row.get("id"), UUID)}
    ours = product(app, settings, database, "acme")

    for endpoint in UNDECLARED:
        if endpoint.method == "GET" and not names(endpoint) and JSON in endpoint.produces:
            for who in (boss, ours):
                text = text_of(ask(who, endpoint))
                assert not {id for id in theirs if id in text}, label(endpoint)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_of_the_domain_is_a_problem(kind: type[DomainError]) -> None:
    assert 400 <= problems.status_of(kind.__new__(kind)) < 500
