"""Organizations: founding one, finding one."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Organization, Overage
from scim_server.models.base import new_id
from scim_server.services.constraints import flush
from scim_server.services.context import OPERATOR, Actor, ActorKind, Context, Device
from scim_server.services.errors import InvalidValue, NotAllowed, NotFound, SlugTaken
from scim_server.services.events import Action, differences, record
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import required
from scim_server.services.roles import built_in_roles


@dataclass(frozen=True, slots=True)
class Plan:
    """What an organization has paid for. Without a number of seats, there is no limit."""

    seats: int | None
    overage: Overage


SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def create_organization(
    session: Session,
    settings: Settings,
    *,
    actor: Actor,
    now: datetime,
    request_id: str = "",
    device: Device = Device(),  # noqa: B008 (nobody can change it)
    slug: str,
    name: str | None = None,
    seats: int | None = None,
) -> Organization:
    """Found an organization.

    Raises InvalidValue, SlugTaken.
    """
    if not SLUG.fullmatch(slug):
        raise InvalidValue("slug", "must be 1 to 63 lower-case letters, digits and inner hyphens")
    called = required("name", name or slug)
    org = Organization(id=new_id(), slug=slug, name=called, seats=_seats(seats), created_at=now, updated_at=now)
    session.add(org)
    flush(session, {"uq_organizations_slug": SlugTaken(slug)})
    session.add_all(built_in_roles(org.id, now))
    record(
        Context(session, settings, org, actor, now, request_id, device=device),
        Action.ORGANIZATION_CREATED,
        org,
        {"slug": (None, slug), "seats": (None, seats)},
    )
    return org


def change_organization(
    ctx: Context,
    *,
    name: str | None = None,
    plan: Plan | None = None,
) -> Organization:
    """Rename an organization, or change its plan, which is the operator's to say. What is None stays as it is.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.SETTINGS)
    after: dict[str, Any] = {}
    if name is not None:
        after["name"] = required("name", name)
    if plan is not None:
        if ctx.actor.kind is not ActorKind.OPERATOR:
            raise NotAllowed("Only the operator changes the plan of an organization.")
        after |= {"seats": _seats(plan.seats), "overage": plan.overage.value}
    before = {field: getattr(ctx.org, field) for field in after}
    if changes := differences(before, after):
        for field, value in after.items():
            setattr(ctx.org, field, value)
        ctx.org.changed(ctx.now)
        record(ctx, Action.ORGANIZATION_UPDATED, ctx.org, changes)
    return ctx.org


def _seats(number: int | None) -> int | None:
    if number is not None and number < 1:
        raise InvalidValue("seats", "must be at least 1")
    return number


def find_organization(session: Session, slug: str) -> Organization:
    """Raises NotFound."""
    org = session.scalar(select(Organization).where(Organization.slug == slug))
    if org is None:
        raise NotFound("organization", slug)
    return org


def enter(
    session: Session,
    settings: Settings,
    organization_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    request_id: str,
    device: Device,
) -> Context:
    """The context of the product itself in the organization of this id.

    Raises NotFound.
    """
    org = session.scalar(select(Organization).where(Organization.id == organization_id))
    if org is None:
        raise NotFound("organization", organization_id)
    return Context(session, settings, org, actor, now, request_id, device=device)


def list_organizations(session: Session) -> list[Organization]:
    return list(session.scalars(select(Organization).order_by(Organization.slug)))


def open_organization(session: Session, settings: Settings, slug: str, *, now: datetime) -> Context:
    """The context of the operator on the command line, who may enter any organization.

    Raises NotFound.
    """
    return Context(session, settings, find_organization(session, slug), OPERATOR, now, request_id="")
