"""Signing out: there from here, and here from there."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sso.errors import Reason, Refused
from sso.oidc import logout
from sso.oidc.keys import Keys
from sso.oidc.logout import LogoutAsked
from tests.idp.jose import SigningKey, hmac_signed, unsigned
from tests.idp.oidc import BACK_CHANNEL_LOGOUT, PERSON, Provider, with_provider
from tests.sso.oidc.conftest import LATER, NOW, SignIn

AT = int(NOW.timestamp())

# Back-Channel Logout 1.0 §2.6; oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss, -wrong-aud, -with-nonce,
# -no-event, -wrong-event.
BAD: dict[str, tuple[dict[str, Any], Reason]] = {
    "of another issuer": ({"iss": "https://evil.example"}, Reason.WRONG_ISSUER),
    "for another client": ({"aud": "somebody"}, Reason.WRONG_AUDIENCE),
    "for nobody": ({"aud": None}, Reason.WRONG_AUDIENCE),
    "with a nonce": ({"nonce": "n"}, Reason.MALFORMED),
    "with an empty nonce": ({"nonce": ""}, Reason.MALFORMED),
    "without events": ({"events": None}, Reason.MALFORMED),
    "with another event": ({"events": {"http://schemas.openid.net/event/other": {}}}, Reason.MALFORMED),
    "with an event that is no object": ({"events": {BACK_CHANNEL_LOGOUT: True}}, Reason.MALFORMED),
    "with events in a list": ({"events": [BACK_CHANNEL_LOGOUT]}, Reason.MALFORMED),
    "without an id": ({"jti": None}, Reason.MALFORMED),
    "with an endless id": ({"jti": "j" * 300}, Reason.MALFORMED),
    "of nobody": ({"sub": None, "sid": None}, Reason.NO_SUBJECT),
    "of a number": ({"sub": 7}, Reason.NO_SUBJECT),
    "of a session that is a list": ({"sid": ["session-1"]}, Reason.MALFORMED),
    "without a time": ({"iat": None}, Reason.NO_TIMES),
    "without an end": ({"exp": None}, Reason.NO_TIMES),
    "expired": ({"exp": AT - 60}, Reason.EXPIRED),
    "issued long ago": ({"iat": AT - 700}, Reason.EXPIRED),
    "issued in the future": ({"iat": AT + 90}, Reason.NOT_YET_VALID),
}


def read(idp: Provider, token: str) -> LogoutAsked:
    return logout.read_logout_token(idp.connection(), token, idp, Keys(), NOW)


def refused(idp: Provider, token: str) -> Reason:
    with pytest.raises(Refused) as caught:
        read(idp, token)
    return caught.value.reason


def test_a_provider_asks_to_sign_somebody_out(idp: Provider) -> None:
    """oidcc-client-test-rp-backchannel-rpinitlogout."""
    asked = read(idp, idp.logout_token(NOW))
    assert asked == LogoutAsked("logout-1", NOW + timedelta(minutes=3), PERSON["sub"], "session-1")
    assert read(idp, idp.logout_token(NOW, sid=None)).sid is None
    assert read(idp, idp.logout_token(NOW, sub=None)).subject is None
    for typ in ("JWT", None, "application/logout+jwt"):
        assert read(idp, idp.logout_token(NOW, {"typ": typ})) == asked


def test_an_id_is_remembered_no_longer_than_its_token_is_taken(idp: Provider) -> None:
    forever = read(idp, idp.logout_token(NOW, exp=AT + 10**9))
    assert forever.expires_at == NOW + timedelta(minutes=12)


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_logout_token(idp: Provider, bad: str) -> None:
    assert read(idp, idp.logout_token(NOW)).jti == "logout-1"
    claims, reason = BAD[bad]
    assert refused(idp, idp.logout_token(NOW, **claims)) is reason


def test_a_logout_token_that_nobody_signed(idp: Provider) -> None:
    """oidcc-client-test-rp-backchannel-rpinitlogout-alg-none, -wrong-alg."""
    claims = _claims(idp)
    assert read(idp, idp.keys[0].token(claims)).jti == "logout-1"
    assert refused(idp, unsigned(claims)) is Reason.NO_SIGNATURE
    assert refused(idp, hmac_signed(claims, idp.keys[0].public_pem())) is Reason.WEAK_ALGORITHM
    thief = SigningKey.new("thief")
    assert refused(idp, thief.token(claims)) is Reason.UNKNOWN_KEY
    assert refused(idp, thief.token(claims, {"kid": "first"})) is Reason.WRONG_SIGNATURE
    assert refused(idp, idp.keys[0].token(claims, {"jwk": thief.public_jwk()})) is Reason.UNKNOWN_KEY


def test_an_id_token_signs_nobody_out(sign_in: SignIn) -> None:
    token = sign_in.by().id_token
    assert token is not None
    with pytest.raises(Refused, match="malformed"):
        logout.read_logout_token(sign_in.connection, token, sign_in.idp, sign_in.keys, LATER)


def test_signing_out_there(sign_in: SignIn) -> None:
    """oidcc-client-test-rp-init-logout."""
    token = sign_in.by().id_token
    there = logout.begin(sign_in.connection, id_token=token, key="out-1")
    assert there is not None
    assert there.url.startswith("https://idp.example/logout?")
    assert parse_qs(urlsplit(there.url).query) == {
        "client_id": ["scim-server"],
        "post_logout_redirect_uri": ["https://scim.example/signed-out"],
        "state": ["out-1"],
        "id_token_hint": [token],
    }


def test_signing_out_without_a_hint_or_a_place(sign_in: SignIn) -> None:
    for token in (None, "e" * 5000):
        there = logout.begin(sign_in.connection, id_token=token, key="out-1")
        assert there is not None
        assert "id_token_hint" not in there.url
    nowhere = with_provider(sign_in.connection, end_session_endpoint=None)
    assert logout.begin(nowhere, id_token=None, key="out-1") is None


def _claims(idp: Provider) -> dict[str, Any]:
    return {
        "iss": idp.issuer,
        "aud": idp.client_id,
        "iat": AT,
        "exp": AT + 120,
        "jti": "logout-1",
        "sub": PERSON["sub"],
        "events": {BACK_CHANNEL_LOGOUT: {}},
    }
