"""Connections as admins make them, and the identity providers' documents that they name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from scim_server.models import Connection
from scim_server.services import connection_files, connection_lifecycle, connections, domains
from scim_server.services.connection_files import Outside
from scim_server.services.context import Context
from sso.errors import Unreachable
from sso.http import HttpResponse
from tests.hands import Hands
from tests.sso.saml.providers import OKTA, ONE, TWO

ISSUER = "https://acme.okta.com"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/oauth2/v1/authorize",
    "token_endpoint": f"{ISSUER}/oauth2/v1/token",
    "jwks_uri": f"{ISSUER}/oauth2/v1/keys",
    "userinfo_endpoint": f"{ISSUER}/oauth2/v1/userinfo",
    "response_types_supported": ["code"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
    "scopes_supported": ["openid", "email", "profile", "groups"],
}
METADATA_URL = "https://acme.okta.com/app/exk1/sso/saml/metadata"
SECRET = "a client secret that nobody may read"


_KEY = OKTA[OKTA.index("<md:KeyDescriptor") : OKTA.index("<md:SingleLogoutService")]
_OTHER_KEY = _KEY.replace(ONE[:64], TWO[:64]).replace(ONE[64:], TWO[64:])
# Okta's metadata with another certificate beside the one that is known, and in its place.
BOTH = OKTA.replace(_KEY, _KEY + _OTHER_KEY)
OTHER_CERTIFICATE = OKTA.replace(_KEY, _OTHER_KEY)


@dataclass
class Web:
    """What can be fetched: a text or a document by its URL; everything else is not there. `asked` is what was."""

    pages: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
        self.asked.append(url)
        page = self.pages.get(url)
        if page is None:
            raise Unreachable(f"{url} cannot be reached.")
        text = page if isinstance(page, str) else json.dumps(page)
        return HttpResponse(200, {}, text.encode())

    def post_form(
        self, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        raise Unreachable(f"{url} takes no forms.")


def the_web() -> Web:
    """A web that has Okta, by either protocol."""
    return Web({METADATA_URL: OKTA, f"{ISSUER}/.well-known/openid-configuration": DOCUMENT})


def outside(web: Web | None = None) -> Outside:
    return Outside(web or the_web(), datetime.now(UTC))


def saml_file(**changes: Any) -> dict[str, Any]:
    return {
        "type": "saml",
        "name": "Okta",
        "provider": "okta",
        "domains": ["acme.example"],
        "provisioning_mode": "jit",
        "idp_metadata_xml": OKTA,
    } | changes


def oidc_file(**changes: Any) -> dict[str, Any]:
    return {
        "type": "oidc",
        "name": "Okta",
        "provider": "okta",
        "domains": ["acme.example"],
        "provisioning_mode": "jit",
        "issuer": ISSUER,
        "client_id": "0oa1",
        "client_secret": SECRET,
    } | changes


def create(ctx: Context, content: dict[str, Any], web: Web | None = None) -> Connection:
    return connection_lifecycle.create_connection(ctx, connection_files.read(content, outside(web)))


def own(office: Hands, *names: str) -> None:
    """Have domains be the organization's, on the operator's word."""
    with office.acting() as ctx:
        for name in names or ("acme.example",):
            domains.add_domain(ctx, name, vouched=True)


def connected(office: Hands, content: dict[str, Any] | None = None, *, enabled: bool = True) -> UUID:
    """A connection of an organization whose domain is verified."""
    own(office)
    with office.acting() as ctx:
        return create(ctx, (content or saml_file()) | {"enabled": enabled}).id


def to_change(ctx: Context, connection_id: UUID) -> Connection:
    return connections.get_connection_to_change(ctx, connection_id)
