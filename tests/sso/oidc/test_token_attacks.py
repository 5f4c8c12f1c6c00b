"""ID tokens of a thief, of another provider or of a crooked one: each honest twin comes in, each attack is refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sso.errors import Reason
from sso.oidc import login
from sso.oidc.keys import Keys
from tests.idp.jose import SigningKey, hmac_signed, unsigned
from tests.idp.oidc import PERSON, Crooked, Provider
from tests.sso.oidc.conftest import LATER, NOW, SignIn

AT = int(LATER.timestamp())
THIEF = SigningKey.new("thief")

SAID: dict[str, tuple[dict[str, Any], Reason]] = {
    # oidcc-client-test-invalid-iss, …-missing-sub, …-invalid-aud, …-missing-aud, …-missing-iat, …-nonce-invalid
    "another issuer": ({"iss": "https://evil.example"}, Reason.WRONG_ISSUER),
    "an issuer that begins like ours": ({"iss": "https://idp.example.evil.example"}, Reason.WRONG_ISSUER),
    "an issuer with a slash": ({"iss": "https://idp.example/"}, Reason.WRONG_ISSUER),
    "no issuer": ({"iss": None}, Reason.WRONG_ISSUER),
    "several issuers": ({"iss": ["https://idp.example"]}, Reason.WRONG_ISSUER),
    "another audience": ({"aud": "somebody"}, Reason.WRONG_AUDIENCE),
    "another audience, and made for us": ({"aud": "somebody", "azp": "scim-server"}, Reason.WRONG_AUDIENCE),
    "an audience that holds our name": ({"aud": "scim-server-2"}, Reason.WRONG_AUDIENCE),
    "an audience in an object": ({"aud": {"scim-server": 1}}, Reason.WRONG_AUDIENCE),
    "no audience": ({"aud": None}, Reason.WRONG_AUDIENCE),
    "an empty audience": ({"aud": []}, Reason.WRONG_AUDIENCE),
    "too many audiences": ({"aud": ["scim-server", *map(str, range(60))], "azp": "scim-server"}, Reason.WRONG_AUDIENCE),
    "made for another client": ({"azp": "somebody"}, Reason.WRONG_AUTHORIZED_PARTY),
    "for several, and not saying whom": ({"aud": ["scim-server", "somebody"]}, Reason.WRONG_AUTHORIZED_PARTY),
    "no subject": ({"sub": None}, Reason.NO_SUBJECT),
    "an empty subject": ({"sub": " "}, Reason.NO_SUBJECT),
    "a subject that is a number": ({"sub": 1}, Reason.NO_SUBJECT),
    "a subject of two lines": ({"sub": "ada\nadmin"}, Reason.NO_SUBJECT),
    "an endless subject": ({"sub": "a" * 256}, Reason.NO_SUBJECT),
    "expired": ({"exp": AT - 60}, Reason.EXPIRED),
    "never expiring": ({"exp": None}, Reason.NO_TIMES),
    "issued nobody knows when": ({"iat": None}, Reason.NO_TIMES),
    "expiry as a text": ({"exp": str(AT + 300)}, Reason.MALFORMED),
    "expiry as a boolean": ({"exp": True}, Reason.MALFORMED),
    "expiry beyond all calendars": ({"exp": 10**300}, Reason.MALFORMED),
    "issued before we asked": ({"iat": AT - 100}, Reason.EXPIRED),
    "issued in the future": ({"iat": AT + 90}, Reason.NOT_YET_VALID),
    "valid in the future": ({"nbf": AT + 90}, Reason.NOT_YET_VALID),
    "authenticated in the future": ({"auth_time": AT + 90}, Reason.NOT_YET_VALID),
    "another nonce": ({"nonce": "another"}, Reason.WRONG_NONCE),
    "no nonce": ({"nonce": None}, Reason.WRONG_NONCE),
    "an empty nonce": ({"nonce": ""}, Reason.WRONG_NONCE),
    "another access token": ({"at_hash": "x" * 22}, Reason.WRONG_ACCESS_TOKEN_HASH),
    "a hash that is a number": ({"at_hash": 1}, Reason.WRONG_ACCESS_TOKEN_HASH),
    "more claims than anybody has": ({f"c{i}": i for i in range(400)}, Reason.TOO_LARGE),
    "more values than anybody has": ({"groups": [[]] * 10 + ["g"] * 5001}, Reason.TOO_LARGE),
}

# Header members by which a token would say itself what to check it with, or how.
OWN_KEYS: dict[str, tuple[dict[str, Any], Reason]] = {
    "jku": ({"jku": "https://evil.example/jwks"}, Reason.UNKNOWN_KEY),
    "x5u": ({"x5u": "https://evil.example/certificate"}, Reason.UNKNOWN_KEY),
    "jwk": ({"jwk": THIEF.public_jwk()}, Reason.UNKNOWN_KEY),
    "crit": ({"crit": ["exp"], "exp": 1}, Reason.MALFORMED),
    "b64": ({"b64": False, "crit": ["b64"]}, Reason.MALFORMED),
}

SHAPED: dict[str, tuple[Any, Reason]] = {
    # oidcc-client-test-idtoken-sig-none
    "alg none": (lambda claims: unsigned(claims), Reason.NO_SIGNATURE),
    "alg nOnE": (lambda claims: unsigned(claims, "nOnE"), Reason.NO_SIGNATURE),
    "a signature cut off": (lambda claims: _honest(claims).rpartition(".")[0] + ".", Reason.NO_SIGNATURE),
    # oidcc-client-test-invalid-sig-rs256
    "a bit of the signature": (lambda claims: _flip(_honest(claims)), Reason.WRONG_SIGNATURE),
    "one part": (lambda _: "token", Reason.MALFORMED),
    "two parts": (lambda _: "a.b", Reason.MALFORMED),
    "four parts": (lambda _: "a.b.c.d", Reason.MALFORMED),
    "an encrypted token": (lambda _: "a.b.c.d.e", Reason.MALFORMED),
    "nothing": (lambda _: "", Reason.MALFORMED),
    "a header that is no JSON": (lambda _: "YWJj.e30.e30", Reason.MALFORMED),
    "a header of another spelling": (lambda claims: _honest(claims).replace(".", "=.", 1), Reason.MALFORMED),
    "a signature of another spelling": (lambda claims: _respelled(_honest(claims)), Reason.MALFORMED),
    "letters beyond ASCII": (lambda _: "é.é.é", Reason.MALFORMED),
    "an endless token": (lambda _: "a" * 70_000, Reason.TOO_LARGE),
    "an endless header": (lambda claims: _honest(claims, {"x5c": ["a" * 9000]}), Reason.TOO_LARGE),
    "an endless signature": (lambda claims: _honest(claims) + "a" * 2000, Reason.TOO_LARGE),
    "claims that are a list": (lambda _: _first().token(b"[]"), Reason.MALFORMED),
    "a claim that comes twice": (lambda _: _first().token(b'{"iss":"a","iss":"b"}'), Reason.MALFORMED),
    "claims that nest without end": (
        lambda _: _first().token(b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}"),
        Reason.MALFORMED,
    ),
    "claims of too many items": (lambda _: _first().token(b'{"a":[' + b"0," * 21_000 + b"0]}"), Reason.MALFORMED),
    "a number without end": (lambda _: _first().token(b'{"exp":' + b"9" * 9000 + b"}"), Reason.MALFORMED),
    "no number": (lambda _: _first().token(b'{"exp":NaN}'), Reason.MALFORMED),
    "half a letter": (lambda _: _first().token(rb'{"sub":"\ud800"}'), Reason.MALFORMED),
    "NUL": (lambda _: _first().token(rb'{"sub":"ada\u0000"}'), Reason.MALFORMED),
}


def _first() -> SigningKey:
    return SigningKey.new("first")


def _honest(claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    return _first().token(claims, header)


def _respelled(token: str) -> str:
    """The last letter of 256 bytes stands for two bits; the four others are read by many as anything."""
    return token[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[token[-1]]


def _flip(token: str) -> str:
    middle = token.rindex(".") + 20
    return token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]


@pytest.mark.parametrize("attack", SAID)
def test_what_a_token_must_not_say(sign_in: SignIn, attack: str) -> None:
    assert sign_in.by().subject == PERSON["sub"]
    claims, reason = SAID[attack]
    assert sign_in.reason(Crooked(claims)) is reason


@pytest.mark.parametrize("attack", OWN_KEYS)
def test_a_token_does_not_bring_its_own_key(sign_in: SignIn, attack: str) -> None:
    assert sign_in.by().subject == PERSON["sub"]
    header, reason = OWN_KEYS[attack]
    before = len(sign_in.idp.asked)
    assert sign_in.reason(Crooked(header=header, key=THIEF)) is reason
    assert sign_in.reason(Crooked(header=header)) is reason, "nor the provider's own"
    assert {url for _, url in sign_in.idp.asked[before:]} == {"https://idp.example/token"}


@pytest.mark.parametrize("attack", SHAPED)
def test_a_token_of_another_shape(sign_in: SignIn, attack: str) -> None:
    assert sign_in.by(Crooked(token=_honest)).subject == PERSON["sub"]
    make, reason = SHAPED[attack]
    assert sign_in.reason(Crooked(token=make)) is reason


@pytest.mark.parametrize("secret", ["pem", "jwk", "client"])
def test_a_public_key_is_no_secret_to_sign_with(sign_in: SignIn, secret: str) -> None:
    """oidcc-client-test-invalid-sig-hs256: HS256 with what everybody has, or with our own secret."""
    assert sign_in.by().subject == PERSON["sub"]
    secrets = {"pem": _first().public_pem(), "jwk": _first().public_jwk()["n"].encode(), "client": b"s3cret & more"}
    forged = Crooked(token=lambda claims: hmac_signed(claims, secrets[secret], {"kid": "first"}))
    assert sign_in.reason(forged) is Reason.WEAK_ALGORITHM
    sign_in.connection = replace(sign_in.connection, algorithms=("HS256", "none", "RS256"))
    assert sign_in.by().subject == PERSON["sub"]
    assert sign_in.reason(forged) is Reason.WEAK_ALGORITHM, "whatever a connection says"
    assert sign_in.reason(Crooked(token=unsigned)) is Reason.NO_SIGNATURE


def test_a_thief_has_another_key(sign_in: SignIn) -> None:
    """oidcc-client-test-invalid-sig-rs256: under its own name, under the provider's, and under none."""
    assert sign_in.by().subject == PERSON["sub"]
    assert sign_in.reason(Crooked(key=THIEF)) is Reason.UNKNOWN_KEY
    for header in ({"kid": "first"}, {"kid": None}):
        assert sign_in.reason(Crooked(key=THIEF, header=header)) is Reason.WRONG_SIGNATURE


