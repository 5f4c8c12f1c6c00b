"""An OpenID provider of ours that really signs, as an HttpClient in process: honest unless it is told what to do wrong.

    idp = Provider()
    connection = idp.connection(redirect_uri=…)                 # what an admin would have set up with it
    begun = login.begin(connection, now, key="…")
    parameters = idp.authorize(begun.send.url, now)             # somebody signs in; what the browser brings back
    identity = login.finish(connection, parameters, begun.attempt, idp, Keys(), now)

`authorize(…, crooked=Crooked(…))` says what is wrong with the one ID token that its code is good for; `answers` puts
any answer in the place of what a URL honestly answers. `asked` is every request, in order.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from sso.connection import OidcConnection
from sso.errors import Unreachable
from sso.http import HttpResponse
from tests.idp.jose import SigningKey, as_json, b64, claims_of, half_hash

BACK_CHANNEL_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
PERSON: dict[str, Any] = {
    "sub": "248289761001",
    "email": "ada@acme.example",
    "email_verified": True,
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "family_name": "Lovelace",
}


@dataclass(frozen=True)
class Crooked:
    """What is wrong with an ID token: claims and header members in place of the honest ones (None takes one off), whose
    key signs it, or `token`, which makes the whole of it out of the honest claims."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    key: SigningKey | None = None
    token: Callable[[dict[str, Any]], str] | None = None


@dataclass(frozen=True)
class Grant:
    """What one authorization code is good for."""

    asked: Mapping[str, str]
    person: Mapping[str, Any]
    now: datetime
    crooked: Crooked


