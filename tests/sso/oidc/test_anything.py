"""Whatever comes, it is refused by a name or comes in: no other error leaves `sso.oidc`."""

import json
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sso.errors import Refused, SsoError, Unreachable, Unusable
from sso.http import HttpResponse
from sso.oidc import discovery, login, logout
from sso.oidc.keys import Keys
from tests.idp.jose import SigningKey, b64
from tests.idp.oidc import PERSON, Crooked, Provider
from tests.sso.oidc.conftest import LATER, NOW, SignIn

# Thirty of each at every run; ten times as many have been let through by hand, and found nothing.
anything = partial(hypothesis_settings, max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
CLAIM_NAMES = (
    *("iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "acr", "auth_time", "sid", "jti", "events"),
    *("hd", "tid", "oid", "email", "email_verified", "groups", "address", "_claim_names", "name"),
)
CLAIMS = st.dictionaries(st.sampled_from(CLAIM_NAMES) | st.text(max_size=10), VALUES, max_size=6)
HEADER_NAMES = ("alg", "kid", "typ", "cty", "crit", "jku", "jwk", "x5u", "x5c", "x5t", "b64", "enc", "zip")
HEADERS = st.dictionaries(st.sampled_from(HEADER_NAMES), VALUES | st.sampled_from(["RS256", "ES256", "EdDSA", "none"]))
JWK_NAMES = ("kty", "kid", "alg", "use", "key_ops", "n", "e", "crv", "x", "y", "d", "k", "x5c")
JWKS = st.dictionaries(
    st.sampled_from(JWK_NAMES), VALUES | st.sampled_from(["RSA", "EC", "OKP", "oct", "P-256", "Ed25519", "AQAB", "sig"])
)
METADATA = st.dictionaries(st.sampled_from([*Provider().discovery(), "grant_types_supported"]), VALUES, max_size=4)
KEYS = [SigningKey.new("rsa"), SigningKey.new("ec", "ES256"), SigningKey.new("ed", "EdDSA")]


def sign_in(**settings: Any) -> SignIn:
    idp = Provider(keys=KEYS)
    return SignIn(idp, idp.connection(**settings))


@given(claims=CLAIMS, preset=st.sampled_from(["google", "entra", "custom"]), userinfo=CLAIMS)
@anything()
def test_any_claims(claims: dict[str, Any], preset: Any, userinfo: dict[str, Any]) -> None:
    attempt = sign_in(preset=preset, tenant="t", hosted_domains=("acme.example",), max_age=60, acr_values=("1",))
    attempt.idp.userinfo_only = ("email",)
    attempt.idp.userinfo = {**userinfo, "sub": PERSON["sub"]}
    honest = {"hd": "acme.example", "tid": "t", "oid": "o", "acr": "1"}
    with suppress(Refused):
        attempt.by(Crooked({**honest, **claims}))


@given(header=HEADERS, key=st.sampled_from(KEYS))
@anything()
def test_any_header(header: dict[str, Any], key: SigningKey) -> None:
    with suppress(Refused):
        sign_in().by(Crooked(header=header, key=key))


@given(header=HEADERS, payload=st.binary(max_size=100), key=st.sampled_from(KEYS))
@anything()
def test_any_payload(header: dict[str, Any], payload: bytes, key: SigningKey) -> None:
    with pytest.raises(Refused):
        sign_in().by(Crooked(token=lambda _: key.token(payload, header), key=key))


@given(parts=st.lists(st.text(max_size=40) | st.binary(max_size=60).map(b64), min_size=1, max_size=6))
@anything()
def test_any_token(parts: list[str]) -> None:
    attempt = sign_in()
    token = ".".join(parts)
    with pytest.raises(Refused):
        attempt.by(Crooked(token=lambda _: token))
    with pytest.raises(Refused):
        logout.read_logout_token(attempt.connection, token, attempt.idp, attempt.keys, NOW)


@given(claims=CLAIMS, header=HEADERS)
@anything()
def test_any_logout_token(claims: dict[str, Any], header: dict[str, Any]) -> None:
    attempt = sign_in()
    token = attempt.idp.logout_token(NOW, header, **claims)
    with suppress(Refused):
        logout.read_logout_token(attempt.connection, token, attempt.idp, attempt.keys, NOW)


@given(keys=st.lists(JWKS | VALUES, max_size=4))
@anything()
def test_any_key_set(keys: list[Any]) -> None:
    attempt = sign_in()
    body = json.dumps({"keys": [{**KEYS[0].public_jwk(), **key} if isinstance(key, dict) else key for key in keys]})
    attempt.idp.answers["https://idp.example/jwks"] = HttpResponse(200, {}, body.encode())
    with suppress(Refused, Unreachable):
        attempt.by()


@given(members=METADATA)
@anything()
def test_any_document(members: dict[str, Any]) -> None:
    idp = Provider(keys=KEYS)
    url = f"{idp.issuer}{discovery.WELL_KNOWN}"
    idp.answers[url] = HttpResponse(200, {}, json.dumps({**idp.discovery(), **members}).encode())
    with suppress(Unusable):
        found = discovery.fetch(idp.issuer, idp)
        assert discovery.check(idp.issuer, found) == found


@given(
    body=st.binary(max_size=200), status=st.integers(100, 599), kind=st.sampled_from(["application/jwt", "text/html"])
)
@anything()
def test_any_answer_of_an_endpoint(body: bytes, status: int, kind: str) -> None:
    for name in ("token_endpoint", "jwks_uri", "userinfo_endpoint"):
        attempt = sign_in(wanted_claims=("more",))
        url = attempt.connection.provider[name]
        attempt.idp.answers[url] = HttpResponse(status, {"content-type": kind}, body)
        with pytest.raises((Refused, Unreachable)):
            attempt.by()


@given(parameters=st.dictionaries(st.sampled_from(["code", "state", "iss", "error", "error_description"]), st.text()))
@anything()
def test_any_parameters(parameters: dict[str, str]) -> None:
    attempt = sign_in()
    begun = login.begin(attempt.connection, NOW, key="one")
    for came in (parameters, {**parameters, "state": "one"}, {**parameters, "state": "one", "iss": attempt.idp.issuer}):
        with pytest.raises(Refused):
            login.finish(attempt.connection, came, begun.attempt, attempt.idp, Keys(), LATER)


@given(issuer=st.text() | st.from_regex(r"https?://[^ ]*", fullmatch=True))
@anything()
def test_any_issuer(issuer: str) -> None:
    with pytest.raises(SsoError):
        discovery.fetch(issuer, Provider())


@given(seconds=st.integers(-(10**6), 10**6))
@anything()
def test_any_time(seconds: int) -> None:
    """In, within a minute and the token's five; refused at any other."""
    attempt = sign_in()
    begun = login.begin(attempt.connection, NOW, key="one")
    came = attempt.idp.authorize(begun.send.url, NOW)
    at = NOW + timedelta(seconds=seconds)
    try:
        login.finish(attempt.connection, came, begun.attempt, attempt.idp, attempt.keys, at)
    except Refused:
        assert not -60 <= seconds < 360
    else:
        assert -60 <= seconds < 360
