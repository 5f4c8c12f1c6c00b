"""A program that uses the management API."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import api_keys
from scim_server.services.context import ADMIN
from tests.hands import Hands


@dataclass(frozen=True)
class Program:
    """Whatever `key` is, it is sent; `organization` is the slug that a key of the installation names."""

    app: Flask
    key: str
    organization: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **self.headers, **more.pop("headers", {})}
        if self.organization is not None:
            headers["Scim-Organization"] = self.organization
        if body is not None:
            more["json"] = body
        return self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **more)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of an answer that has to be a good one."""
        written = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
        return good(self.send("GET", path, query_string=written))

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return good(self.send("POST", path, body, **more))

    def patch(self, path: str, body: Any) -> Any:
        return good(self.send("PATCH", path, body))

    def put(self, path: str, body: Any) -> Any:
        return good(self.send("PUT", path, body))

    def delete(self, path: str) -> Any:
        return good(self.send("DELETE", path))

    def all(self, path: str, **query: Any) -> Iterator[Any]:
        """Every item of a list, part by part."""
        cursor: str | None = None
        while True:
            part = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            yield from part["items"]
            cursor = part["next"]
            if cursor is None:
                return


def good(response: TestResponse) -> Any:
    assert response.status_code < 300, (response.status_code, response.get_data(as_text=True))
    return response.json if response.get_data() else None


def refused(response: TestResponse, status: int, code: str | None = None) -> Any:
    """The problem that an answer has to be."""
    assert response.status_code == status, (response.status_code, response.get_data(as_text=True))
    assert response.mimetype == "application/problem+json"
    problem: Any = response.json
    assert problem["status"] == status
    assert problem["detail"]
    if code is not None:
        assert problem["code"] == code, problem
    return problem


def program(app: Flask, office: Hands, *scopes: str) -> Program:
    """A program of an organization, whose key has these scopes, or may do everything."""
    with office.acting() as ctx:
        return Program(app, api_keys.create_key(ctx, "test", list(scopes or (ADMIN,))).secret)


def product(app: Flask, settings: Settings, database: Database, organization: str | None = None) -> Program:
    """The product itself, with a key of the whole installation."""
    with database.writing() as session:
        made = api_keys.create_installation_key(session, "product", [ADMIN], by="test", now=datetime.now(UTC))
    return Program(app, made.secret, organization)
