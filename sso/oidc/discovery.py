"""An OpenID provider's discovery document (OpenID Connect Discovery 1.0), and what it must offer."""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sso.connection import OidcConnection
from sso.errors import Unusable
from sso.http import HttpClient
from sso.oidc.documents import NotAnObject, read_object

WELL_KNOWN = "/.well-known/openid-configuration"
LARGEST = 128 * 1024
LONGEST_URL = 2000
MOST_VALUES = 100

# OpenID Connect Core §2 asks for RS256; never `none`, and never HMAC, whose key would be our client secret.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
CLIENT_SECRET_BASIC, CLIENT_SECRET_POST = "client_secret_basic", "client_secret_post"
PRIVATE_KEY_JWT = "private_key_jwt"
ISS_IN_ANSWER = "authorization_response_iss_parameter_supported"

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")
_LISTS = (
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "code_challenge_methods_supported",
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "scopes_supported",
    "acr_values_supported",
)
_FLAGS = (ISS_IN_ANSWER, "backchannel_logout_supported", "backchannel_logout_session_supported")
# What "local" may look like where a developer runs both sides. Whether it can be reached is for the client to say,
# which refuses private and loopback addresses unless the operator allows them.
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".test")


def fetch(issuer: str, http: HttpClient) -> Mapping[str, Any]:
    """The document of an issuer, as far as we use it. Raises Unusable and Unreachable."""
    if not is_allowed_url(issuer) or urlsplit(issuer).query:
        raise Unusable(f"{_shown(issuer)} is no issuer: paste its https address, without a query or a fragment.")
    # Discovery §4.1: a slash at the end of the issuer goes before the path is added.
    url = f"{issuer.removesuffix('/')}{WELL_KNOWN}"
    answer = http.get(url, headers={"Accept": "application/json"})
    if answer.status != 200:
        raise Unusable(
            f"{_shown(url)} answered {answer.status}: paste the issuer of a provider that has a document there."
        )
    if len(answer.body) > LARGEST:
        raise Unusable(f"The document at {_shown(url)} is larger than {LARGEST // 1024} KB, which no provider needs.")
    try:
        document = read_object(answer.body)
    except NotAnObject as error:
        raise Unusable(f"What is at {_shown(url)} is no JSON document: {_PASTE_ISSUER}") from error
    return check(issuer, document)


def check(issuer: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The members of a document that we use, if it is this issuer's and offers what we need. Raises Unusable.

    Discovery §4.3: the issuer equals the configured one, letter by letter. Entra's documents for any
    tenant (`common`, `organizations`) say `{tenantid}` there and are refused too: a connection is with one tenant.
    """
    named = document.get("issuer")
    if not isinstance(named, str):
        raise Unusable(f"The document names no issuer: {_PASTE_ISSUER}")
    if "{tenantid}" in named:
        raise Unusable(
            "This is Entra's address for every tenant: paste https://login.microsoftonline.com/<your tenant id>/v2.0."
        )
    if named != issuer:
        raise Unusable(f"The document names another issuer, {_shown(named)}: if that is yours, paste it exactly so.")
    found: dict[str, Any] = {"issuer": issuer, **_endpoints(issuer, document)}
    for name in _LISTS:
        if document.get(name) is not None:
            found[name] = _texts(name, document[name])
    for name in _FLAGS:
        if isinstance(document.get(name), bool):
            found[name] = document[name]
    _check_offer(found)
    return found


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the members that a refresh has found to be other than they were."""
    return tuple(sorted(name for name in {*before, *after} if before.get(name) != after.get(name)))


def endpoint(connection: OidcConnection, name: str) -> str:
    """A URL of the connection's document, which must be its issuer's. Raises Unusable."""
    url = optional_endpoint(connection, name)
    if url is None:
        raise Unusable(f"The provider's document has no {name}: fetch it again.")
    return url


def optional_endpoint(connection: OidcConnection, name: str) -> str | None:
    if connection.provider.get("issuer") != connection.issuer:
        raise Unusable(f"The document kept is not of {_shown(connection.issuer)}: fetch it again.")
    url = connection.provider.get(name)
    return url if isinstance(url, str) else None


def is_allowed_url(url: Any) -> bool:
    """Whether it is https; or http, where both sides are on a developer's machine or network."""
    if not isinstance(url, str) or len(url) > LONGEST_URL or not url.isascii() or any(c <= " " for c in url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "\\" in url or parts.fragment or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_local(host))


_PASTE_ISSUER = "paste the issuer, the address to which /.well-known/openid-configuration is added."


def _endpoints(issuer: str, document: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name in (*_ENDPOINTS, *_OPTIONAL_ENDPOINTS):
        url = document.get(name)
        if url is None and name in _OPTIONAL_ENDPOINTS:
            continue
        if url is None:
            raise Unusable(f"The document has no {name}: {_PASTE_ISSUER}")
        if not is_allowed_url(url) or (issuer.startswith("https:") and not url.startswith("https:")):
            raise Unusable(f"The document's {name}, {_shown(url)}, is no https address.")
        found[name] = url
    return found


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unusable(f"The document's {name} is not a list of texts.")
    return [item[:LONGEST_URL] for item in value[:MOST_VALUES]]


def _check_offer(found: Mapping[str, Any]) -> None:
    """Whether it offers the code flow with PKCE, and signs with what we accept. An absent list is the default's."""
    for name, default, needed in (
        ("response_types_supported", None, "code"),
        ("response_modes_supported", ["query"], "query"),
        ("grant_types_supported", ["authorization_code"], "authorization_code"),
        ("code_challenge_methods_supported", ["S256"], "S256"),  # RFC 8414 §2: absent says nothing
    ):
        if needed not in (found.get(name) or default or ()):
            raise Unusable(f"The provider does not offer {needed} ({name}), which signing in here needs.")
    for name, default, accepted in (
        ("id_token_signing_alg_values_supported", ["RS256"], ALGORITHMS),
        (
            "token_endpoint_auth_methods_supported",
            [CLIENT_SECRET_BASIC],  # Discovery §3
            (CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, PRIVATE_KEY_JWT),
        ),
    ):
        if not set(found.get(name) or default) & set(accepted):
            raise Unusable(f"The provider offers none of {', '.join(accepted)} ({name}), one of which is needed.")


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_SUFFIXES)
    return address.is_private or address.is_loopback


def _shown(value: Any) -> str:
    """A stranger's text, for a sentence that a page and a log show: one line, and not a long one."""
    text = "".join(letter if letter.isprintable() else "�" for letter in str(value)[:200])
    return f"“{text}”"
