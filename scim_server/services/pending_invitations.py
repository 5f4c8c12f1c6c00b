"""Invitations that nobody has accepted yet, as programs and pages show them, and find them by their id."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from scim_server.models import Invitation, User
from scim_server.services import users
from scim_server.services.context import Context
from scim_server.services.declared import role_of
from scim_server.services.errors import NotFound
from scim_server.services.invitations import NewInvitation, Pending
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import Manage, require
from scim_server.services.user_views import Named


@dataclass(frozen=True, slots=True)
class PendingView:
    """`expired` is whether the link is too old; nothing else has happened to it then."""

    id: UUID
    email: str
    user_id: UUID
    role: Named
    language: str
    created_at: datetime
    expires_at: datetime
    expired: bool


def list_part(ctx: Context, cut: Cut) -> Part[Pending]:
    """A part of the invitations that nobody has accepted yet, those that are too old among them, the oldest first.

    Raises NotAllowed.
    """
    require(ctx, Manage.USERS)
    found = read_part(ctx, _pending(ctx), Invitation.id, cut)
    return Part([Pending(row, user) for row, user in found.items], found.next)


def get_pending(ctx: Context, invitation_id: UUID) -> Pending:
    """An invitation that nobody has accepted yet, and whom it is for.

    Raises NotAllowed, NotFound.
    """
    require(ctx, Manage.USERS)
    found = ctx.session.execute(_pending(ctx).where(Invitation.id == invitation_id)).one_or_none()
    if found is None:
        raise NotFound("pending invitation", invitation_id)
    return Pending(*found)


def get_pending_to_change(ctx: Context, invitation_id: UUID) -> Pending:
    """The same, and nobody else changes its user until this transaction ends.

    Raises NotAllowed, NotFound.
    """
    users.get_user_to_change(ctx, get_pending(ctx, invitation_id).user.id)
    return get_pending(ctx, invitation_id)  # somebody may have ended it meanwhile


def told(ctx: Context, found: Pending | NewInvitation) -> PendingView:
    row, role_id = found.row, found.user.role_id
    return PendingView(
        id=row.id,
        email=row.email,
        user_id=row.user_id,
        role=Named(role_id, role_of(ctx, role_id).name),
        language=row.language,
        created_at=row.created_at,
        expires_at=row.expires_at,
        expired=ctx.now >= row.expires_at,
    )


def _pending(ctx: Context) -> Select[Invitation, User]:
    return (
        select(Invitation, User)
        .join(User, (User.org_id == Invitation.org_id) & (User.id == Invitation.user_id))
        .where(Invitation.org_id == ctx.org.id, Invitation.ended_at.is_(None))
        .execution_options(populate_existing=True)
    )
