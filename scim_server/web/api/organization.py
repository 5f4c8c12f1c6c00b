"""/api/v1/organization: what an organization is called, what it has chosen, and how many seats it has."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from scim_server.services import organization_views, organizations, seats, settings, sso_required, users
from scim_server.services.built_in import Manage
from scim_server.services.context import ADMIN, Context
from scim_server.services.organization_views import Overage
from scim_server.services.settings import OrganizationSettings
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Change, Input, Shape, Text

rooms = Room("Organization", "The organization itself: its name, what it has chosen, and the seats of its plan.")

Name = Annotated[Text, Field(min_length=1, max_length=200, description="What people call it.")]


class OrganizationShape(Shape):
    id: UUID
    slug: Annotated[str, Field(description="What it is called in URLs, for ever.")]
    name: str
    seats: Annotated[int | None, Field(description="How many users its plan has; null for no limit.")]
    overage: Annotated[
        Overage, Field(description="Whoever is beyond the seats: block refuses them, bill lets them in and reports it.")
    ]
    owner_id: Annotated[UUID | None, Field(description="The user who owns it; null before the first admin accepts.")]
    main_team_id: Annotated[UUID | None, Field(description="The team that every new user joins.")]
    sso_required_at: Annotated[
        datetime | None, Field(description="Since when everybody has to sign in through a connection.")
    ]
    break_glass_user_id: Annotated[UUID | None, Field(description="The one admin who need not.")]
    scim_base_url: str
    console_url: str
    created_at: datetime
    updated_at: datetime


class OrganizationChange(Change):
    name: Name = ""


class SettingsChange(Change, OrganizationSettings):
    """What is left out stays as it is."""


class SeatsShape(Shape):
    plan: Annotated[int | None, Field(description="How many the plan has; null for no limit.")]
    used: Annotated[int, Field(description="How many are taken, by invited users too where these take one.")]
    over: Annotated[int, Field(description="How many are taken beyond the plan, and are to be billed.")]
    overage: Overage


class SsoRequiredShape(Shape):
    required: bool
    since: datetime | None
    break_glass_user_id: UUID | None


class SsoRequired(Input):
    break_glass_user_id: Annotated[
        UUID,
        Field(description="An active admin who is no directory's, and has a password and a second factor."),
    ]


@rooms.get("/organization", needs=Manage.SETTINGS_VIEW)
def show_organization(ctx: Context) -> OrganizationShape:
    """Show the organization."""
    return _shown(ctx)


@rooms.patch("/organization", needs=Manage.SETTINGS)
def change_organization(ctx: Context, body: OrganizationChange) -> OrganizationShape:
    """Rename the organization.

    Its slug stays, and its plan is for the product to change.
    """
    organizations.change_organization(ctx, **body.given())
    return _shown(ctx)


@rooms.get("/organization/settings", needs=Manage.SETTINGS_VIEW)
def show_settings(ctx: Context) -> OrganizationSettings:
    """Show all that the organization has chosen, or could choose."""
    return settings.organization_settings(ctx)


@rooms.patch("/organization/settings", needs=Manage.SETTINGS)
def change_settings(ctx: Context, body: SettingsChange) -> OrganizationSettings:
    """Choose for the whole organization.

    What is left out stays as it is.
    """
    return settings.change_settings(ctx, **body.given())


@rooms.get("/organization/seats", needs=Manage.SETTINGS_VIEW)
def show_seats(ctx: Context) -> SeatsShape:
    """Show how many seats there are, and how many are taken."""
    found = seats.seats(ctx)
    return SeatsShape(plan=found.plan, used=found.used, over=found.over, overage=Overage(ctx.org.overage))


@rooms.get("/organization/sso-required", needs=Manage.DIRECTORIES_VIEW)
def show_sso_required(ctx: Context) -> SsoRequiredShape:
    """Show whether everybody has to sign in through a connection, and who need not."""
    return _sso(ctx)


@rooms.put("/organization/sso-required", needs=ADMIN)
def require_sso(ctx: Context, body: SsoRequired) -> SsoRequiredShape:
    """Have everybody sign in through a connection, except for one admin.

    All other ways in are closed, a new password included. It takes an enabled connection, and a test sign-in through it
    that an admin has made within the last day. Asked again, it names another one who need not.
    """
    sso_required.require_sso(ctx, users.get_user_to_change(ctx, body.break_glass_user_id))
    return _sso(ctx)


@rooms.delete("/organization/sso-required", needs=ADMIN)
def allow_other_ways(ctx: Context) -> None:
    """Open the other ways to sign in again."""
    sso_required.stop_requiring(ctx)


def _shown(ctx: Context) -> OrganizationShape:
    return OrganizationShape.model_validate(organization_views.view(ctx))


def _sso(ctx: Context) -> SsoRequiredShape:
    since = ctx.org.sso_required_at
    return SsoRequiredShape(required=since is not None, since=since, break_glass_user_id=ctx.org.break_glass_user_id)
