"""OAuth clients of a directory: making one, ending one, and what one gets: an access token that soon ends."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, select, true
from sqlalchemy.orm import Session

from scim_server.models import ConsumedAssertion, Directory, OAuthClient, ScimToken
from scim_server.models.base import new_id
from scim_server.services.constraints import flush
from scim_server.services.context import Context
from scim_server.services.directories import hash_token, new_secret
from scim_server.services.errors import NotAuthenticated, NotFound
from scim_server.services.events import Action, record
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import one_line

_ID = re.compile(r"scimc_[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client just made; `secret` is to be shown once and kept nowhere. A client with public keys has none."""

    row: OAuthClient
    secret: str | None


class ListedClient(NamedTuple):
    """A client, and the directory that it is of."""

    row: OAuthClient
    directory: Directory


def create_client(
    ctx: Context, directory: Directory, *, name: str | None = None, jwks: dict[str, Any] | None = None
) -> NewClient:
    """Give a directory one more client: with a secret, or with the public keys that it signs assertions for.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.DIRECTORIES)
    secret = None if jwks else f"scims_{secrets.token_urlsafe(32)}"
    row = OAuthClient(
        org_id=ctx.org.id,
        id=new_id(),
        directory_id=directory.id,
        public_id=f"scimc_{secrets.token_hex(16)}",
        name=directory.name if name is None else one_line("name", name),
        secret_hash=hash_token(secret) if secret else None,
        jwks=jwks,
        created_at=ctx.now,
    )
    ctx.session.add(row)
    ctx.session.flush()
    record(ctx, Action.CLIENT_CREATED, row, {"name": (None, row.name), "client_id": (None, row.public_id)})
    return NewClient(row, secret)


def list_clients(ctx: Context) -> list[ListedClient]:
    """Every client of the organization, the newest first."""
    rows = ctx.session.execute(_listed(ctx).order_by(OAuthClient.id.desc()))
    return [ListedClient(*row) for row in rows]


def read_clients(ctx: Context, cut: Cut, *, directory_id: UUID | None = None) -> Part[ListedClient]:
    """A part of `list_clients`, of all or of those of one directory."""
    query = _listed(ctx).where(OAuthClient.directory_id == directory_id if directory_id else true())
    part = read_part(ctx, query, OAuthClient.id, cut, newest_first=True)
    return Part([ListedClient(*row) for row in part.items], part.next)


def get_client(ctx: Context, client_id: UUID) -> ListedClient:
    """Raises NotFound."""
    row = ctx.session.execute(_listed(ctx).where(OAuthClient.id == client_id)).one_or_none()
    if row is None:
        raise NotFound("client", client_id)
    return ListedClient(*row)


def find_client(ctx: Context, public_id: str) -> OAuthClient:
    """Raises NotFound."""
    row = ctx.session.scalar(
        select(OAuthClient).where(OAuthClient.org_id == ctx.org.id, OAuthClient.public_id == public_id)
    )
    if row is None:
        raise NotFound("client", public_id)
    return row


def revoke_client(ctx: Context, client: OAuthClient) -> OAuthClient:
    """End a client at once, and every access token that it has.

    One that is being issued right now ends too, because each request looks at the client (`services/access.py`).
    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    if client.revoked_at is None:
        client.revoked_at = ctx.now
        ctx.session.execute(delete(ScimToken).where(ScimToken.org_id == ctx.org.id, ScimToken.client_id == client.id))
        record(ctx, Action.CLIENT_REVOKED, client, {"client_id": (client.public_id, None)})
    return client


def known_client(session: Session, public_id: str) -> OAuthClient | None:
    """The client of this public id, if there is one and nobody has revoked it. It says which organization it is of."""
    if not _ID.fullmatch(public_id):
        return None
    return session.scalar(
        select(OAuthClient).where(OAuthClient.public_id == public_id, OAuthClient.revoked_at.is_(None))
    )


def has_secret(client: OAuthClient, secret: str) -> bool:
    return client.secret_hash is not None and hmac.compare_digest(client.secret_hash, hash_token(secret))


def consume_assertion(session: Session, client: OAuthClient, jti: str, *, expires_at: datetime) -> None:
    """Note that a client came in with an assertion, which nobody can do with the same one again (RFC 7523 §3, jti).

    Raises NotAuthenticated where somebody has, also where two workers are asked at once.
    """
    session.add(
        ConsumedAssertion(
            org_id=client.org_id,
            id=new_id(),
            client_id=client.id,
            jti_hash=hashlib.sha256(jti.encode(errors="surrogatepass")).digest(),
            expires_at=expires_at,
        )
    )
    flush(session, {"uq_consumed_assertions_jti_hash": NotAuthenticated()})


def _listed(ctx: Context) -> Select[OAuthClient, Directory]:
    return (
        select(OAuthClient, Directory)
        .join(Directory, (Directory.org_id == OAuthClient.org_id) & (Directory.id == OAuthClient.directory_id))
        .where(OAuthClient.org_id == ctx.org.id)
    )


def issue_token(session: Session, client: OAuthClient, *, lifetime: timedelta, now: datetime) -> str:
    """An access token for the directory of a client, whose expired tokens and assertions are cleared away."""
    client.last_used_at = now
    session.flush()  # locks the row, so that of two requests at once one clears away, and then the other
    for table in (ScimToken, ConsumedAssertion):
        session.execute(
            delete(table).where(table.org_id == client.org_id, table.client_id == client.id, table.expires_at <= now)
        )
    prefix, secret = new_secret()
    session.add(
        ScimToken(
            org_id=client.org_id,
            id=new_id(),
            directory_id=client.directory_id,
            client_id=client.id,
            name=client.name,
            prefix=prefix,
            token_hash=hash_token(secret),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    session.flush()
    return secret
