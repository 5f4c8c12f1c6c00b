"""The end of a user: their row and all that says who they were go, and what happened stays, told of an id.

The id of a user is a random number, which is what is left to tell one purged user from another.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from scim_server.models import Event, LoggedRequest, Organization, ScimToken, User, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services import accounts
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.settings import organization_settings

PSEUDONYM = "a purged user"
# What an event may go on to say of a purged user: nothing of it tells who they were.
_IMPERSONAL = frozenset({"status", "active", "role", "teams", "directory", "permission"})


def purge_user(ctx: Context, user: User) -> None:
    """Remove a deleted user for good.

    Raises NotAllowed.
    """
    require(ctx, Manage.USERS)
    if user.status != UserStatus.DELETED:
        raise NotAllowed(f"{user.user_name} is not deleted: only a deleted user can be purged.")
    theirs = ScimToken.org_id == ctx.org.id, ScimToken.user_id == user.id
    tokens = ctx.session.scalars(delete(ScimToken).where(*theirs).returning(ScimToken.id)).all()
    _erase_history(ctx, user, [user.id, *tokens])
    record(ctx, Action.USER_PURGED, user)
    ctx.session.delete(user)
    ctx.session.flush()
    if user.account_id is not None:
        accounts.forget_unused(ctx.session, user.account_id)


def purge_expired(ctx: Context, *, limit: int) -> int:
    """Purge users whose time is over, `limit` of them at the most, and return how many there were."""
    until = ctx.now - timedelta(days=organization_settings(ctx).retention_days)
    expired = ctx.session.scalars(
        select(User)
        .where(User.org_id == ctx.org.id, User.status == UserStatus.DELETED, User.deleted_at <= until)
        .order_by(User.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for user in expired:
        purge_user(ctx, user)
    return len(expired)


def organizations_with_deleted_users(session: Session) -> Iterator[Organization]:
    """Where `purge_expired` may find somebody."""
    deleted = select(User.id).where(User.org_id == Organization.id, User.status == UserStatus.DELETED)
    yield from session.scalars(select(Organization).where(deleted.exists()).order_by(Organization.id))


def _erase_history(ctx: Context, user: User, targets: Sequence[UUID]) -> None:
    theirs = Event.org_id == ctx.org.id
    for event in ctx.session.scalars(select(Event).where(theirs, any_of(Event.target_id, targets))):
        event.changes = {
            name: pair if name in _IMPERSONAL else [None if value is None else PSEUDONYM for value in pair]
            for name, pair in event.changes.items()
        }
    ctx.session.execute(
        update(Event)
        .where(theirs, Event.actor_id == user.id)
        .values(actor_name=PSEUDONYM)
        .execution_options(synchronize_session=False)
    )
    ctx.session.execute(
        delete(LoggedRequest).where(LoggedRequest.org_id == ctx.org.id, LoggedRequest.target_id == user.id)
    )
