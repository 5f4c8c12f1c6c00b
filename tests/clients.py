"""An identity provider, seen from the wire: it says what it sends, and keeps what came back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Flask
from sqlalchemy import Table, insert, select
from werkzeug.test import TestResponse

from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database, connect
from scim_server.models import Base, Organization, PatchResponse, Provider
from scim_server.services import directories, organizations
from scim_server.services.context import OPERATOR
from scim_server.services.request_queue import close_all

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its headers, and its body as JSON (None where there was no body)."""

    status: int
    headers: dict[str, str]
    json: Any

    def __getitem__(self, name: str) -> Any:
        return self.json[name]

    @property
    def id(self) -> str:
        return str(self.json["id"])

    @property
    def resources(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json["Resources"]
        return found

    @property
    def user_names(self) -> list[str]:
        return [each["userName"] for each in self.resources]

    @property
    def members(self) -> set[str]:
        return {member["value"] for member in self.json.get("members", [])}


@dataclass
class Directory:
    """A client of one organization's SCIM endpoint. Paths are below its base URL."""

    app: Flask
    slug: str
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        content_type: str = "application/scim+json",
        **parameters: Any,
    ) -> Reply:
        """Send a request; `body` is JSON, or bytes as they are, and `parameters` are those of the query."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        all_headers = {"Authorization": f"Bearer {self.token}", **self.headers, **(headers or {})}
        response = self.app.test_client().open(
            f"/scim/v2/{self.slug}{path}{query}",
            method=method,
            data=body if body is None or isinstance(body, bytes) else orjson.dumps(body),
            content_type=None if body is None else content_type,
            headers={name: value for name, value in all_headers.items() if value is not None},
        )
        return _reply(response)

    def come_in(self) -> None:
        """Have the use of the token noted, and be known, as whoever has been there lately is: what comes next takes no
        more statements than most requests do.
        """
        for _ in range(2):
            self.get("/ServiceProviderConfig")

    def get(self, path: str, **parameters: Any) -> Reply:
        return self.send("GET", path, **parameters)

    def post(self, path: str, body: Any, **parameters: Any) -> Reply:
        return self.send("POST", path, body, **parameters)

    def put(self, path: str, body: Any, **parameters: Any) -> Reply:
        return self.send("PUT", path, body, **parameters)

    def patch(self, path: str, *operations: dict[str, Any], **parameters: Any) -> Reply:
        return self.send("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, **parameters)

    def delete(self, path: str, **parameters: Any) -> Reply:
        return self.send("DELETE", path, **parameters)

    def search(self, filter: str, path: str = "/Users") -> Reply:
        return self.get(path, filter=filter)

    def create_user(self, user_name: str, **attributes: Any) -> Reply:
        reply = self.post("/Users", {"schemas": [USER], "userName": user_name, **attributes})
        assert reply.status == 201, reply.json
        return reply

    def create_group(self, display_name: str, *members: Reply) -> Reply:
        entries = [{"value": member.id} for member in members]
        reply = self.post("/Groups", {"schemas": [GROUP], "displayName": display_name, "members": entries})
        assert reply.status == 201, reply.json
        return reply


def _reply(response: TestResponse) -> Reply:
    body = response.get_data()
    return Reply(
        response.status_code,
        {name.lower(): value for name, value in response.headers},
        orjson.loads(body) if body else None,
    )


def found(
    app: Flask,
    settings: Settings,
    database: Database,
    slug: str,
    *,
    provider: Provider = Provider.GENERIC,
    patch_response: PatchResponse = PatchResponse.BODY,
    **token: Any,
) -> Directory:
    """Found an organization, and give its directory a token."""
    now = datetime.now(UTC)
    with database.writing() as session:
        organizations.create_organization(session, settings, actor=OPERATOR, now=now, slug=slug)
        ctx = organizations.open_organization(session, settings, slug, now=now)
        directory = directories.provide_directory(ctx, provider)
        directories.answer_patches(ctx, directory, patch_response)
        created = directories.create_token(ctx, directory, **token)
    return Directory(app, slug, created.secret)


_TABLES = Base.metadata.sorted_tables


@contextmanager
def another_worker(settings: Settings) -> Iterator[Flask]:
    """The application as another process has it, with connections of its own to the same database."""
    database = connect(settings)
    try:
        yield create_app(settings, database)
    finally:
        close_all()
        database.engine.dispose()


# Database, slug and provider → the token of an organization's directory, and all rows that the organization began with.
_FOUNDED: dict[tuple[str, str, Provider], tuple[str, list[tuple[Table, Sequence[Any]]]]] = {}


def founded(
    app: Flask, settings: Settings, database: Database, slug: str, provider: Provider = Provider.GENERIC
) -> Directory:
    """As `found`, in a database that has no such organization: made once, and then put back as it was made."""
    key = (settings.database_url, slug, provider)
    kept = _FOUNDED.get(key)
    if kept is None:
        directory = found(app, settings, database, slug, provider=provider)
        _FOUNDED[key] = directory.token, _rows(database, slug)
        return directory
    token, tables = kept
    with database.writing() as session:
        for table, rows in tables:
            session.execute(insert(table), rows)
    return Directory(app, slug, token)


def _rows(database: Database, slug: str) -> list[tuple[Table, Sequence[Any]]]:
    with database.reading() as session:
        org_id = session.scalars(select(Organization.id).where(Organization.slug == slug)).one()
        owners: dict[Table, Any] = {table: table.c.get("org_id", table.c.get("id")) for table in _TABLES}
        rows = {
            table: [dict(row) for row in session.execute(select(table).where(owner == org_id)).mappings()]
            for table, owner in owners.items()
        }
    return [(table, found) for table, found in rows.items() if found]


def assert_error(reply: Reply, status: int, scim_type: str | None = None) -> None:
    """The reply is a SCIM Error (RFC 7644 §3.12), with the status as a string and a sentence."""
    assert reply.status == status, reply.json
    assert reply.headers["content-type"] == "application/scim+json"
    assert reply.json["schemas"] == [ERROR]
    assert reply.json["status"] == str(status)
    assert reply.json["detail"]
    assert reply.json.get("scimType") == scim_type
