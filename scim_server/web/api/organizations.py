"""/api/v1/organizations: the tenants of the product, for whoever runs it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from scim_server.services import organization_views, organizations
from scim_server.services.context import ADMIN, Context
from scim_server.services.organization_views import Overage
from scim_server.services.organizations import SLUG, Plan
from scim_server.web.api.callers import Installation
from scim_server.web.api.endpoints import Room
from scim_server.web.api.organization import Name, OrganizationShape
from scim_server.web.api.shapes import Change, Input, ListQuery, Page, Text, page

rooms = Room(
    "Organizations",
    "The organizations of the installation, which are the tenants of the product. All of this takes a key of the whole "
    "installation; what is in an organization is asked for with its slug in `Scim-Organization`.",
)

Slug = Annotated[
    str,
    Field(
        pattern=f"^{SLUG.pattern}$",
        min_length=1,
        max_length=63,
        description="What it is called in URLs, for ever: lower-case letters, digits and inner hyphens.",
        examples=["acme"],
    ),
]
Seats = Annotated[int | None, Field(ge=1, le=2**31 - 1, description="How many users its plan has; null for no limit.")]


class OrganizationsQuery(ListQuery):
    slug: Annotated[Text | None, Field(max_length=63, description="The one with this slug.")] = None


class NewOrganization(Input):
    slug: Slug
    name: Annotated[Name, Field(description="What people call it. Left out, its slug.")] = ""
    seats: Seats = None


class PlanChange(Change):
    name: Name = ""
    seats: Seats = None
    overage: Annotated[
        Overage, Field(description="Whoever is beyond the seats: block refuses them, bill lets them in and reports it.")
    ] = Overage.BLOCK


@rooms.get("/organizations", needs=ADMIN)
def list_organizations(here: Installation, query: OrganizationsQuery) -> Page[OrganizationShape]:
    """List the organizations, the oldest first."""
    part = organization_views.list_part(here.session, here.settings, query.cut(), slug=query.slug)
    return page(part, OrganizationShape.model_validate)


@rooms.post("/organizations", needs=ADMIN, status=201)
def create_organization(here: Installation, body: NewOrganization) -> OrganizationShape:
    """Found an organization.

    It begins with the built-in roles and without users: `POST /first-admin` makes the link for its first admin.
    """
    made = organizations.create_organization(
        here.session,
        here.settings,
        actor=here.actor,
        now=here.now,
        request_id=here.request_id,
        device=here.device,
        slug=body.slug,
        name=body.name,
        seats=body.seats,
    )
    return _shown(_enter(here, made.id))


@rooms.get("/organizations/<uuid:organization_id>", needs=ADMIN)
def show_any_organization(here: Installation, organization_id: UUID) -> OrganizationShape:
    """Show an organization."""
    return _shown(_enter(here, organization_id))


@rooms.patch("/organizations/<uuid:organization_id>", needs=ADMIN)
def change_any_organization(here: Installation, organization_id: UUID, body: PlanChange) -> OrganizationShape:
    """Rename an organization, or change its plan.

    What is left out stays. Nobody is put out where there are fewer seats than users from now on.
    """
    ctx, given = _enter(here, organization_id), body.given()
    plan = None
    if given.keys() & {"seats", "overage"}:
        plan = Plan(given.get("seats", ctx.org.seats), given.get("overage", Overage(ctx.org.overage)))
    organizations.change_organization(ctx, name=given.get("name"), plan=plan)
    return _shown(ctx)


def _enter(here: Installation, organization_id: UUID) -> Context:
    return organizations.enter(
        here.session,
        here.settings,
        organization_id,
        actor=here.actor,
        now=here.now,
        request_id=here.request_id,
        device=here.device,
    )


def _shown(ctx: Context) -> OrganizationShape:
    return OrganizationShape.model_validate(organization_views.view(ctx))
