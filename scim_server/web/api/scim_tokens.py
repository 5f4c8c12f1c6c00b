"""/api/v1/scim-tokens: the bearer tokens that directories and users come in with at /scim/v2."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from scim_server.services import directories, users
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.directories import ListedToken
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, page
from scim_server.web.api.values import Days, Name

tokens = Room(
    "SCIM tokens",
    "The bearer tokens of directories, and of users at `/Me`. To change one for another, make a second, paste it at "
    "the provider, and revoke the first: until then both are good.",
)


class TokenFields(Shape):
    id: UUID
    name: str
    prefix: Annotated[str, Field(description="What the token begins with, by which a person knows it.")]
    directory_id: UUID | None
    user_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="To within five minutes.")]


class TokenShape(TokenFields):
    provider: Annotated[str | None, Field(description="The kind of its directory.")]
    user_name: Annotated[str | None, Field(description="Who its user is.")]


class NewTokenShape(TokenFields):
    token: Annotated[str, Field(description="The token itself, which is not shown again.")]


class TokenQuery(ListQuery):
    directory_id: UUID | None = None
    user_id: UUID | None = None


def _one_of_both(schema: dict[str, Any]) -> None:
    text, null = {"type": "string"}, {"type": "null"}
    for_a_directory = {"required": ["directory_id"], "properties": {"directory_id": text, "user_id": null}}
    for_a_user = {"required": ["user_id"], "properties": {"directory_id": null, "user_id": text}}
    schema["allOf"] = [{"oneOf": [for_a_directory, for_a_user]}]


class NewToken(Input):
    """For a directory or for a user."""

    model_config = ConfigDict(json_schema_extra=_one_of_both)

    directory_id: UUID | None = None
    user_id: UUID | None = None
    name: Annotated[Name | None, Field(description="As its directory or its user, where it has none.")] = None
    expires_in_days: Days | None = None

    @model_validator(mode="after")
    def _acts_for_one(self) -> "NewToken":
        if (self.directory_id is None) == (self.user_id is None):
            raise ValueError("give directory_id or user_id: a token acts for a directory or for a user")
        return self


@tokens.get("/scim-tokens", needs=Manage.DIRECTORIES_VIEW)
def list_scim_tokens(ctx: Context, query: TokenQuery) -> Page[TokenShape]:
    """List the tokens, the newest first: all, or those of one directory or one user.

    The access tokens that OAuth clients get are not among them.
    """
    found = directories.read_tokens(ctx, query.cut(), directory_id=query.directory_id, user_id=query.user_id)
    return page(found, _shown)


@tokens.post("/scim-tokens", needs=Manage.DIRECTORIES, status=201)
def create_scim_token(ctx: Context, body: NewToken) -> NewTokenShape:
    """Make a token for a directory, or for a user.

    Those that there are stay good. One for a user is good at `/Me` alone, for as long as the user is active.
    """
    lifetime = timedelta(days=body.expires_in_days) if body.expires_in_days else None
    if body.directory_id is not None:
        directory = directories.get_directory(ctx, body.directory_id)
        made = directories.create_token(ctx, directory, name=body.name, lifetime=lifetime)
    else:
        assert body.user_id is not None, "one of both is there"
        user = users.get_user(ctx, body.user_id)
        made = directories.create_user_token(ctx, user, name=body.name, lifetime=lifetime)
    return NewTokenShape(**dict(TokenFields.model_validate(made.row)), token=made.secret)


@tokens.get("/scim-tokens/<uuid:token_id>", needs=Manage.DIRECTORIES_VIEW)
def show_scim_token(ctx: Context, token_id: UUID) -> TokenShape:
    """Show a token, but not its secret."""
    return _shown(directories.get_token(ctx, token_id))


@tokens.post("/scim-tokens/<uuid:token_id>/revoke", needs=Manage.DIRECTORIES)
def revoke_scim_token(ctx: Context, token_id: UUID) -> TokenShape:
    """End a token at once.

    It stays in the list, so that what it did can still be told.
    """
    found = directories.get_token(ctx, token_id)
    directories.revoke_token(ctx, found.row)
    return _shown(found)


def _shown(found: ListedToken) -> TokenShape:
    return TokenShape(
        **dict(TokenFields.model_validate(found.row)),
        provider=found.directory.provider if found.directory else None,
        user_name=found.user.user_name if found.user else None,
    )
