"""A sign-in at an OpenID provider: the code flow, with PKCE, a nonce and a state every time (Core §3.1)."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from sso.connection import OidcConnection, Preset
from sso.errors import Reason, Refused
from sso.http import HttpClient
from sso.identity import Begun, Identity, LoginAttempt, Redirect
from sso.oidc import checks, exchange, presets, tokens
from sso.oidc.claims import as_texts, email_of
from sso.oidc.discovery import ISS_IN_ANSWER, endpoint
from sso.oidc.documents import encode_segment
from sso.oidc.keys import Keys

LONGEST_PARAMETER = 4096


def begin(
    connection: OidcConnection, now: datetime, *, key: str, fresh: bool = False, email: str | None = None
) -> Begun:
    """Where to send the browser; `key` comes back as `state`, and nobody can guess it. Raises Unusable."""
    attempt = LoginAttempt(
        key=key,
        started_at=now,
        fresh=fresh,
        nonce=secrets.token_urlsafe(32),
        code_verifier=secrets.token_urlsafe(48),  # RFC 7636 §4.1: 43 to 128 letters
    )
    url = endpoint(connection, "authorization_endpoint")
    parameters = urlencode(_parameters(connection, attempt, email))
    return Begun(attempt, Redirect(f"{url}{'&' if urlsplit(url).query else '?'}{parameters}"))


def finish(
    connection: OidcConnection,
    parameters: Mapping[str, str],
    attempt: LoginAttempt | None,
    http: HttpClient,
    keys: Keys,
    now: datetime,
) -> Identity:
    """Who came back with these parameters of our redirect URI. The attempt is theirs, and used once: the caller's part.

    Raises Refused; Unreachable, when the provider is; Unusable, when its document is none to go by.
    """
    attempt, code = _check_answer(connection, parameters, attempt)
    assert attempt.nonce is not None
    assert attempt.code_verifier is not None
    answer = exchange.redeem(connection, code, attempt.code_verifier, http, now)
    signed = tokens.read(answer.id_token, connection, http, keys, now)
    claims = signed.claims
    checks.check_issuer(claims, connection)
    checks.check_audience(claims, connection)
    expires_at = checks.check_times(claims, now, earliest=attempt.started_at)
    checks.check_nonce(claims, attempt.nonce)
    checks.check_access_token_hash(claims, signed.algorithm, answer.access_token)
    authenticated_at = checks.check_authentication(claims, connection, attempt, now)
    subject = presets.subject(claims, connection)
    told = _with_userinfo(claims, connection, answer.access_token, http, keys, now)
    sid = claims.get("sid")
    return Identity(
        issuer=connection.issuer,
        subject=subject,
        claims=as_texts(told),
        expires_at=expires_at,
        email=email_of(told),
        email_verified=presets.email_verified(told, connection) if email_of(told) else None,
        sid=sid if isinstance(sid, str) and len(sid) <= checks.LONGEST_SUBJECT else None,
        id_token=answer.id_token,
        authenticated_at=authenticated_at,
    )


def _parameters(connection: OidcConnection, attempt: LoginAttempt, email: str | None) -> dict[str, str]:
    assert attempt.nonce is not None
    assert attempt.code_verifier is not None
    challenge = encode_segment(hashlib.sha256(attempt.code_verifier.encode()).digest())
    parameters = {
        "response_type": "code",
        "client_id": connection.client_id,
        "redirect_uri": connection.redirect_uri,
        "scope": " ".join(dict.fromkeys(("openid", *connection.scopes))),
        "state": attempt.key,
        "nonce": attempt.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if email is not None:
        parameters["login_hint"] = email
    if attempt.fresh:
        # Core §3.1.2.1: max_age makes auth_time required, by which we can tell that it was so; the person cannot
        # take a prompt out of the URL unnoticed.
        parameters |= {"prompt": "login", "max_age": "0"}
    elif connection.max_age is not None:
        parameters["max_age"] = str(connection.max_age)
    if connection.acr_values:
        parameters["acr_values"] = " ".join(connection.acr_values)
    if presets.preset_of(connection) is Preset.GOOGLE and connection.hosted_domains:
        parameters["hd"] = _hosted_domain_hint(connection.hosted_domains, email)
    return parameters


def _hosted_domain_hint(domains: tuple[str, ...], email: str | None) -> str:
    """The one domain whose accounts Google offers; `*`, any of an organization, where it may be several."""
    named = (email or "").rpartition("@")[2].lower()
    if named in domains:
        return named
    return domains[0] if len(domains) == 1 else "*"


def _check_answer(
    connection: OidcConnection, parameters: Mapping[str, str], attempt: LoginAttempt | None
) -> tuple[LoginAttempt, str]:
    """The attempt that an answer is to, and its code."""
    if any(len(value) > LONGEST_PARAMETER for value in parameters.values()):
        raise Refused(
            Reason.TOO_LARGE, expected=f"parameters of at most {LONGEST_PARAMETER} letters", came="longer ones"
        )
    error, code = parameters.get("error"), parameters.get("code")
    if attempt is None or attempt.nonce is None or attempt.code_verifier is None:
        came = "an answer to none" if error is None else exchange.described(error, None)
        raise Refused(Reason.NO_ATTEMPT, expected="an attempt that is under way", came=came)
    state = parameters.get("state")
    if state is None or not checks.same(state, attempt.key):
        raise Refused(Reason.WRONG_STATE, expected="the state of this attempt", came="another" if state else "none")
    _check_answering_issuer(connection, parameters.get("iss"))
    if error is not None:
        came = exchange.described(error, parameters.get("error_description"))
        raise Refused(Reason.PROVIDER_SAID_NO, expected="a code", came=came)
    if not code:
        raise Refused(Reason.NO_CODE, expected="a code", came="none")
    return attempt, code


def _check_answering_issuer(connection: OidcConnection, issuer: str | None) -> None:
    """Against a mix-up: the answer is of the provider that we asked (RFC 9207 §2.4), in an error as well."""
    promised = connection.provider.get(ISS_IN_ANSWER) is True
    if issuer is None and not promised:
        return
    if issuer != connection.issuer:
        raise Refused(Reason.WRONG_ISSUER, expected=connection.issuer, came=issuer or "no iss in the answer")


def _with_userinfo(
    claims: Mapping[str, Any],
    connection: OidcConnection,
    access_token: str | None,
    http: HttpClient,
    keys: Keys,
    now: datetime,
) -> Mapping[str, Any]:
    """The claims of the ID token, and those of userinfo where a wanted one is missing. What is signed goes first."""
    if access_token is None or all(name in claims for name in connection.wanted_claims):
        return claims
    more = exchange.userinfo(connection, access_token, checks.subject_of(claims), http, keys, now)
    merged = {**more, **claims}
    # An address and whether it is verified are one statement: never the one of here and the other of there.
    source = claims if "email" in claims else more
    merged.pop("email_verified", None)
    return {**merged, **{name: source[name] for name in ("email_verified",) if name in source}}
