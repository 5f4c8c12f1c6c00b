"""What our server asks a provider in the course of a sign-in: tokens for a code, and more about the person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sso.connection import OidcConnection
from sso.errors import Reason, Refused, Unreachable
from sso.http import HttpClient, HttpResponse
from sso.oidc import clients, tokens
from sso.oidc.checks import subject_of
from sso.oidc.discovery import endpoint, optional_endpoint
from sso.oidc.documents import NotAnObject, read_object
from sso.oidc.keys import Keys

LARGEST_ANSWER = 128 * 1024
LONGEST_ACCESS_TOKEN = 16 * 1024

# RFC 6749 §4.1.2.1 and §5.2 allow no more in an error's code.
_ERROR_CODE = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]{1,60}")
# Nobody writes words of such a length; tokens, codes and secrets are.
_SECRET_LIKE = re.compile(r"[A-Za-z0-9+/_=-]{40,}")


@dataclass(frozen=True, slots=True)
class Tokens:
    id_token: str = field(repr=False)
    access_token: str | None = field(repr=False)


def redeem(connection: OidcConnection, code: str, code_verifier: str, http: HttpClient, now: datetime) -> Tokens:
    """The tokens that a code is good for (Core §3.1.3). Raises Refused, Unreachable and Unusable."""
    url = endpoint(connection, "token_endpoint")
    fields, headers = clients.credentials(connection, now)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": connection.redirect_uri,
        "code_verifier": code_verifier,
    }
    answer = http.post_form(url, {**form, **fields}, headers={"Accept": "application/json", **headers})
    if answer.status >= 500:
        raise Unreachable(f"The provider's token endpoint answered {answer.status}.")
    if answer.status != 200:
        raise Refused(Reason.CODE_REFUSED, expected="tokens for the code", came=f"{answer.status} {_error_of(answer)}")
    document = _object_of(answer, "the token endpoint's answer")
    id_token, access_token = document.get("id_token"), document.get("access_token")
    if not isinstance(id_token, str):
        raise Refused(Reason.MALFORMED, expected="an id_token (is the scope openid allowed?)", came="none")
    return Tokens(id_token, _bearer(access_token, document.get("token_type")))


def userinfo(
    connection: OidcConnection, access_token: str, subject: str, http: HttpClient, keys: Keys, now: datetime
) -> Mapping[str, Any]:
    """What the provider adds of the person that the ID token is of (Core §5.3); nothing, where it has no endpoint.

    A signed answer is verified like an ID token. Raises Refused and Unreachable.
    """
    url = optional_endpoint(connection, "userinfo_endpoint")
    if url is None:
        return {}
    answer = http.get(url, headers={"Accept": "application/json", "Authorization": f"Bearer {access_token}"})
    if answer.status >= 500:
        raise Unreachable(f"The provider's userinfo endpoint answered {answer.status}.")
    if answer.status != 200:
        raise Refused(Reason.WRONG_USERINFO, expected="claims", came=f"{answer.status} {_error_of(answer)}")
    claims = _userinfo_claims(answer, connection, http, keys, now)
    # Core §5.3.2: without an equal `sub`, it is about somebody else and must not be used.
    if subject_of(claims) != subject:
        raise Refused(Reason.WRONG_USERINFO, expected=f"sub {subject}", came=f"sub {claims['sub']}")
    return claims


def described(error: str, description: str | None) -> str:
    """A provider's own words for what went wrong, without what looks like a secret."""
    code = error if _ERROR_CODE.fullmatch(error) else "an error"
    return f"{code}: {_SECRET_LIKE.sub('…', description[:300])}" if description else code


def _userinfo_claims(
    answer: HttpResponse, connection: OidcConnection, http: HttpClient, keys: Keys, now: datetime
) -> Mapping[str, Any]:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/jwt":
        return _object_of(answer, "the userinfo")
    _check_size(answer)
    claims = tokens.read(answer.body.decode("latin-1"), connection, http, keys, now).claims
    for name, ours in (("iss", connection.issuer), ("aud", connection.client_id)):
        came = claims.get(name, ours)  # Core §5.3.2: it should name both
        if ours not in (came if isinstance(came, list) else [came]):
            raise Refused(Reason.WRONG_USERINFO, expected=f"{name} {ours}", came="another")
    return claims


def _object_of(answer: HttpResponse, what: str) -> dict[str, Any]:
    _check_size(answer)
    try:
        return read_object(answer.body)
    except NotAnObject as error:
        raise Refused(Reason.MALFORMED, expected=f"{what} as JSON", came="something else") from error


def _check_size(answer: HttpResponse) -> None:
    if len(answer.body) > LARGEST_ANSWER:
        raise Refused(Reason.TOO_LARGE, expected=f"at most {LARGEST_ANSWER} bytes", came=str(len(answer.body)))


def _bearer(token: Any, kind: Any) -> str | None:
    """The access token, if it is one that can be sent as a header (RFC 6750 §2.1)."""
    if not isinstance(token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
        return None
    return token if len(token) <= LONGEST_ACCESS_TOKEN and token.isascii() and token.isprintable() else None


def _error_of(answer: HttpResponse) -> str:
    try:
        document = read_object(answer.body[:LARGEST_ANSWER])
    except NotAnObject:
        return "without saying why"
    error, description = document.get("error"), document.get("error_description")
    if not isinstance(error, str):
        return "without saying why"
    return described(error, description if isinstance(description, str) else None)
