"""How we say who we are at a provider's token endpoint (OpenID Connect Core §9)."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from joserfc import jwk

from sso.connection import KeyPair, OidcConnection, Preset
from sso.errors import Unusable
from sso.oidc.discovery import CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, PRIVATE_KEY_JWT, endpoint
from sso.oidc.documents import encode_segment
from sso.oidc.presets import preset_of
from sso.oidc.tokens import sign

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME = timedelta(minutes=2)
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


def credentials(connection: OidcConnection, now: datetime) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The form fields and the headers that authenticate us. Raises Unusable: it takes nothing that we have."""
    # Discovery §3: a provider that does not say takes the first of these.
    offered = connection.provider.get("token_endpoint_auth_methods_supported") or [CLIENT_SECRET_BASIC]
    if connection.client_secret is None:
        _check_offered(offered, PRIVATE_KEY_JWT)
        return {
            "client_id": connection.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(connection, now),
        }, {}
    if CLIENT_SECRET_BASIC in offered:
        # RFC 6749 §2.3.1: each is form-encoded before they are joined, so that neither holds the colon.
        pair = f"{quote_plus(connection.client_id)}:{quote_plus(connection.client_secret)}"
        return {}, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    _check_offered(offered, CLIENT_SECRET_POST)
    return {"client_id": connection.client_id, "client_secret": connection.client_secret}, {}


def assertion(connection: OidcConnection, now: datetime) -> str:
    """A token by which we prove to have the key that the provider knows us by: for now, and for once."""
    if not connection.keys:
        raise Unusable("The connection has neither a client secret nor a key: give it one of the two.")
    key, algorithm = _load(connection.keys[0], connection.provider)
    claims = {
        "iss": connection.client_id,
        "sub": connection.client_id,
        "aud": _audience(connection),
        "jti": secrets.token_urlsafe(24),
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
    }
    header = {"alg": algorithm, "typ": "JWT"}
    if preset_of(connection) is Preset.ENTRA:  # which finds a key by its certificate's thumbprint alone
        header["x5t#S256"] = _thumbprint(connection.keys[0])
    else:
        header["kid"] = key.thumbprint()
    return sign(claims, header, key)


def public_keys(keys: tuple[KeyPair, ...]) -> dict[str, Any]:
    """The key set that a provider may check our assertions with, for who serves it or pastes it there."""
    found = []
    for pair in keys:
        key, algorithm = _load(pair, {})
        public: dict[str, Any] = {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig"}
        if public["kty"] != "RSA":  # an RSA key signs by RS256 or PS256, as the provider asks
            public["alg"] = algorithm
        found.append(public)
    return {"keys": found}


def _audience(connection: OidcConnection) -> str:
    """The issuer alone, so that no other provider can be handed what we sign (draft-ietf-oauth-rfc7523bis §4).

    Entra and Okta document the token endpoint; it is to that very address that we send it.
    """
    if preset_of(connection) in (Preset.ENTRA, Preset.OKTA):
        return endpoint(connection, "token_endpoint")
    return connection.issuer


def _load(pair: KeyPair, provider: Mapping[str, Any]) -> tuple[jwk.Key, str]:
    try:
        private = load_pem_private_key(pair.private_key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise Unusable("The connection's private key cannot be read: make it a new one.") from error
    if isinstance(private, rsa.RSAPrivateKey):
        offered = provider.get("token_endpoint_auth_signing_alg_values_supported") or ["RS256"]
        return jwk.RSAKey.import_key(pair.private_key), "PS256" if "RS256" not in offered else "RS256"
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES:
        return jwk.ECKey.import_key(pair.private_key), _CURVES[private.curve.name]
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return jwk.OKPKey.import_key(pair.private_key), "EdDSA"
    raise Unusable("The connection's private key is of a kind that signs no tokens: make it a new one.")


def _thumbprint(pair: KeyPair) -> str:
    try:
        certificate = load_pem_x509_certificate(pair.certificate.encode())
    except ValueError as error:
        raise Unusable("The connection's certificate cannot be read: make it a new one.") from error
    return encode_segment(hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest())


def _check_offered(offered: Any, method: str) -> None:
    if method not in offered:
        came = json.dumps(offered)[:200]
        raise Unusable(f"The provider does not take {method}, which the connection has the means for, but {came}.")
