"""The end of a user: their row and all that says who they were go, and what happened stays, told of an id.

The id of a user is a random number, which is what is left to tell one purged user from another.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Checklist, Event, Invitation, LoggedRequest, Organization, ScimToken, User, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services import access_review_signatures, accounts, recognition, traces
from scim_server.services.context import SYSTEM, Context
from scim_server.services.errors import NotAllowed
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.settings import organization_settings
from scim_server.services.traces import PSEUDONYM

log = structlog.get_logger(__name__)

# As many in one transaction.
_AT_ONCE = 100
# What an event may go on to say of a purged user: nothing of it tells who they were.
_IMPERSONAL = frozenset({"status", "active", "role", "teams", "directory", "permission", "kind", "state", "item"})


def purge_user(ctx: Context, user: User) -> None:
    """Remove a deleted user for good.

    Raises NotAllowed.
    """
    require(ctx, Manage.USERS)
    if user.status != UserStatus.DELETED:
        raise NotAllowed(f"{user.user_name} is not deleted: only a deleted user can be purged.")
    _purge(ctx, [user])


def purge_expired(ctx: Context, *, limit: int) -> int:
    """Purge users whose time is over, `limit` of them at the most, and return how many there were.

    Several may do so at once: whom one is about to purge, the others leave to it.
    """
    require(ctx, Manage.USERS)
    until = ctx.now - timedelta(days=organization_settings(ctx).retention_days)
    expired = ctx.session.scalars(
        select(User)
        .where(User.org_id == ctx.org.id, User.status == UserStatus.DELETED, User.deleted_at <= until)
        .order_by(User.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    _purge(ctx, expired)
    return len(expired)


def organizations_with_deleted_users(session: Session) -> Iterator[Organization]:
    """Where `purge_expired` may find somebody."""
    deleted = select(User.id).where(User.org_id == Organization.id, User.status == UserStatus.DELETED)
    yield from session.scalars(select(Organization).where(deleted.exists()).order_by(Organization.id))


def purge_everywhere(database: Database, settings: Settings, now: datetime) -> int:
    """Purge whoever's time is over, in every organization, and return how many there were.

    Each transaction is short, so that whoever waits for it does not wait long; and one organization whose users cannot
    be purged keeps no other one from it.
    """
    with database.reading() as session:
        org_ids = [org.id for org in organizations_with_deleted_users(session)]
    purged = 0
    for org_id in org_ids:
        try:
            while (some := _purge_some(database, settings, org_id, now)) > 0:
                purged += some
        except Exception:
            log.warning("users not purged, to be tried again", org=str(org_id), exc_info=True)
    return purged


def _purge_some(database: Database, settings: Settings, org_id: UUID, now: datetime) -> int:
    with database.writing() as session:
        org = session.scalars(select(Organization).where(Organization.id == org_id)).one()
        return purge_expired(Context(session, settings, org, SYSTEM, now, request_id=""), limit=_AT_ONCE)


def _purge(ctx: Context, gone: Sequence[User]) -> None:
    if not gone:
        return
    # Together for all, as each has to look through what is told of everybody.
    traces.erase_as_managers(ctx, gone)
    traces.erase_as_actors(ctx, gone)
    traces.erase_from_entries(ctx, gone)
    traces.erase_from_requests(ctx, gone)
    traces.erase_from_sign_ins(ctx, gone)
    access_review_signatures.erase(ctx, [user.id for user in gone])
    traces.erase_from_imports(ctx, gone)
    recognition.note_purged(ctx, gone)
    for user in gone:
        _remove(ctx, user)


def _remove(ctx: Context, user: User) -> None:
    tokens, invitations, lists = (
        ctx.session.scalars(
            delete(table).where(table.org_id == ctx.org.id, table.user_id == user.id).returning(table.id)
        ).all()
        for table in (ScimToken, Invitation, Checklist)
    )
    _erase_history(ctx, [user.id, *tokens, *invitations, *lists])
    ctx.session.execute(
        delete(LoggedRequest).where(LoggedRequest.org_id == ctx.org.id, LoggedRequest.target_id == user.id)
    )
    record(ctx, Action.USER_PURGED, user)
    ctx.session.delete(user)
    ctx.session.flush()
    if user.account_id is not None:
        accounts.forget_unused(ctx.session, user.account_id)


def _erase_history(ctx: Context, targets: Sequence[UUID]) -> None:
    """Tell of these what happened to them, and nothing else."""
    of_targets = Event.org_id == ctx.org.id, any_of(Event.target_id, targets)
    for event in ctx.session.scalars(select(Event).where(*of_targets)):
        event.changes = {
            name: pair if name in _IMPERSONAL else [None if value is None else PSEUDONYM for value in pair]
            for name, pair in event.changes.items()
        }
