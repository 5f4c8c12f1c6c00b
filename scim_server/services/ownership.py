"""Who must not be lost: the owner of an organization, and the last of its admins. This holds against everybody."""

from sqlalchemy import select

from scim_server.models import BuiltIn, Organization, User, UserStatus
from scim_server.services.context import ActorKind, Context
from scim_server.services.declared import declared
from scim_server.services.errors import (
    BreakGlassProtected,
    InvalidValue,
    LastAdminProtected,
    NotAllowed,
    NotFound,
    OwnerProtected,
)
from scim_server.services.events import Action, record
from scim_server.services.sso_rule import is_break_glass
from scim_server.services.user_columns import Changing


def find_owner(ctx: Context) -> User | None:
    """The owner; there is none before the first admin has accepted."""
    return ctx.session.scalar(select(User).where(User.org_id == ctx.org.id, User.is_owner))


def is_admin(ctx: Context, user: Changing) -> bool:
    return declared(ctx).roles[user.role_id].built_in == BuiltIn.ADMIN


def guard(ctx: Context, user: Changing) -> None:
    """Ask whether a user may stop being an active admin, which each user may who is none.

    Raises OwnerProtected, BreakGlassProtected, LastAdminProtected.
    """
    guard_owner(user)
    if is_break_glass(ctx.org, user):
        raise BreakGlassProtected(user.user_name)
    if user.status != UserStatus.ACTIVE or not is_admin(ctx, user):
        return
    hold(ctx)  # of two admins who go at once, the second is asked when the first has gone
    another = select(User.id).where(
        User.org_id == ctx.org.id,
        User.role_id == user.role_id,
        User.status == UserStatus.ACTIVE,
        User.id != user.id,
    )
    if ctx.session.scalar(another.limit(1)) is None:
        raise LastAdminProtected(user.user_name)


def guard_owner(user: Changing) -> None:
    """Ask no more than whether a user is the owner: in the course of an undo, the last admin of a moment may be one who
    was made one a moment ago, and the owner, who is an admin, is there in any case.

    Raises OwnerProtected.
    """
    if user.is_owner:
        raise OwnerProtected(user.user_name)


def make_first_owner(ctx: Context, user: User) -> bool:
    """Make an admin the owner of an organization that has none yet, and return whether that was so."""
    hold(ctx)
    if find_owner(ctx) is not None:
        return False
    _check_can_own(ctx, user)
    _own(ctx, None, user)
    return True


def transfer_ownership(ctx: Context, user: User, *, confirmation: str) -> None:
    """Hand the organization over to another admin. The owner alone can, or the operator on the owner's word.

    `confirmation` is the slug of the organization, typed by a person who means it.

    Raises NotAllowed, NotFound, InvalidValue.
    """
    hold(ctx)
    owner = find_owner(ctx)
    if owner is None:
        raise NotFound("owner of", ctx.org.slug)
    if ctx.actor.kind is not ActorKind.OPERATOR and (ctx.actor.kind is not ActorKind.USER or ctx.actor.id != owner.id):
        raise NotAllowed("Only the owner can transfer the ownership.")
    if confirmation != ctx.org.slug:
        raise InvalidValue("confirmation", f"must be {ctx.org.slug!r}, the organization's slug")
    _check_can_own(ctx, user)
    if user.id != owner.id:
        _own(ctx, owner, user)


def _check_can_own(ctx: Context, user: User) -> None:
    if user.status != UserStatus.ACTIVE or not is_admin(ctx, user):
        raise NotAllowed(f"{user.user_name} cannot be the owner: only an active admin can.")


def _own(ctx: Context, before: User | None, after: User) -> None:
    if before is not None:
        before.is_owner = False
        ctx.session.flush()  # there is one owner at a time
    after.is_owner = True
    ctx.session.flush()
    owner = (str(before.id) if before else None, str(after.id))
    record(ctx, Action.OWNER_CHANGED, ctx.org, {"owner": owner})


def hold(ctx: Context) -> None:
    """Have everybody else who may cost the organization an admin wait until this transaction ends."""
    # Not FOR UPDATE: whoever writes any row of the organization refers to it, and would wait.
    ctx.session.execute(select(Organization.id).where(Organization.id == ctx.org.id).with_for_update(key_share=True))
