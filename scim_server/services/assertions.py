"""Assertions: what a client with a key signs to say who it is (RFC 7523 §2.2), and which of them are good."""

from collections.abc import Set
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from sqlalchemy.orm import Session

from scim_server.services import clients, keys
from scim_server.services.errors import NotAuthenticated

# How far ahead an assertion may end, and how far two clocks may be apart. It is remembered until then.
LIFETIME = timedelta(minutes=10)
LEEWAY = timedelta(minutes=1)

_JTI_LENGTH = 1024


class _Registry(JWSRegistry):
    def get_alg(self, name: str) -> Any:
        # Clients say EdDSA, of which joserfc warns, because RFC 9864 has a name for each curve. We have one curve.
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


# RFC 7515 §4: what a header says besides, and does not call critical, is ignored.
_REGISTRY = _Registry(algorithms=keys.ALGORITHMS, strict_check_header=False)


class Assertion(JWTBearerClientAssertion):
    """How Authlib authenticates a client by an assertion, stricter than it is by itself: see `verify_claims`."""

    def __init__(self, session: Session, audiences: Set[str], now: datetime) -> None:
        super().__init__()
        self._session, self._audiences, self._now = session, audiences, now

    def __call__(self, query_client: Any, request: Any) -> Any:
        authenticate: Any = super().__call__
        try:
            return authenticate(query_client, request)
        except RecursionError:  # JSON that is nested absurdly deep
            raise InvalidClientError from None

    def resolve_client_public_key(self, client: Any) -> list[keys.PublicKey]:
        self._client = client.row
        return keys.load_public_keys(self._client.jwks or {"keys": []})

    def process_assertion_claims(self, assertion: str, resolve_key: list[keys.PublicKey]) -> dict[str, Any]:
        # Which key it is, a header may say in a word that we never heard: a PEM file has no `kid`.
        for key in resolve_key:
            try:
                claims = jwt.decode(assertion, key, registry=_REGISTRY).claims
            except (JoseError, ValueError, TypeError):
                continue
            self.verify_claims(claims)
            return claims
        raise InvalidClientError

    def verify_claims(self, claims: dict[str, Any]) -> None:
        public_id, now = self._client.public_id, self._now.timestamp()
        if claims.get("iss") != public_id or claims.get("sub") != public_id:
            raise InvalidClientError
        if not (_are_for(claims, self._audiences) and _are_timely(claims, now) and _are_unique(claims)):
            raise InvalidClientError
        expires_at = datetime.fromtimestamp(claims["exp"], UTC) + LEEWAY
        try:
            clients.consume_assertion(self._session, self._client, claims["jti"], expires_at=expires_at)
        except NotAuthenticated:
            raise InvalidClientError from None

    def authenticate_client(self, client: Any) -> Any:
        return client  # it has keys, or it would not have come here


def _are_for(claims: dict[str, Any], audiences: Set[str]) -> bool:
    """Whether claims are meant for us alone: another audience could come in with them in the client's name."""
    named = claims.get("aud")
    listed = named if isinstance(named, list) else [named]
    return bool(listed) and all(isinstance(each, str) and each in audiences for each in listed)


def _are_timely(claims: dict[str, Any], now: float) -> bool:
    """Whether claims are good now, and not for longer than we care to remember that they were used.

    Each comparison is one that NaN, which Python reads in JSON, does not pass.
    """
    ends, leeway = claims.get("exp"), LEEWAY.total_seconds()
    if not (_is_number(ends) and now - leeway < ends <= now + LIFETIME.total_seconds() + leeway):
        return False
    begins = [claims[name] for name in ("nbf", "iat") if name in claims]
    return all(_is_number(each) and each <= now + leeway for each in begins)


def _are_unique(claims: dict[str, Any]) -> bool:
    """Whether claims can be told from those of every other assertion."""
    jti = claims.get("jti")
    return isinstance(jti, str) and 0 < len(jti) <= _JTI_LENGTH


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
