"""What a connection keeps of both sides, per protocol: the shape of `Connection.config`, and of its sealed secrets."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Connection
from scim_server.sealing import Broken, seal, unseal
from scim_server.services.errors import NotReady
from sso.connection import KeyPair, Protocol
from sso.saml import certificates

_Text = Annotated[str, Field(min_length=1, max_length=1024)]
_Url = Annotated[str, Field(min_length=1, max_length=2000)]
_Few = Field(max_length=20)

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")


class SamlConfig(BaseModel):
    """A SAML identity provider, and what we are to it where that is not the usual.

    A draft may know nothing of the provider yet: many show their metadata only to who gives them ours first.
    `sp_entity_id` and `acs_url` are those of a system that we have replaced.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    idp_entity_id: _Text | None = None
    sso_redirect_url: _Url | None = None
    sso_post_url: _Url | None = None
    slo_redirect_url: _Url | None = None
    slo_post_url: _Url | None = None
    slo_redirect_response_url: _Url | None = None
    slo_post_response_url: _Url | None = None
    certificates: Annotated[tuple[str, ...], _Few] = ()
    metadata_url: _Url | None = None
    # How long the provider says that its metadata may be kept, if that is less than we would by ourselves.
    refresh_seconds: Annotated[int, Field(ge=0)] | None = None
    sp_entity_id: _Text | None = None
    acs_url: _Url | None = None
    sign_requests: bool = True
    sign_metadata: bool = False
    allow_idp_initiated: bool = False
    allow_weak_encryption: bool = False
    force_authn: bool = False
    name_id_format: _Text | None = None

    @property
    def missing(self) -> str | None:
        """What has to be known before anybody can sign in."""
        if self.idp_entity_id is None:
            return "the metadata of the identity provider"
        if not (self.sso_redirect_url or self.sso_post_url):
            return "the address for sign-in at the identity provider"
        return None if self.certificates else "the certificate of the identity provider"


class OidcConfig(BaseModel):
    """An OpenID provider, and the client that we are to it. `provider` is its discovery document, as last fetched.

    Without a client secret we authenticate by a key of our own (`private_key_jwt`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: _Url | None = None
    client_id: _Text | None = None
    provider: dict[str, Any] = Field(default_factory=dict)
    scopes: Annotated[tuple[_Text, ...], _Few] = ("openid", "email", "profile")
    algorithms: Annotated[tuple[str, ...], _Few] = ALGORITHMS
    tenant: _Text | None = None
    acr_values: Annotated[tuple[_Text, ...], _Few] = ()
    max_age: Annotated[int, Field(ge=0, le=31_536_000)] | None = None
    force_authn: bool = False

    @property
    def missing(self) -> str | None:
        """What has to be known before anybody can sign in."""
        if self.issuer is None or not self.provider:
            return "the issuer of the identity provider"
        return None if self.client_id else "the client ID that the identity provider gave us"


Config = SamlConfig | OidcConfig


class Secrets(BaseModel):
    """What nobody may read. The first of our `keys` signs; each decrypts, and is published, until it is dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    keys: tuple[KeyPair, ...] = ()
    client_secret: str | None = Field(default=None, repr=False)


def saml_config(connection: Connection) -> SamlConfig:
    return SamlConfig.model_validate(connection.config)


def oidc_config(connection: Connection) -> OidcConfig:
    return OidcConfig.model_validate(connection.config)


def config_of(connection: Connection) -> Config:
    return saml_config(connection) if connection.type == Protocol.SAML else oidc_config(connection)


def kept(config: Config) -> dict[str, Any]:
    """A config as its column has it: what is as it is by itself is left out."""
    return config.model_dump(mode="json", exclude_defaults=True)


def shown(config: Config) -> dict[str, Any]:
    """A config as events and people read it: certificates by their fingerprints, and of a discovery document where it
    leads.
    """
    told = kept(config)
    if pems := told.get("certificates"):
        told["certificates"] = [it.fingerprint for pem in pems for it in certificates.read(pem)]
    if provider := told.get("provider"):
        told["provider"] = {name: value for name, value in provider.items() if name.endswith(("_endpoint", "_uri"))}
    return told


def seal_secrets(settings: Settings, connection_id: UUID, secrets: Secrets, now: datetime) -> str:
    return seal(settings, _purpose(connection_id), orjson.dumps(secrets.model_dump(mode="json")), now)


def secrets_of(connection: Connection, settings: Settings, now: datetime) -> Secrets:
    """Raises NotReady where they were sealed with a key that the settings do not have."""
    if connection.secrets is None:
        return Secrets()
    try:
        content = unseal(settings, _purpose(connection.id), connection.secrets, now, timedelta.max)
    except Broken:
        raise NotReady(connection.name, "the SCIM_SECRET_KEY that its secrets were sealed with") from None
    return Secrets.model_validate_json(content)


def reseal(session: Session, settings: Settings, now: datetime) -> int:
    """Seal the secrets of every connection, in every organization, with the key of today; return how many there were.

    Raises NotReady.
    """
    rows = session.scalars(select(Connection).where(Connection.secrets.is_not(None)).with_for_update()).all()
    for row in rows:
        row.secrets = seal_secrets(settings, row.id, secrets_of(row, settings, now), now)
    return len(rows)


def _purpose(connection_id: UUID) -> str:
    return f"secrets of connection {connection_id}"
