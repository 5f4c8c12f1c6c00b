"""/api/v1/directories: the SCIM connections of an organization."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from scim_server.services import directories as services
from scim_server.services import directory_changes, oauth
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.directory_changes import Adoption, BrakeMode, PatchResponse, Provider
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Change, Input, Page, Shape

directories = Room(
    "Directories", "The SCIM connections of this organization, one for each kind of provider, and how each is answered."
)


class DirectoryFields(Shape):
    id: UUID
    provider: Provider
    name: str
    adoption: Adoption
    adopt_teams: Annotated[bool, Field(description="Whether it takes over a team made by hand that has the same name.")]
    patch_response: PatchResponse
    basic_auth: Annotated[bool, Field(description="Whether its clients may come in with HTTP Basic.")]
    brake_mode: BrakeMode
    brake_users: Annotated[int, Field(description="More users than that, removed within the window, are too many.")]
    brake_share: Annotated[int, Field(description="So is more than that share of its active users, in percent.")]
    brake_window: Annotated[int, Field(description="In minutes.")]
    brake_holds: Annotated[bool, Field(description="Whether it can remove nobody, until somebody lets it through.")]
    brake_alarm_id: Annotated[UUID | None, Field(description="The latest alarm.")]
    brake_free_until: Annotated[datetime | None, Field(description="Until when it was let through.")]
    brake_free_users: Annotated[int | None, Field(description="How many users it may remove until then.")]
    created_at: datetime
    updated_at: datetime


class DirectoryShape(DirectoryFields):
    scim_base_url: Annotated[str, Field(description="What to paste at the provider, beside a token.")]
    token_url: Annotated[str, Field(description="Where an OAuth client gets its access tokens.")]
    metadata_url: Annotated[str, Field(description="What an OAuth client can read all of that from (RFC 8414).")]


class NewDirectory(Input):
    provider: Provider


class DirectoryChanges(Change):
    adoption: Adoption = Adoption.LINK
    adopt_teams: bool = True
    patch_response: PatchResponse = PatchResponse.BODY
    basic_auth: bool = False
    brake_mode: BrakeMode = BrakeMode.ALARM
    brake_users: Annotated[int, Field(ge=1, le=1_000_000)] = 50
    brake_share: Annotated[int, Field(ge=1, le=100)] = 20
    brake_window: Annotated[int, Field(ge=1, le=10_080)] = 60


@directories.get("/directories", needs=Manage.DIRECTORIES_VIEW)
def list_directories(ctx: Context) -> Page[DirectoryShape]:
    """List the directories, the oldest first."""
    return Page(items=[_shown(ctx, row) for row in services.list_directories(ctx)], next=None)


@directories.post("/directories", needs=Manage.DIRECTORIES)
def provide_directory(ctx: Context, body: NewDirectory) -> DirectoryShape:
    """Connect a directory.

    There is one for each kind of provider: where there is one already, it is that one. It comes in once it has a
    token (`POST /scim-tokens`) or a client (`POST /scim-clients`).
    """
    return _shown(ctx, services.provide_directory(ctx, body.provider))


@directories.get("/directories/<uuid:directory_id>", needs=Manage.DIRECTORIES_VIEW)
def show_directory(ctx: Context, directory_id: UUID) -> DirectoryShape:
    """Show a directory, and what to paste at its provider."""
    return _shown(ctx, services.get_directory(ctx, directory_id))


@directories.patch("/directories/<uuid:directory_id>", needs=Manage.DIRECTORIES)
def change_directory(ctx: Context, directory_id: UUID, body: DirectoryChanges) -> DirectoryShape:
    """Change what a directory is allowed, how it is answered, and when it is held back.

    `brake_mode` says what happens where it removes too many users: an `alarm`, or they are held back as well (`hold`).
    """
    return _shown(
        ctx, directory_changes.change_directory(ctx, services.get_directory(ctx, directory_id), **body.given())
    )


def _shown(ctx: Context, row: Any) -> DirectoryShape:
    return DirectoryShape(
        **dict(DirectoryFields.model_validate(row)),
        scim_base_url=f"{ctx.settings.base_url}/scim/v2/{ctx.org.slug}",
        token_url=oauth.token_url(ctx.settings),
        metadata_url=oauth.metadata_url(ctx.settings),
    )
