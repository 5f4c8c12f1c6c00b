"""A software authenticator: it keeps private keys and signs with them, as a telephone or a security key does."""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def octets(content: str) -> bytes:
    return urlsafe_b64decode(content + "=" * (-len(content) % 4))


def new_key(algorithm: int = -7) -> Key:
    """By the number that COSE knows an algorithm by: ES256, EdDSA or RS256."""
    match algorithm:
        case -8:
            return ed25519.Ed25519PrivateKey.generate()
        case -257:
            return rsa.generate_private_key(65537, 2048)
        case _:
            return ec.generate_private_key(ec.SECP256R1())


def cose(key: Key) -> bytes:
    """The public half, as RFC 9053 has it."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return encode_cbor({1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()})
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return encode_cbor({1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")})
    point = key.public_key().public_numbers()
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})


def signed(key: Key, content: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(content)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), SHA256())
    return key.sign(content, ec.ECDSA(SHA256()))


@dataclass
class Authenticator:
    """`origin` and `rp_id` are what the browser believes; `counts` says whether it counts its signatures."""

    origin: str = "https://scim.example.com"
    algorithm: int = -7
    attestation: str = "none"
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    rp_id: str | None = None
    keys: dict[bytes, Key] = field(default_factory=dict)
    handles: dict[bytes, bytes] = field(default_factory=dict)
    signatures: int = 0

    def create(self, options: dict[str, Any], **client_data: Any) -> dict[str, Any]:
        """What `navigator.credentials.create()` answers."""
        id, key = os.urandom(32), new_key(self.algorithm)
        assert self.algorithm in {each["alg"] for each in options["pubKeyCredParams"]}
        self.keys[id], self.handles[id] = key, octets(options["user"]["id"])
        attested = bytes(16) + len(id).to_bytes(2, "big") + id + cose(key)
        data = self._data(self.rp_id or options["rp"]["id"], ATTESTED) + attested
        client = self._client("webauthn.create", options["challenge"], client_data)
        statement: dict[str, Any] = {}
        if self.attestation == "packed":
            signature = signed(key, data + hashlib.sha256(client).digest())
            statement = {"alg": self.algorithm, "sig": signature}
        made = encode_cbor({"fmt": self.attestation, "attStmt": statement, "authData": data})
        return _credential(
            id, clientDataJSON=text(client), attestationObject=text(made), transports=["internal", "hybrid"]
        )

    def get(self, options: dict[str, Any], *, handle: bytes | None = None, **client_data: Any) -> dict[str, Any]:
        """What `navigator.credentials.get()` answers, with a key that is asked for, or else with any."""
        asked = [octets(each["id"]) for each in options["allowCredentials"]]
        id = next((each for each in asked if each in self.keys), next(iter(self.keys)))
        self.signatures += self.counts
        data = self._data(self.rp_id or options["rpId"], 0)
        client = self._client("webauthn.get", options["challenge"], client_data)
        return _credential(
            id,
            clientDataJSON=text(client),
            authenticatorData=text(data),
            signature=text(signed(self.keys[id], data + hashlib.sha256(client).digest())),
            userHandle=text(handle or self.handles[id]),
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        head = hashlib.sha256(rp_id.encode()).digest() + bytes([self.flags | flags])
        return head + self.signatures.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, changed: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | changed).encode()


def _credential(id: bytes, **response: Any) -> dict[str, Any]:
    return {"id": text(id), "rawId": text(id), "type": "public-key", "response": response}
