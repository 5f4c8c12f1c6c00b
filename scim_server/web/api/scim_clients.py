"""/api/v1/scim-clients: the OAuth clients of directories, for providers that get access tokens by themselves."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from scim_server.services import clients as services
from scim_server.services import directories, keys, oauth
from scim_server.services.built_in import Manage
from scim_server.services.clients import ListedClient
from scim_server.services.context import Context
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, page
from scim_server.web.api.values import LongText, Name

clients = Room(
    "SCIM clients", "The OAuth clients of directories, for providers that get access tokens by themselves (RFC 6749)."
)


class ClientFields(Shape):
    model_config = ConfigDict(populate_by_name=True)

    id: UUID
    client_id: Annotated[str, Field(validation_alias="public_id", description="As the provider sends it.")]
    name: str
    directory_id: UUID
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="When it last came for a token.")]


class ClientShape(ClientFields):
    provider: Annotated[str, Field(description="The kind of its directory.")]
    authenticates_with: Literal["key", "secret"]


class NewClientShape(ClientFields):
    client_secret: Annotated[str | None, Field(description="Not shown again. One with public keys has none.")]
    token_url: str
    scim_base_url: str
    metadata_url: str


class ClientQuery(ListQuery):
    directory_id: UUID | None = None


class NewClient(Input):
    directory_id: UUID
    name: Annotated[Name | None, Field(description="As its directory, where it has none.")] = None
    public_key: Annotated[
        LongText | dict[str, Any] | None,
        Field(description="What it signs assertions with, in PEM or as a JWK set; without one, it gets a secret."),
    ] = None


@clients.get("/scim-clients", needs=Manage.DIRECTORIES_VIEW)
def list_scim_clients(ctx: Context, query: ClientQuery) -> Page[ClientShape]:
    """List the clients, the newest first: all, or those of one directory."""
    return page(services.read_clients(ctx, query.cut(), directory_id=query.directory_id), _shown)


@clients.post("/scim-clients", needs=Manage.DIRECTORIES, status=201)
def create_scim_client(ctx: Context, body: NewClient) -> NewClientShape:
    """Make a client for a directory: with a secret, or with the public keys that it signs assertions with (RFC 7523).

    Those that there are stay good.
    """
    directory = directories.get_directory(ctx, body.directory_id)
    made = services.create_client(ctx, directory, name=body.name, jwks=_keys(body.public_key))
    return NewClientShape(
        **_fields(made.row),
        client_secret=made.secret,
        token_url=oauth.token_url(ctx.settings),
        scim_base_url=f"{ctx.settings.base_url}/scim/v2/{ctx.org.slug}",
        metadata_url=oauth.metadata_url(ctx.settings),
    )


@clients.get("/scim-clients/<uuid:client_id>", needs=Manage.DIRECTORIES_VIEW)
def show_scim_client(ctx: Context, client_id: UUID) -> ClientShape:
    """Show a client, but not its secret."""
    return _shown(services.get_client(ctx, client_id))


@clients.post("/scim-clients/<uuid:client_id>/revoke", needs=Manage.DIRECTORIES)
def revoke_scim_client(ctx: Context, client_id: UUID) -> ClientShape:
    """End a client at once, and the access tokens that it has.

    It stays in the list, so that what it did can still be told.
    """
    found = services.get_client(ctx, client_id)
    services.revoke_client(ctx, found.row)
    return _shown(found)


def _keys(given: str | dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    return keys.read_public_keys(given if isinstance(given, str) else json.dumps(given))


def _shown(found: ListedClient) -> ClientShape:
    return ClientShape(
        **_fields(found.row),
        provider=found.directory.provider,
        authenticates_with="key" if found.row.jwks else "secret",
    )


def _fields(row: Any) -> dict[str, Any]:
    return dict(ClientFields.model_validate(row))
