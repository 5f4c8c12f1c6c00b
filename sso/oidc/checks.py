"""What an ID token and a logout token must say (OpenID Connect Core §3.1.3.7), each check on its own."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sso.connection import OidcConnection
from sso.errors import Reason, Refused
from sso.identity import LoginAttempt
from sso.oidc.documents import encode_segment

LEEWAY = timedelta(seconds=60)
LONGEST_SUBJECT = 255  # Core §2
MOST_AUDIENCES = 50
_LAST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


def check_issuer(claims: Mapping[str, Any], connection: OidcConnection) -> None:
    if claims.get("iss") != connection.issuer:
        raise Refused(Reason.WRONG_ISSUER, expected=connection.issuer, came=_shown(claims.get("iss")))


def check_audience(claims: Mapping[str, Any], connection: OidcConnection) -> None:
    """`aud` is us; where it is others as well, or `azp` is there, `azp` is us (Core §3.1.3.7, 3 to 5)."""
    named = claims.get("aud")
    audiences = [named] if isinstance(named, str) else named
    if not isinstance(audiences, list) or len(audiences) > MOST_AUDIENCES or connection.client_id not in audiences:
        raise Refused(Reason.WRONG_AUDIENCE, expected=connection.client_id, came=_shown(named))
    party = claims.get("azp")
    if party != connection.client_id and (len(audiences) > 1 or "azp" in claims):
        raise Refused(Reason.WRONG_AUTHORIZED_PARTY, expected=connection.client_id, came=_shown(party))


def check_times(claims: Mapping[str, Any], now: datetime, *, earliest: datetime) -> datetime:
    """When it expires, which is to come; it was issued since `earliest`, and not in the future."""
    expires_at, issued_at, not_before = (instant(claims, name) for name in ("exp", "iat", "nbf"))
    if expires_at is None or issued_at is None:
        raise Refused(
            Reason.NO_TIMES, expected="exp and iat", came=", ".join({"exp", "iat"} & set(claims)) or "neither"
        )
    if expires_at <= now - LEEWAY:
        raise Refused(Reason.EXPIRED, expected=f"after {now:%FT%TZ}", came=f"exp {expires_at:%FT%TZ}")
    if issued_at < earliest - LEEWAY:
        raise Refused(Reason.EXPIRED, expected=f"issued since {earliest:%FT%TZ}", came=f"iat {issued_at:%FT%TZ}")
    for name, time in (("iat", issued_at), ("nbf", not_before)):
        if time is not None and time > now + LEEWAY:
            raise Refused(Reason.NOT_YET_VALID, expected=f"by {now:%FT%TZ}", came=f"{name} {time:%FT%TZ}")
    return expires_at


def check_nonce(claims: Mapping[str, Any], nonce: str) -> None:
    came = claims.get("nonce")
    if not isinstance(came, str) or not same(came, nonce):
        raise Refused(Reason.WRONG_NONCE, expected="the nonce of this attempt", came="another" if came else "none")


def check_access_token_hash(claims: Mapping[str, Any], algorithm: str, access_token: str | None) -> None:
    """The access token is the one that this ID token came with (Core §3.1.3.8). EdDSA on Ed25519 hashes by SHA-512."""
    came = claims.get("at_hash")
    if came is None or access_token is None:
        return
    digest = _HASHES.get(algorithm[-3:], hashlib.sha512)(access_token.encode()).digest()
    if not isinstance(came, str) or not same(came, encode_segment(digest[: len(digest) // 2])):
        raise Refused(Reason.WRONG_ACCESS_TOKEN_HASH, expected="the hash of the access token", came="another")


def check_authentication(
    claims: Mapping[str, Any], connection: OidcConnection, attempt: LoginAttempt, now: datetime
) -> datetime | None:
    """When the person authenticated, which is as lately and as well as we asked."""
    authenticated_at = instant(claims, "auth_time")
    if authenticated_at is not None and authenticated_at > now + LEEWAY:
        raise Refused(Reason.NOT_YET_VALID, expected=f"by {now:%FT%TZ}", came=f"auth_time {authenticated_at:%FT%TZ}")
    earliest = _must_have_authenticated_since(connection, attempt, now)
    if earliest is not None and (authenticated_at is None or authenticated_at < earliest - LEEWAY):
        came = "no auth_time" if authenticated_at is None else f"auth_time {authenticated_at:%FT%TZ}"
        raise Refused(Reason.NOT_REAUTHENTICATED, expected=f"since {earliest:%FT%TZ}", came=came)
    if connection.acr_values and claims.get("acr") not in connection.acr_values:
        expected = f"acr {' or '.join(connection.acr_values)}"
        raise Refused(Reason.WEAK_AUTHENTICATION, expected=expected, came=_shown(claims.get("acr")))
    return authenticated_at


def subject_of(claims: Mapping[str, Any], name: str = "sub") -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_SUBJECT or not value.isprintable():
        raise Refused(Reason.NO_SUBJECT, expected=name, came="none" if value is None else "what is no name")
    return value


def instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    """A NumericDate (RFC 7519 §2), which may have a fraction."""
    value = claims.get(name)
    if value is None:
        return None
    # NaN and infinity are within no bounds.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LAST:
        raise Refused(Reason.MALFORMED, expected=f"{name} as a number of seconds", came="something else")
    return datetime.fromtimestamp(value, UTC)


def same(came: str, expected: str) -> bool:
    """Equal, in a time that does not tell how far."""
    return hmac.compare_digest(came.encode("utf-8", "surrogatepass"), expected.encode())


def _must_have_authenticated_since(connection: OidcConnection, attempt: LoginAttempt, now: datetime) -> datetime | None:
    if attempt.fresh:
        return attempt.started_at
    return None if connection.max_age is None else now - timedelta(seconds=connection.max_age)


def _shown(value: Any) -> str:
    """What came, for an admin to compare: a name or two, never a structure."""
    if isinstance(value, list):
        return ", ".join(item if isinstance(item, str) else "…" for item in value[:5]) or "none"
    return value if isinstance(value, str) else "none" if value is None else "no text"
