"""Sessions: opening one, finding one, ending them.

A session is over the moment that its row says so: every request of every worker asks the row.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, bindparam, delete, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database, DatabaseBusy
from scim_server.models import Organization, User, UserSession, UserStatus, Way
from scim_server.models.base import new_id
from scim_server.services.context import Actor, ActorKind, Context, Device
from scim_server.services.errors import NotAllowed, NotFound, NotSignedIn
from scim_server.services.events import Action, Target, record
from scim_server.services.permissions import Manage, require
from scim_server.services.settings import OrganizationSettings, organization_settings

log = structlog.get_logger(__name__)

# A session may be idle for five minutes at the least, of which the last one need not be known to the second.
_SEEN_PRECISION = timedelta(minutes=1)

# Every request of a browser asks it, so it is put together once.
_FOUND = (
    select(UserSession, Organization, User)
    .join(Organization, Organization.id == UserSession.org_id)
    .join(User, (User.org_id == UserSession.org_id) & (User.id == UserSession.user_id))
    .where(UserSession.secret_hash == bindparam("secret_hash"), UserSession.ended_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just opened; `secret` goes to the person's browser and is kept nowhere."""

    row: UserSession
    secret: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who has signed in: what they do is done in `ctx`, as `user`, who is active."""

    ctx: Context
    user: User
    row: UserSession


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


def find_session(
    session: Session,
    settings: Settings,
    secret: str,
    now: datetime,
    *,
    request_id: str = "",
    device: Device = Device(),  # noqa: B008 (nobody can change it)
) -> SignedIn:
    """Whoever has this secret, as long as their session is not over, and they are let in.

    Raises NotSignedIn.
    """
    found: Any = session.execute(_FOUND, {"secret_hash": hash_secret(secret)}).one_or_none()
    if found is None:
        raise NotSignedIn
    row, org, user = found
    if user.status != UserStatus.ACTIVE or not _is_alive(row, OrganizationSettings.model_validate(org.settings), now):
        raise NotSignedIn
    actor = Actor(ActorKind.USER, user.user_name, user.id)
    return SignedIn(Context(session, settings, org, actor, now, request_id, device=device), user, row)


def note_seen(database: Database, row: UserSession, now: datetime) -> None:
    """Write down that a session is in use, if that is due, in a transaction of its own, so that a read stays a read."""
    if now - row.last_seen_at < _SEEN_PRECISION:
        return
    note = (
        update(UserSession)
        .where(UserSession.org_id == row.org_id, UserSession.id == row.id)
        .where(UserSession.ended_at.is_(None), UserSession.last_seen_at < now)
        .values(last_seen_at=now)
    )
    try:
        with database.writing() as session:
            session.execute(note)
    except (DatabaseBusy, OperationalError):
        # The request itself is answered, and the next one notes it as well.
        log.warning("last use of a session not noted", session=str(row.id))


def list_sessions(ctx: Context, user: User) -> list[UserSession]:
    """The open sessions of a user, the one that was used last first.

    Raises NotAllowed.
    """
    _check_may(ctx, user.id)
    open_ones = ctx.session.scalars(
        select(UserSession)
        .where(UserSession.org_id == ctx.org.id, UserSession.user_id == user.id, UserSession.ended_at.is_(None))
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    )
    return [row for row in open_ones if _is_alive(row, organization_settings(ctx), ctx.now)]


def get_session(ctx: Context, session_id: UUID) -> UserSession:
    """A session that nobody has ended. Whoever ends it is asked whether they may.

    Raises NotFound.
    """
    row = ctx.session.scalar(
        select(UserSession).where(
            UserSession.org_id == ctx.org.id, UserSession.id == session_id, UserSession.ended_at.is_(None)
        )
    )
    if row is None:
        raise NotFound("open session", session_id)
    return row


def end_session(ctx: Context, row: UserSession, why: str) -> bool:
    """End one session, and say whether it was open until now.

    Raises NotAllowed.
    """
    _check_may(ctx, row.user_id)
    own = ctx.actor.id == row.user_id
    ended = _end(ctx, why, UserSession.id == row.id)
    for user in _users_of(ctx, ended):
        if own:
            record(ctx, Action.USER_SIGNED_OUT, user, session=str(row.id))
        else:
            record(ctx, Action.USER_SESSION_ENDED, user, session=str(row.id), why=why)
    return bool(ended)


def leave(
    session: Session,
    settings: Settings,
    secret: str,
    now: datetime,
    why: str,
    *,
    request_id: str = "",
    device: Device = Device(),  # noqa: B008 (as above)
) -> UserSession | None:
    """End the session of a browser, whatever it is worth by now, and return it, if there is one that was open."""
    found: Any = session.execute(_FOUND, {"secret_hash": hash_secret(secret)}).one_or_none()
    if found is None:
        return None
    row: UserSession
    row, org, user = found
    actor = Actor(ActorKind.USER, user.user_name, user.id)
    end_session(Context(session, settings, org, actor, now, request_id, device=device), row, why)
    return row


def end_others(ctx: Context, kept: UserSession, why: str) -> int:
    """End every session of a user but one, and return how many there were.

    Raises NotAllowed.
    """
    _check_may(ctx, kept.user_id)
    ended = _end(ctx, why, UserSession.user_id == kept.user_id, UserSession.id != kept.id)
    for user in _users_of(ctx, ended):
        record(ctx, Action.USER_SIGNED_OUT, user, sessions=len(ended))
    return len(ended)


def end_by_subject(ctx: Context, connection_id: UUID, subject: str | None, idp_session: str | None, why: str) -> int:
    """End what an identity provider says is over, and return how many sessions that was: all that began there with this
    subject, or with this session of theirs, or with both where both are said.

    One of whose session at the provider nothing is known may be the one that is meant, and ends.
    """
    assert subject is not None or idp_session is not None, "it says who, or which"
    those = [UserSession.connection_id == connection_id]
    if subject is not None:
        those.append(UserSession.subject == subject)
    if idp_session is not None:
        same = UserSession.idp_session == idp_session
        those.append(same if subject is None else or_(same, UserSession.idp_session.is_(None)))
    ended = _end(ctx, why, *those)
    for user in _users_of(ctx, ended):
        for session_id in sorted(str(id) for id, user_id in ended if user_id == user.id):
            record(ctx, Action.USER_SESSION_ENDED, user, session=session_id, why=why)
    return len(ended)


def end_all(ctx: Context, user: Target, why: str) -> int:
    """End every session of a user at once, and return how many there were."""
    return len(_end(ctx, why, UserSession.user_id == user.id))


def end_all_through(ctx: Context, connection_id: UUID, why: str) -> int:
    """End every session that began at a connection, and return how many there were."""
    ended = _end(ctx, why, UserSession.connection_id == connection_id)
    for user in _users_of(ctx, ended):
        for session_id in sorted(str(id) for id, user_id in ended if user_id == user.id):
            record(ctx, Action.USER_SESSION_ENDED, user, session=session_id, why=why)
    return len(ended)


def purge(database: Database, settings: Settings, now: datetime) -> int:
    """Forget sessions that have been over for as long as the record of sign-ins is kept, and return how many."""
    oldest = now - timedelta(days=settings.sign_in_log_days)
    with database.reading() as session:
        org_ids = session.scalars(select(Organization.id).order_by(Organization.id)).all()
    gone = 0
    for org_id in org_ids:
        with database.writing() as session:
            over = UserSession.org_id == org_id, UserSession.created_at < oldest, UserSession.expires_at <= now
            gone += len(session.execute(delete(UserSession).where(*over).returning(UserSession.id)).all())
    return gone


def hash_secret(secret: str) -> bytes:
    """What is kept of a session's secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def _is_alive(row: UserSession, chosen: OrganizationSettings, now: datetime) -> bool:
    """Whether a session is not over by itself: by its age, or because nobody has used it."""
    # The organization may have shortened both since; what it has lengthened is for those who sign in from now on.
    oldest = row.created_at + timedelta(hours=chosen.session_hours)
    idle = row.last_seen_at + timedelta(minutes=chosen.session_idle_minutes)
    return now < min(row.expires_at, oldest, idle)


def _check_may(ctx: Context, user_id: UUID) -> None:
    """What is a person's own is theirs to see and to end; all else takes managing users."""
    if ctx.actor.id != user_id:
        require(ctx, Manage.USERS)


def _end(ctx: Context, why: str, *those: ColumnElement[bool]) -> list[tuple[UUID, UUID]]:
    """End the open ones among these sessions, and return the id of each, and of its user."""
    ended = ctx.session.execute(
        update(UserSession)
        .where(UserSession.org_id == ctx.org.id, UserSession.ended_at.is_(None), *those)
        .values(ended_at=ctx.now, ended_why=why)
        .returning(UserSession.id, UserSession.user_id)
        .execution_options(synchronize_session="fetch")
    )
    return [(row.id, row.user_id) for row in ended]


def _users_of(ctx: Context, ended: Iterable[tuple[UUID, UUID]]) -> list[User]:
    ids = {user_id for _, user_id in ended}
    if not ids:
        return []
    return list(ctx.session.scalars(select(User).where(User.org_id == ctx.org.id, User.id.in_(ids)).order_by(User.id)))
