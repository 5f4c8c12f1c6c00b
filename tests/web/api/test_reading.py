"""What a program sends is read in one way, or refused with a reason."""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
import pytest
from flask import Flask
from pydantic import AwareDatetime, Field, ValidationError
from werkzeug.exceptions import BadRequest

from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import api_keys
from scim_server.services.errors import InvalidValue
from scim_server.web.api import reading
from scim_server.web.api.shapes import Input, Shape
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, program, refused

ID = "12345678-1234-5678-1234-56781234567a"


class Anything(Input):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    rate: float | None = None
    active: bool | None = None
    status: tuple[Literal["active", "invited"], ...] = ()
    text: str | None = None
    id: UUID | None = None
    since: AwareDatetime | None = None


def read(app: Flask, query: str) -> dict[str, Any]:
    with app.test_request_context(f"/?{query}"):
        return Anything.model_validate_json(reading.query_json(Anything), strict=True).given()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {}),
        ("limit=7", {"limit": 7}),
        ("rate=1.5e1", {"rate": 15.0}),
        ("active=true", {"active": True}),
        ("status=active&status=invited", {"status": ("active", "invited")}),
        ("status=active", {"status": ("active",)}),
        ("text=7", {"text": "7"}),
        ("text=", {"text": ""}),
        ("text=%F0%9F%98%80+a", {"text": "😀 a"}),
        (f"id={ID.upper()}", {"id": UUID(ID)}),
    ],
)
def test_a_query_is_read_as_its_shape_has_it(app: Flask, query: str, found: dict[str, Any]) -> None:
    assert read(app, query) == found


@pytest.mark.parametrize(
    "query",
    [
        "limit=1_0",
        "limit=+1",
        "limit=%2B1",
        "limit=1.0",
        "limit=01",
        "limit= 1",
        "limit=",
        "limit=1&limit=2",
        "limit=99999999999999999999999",
        "limit=%D9%A7",
        "rate=NaN",
        "rate=Infinity",
        "rate=1e999",
        "active=yes",
        "active=1",
        "active=True",
        "status=gone",
        "text=%00",
        "text=%FF",
        "text=%ED%A0%80",
        "%00=1",
        f"id=urn:uuid:{ID}",
        f"id={{{ID}}}",
        f"id={ID.replace('-', '')}",
        "since=2026-11-22T12:00:00",
        "since=2026-11-22",
        "since=1494012000",
        "since=0001-01-01T00:00:00%2B01:00",
        "unknown=1",
    ],
)
def test_a_query_that_could_mean_something_else_is_refused(app: Flask, query: str) -> None:
    with pytest.raises((ValidationError, InvalidValue, BadRequest)):
        read(app, query)


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


def sent(boss: Program, body: bytes, content_type: str = "application/json", **headers: str) -> Any:
    return boss.send("POST", "/api-keys", data=body, content_type=content_type, headers=headers)


GOOD = b'{"name": "x", "scopes": ["users.view"], "expires_in_days": 7}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().encode("utf-16"),
        b'{"name": "\xff"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "x", "name": "y", "scopes": ["users.view"]}',
        b'{"name": "x", "scopes": ["users.view"], "expires_in_days": NaN}',
        b'{"name": "x", "scopes": ["users.view"], "expires_in_days": 1e999}',
        b'{"name": "x", "scopes": ["users.view"], "expires_in_days": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"name":' * 60 + b"1" + b"}" * 60,
    ],
    ids=range(13),
)
def test_what_cannot_be_read_is_a_bad_request(boss: Program, body: bytes) -> None:
    refused(sent(boss, body), 400)


@pytest.mark.parametrize(
    "body",
    [
        rb'{"name": "a\u0000b", "scopes": ["users.view"]}',
        rb'{"name": "\ud800", "scopes": ["users.view"]}',
        rb'{"name": "x", "scopes": ["users.view"], "\u0000": 1}',
        b'{"name": "x", "scopes": ["users.view"], "expires_in_days": 9223372036854775808}',
        b'{"name": "x", "scopes": ["users.view"], "expires_in_days": 7.5}',
        b'{"name": "x", "scopes": ["users.view"], "expires_in_days": true}',
        b'{"name": "x", "scopes": ["users.view"], "expires_in_days": "7"}',
        b"null",
        b"7",
    ],
    ids=range(9),
)
def test_what_can_be_read_and_not_be_kept_is_an_invalid_value(boss: Program, body: bytes) -> None:
    refused(sent(boss, body), 422, "invalid_value")


def test_a_number_is_whole_however_it_is_written(boss: Program) -> None:
    for written in (b"7", b"7.0", b"70e-1"):
        assert sent(boss, GOOD.replace(b"7", written)).status_code == 201


def test_a_type_with_parameters_is_that_type(boss: Program) -> None:
    for content_type in ("application/json; charset=utf-8", "APPLICATION/JSON;x=y"):
        assert sent(boss, GOOD, content_type).status_code == 201
    for content_type in ("text/plain", "application/scim+json", "application/json-patch+json", ""):
        refused(sent(boss, GOOD, content_type), 415)


@pytest.mark.parametrize("slug", ["", "globex", "nobody", "ACME", "a" * 100_000, "a%00", "ä"])
def test_another_organization_is_as_one_that_is_not_there(boss: Program, globex: Directory, slug: str) -> None:
    for method, body in (("GET", None), ("POST", orjson.loads(GOOD))):
        told = refused(boss.send(method, "/api-keys", body, headers={"Scim-Organization": slug}), 404, "not_found")
        assert told["detail"] == f"There is no organization {slug}."


@pytest.mark.parametrize("name", ["", "a b", "\x7f", "ä", "a" * 256])
def test_an_idempotency_key_that_is_none_is_refused(boss: Program, name: str) -> None:
    refused(sent(boss, GOOD, **{"Idempotency-Key": name}), 422, "invalid_value")


def test_methods_and_paths_that_are_not_there_are_problems(boss: Program) -> None:
    refused(boss.send("PUT", "/api-keys"), 405)
    refused(boss.send("GET", "/api-keys/%00"), 404)
    refused(boss.send("GET", f"/api-keys/urn:uuid:{ID}"), 404)
    refused(boss.send("GET", "/nothing"), 404)
    head = boss.send("HEAD", "/api-keys")
    assert (head.status_code, head.get_data()) == (200, b"")
    assert boss.get("/api-keys/") == boss.get("/api-keys")


def test_a_shape_that_does_not_fit_is_our_fault_and_no_mistake_of_the_caller(
    settings: Settings, database: Database, acme: Directory, office: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        return Cut.model_validate({"limit": "many"})

    class Cut(Shape):
        limit: int

    monkeypatch.setattr(api_keys, "read_keys", broken)
    app = create_app(settings, database)

    problem = refused(program(app, office).send("GET", "/api-keys"), 500)

    assert "on our side" in problem["detail"]