def test_an_elliptic_signature_of_nothing(idp: Provider) -> None:
    """oidcc-client-test-invalid-sig-es256, and r = s = 0 (CVE-2022-21449)."""
    idp.keys = [SigningKey.new("first", "ES256")]
    sign_in = SignIn(idp, idp.connection())
    assert sign_in.by().subject == PERSON["sub"]
    for signature in ("A" * 86, "A", "_" * 85 + "w"):
        forged = Crooked(token=lambda claims, end=signature: idp.keys[0].token(claims).rpartition(".")[0] + f".{end}")  # type: ignore[misc]
        assert sign_in.reason(forged) in (Reason.WRONG_SIGNATURE, Reason.MALFORMED)


@pytest.mark.parametrize("typ", ["logout+jwt", "at+jwt", "secevent+jwt", 7])
def test_a_token_of_another_kind_is_no_id_token(sign_in: SignIn, typ: Any) -> None:
    for honest in ("JWT", "jwt", None):
        assert sign_in.by(Crooked(header={"typ": honest})).subject == PERSON["sub"]
    assert sign_in.reason(Crooked(header={"typ": typ})) is Reason.MALFORMED


def test_no_refusal_tells_a_secret(sign_in: SignIn) -> None:
    """Neither a token nor a nonce, a state, a code or the client's secret is in what an admin reads."""
    begun = login.begin(sign_in.connection, NOW, key="the-state-of-one")
    for crooked in (
        *(Crooked(claims) for claims, _ in SAID.values()),
        *(Crooked(token=make) for make, _ in SHAPED.values()),
    ):
        refused = sign_in.refused(crooked)
        texts = f"{refused} {refused.expected} {refused.came} {sign_in.connection!r}"
        for secret in ("the-state", "s3cret", "access-", "code-", "eyJ", str(begun.attempt.nonce)):
            assert secret not in texts


def test_a_withdrawn_key_is_not_trusted_for_long(sign_in: SignIn) -> None:
    assert sign_in.by().subject == PERSON["sub"]
    stolen = sign_in.idp.keys[0]
    sign_in.idp.rotate("second")
    sign_in.now += timedelta(hours=1, minutes=1)
    assert sign_in.by().subject == PERSON["sub"]
    assert sign_in.reason(Crooked(key=stolen)) is Reason.UNKNOWN_KEY
    sign_in.keys = Keys()
    assert sign_in.reason(Crooked(key=stolen)) is Reason.UNKNOWN_KEY
