"""Whether everybody of an organization has to come through a connection, and who need not: one admin, by name.

Switched on, it closes every other way in, a new password included. So that nobody locks themselves out, it takes a test
sign-in that has just passed, and an admin who can come in when the identity provider cannot be reached.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.models import Account, Connection, ConnectionStatus, User, UserStatus
from scim_server.services import accounts, ownership, second_factors
from scim_server.services.connection_lifecycle import require_admin
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.sso_rule import closed_to

# How long ago the test sign-in may be.
_RECENT = timedelta(days=1)


def require_sso(ctx: Context, break_glass: User) -> None:
    """Have everybody come through a connection, except for one admin; who is in stays until their session is over.

    Asked again, it names another one. Nobody else changes the user until this transaction ends.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    require_admin(ctx)
    ownership.hold(ctx)  # nobody who is to be the way in at the worst of times stops being an admin meanwhile
    _check_break_glass(ctx, break_glass)
    _check_tested(ctx)
    before = ctx.org.break_glass_user_id
    if ctx.org.sso_required_at is not None and before == break_glass.id:
        return
    ctx.org.sso_required_at = ctx.org.sso_required_at or ctx.now
    ctx.org.break_glass_user_id = break_glass.id
    ctx.org.changed(ctx.now)
    named = str(before) if before else None, str(break_glass.id)
    record(ctx, Action.SSO_REQUIRED, ctx.org, {"break_glass": named})


def stop_requiring(ctx: Context) -> None:
    """Open the other ways in again. The operator can do so at any time.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    require_admin(ctx)
    if ctx.org.sso_required_at is None:
        return
    before = ctx.org.break_glass_user_id
    ctx.org.sso_required_at = ctx.org.break_glass_user_id = None
    ctx.org.changed(ctx.now)
    record(ctx, Action.SSO_NOT_REQUIRED, ctx.org, {"break_glass": (str(before) if before else None, None)})


def is_shut(session: Session, account: Account) -> bool:
    """Whether there is no organization left in which a person signs in with their account."""
    places = [place for place in accounts.users_of(session, account) if place.user.active]
    return bool(places) and all(closed_to(place.org, place.user) for place in places)


def find_break_glass(ctx: Context) -> User | None:
    """The admin who need not come through a connection, if anybody has to."""
    if ctx.org.break_glass_user_id is None:
        return None
    return ctx.session.scalar(select(User).where(User.org_id == ctx.org.id, User.id == ctx.org.break_glass_user_id))


def _check_break_glass(ctx: Context, user: User) -> None:
    if user.status != UserStatus.ACTIVE or not ownership.is_admin(ctx, user):
        raise NotAllowed(f"{user.user_name} is no active admin: name one who comes in when nobody else can.")
    if user.directory_id is not None:
        raise NotAllowed(f"{user.user_name} is a directory's, which could take them away: name an admin who is not.")
    account = ctx.session.scalar(select(Account).where(Account.id == user.account_id))
    if account is None or account.password_hash is None:
        raise NotAllowed(f"{user.user_name} has no password, which whoever comes in without a connection needs.")
    if not second_factors.has_any(ctx, account.id):
        raise NotAllowed(f"{user.user_name} has no second factor, which whoever comes in without a connection needs.")


def _check_tested(ctx: Context) -> None:
    """Raises NotAllowed unless an admin has come through an enabled connection just now, as a test."""
    testers = ctx.session.scalars(
        select(User)
        .join(Connection, (Connection.org_id == User.org_id) & (Connection.tested_by == User.id))
        .where(
            User.org_id == ctx.org.id,
            User.status == UserStatus.ACTIVE,
            Connection.status == ConnectionStatus.ENABLED,
            Connection.tested_at > ctx.now - _RECENT,
        )
    )
    if not any(ownership.is_admin(ctx, user) for user in testers):
        raise NotAllowed(
            "First, an admin makes a test sign-in that passes, through an enabled connection and within the last day: "
            "scim-server connection test prints where."
        )
