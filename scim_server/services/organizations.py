"""Organizations: founding one, finding one."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Organization
from scim_server.models.base import new_id
from scim_server.services.constraints import flush
from scim_server.services.context import OPERATOR, Actor, Context
from scim_server.services.errors import InvalidValue, NotFound, SlugTaken
from scim_server.services.events import Action, record
from scim_server.services.roles import built_in_roles

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def create_organization(
    session: Session,
    settings: Settings,
    *,
    actor: Actor,
    now: datetime,
    slug: str,
    name: str | None = None,
    seats: int | None = None,
) -> Organization:
    """Found an organization.

    Raises InvalidValue, SlugTaken.
    """
    if not SLUG.fullmatch(slug):
        raise InvalidValue("slug", "must be 1 to 63 lower-case letters, digits and inner hyphens")
    if seats is not None and seats < 1:
        raise InvalidValue("seats", "must be at least 1")
    org = Organization(id=new_id(), slug=slug, name=name or slug, seats=seats, created_at=now, updated_at=now)
    session.add(org)
    flush(session, {"uq_organizations_slug": SlugTaken(slug)})
    session.add_all(built_in_roles(org.id, now))
    record(
        Context(session, settings, org, actor, now, request_id=""),
        Action.ORGANIZATION_CREATED,
        org,
        {"slug": (None, slug), "seats": (None, seats)},
    )
    return org


def find_organization(session: Session, slug: str) -> Organization:
    """Raises NotFound."""
    org = session.scalar(select(Organization).where(Organization.slug == slug))
    if org is None:
        raise NotFound("organization", slug)
    return org


def list_organizations(session: Session) -> list[Organization]:
    return list(session.scalars(select(Organization).order_by(Organization.slug)))


def open_organization(session: Session, settings: Settings, slug: str, *, now: datetime) -> Context:
    """The context of the operator on the command line, who may enter any organization.

    Raises NotFound.
    """
    return Context(session, settings, find_organization(session, slug), OPERATOR, now, request_id="")
