"""An identity provider that fetches its access tokens: with a secret, or with assertions that it really signs."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from werkzeug.test import TestResponse

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider
from scim_server.services import clients, directories, keys, organizations
from tests.clients import Directory
from tests.conftest import PUBLIC_URL

TOKEN_URL = f"{PUBLIC_URL}/oauth2/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
# The key of whoever has one in these tests.
EC: PrivateKey = ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Client:
    """A client of an organization's directory; `secret` is empty where it has a key."""

    app: Flask
    slug: str
    id: str
    secret: str = ""

    def post(self, form: Any = None, *, authorization: str | None = None, **parameters: str) -> TestResponse:
        """Ask for a token; `form` is a body as it is, instead of the parameters."""
        parameters = {"grant_type": "client_credentials", **parameters}
        return self.app.test_client().post(
            "/oauth2/token",
            data=form if form is not None else urlencode(parameters),
            content_type="application/x-www-form-urlencoded",
            headers={"Authorization": authorization} if authorization is not None else {},
        )

    def by_basic(self, **parameters: str) -> TestResponse:
        return self.post(authorization=basic(self.id, self.secret), **parameters)

    def by_post(self, **parameters: str) -> TestResponse:
        return self.post(**{"client_id": self.id, "client_secret": self.secret, **parameters})

    def by_assertion(self, assertion: str, **parameters: str) -> TestResponse:
        return self.post(client_assertion_type=ASSERTION_TYPE, client_assertion=assertion, **parameters)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """The claims of a good assertion; None takes one out."""
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": self.id, "sub": self.id, "aud": TOKEN_URL, "exp": now + 300, "iat": now, "jti": token_hex(16)}
        return {name: value for name, value in (claims | changed).items() if value is not None}

    def directory(self, response: TestResponse) -> Directory:
        """The directory that comes in with the token of an answer."""
        assert response.json is not None
        return Directory(self.app, self.slug, response.json["access_token"])


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def new_client(
    app: Flask,
    settings: Settings,
    database: Database,
    slug: str,
    key: PrivateKey | None = None,
    *,
    provider: Provider = Provider.GENERIC,
) -> Client:
    """One more client for an organization's directory."""
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=datetime.now(UTC))
        directory = directories.provide_directory(ctx, provider)
        jwks = keys.read_public_keys(public_pem(key)) if key is not None else None
        created = clients.create_client(ctx, directory, jwks=jwks)
        return Client(app, slug, created.row.public_id, created.secret or "")


def revoke_client(settings: Settings, database: Database, client: Client) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, client.slug, now=datetime.now(UTC))
        clients.revoke_client(ctx, clients.find_client(ctx, client.id))


def public_pem(key: PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def encoded(value: Any) -> bytes:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def signed(key: PrivateKey, claims: Any, **header: Any) -> str:
    """A JWT, made with nothing of the library that reads it."""
    alg = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        alg = "EdDSA"
    header = {"alg": alg, "typ": "JWT", **header}
    content = encoded(header) + b"." + encoded(claims)
    return (content + b"." + encoded(_signature(key, header["alg"], content))).decode()


def _signature(key: PrivateKey, alg: str, content: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
        return key.sign(content, pss if alg == "PS256" else padding.PKCS1v15(), SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(content)
    r, s = decode_dss_signature(key.sign(content, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")
