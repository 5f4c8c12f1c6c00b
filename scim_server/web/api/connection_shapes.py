"""What the management API tells of a connection. No secrets."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from scim_server.services import connection_keys, connection_views
from scim_server.services.connection_expiry import expires_at
from scim_server.services.connection_views import Listed
from scim_server.services.connections import login_url
from scim_server.services.context import Context
from scim_server.web.api.shapes import Shape


class CertificateShape(Shape):
    fingerprint: Annotated[str, Field(description="SHA-256.")]
    subject: str
    not_before: datetime
    not_after: datetime
    key: Annotated[str, Field(description="What kind of key, such as RSA 2048.")]
    pem: str


class ConnectionDomainShape(Shape):
    name: str
    verified: bool


class ConnectionListed(Shape):
    id: UUID
    type: Literal["saml", "oidc"]
    provider: str
    name: str
    status: Annotated[str, Field(description="`draft`, `tested`, `enabled` or `disabled`.")]
    provisioning_mode: Literal["jit", "pre_provisioned", "directory"]
    domains: list[ConnectionDomainShape]
    login_url: Annotated[str, Field(description="Where a person begins to sign in through it.")]


class PendingShape(Shape):
    identity_provider: Annotated[dict[str, Any], Field(description="As its metadata says it is now.")]
    why: Annotated[list[str], Field(description="Why that waits for somebody to accept it.")]
    since: datetime
    rejected: bool


class ConnectionShape(ConnectionListed):
    sp_entity_id: Annotated[str | None, Field(description="SAML: to paste at the provider.")] = None
    acs_url: Annotated[str | None, Field(description="SAML: to paste at the provider.")] = None
    metadata_url: Annotated[str | None, Field(description="SAML: where our metadata are.")] = None
    redirect_uri: Annotated[str | None, Field(description="OpenID Connect: to paste at the provider.")] = None
    identity_provider: Annotated[
        dict[str, Any],
        Field(description="By the entries of a connection file, where they are not as they are by themselves."),
    ]
    certificates: Annotated[list[CertificateShape], Field(description="What the provider signs with, by SAML.")]
    certificates_end_at: Annotated[datetime | None, Field(description="When the last of them ends.")]
    keys: Annotated[list[CertificateShape], Field(description="Ours; the first signs.")]
    has_client_secret: bool
    mapping: dict[str, list[str]]
    group_attribute: str | None
    subject_attribute: str | None
    links_external_id: bool
    links_email: bool
    tested_at: datetime | None
    tested_by: UUID | None
    refreshed_at: Annotated[datetime | None, Field(description="When we last looked at what the provider says.")]
    refresh_problem: Annotated[str | None, Field(description="Why that could not be had.")]
    pending: Annotated[PendingShape | None, Field(description="Metadata that wait for somebody to accept them.")]
    needs: Annotated[str | None, Field(description="What has to be known before anybody can sign in.")]
    created_at: datetime
    updated_at: datetime


class GuideValueShape(Shape):
    field: Annotated[str, Field(description="As the provider's console calls it.")]
    name: Annotated[str, Field(description="As we call it.")]
    value: str
    optional: bool


class GuideEntryShape(Shape):
    field: Annotated[str, Field(description="As the provider's console calls it.")]
    entry: Annotated[str, Field(description="The entry of the connection that it goes into.")]


class GuideShape(Shape):
    provider: str
    where: Annotated[str, Field(description="In the provider's console.")]
    paste: list[GuideValueShape]
    choose: Annotated[dict[str, str], Field(description="What to choose there, by what it is called there.")]
    copy_back: Annotated[list[GuideEntryShape], Field(validation_alias="copy")]
    notes: list[str]


def listed(ctx: Context, found: Listed) -> ConnectionListed:
    row = found.connection
    own = ("id", "type", "provider", "name", "status", "provisioning_mode")
    return ConnectionListed.model_validate(
        {
            **{name: getattr(row, name) for name in own},
            "domains": [{"name": each.name, "verified": each.verified_at is not None} for each in found.domains],
            "login_url": login_url(ctx.settings, row),
        }
    )


def whole(ctx: Context, row: Any) -> ConnectionShape:
    view = connection_views.view(ctx, row)
    provider = {name: value for name, value in view["identity_provider"].items() if name != "certificates"}
    return ConnectionShape.model_validate(
        view
        | {
            "identity_provider": provider,
            "certificates": connection_views.certificates_of(row),
            "certificates_end_at": expires_at(row),
            "keys": connection_keys.list_keys(ctx, row),
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )
