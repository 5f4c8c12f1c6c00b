"""Sessions: opening one, finding one, ending them."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from scim_server.models import User, UserSession, UserStatus, Way
from scim_server.models.base import new_id
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed
from scim_server.services.events import Action, record
from scim_server.services.settings import organization_settings


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened; `secret` goes to the person's browser and is kept nowhere."""

    row: UserSession
    secret: str


@dataclass(frozen=True, slots=True)
class Proof:
    """How a person has shown who they are. What an identity provider calls them and their session there is what it will
    say when they sign out; `hint` is what we tell it when they do so here, sealed.
    """

    way: Way
    connection_id: UUID | None = None
    subject: str | None = None
    idp_session: str | None = None
    hint: str | None = None


def open_session(ctx: Context, user: User, proof: Proof) -> NewSession:
    """Let a user in. The user is one whom nobody else changes until this transaction ends (`get_user_to_change`), so
    that a deactivation at the same time comes before, and is seen here, or after, and ends the session.

    Raises NotAllowed where they are not active.
    """
    if user.status != UserStatus.ACTIVE:
        raise NotAllowed("Only an active user can sign in.")
    secret = secrets.token_urlsafe(32)
    row = UserSession(
        org_id=ctx.org.id,
        id=new_id(),
        user_id=user.id,
        secret_hash=hash_secret(secret),
        created_at=ctx.now,
        last_seen_at=ctx.now,
        expires_at=ctx.now + timedelta(hours=organization_settings(ctx).session_hours),
        way=proof.way,
        connection_id=proof.connection_id,
        subject=proof.subject,
        idp_session=proof.idp_session,
        hint=proof.hint,
        ip=ctx.device.ip,
        user_agent=ctx.device.user_agent,
    )
    ctx.session.add(row)
    ctx.session.flush()
    record(ctx, Action.USER_SIGNED_IN, user, way=proof.way.value, session=str(row.id))
    return NewSession(row, secret)


def end_all(ctx: Context, user: User, why: str) -> int:
    """End every session of a user at once, and return how many there were."""
    ended = ctx.session.execute(
        update(UserSession)
        .where(UserSession.org_id == ctx.org.id, UserSession.user_id == user.id, UserSession.ended_at.is_(None))
        .values(ended_at=ctx.now, ended_why=why)
        .returning(UserSession.id)
        .execution_options(synchronize_session="fetch")
    )
    return len(ended.all())


def hash_secret(secret: str) -> bytes:
    """What is kept of a session's secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
