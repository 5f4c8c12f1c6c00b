"""Signing out, of the provider from here (RP-Initiated Logout 1.0) and from there (Back-Channel Logout 1.0)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from sso.connection import OidcConnection
from sso.errors import Reason, Refused
from sso.http import HttpClient
from sso.identity import Redirect
from sso.oidc import checks, tokens
from sso.oidc.discovery import optional_endpoint
from sso.oidc.keys import Keys

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPES = ("logout+jwt", "jwt")  # Back-Channel Logout §2.4: explicit typing is advised, and not all do
LONGEST_LIFE = timedelta(minutes=10)  # §2.4 advises two; a provider may try again for a while
LONGEST_HINT = 4096  # of a URL that every server takes
LONGEST_ID = 255


@dataclass(frozen=True, slots=True)
class LogoutAsked:
    """Whose sessions a provider wants ended: all of `subject`, or those of its own session `sid`.

    `subject` is the token's `sub`. `jti` counts once until `expires_at`, which the caller sees to.
    """

    jti: str
    expires_at: datetime
    subject: str | None = None
    sid: str | None = None


def begin(connection: OidcConnection, *, id_token: str | None, key: str) -> Redirect | None:
    """Where to send the browser to sign out there, too; None if the provider has no such place.

    `key` comes back as `state`. The ID token is only a hint, by which the provider need not ask; one with hundreds of
    groups in it makes no URL, and stays here. Raises Unusable.
    """
    url = optional_endpoint(connection, "end_session_endpoint")
    if url is None:
        return None
    parameters = {
        "client_id": connection.client_id,
        "post_logout_redirect_uri": connection.post_logout_redirect_uri,
        "state": key,
    }
    if id_token is not None and len(id_token) <= LONGEST_HINT:
        parameters["id_token_hint"] = id_token
    return Redirect(f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(parameters)}")


def read_logout_token(
    connection: OidcConnection, token: str, http: HttpClient, keys: Keys, now: datetime
) -> LogoutAsked:
    """What a provider posts to us, checked as Back-Channel Logout §2.6 has it. Raises Refused and Unreachable."""
    claims = tokens.read(token, connection, http, keys, now, types=TYPES).claims
    checks.check_issuer(claims, connection)
    checks.check_audience(claims, connection)
    expires_at = checks.check_times(claims, now, earliest=now - LONGEST_LIFE)
    _check_event(claims)
    subject = checks.subject_of(claims) if "sub" in claims else None
    sid = _id(claims, "sid") if "sid" in claims else None
    if subject is None and sid is None:
        raise Refused(Reason.NO_SUBJECT, expected="sub or sid", came="neither")
    # Nothing older is accepted, so nothing needs to be remembered for longer.
    last = min(expires_at, now + LONGEST_LIFE + checks.LEEWAY) + checks.LEEWAY
    return LogoutAsked(jti=_id(claims, "jti"), expires_at=last, subject=subject, sid=sid)


def _check_event(claims: Mapping[str, Any]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise Refused(Reason.MALFORMED, expected="the event of a back-channel logout", came="none")
    if "nonce" in claims:  # §2.4: so that an ID token is never taken for one
        raise Refused(Reason.MALFORMED, expected="no nonce", came="a nonce")


def _id(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > LONGEST_ID or not value.isprintable():
        raise Refused(Reason.MALFORMED, expected=f"a {name}", came="none" if value is None else "what is no name")
    return value
