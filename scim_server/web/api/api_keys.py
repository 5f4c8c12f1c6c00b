"""/api/v1/api-keys: the keys of an organization, made and ended by programs."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from scim_server.services import api_keys
from scim_server.services.api_keys import SCOPES
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, page

keys = Room("API keys", "The keys of this organization's programs. Nobody gives a key what they may not do themselves.")

Scope = Annotated[
    str,
    Field(description="A permission, or admin for all of them.", json_schema_extra={"enum": [*SCOPES]}),
]


class KeyShape(Shape):
    id: UUID
    name: str
    prefix: Annotated[str, Field(description="What the key begins with, by which a person knows it.")]
    scopes: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="To within five minutes.")]


class NewKeyShape(KeyShape):
    key: Annotated[str, Field(description="The key itself, which is not shown again.")]


class NewKey(Input):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    scopes: Annotated[list[Scope], Field(min_length=1)]
    expires_in_days: Annotated[int | None, Field(ge=1, le=36_500)] = None


@keys.get("/api-keys", needs=Manage.KEYS_VIEW)
def list_api_keys(ctx: Context, query: ListQuery) -> Page[KeyShape]:
    """List the keys, the newest first."""
    return page(api_keys.read_keys(ctx, query.cut()), KeyShape.model_validate)


@keys.post("/api-keys", needs=Manage.KEYS, status=201)
def create_api_key(ctx: Context, body: NewKey) -> NewKeyShape:
    """Make a key.

    Nobody gives a key what they may not do themselves.
    """
    lifetime = timedelta(days=body.expires_in_days) if body.expires_in_days else None
    made = api_keys.create_key(ctx, body.name, list(body.scopes), lifetime=lifetime)
    return NewKeyShape(**KeyShape.model_validate(made.row).model_dump(), key=made.secret)


@keys.get("/api-keys/<uuid:key_id>", needs=Manage.KEYS_VIEW)
def show_api_key(ctx: Context, key_id: UUID) -> KeyShape:
    """Show a key, but not its secret."""
    return KeyShape.model_validate(api_keys.find_key(ctx.session, ctx.org.id, str(key_id)))


@keys.post("/api-keys/<uuid:key_id>/revoke", needs=Manage.KEYS)
def revoke_api_key(ctx: Context, key_id: UUID) -> KeyShape:
    """End a key at once.

    It stays in the list, so that what it did can still be told.
    """
    key = api_keys.revoke_key(ctx, api_keys.find_key(ctx.session, ctx.org.id, str(key_id)))
    return KeyShape.model_validate(key)
