"""What we know about one identity provider, and what it knows about us."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Protocol(StrEnum):
    SAML = "saml"
    OIDC = "oidc"


class Preset(StrEnum):
    """Whose product an identity provider is, as far as that changes anything."""

    GOOGLE = "google"
    ENTRA = "entra"
    OKTA = "okta"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key and its certificate, both PEM."""

    private_key: str
    certificate: str

    def __repr__(self) -> str:
        return "KeyPair(…)"


@dataclass(frozen=True, slots=True)
class SamlConnection:
    """A SAML 2.0 identity provider, and the service provider that we are to it.

    `certificates` are those that its signatures are checked with (PEM): several, while it rotates. `keys` are ours: the
    first one signs, each decrypts. `acs_url` and `sp_entity_id` may be those of a system that we have replaced.
    Responses to its logout go where requests go, but for a provider that has an address of its own for them.
    """

    sp_entity_id: str
    acs_url: str
    slo_url: str
    idp_entity_id: str
    certificates: tuple[str, ...]
    keys: tuple[KeyPair, ...]
    sso_redirect_url: str | None = None
    sso_post_url: str | None = None
    slo_redirect_url: str | None = None
    slo_post_url: str | None = None
    slo_redirect_response_url: str | None = None
    slo_post_response_url: str | None = None
    sign_requests: bool = True
    sign_metadata: bool = False
    allow_idp_initiated: bool = False
    allow_weak_encryption: bool = False
    name_id_format: str | None = None


@dataclass(frozen=True, slots=True)
class OidcConnection:
    """An OpenID provider, and the client that we are to it.

    `provider` is its discovery document, as it was last fetched and found right. Without a `client_secret` we
    authenticate by `private_key_jwt` with the first of `keys`. `hosted_domains` are the verified domains that Google's
    `hd` must name one of; `tenant` is the `tid` that Entra must say. Userinfo is asked for when one of `wanted_claims`
    is not in the ID token.
    """

    redirect_uri: str
    post_logout_redirect_uri: str
    issuer: str
    client_id: str
    provider: Mapping[str, Any]
    client_secret: str | None = None
    keys: tuple[KeyPair, ...] = ()
    preset: Preset = Preset.CUSTOM
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256", "EdDSA")
    hosted_domains: tuple[str, ...] = ()
    tenant: str | None = None
    acr_values: tuple[str, ...] = ()
    max_age: int | None = None
    wanted_claims: tuple[str, ...] = ("email",)

    def __repr__(self) -> str:
        return f"OidcConnection({self.issuer!r}, {self.client_id!r})"
