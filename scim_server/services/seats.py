"""Seats: how many users the plan of an organization has, and who takes one."""

from dataclasses import dataclass

from sqlalchemy import func, select

from scim_server.models import Organization, Overage, User, UserStatus
from scim_server.services.context import Context
from scim_server.services.errors import NoSeatLeft
from scim_server.services.events import Action, record
from scim_server.services.settings import organization_settings


@dataclass(frozen=True, slots=True)
class Seats:
    """`plan` is None where the plan has no number, and `over` is what is to be billed beyond it."""

    plan: int | None
    used: int

    @property
    def over(self) -> int:
        return max(0, self.used - self.plan) if self.plan is not None else 0


def seats(ctx: Context) -> Seats:
    """How many seats there are, and how many are taken."""
    return Seats(ctx.org.seats, _used(ctx))


def take_seat(ctx: Context, *, before: UserStatus | None, after: UserStatus) -> None:
    """Take a seat for a user who becomes `after`, if whoever is that has one and whoever is `before` has not.

    Two requests for the last seat come one after the other: each of them holds the organization's row while it counts.

    Raises NoSeatLeft where the plan blocks what is beyond it.
    """
    counted = _counted(ctx)
    if ctx.org.seats is None or after not in counted or before in counted:
        return
    plan = ctx.session.execute(
        select(Organization.seats, Organization.overage)
        .where(Organization.id == ctx.org.id)
        # Not FOR UPDATE: whoever writes any row of the organization refers to it, and would wait.
        .with_for_update(key_share=True)
    ).one()
    used = _used(ctx)
    if plan.seats is None or used < plan.seats:
        return
    if plan.overage == Overage.BLOCK:
        raise NoSeatLeft(plan.seats)
    record(ctx, Action.SEATS_EXCEEDED, ctx.org, {"used": (used, used + 1)}, seats=plan.seats)


def _used(ctx: Context) -> int:
    counted = User.status.in_(sorted(_counted(ctx)))
    return ctx.session.scalar(select(func.count()).select_from(User).where(User.org_id == ctx.org.id, counted)) or 0


def _counted(ctx: Context) -> frozenset[str]:
    if organization_settings(ctx).invited_users_take_seats:
        return frozenset({UserStatus.ACTIVE, UserStatus.INVITED})
    return frozenset({UserStatus.ACTIVE})
