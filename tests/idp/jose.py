"""Keys and tokens of a provider of ours, signed with `cryptography` alone: not with what reads them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
_DIGESTS = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "DSA": hashlib.sha512}
_CURVES: dict[str, tuple[str, type[ec.EllipticCurve]]] = {
    "ES256": ("P-256", ec.SECP256R1),
    "ES384": ("P-384", ec.SECP384R1),
    "ES512": ("P-521", ec.SECP521R1),
}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def as_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def half_hash(algorithm: str, text: str) -> str:
    """What `at_hash` says of an access token (OpenID Connect Core §3.1.3.6)."""
    digest = _DIGESTS[algorithm[-3:]](text.encode()).digest()
    return b64(digest[: len(digest) // 2])


@dataclass(frozen=True)
class SigningKey:
    """A private key, what it is called and the one algorithm that it signs with."""

    kid: str
    algorithm: str
    private: PrivateKey

    @classmethod
    def new(cls, kid: str, algorithm: str = "RS256") -> Self:
        """The same key for the same name, since an RSA key takes its time to find."""
        return cls(kid, algorithm, _private_key(kid, algorithm))

    def public_jwk(self) -> dict[str, Any]:
        return {"kid": self.kid, "use": "sig", "alg": self.algorithm, **_numbers(self.private, self.algorithm)}

    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def signature(self, message: bytes) -> bytes:
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        digest = _HASHES[self.algorithm[2:]]()
        if isinstance(self.private, rsa.RSAPrivateKey):
            if self.algorithm.startswith("PS"):
                pss = padding.PSS(padding.MGF1(digest), salt_length=digest.digest_size)
                return self.private.sign(message, pss, digest)
            return self.private.sign(message, padding.PKCS1v15(), digest)
        size = (self.private.key_size + 7) // 8
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def token(self, claims: Mapping[str, Any] | bytes, header: Mapping[str, Any] | None = None) -> str:
        """A signed token; `header` replaces members of the honest one, and None takes one off."""
        whole = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT", **(header or {})}
        start = _signing_input({name: value for name, value in whole.items() if value is not None}, claims)
        return f"{start}.{b64(self.signature(start.encode()))}"


def unsigned(claims: Mapping[str, Any], alg: str = "none") -> str:
    """A token that says it needs no signature."""
    return f"{_signing_input({'alg': alg}, claims)}."


def hmac_signed(claims: Mapping[str, Any], secret: bytes, header: Mapping[str, Any] | None = None) -> str:
    """A token signed with something that is public, as if it were a secret."""
    start = _signing_input({"alg": "HS256", "typ": "JWT", **(header or {})}, claims)
    return f"{start}.{b64(hmac.new(secret, start.encode(), hashlib.sha256).digest())}"


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, whoever signed it."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _signing_input(header: Mapping[str, Any], claims: Mapping[str, Any] | bytes) -> str:
    return f"{b64(as_json(header))}.{b64(claims if isinstance(claims, bytes) else as_json(claims))}"


@cache
def _private_key(kid: str, algorithm: str) -> PrivateKey:  # each name has a key of its own
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm][1]())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _numbers(private: PrivateKey, algorithm: str) -> dict[str, str]:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
    if isinstance(private, rsa.RSAPrivateKey):
        rsa_numbers = private.public_key().public_numbers()
        return {"kty": "RSA", "n": b64(_big_endian(rsa_numbers.n)), "e": b64(_big_endian(rsa_numbers.e))}
    numbers, size = private.public_key().public_numbers(), (private.key_size + 7) // 8
    x, y = b64(numbers.x.to_bytes(size, "big")), b64(numbers.y.to_bytes(size, "big"))
    return {"kty": "EC", "crv": _CURVES[algorithm][0], "x": x, "y": y}


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