@dataclass
class Provider:
    """`userinfo_only` are the claims that it keeps out of ID tokens, `userinfo` what it says there in their place."""

    issuer: str = "https://idp.example"
    client_id: str = "scim-server"
    client_secret: str | None = "s3cret & more"
    keys: list[SigningKey] = field(default_factory=lambda: [SigningKey.new("first")])
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo_only: tuple[str, ...] = ()
    userinfo: Mapping[str, Any] = field(default_factory=dict)
    answers: dict[str, HttpResponse | Exception] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    sent: list[tuple[Mapping[str, str], Mapping[str, str]]] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)
    access_tokens: dict[str, Grant] = field(default_factory=dict)

    # What it is.

    def discovery(self) -> dict[str, Any]:
        base = self.issuer.rstrip("/")
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/userinfo",
            "jwks_uri": f"{base}/jwks",
            "end_session_endpoint": f"{base}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": sorted({"RS256", *(key.algorithm for key in self.keys)}),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            **self.metadata,
        }
        return {name: value for name, value in document.items() if value is not None}

    def connection(self, redirect_uri: str = "https://scim.example/sso/oidc/1/callback", **more: Any) -> OidcConnection:
        """The connection of whoever has set this provider up honestly."""
        settings: dict[str, Any] = {
            "issuer": self.issuer,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "post_logout_redirect_uri": "https://scim.example/signed-out",
            "provider": self.discovery(),
        }
        return OidcConnection(redirect_uri=redirect_uri, **{**settings, **more})

    def rotate(self, kid: str = "second", algorithm: str = "RS256") -> None:
        """Sign with another key from now on; the one before is gone."""
        self.keys = [SigningKey.new(kid, algorithm)]

    # What a browser does there.

    def authorize(
        self, url: str, now: datetime, person: Mapping[str, Any] | None = None, crooked: Crooked | None = None
    ) -> dict[str, str]:
        """Somebody signs in; the parameters that their browser brings to the redirect URI."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert url.startswith(f"{self.discovery()['authorization_endpoint']}?")
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.grants) + 1}-{asked['nonce'][:8]}"
        self.grants[code] = Grant(asked, person or PERSON, now, crooked or Crooked())
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    # What our server asks it: HttpClient.

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
        self.asked.append(("GET", url))
        if (answer := self._instead(url)) is not None:
            return answer
        document = self.discovery()
        if url == f"{self.issuer.rstrip('/')}/.well-known/openid-configuration":
            return json_answer(document)
        if url == document["jwks_uri"]:
            return json_answer({"keys": [key.public_jwk() for key in self.keys]})
        if url == document.get("userinfo_endpoint"):
            return self._userinfo((headers or {}).get("Authorization", ""))
        raise Unreachable(f"There is nothing at {url}.")

    def post_form(
        self, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        self.asked.append(("POST", url))
        self.sent.append((fields, headers or {}))
        if (answer := self._instead(url)) is not None:
            return answer
        if url != self.discovery()["token_endpoint"]:
            raise Unreachable(f"There is nothing at {url}.")
        return self._token(fields, headers or {})

    def fetches(self, member: str) -> int:
        """How many times the document of this member was asked for."""
        return sum(url == self.discovery()[member] for _, url in self.asked)

    # Tokens.

    def id_token(self, grant: Grant, access_token: str = "") -> str:
        crooked, now = grant.crooked, int(grant.now.timestamp())
        key = crooked.key or self.keys[0]
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": grant.asked["nonce"],
            "sid": "session-1",
            **{name: value for name, value in grant.person.items() if name not in self.userinfo_only},
            **({"at_hash": half_hash(key.algorithm, access_token)} if access_token else {}),
            **crooked.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return crooked.token(claims) if crooked.token else key.token(claims, crooked.header)

    def logout_token(self, now: datetime, header: Mapping[str, Any] | None = None, **crooked: Any) -> str:
        """What it posts when somebody has signed out elsewhere."""
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp()) + 120,
            "jti": "logout-1",
            "sub": PERSON["sub"],
            "sid": "session-1",
            "events": {BACK_CHANNEL_LOGOUT: {}},
            **crooked,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.keys[0].token(claims, {"typ": "logout+jwt", **(header or {})})

    def _token(self, fields: Mapping[str, str], headers: Mapping[str, str]) -> HttpResponse:
        if not self._is_client(fields, headers):
            return json_answer({"error": "invalid_client"}, 401)
        grant = self.grants.pop(fields.get("code", ""), None)
        verifier = fields.get("code_verifier", "")
        if (
            grant is None
            or fields.get("grant_type") != "authorization_code"
            or fields.get("redirect_uri") != grant.asked["redirect_uri"]
            or grant.asked.get("code_challenge_method") != "S256"
            or b64(hashlib.sha256(verifier.encode()).digest()) != grant.asked["code_challenge"]
        ):
            return json_answer({"error": "invalid_grant", "error_description": "The code is not good for this."}, 400)
        access_token = f"access-{len(self.access_tokens) + 1}"
        self.access_tokens[access_token] = grant
        id_token = self.id_token(grant, access_token)
        return json_answer({"access_token": access_token, "token_type": "Bearer", "id_token": id_token})

    def _is_client(self, fields: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        if self.client_secret is None:
            assertion = claims_of(fields["client_assertion"])
            return bool(assertion["iss"] == assertion["sub"] == self.client_id)
        if basic := headers.get("Authorization", "").removeprefix("Basic "):
            name, _, secret = base64.b64decode(basic).decode().partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == (self.client_id, self.client_secret)
        return (fields.get("client_id"), fields.get("client_secret")) == (self.client_id, self.client_secret)

    def _userinfo(self, authorization: str) -> HttpResponse:
        grant = self.access_tokens.get(authorization.removeprefix("Bearer "))
        if grant is None:
            return json_answer({"error": "invalid_token"}, 401)
        return json_answer({**grant.person, **self.userinfo})

    def _instead(self, url: str) -> HttpResponse | None:
        answer = self.answers.get(url)
        if isinstance(answer, Exception):
            raise answer
        return answer


def json_answer(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(status, {"content-type": "application/json"}, as_json(value))


def jwt_answer(token: str) -> HttpResponse:
    return HttpResponse(200, {"content-type": "application/jwt"}, token.encode())


def with_provider(connection: OidcConnection, **members: Any) -> OidcConnection:
    """The connection with other members in its provider's document; None takes one off."""
    document = {**connection.provider, **members}
    return replace(connection, provider={name: value for name, value in document.items() if value is not None})
