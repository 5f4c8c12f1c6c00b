"""Organizations as they are shown to their own people, and to the product."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Organization, Overage, User
from scim_server.models.expressions import any_of
from scim_server.services.context import Context
from scim_server.services.listing import Cut, Part

__all__ = ["OrganizationView", "Overage", "list_part", "view"]


@dataclass(frozen=True, slots=True)
class OrganizationView:
    """`seats` is None where the plan has no limit, and `owner_id` before the first admin has accepted."""

    id: UUID
    slug: str
    name: str
    seats: int | None
    overage: Overage
    owner_id: UUID | None
    main_team_id: UUID | None
    sso_required_at: datetime | None
    break_glass_user_id: UUID | None
    scim_base_url: str
    console_url: str
    created_at: datetime
    updated_at: datetime


def view(ctx: Context) -> OrganizationView:
    """The organization of this request as it is shown."""
    return _views(ctx.session, ctx.settings, [ctx.org])[0]


def list_part(session: Session, settings: Settings, cut: Cut, *, slug: str | None = None) -> Part[OrganizationView]:
    """A part of the organizations of the installation, the oldest first; or the one with that slug."""
    query = select(Organization).order_by(Organization.id).limit(cut.limit + 1)
    if slug is not None:
        query = query.where(Organization.slug == slug)
    if cut.after is not None:
        query = query.where(Organization.id > cut.after)
    found = session.scalars(query).all()
    shown = _views(session, settings, found[: cut.limit])
    return Part(shown, shown[-1].id if len(found) > cut.limit else None)


def _views(session: Session, settings: Settings, orgs: Sequence[Organization]) -> list[OrganizationView]:
    owners = select(User.org_id, User.id).where(any_of(User.org_id, [org.id for org in orgs]), User.is_owner)
    owned: dict[UUID, UUID] = dict(iter(session.execute(owners)))
    return [
        OrganizationView(
            id=org.id,
            slug=org.slug,
            name=org.name,
            seats=org.seats,
            overage=Overage(org.overage),
            owner_id=owned.get(org.id),
            main_team_id=org.main_team_id,
            sso_required_at=org.sso_required_at,
            break_glass_user_id=org.break_glass_user_id,
            scim_base_url=f"{settings.base_url}/scim/v2/{org.slug}",
            console_url=f"{settings.base_url}/console/{org.slug}",
            created_at=org.created_at,
            updated_at=org.updated_at,
        )
        for org in orgs
    ]
