"""Public keys, as the administrator of an identity provider hands them over: PEM, a certificate, or JWK."""

from typing import Any

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from scim_server.services.errors import InvalidValue

PublicKey = RSAKey | ECKey | OKPKey

# What a key may sign with. Nothing symmetric, and never `none`: with those, whoever reads a public key can sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")

# Enough for a change of keys with an overlap; each may have to be tried on an assertion that names none.
MAX_KEYS = 10
_MIN_RSA_BITS = 2048
_CURVES = ("P-256", "P-384", "P-521", "Ed25519")
_KINDS: dict[str, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_NAME = "public-key"


def read_public_keys(text: str) -> dict[str, Any]:
    """A JWK set (RFC 7517) of what a file says, with nothing private in it.

    Raises InvalidValue.
    """
    found = _from_json(text) if text.lstrip().startswith("{") else [_from_pem(text)]
    if not 1 <= len(found) <= MAX_KEYS:
        raise InvalidValue(_NAME, f"must hold 1 to {MAX_KEYS} keys")
    return {"keys": [_public(jwk) for jwk in found]}


def load_public_keys(jwks: dict[str, Any]) -> list[PublicKey]:
    """The keys of a set that `read_public_keys` made."""
    return [_KINDS[jwk["kty"]].import_key(jwk) for jwk in jwks["keys"]]


def _from_json(text: str) -> list[Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidValue(_NAME, "is no JSON, and no PEM either") from None
    found = document.get("keys", [document])
    if not isinstance(found, list):
        raise InvalidValue(_NAME, "must have a list under `keys`")
    return found


def _from_pem(text: str) -> dict[str, Any]:
    if "PRIVATE KEY-----" in text:
        raise InvalidValue(_NAME, "is a private key, which stays with the client: openssl pkey -in FILE -pubout")
    try:
        pem = text.encode()
        key = (
            x509.load_pem_x509_certificate(pem).public_key()
            if "BEGIN CERTIFICATE" in text
            else load_pem_public_key(pem)
        )
    except ValueError:  # of an unknown algorithm too
        raise InvalidValue(_NAME, "is neither a public key in PEM, nor a certificate, nor a JWK") from None
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey):
        raise InvalidValue(_NAME, "must be an RSA, an elliptic curve or an Ed25519 key")
    if isinstance(key, RSAPublicKey):
        _refuse_short(key.key_size)
        kind: type[PublicKey] = RSAKey
    else:
        kind = ECKey if isinstance(key, EllipticCurvePublicKey) else OKPKey
    imported = kind.import_key(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    try:
        return dict(imported.as_dict(private=False))
    except KeyError:  # a curve that JWK has no name for
        raise _wrong_curve() from None


def _public(jwk: Any) -> dict[str, Any]:
    kind = _KINDS.get(str(jwk.get("kty"))) if isinstance(jwk, dict) else None
    if kind is None:
        raise InvalidValue(_NAME, "must be an RSA, EC or OKP key: one that others may see")
    if kind is RSAKey:
        _refuse_short(len(str(jwk.get("n"))) * 6)  # Base64: six bits a character
    try:
        key = kind.import_key(jwk)
        private = key.is_private
        document = dict(key.as_dict(private=False))
    except (JoseError, ValueError, TypeError, KeyError):
        raise InvalidValue(_NAME, "is no JWK that can be read") from None
    if private:
        raise InvalidValue(_NAME, "holds a private key, which stays with the client: leave `d` and what follows it out")
    if kind is not RSAKey and document.get("crv") not in _CURVES:
        raise _wrong_curve()
    return document


def _refuse_short(bits: int) -> None:
    if bits < _MIN_RSA_BITS:
        raise InvalidValue(_NAME, f"must be an RSA key of at least {_MIN_RSA_BITS} bits")


def _wrong_curve() -> InvalidValue:
    return InvalidValue(_NAME, f"must be on one of the curves {', '.join(_CURVES)}")
