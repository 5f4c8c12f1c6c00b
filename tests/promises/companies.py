"""Organizations as large as a year of provisioning makes them, and everybody who asks for something there."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from benchmarks.filling import Filled, fill, settle
from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import LoggedRequest, ScimToken, UserSession
from scim_server.models.base import new_id
from scim_server.services import api_keys, organizations
from scim_server.services.context import ADMIN
from scim_server.services.sessions import hash_secret
from tests.browsers import SESSION, Browser
from tests.clients import Directory, found
from tests.programs import Program

# The most groups of ten that one has beside the group of half of all users.
GROUPS = 200


@dataclass(frozen=True)
class Company:
    """An organization, and everybody who asks: its directory, a program, and a browser in which somebody signed in."""

    directory: Directory
    filled: Filled
    program: Program
    browser: Browser

    @property
    def crew(self) -> str:
        """A group of ten."""
        return str(self.filled.groups[-2].id)

    @property
    def crowd(self) -> str:
        """The group of half of all."""
        return str(self.filled.groups[-1].id)

    @property
    def somebody(self) -> str:
        """A user in the middle, who is in a group of ten."""
        return str(self.filled.user_id(self.number))

    @property
    def number(self) -> int:
        return self.filled.groups[-2].first


def company(settings: Settings, database: Database, slug: str, users: int) -> Company:
    """Found an organization of so many users."""
    app = create_app(settings, database)
    directory = found(app, settings, database, slug)
    size = min(GROUPS, users // 20)
    now = datetime.now(UTC)
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now)
        program = Program(app, api_keys.create_key(ctx, "bench", [ADMIN]).secret)
        org = ctx.org.id
    filled = fill(database, slug, users=users, groups=[*[10] * size, users // 2], settings=settings)
    secret = _furnish(database, org, filled, now)
    settle(database)
    browser = Browser(app)
    browser.put_cookie(SESSION, secret)
    made = Company(directory, filled, program, browser)
    made.directory.get("/Users", count=1)  # notes the last use of the token
    return made


def _furnish(database: Database, org: Any, filled: Filled, now: datetime) -> str:
    """Sessions, tokens and requests, as many as there are users; the secret of one of the sessions."""
    secret = secrets.token_urlsafe(32)
    hashes = [hash_secret(secret), *(secrets.token_bytes(32) for _ in range(filled.users - 1))]
    with database.writing() as session:
        token = _first(session, ScimToken, org)
        ids = [new_id() for _ in hashes]
        session.execute(
            insert(ScimToken),
            [token | {"id": id, "token_hash": secrets.token_bytes(32), "revoked_at": now} for id in ids],
        )
        signed_in = {"org_id": org, "created_at": now, "last_seen_at": now, "expires_at": now + timedelta(hours=1)}
        session.execute(
            insert(UserSession),
            [
                signed_in | {"id": ids[number], "user_id": filled.user_id(number), "secret_hash": each}
                for number, each in enumerate(hashes)
            ],
        )
        asked = {"org_id": org, "directory_id": token["directory_id"], "request_id": "", "at": now, "method": "GET"}
        asked |= {"path": "/Users", "status": 200, "duration_ms": 1.0, "target_kind": "user"}
        session.execute(
            insert(LoggedRequest),
            [asked | {"id": id, "target_id": filled.user_id(number)} for number, id in enumerate(ids)],
        )
    return secret


def _first(session: Any, model: Any, org: Any) -> dict[str, Any]:
    columns = [getattr(model, column.key) for column in model.__table__.columns]
    return dict(session.execute(select(*columns).where(model.org_id == org).limit(1)).mappings().one())
