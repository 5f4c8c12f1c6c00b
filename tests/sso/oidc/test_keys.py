"""Key sets: which keys count, how long they are kept, and what a flood of invented ones costs."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from sso.errors import Reason, Refused, Unreachable
from sso.http import HttpResponse
from sso.oidc.documents import NotAnObject
from sso.oidc.keys import MOST_KEYS, Keys, read_keys
from tests.idp.jose import SigningKey, as_json, b64
from tests.idp.oidc import PERSON, Crooked, Provider, json_answer
from tests.sso.oidc.conftest import NOW, SignIn

HONEST = SigningKey.new("first").public_jwk()

OF_NO_USE: dict[str, dict[str, Any]] = {
    "a private key": {"d": "AQAB"},
    "a prime": {"p": "AQAB"},
    "a symmetric key": {"kty": "oct", "k": "c2VjcmV0"},
    "a key with a secret in it": {"k": "c2VjcmV0"},
    "a key to encrypt with": {"use": "enc"},
    "a key of another use": {"use": ["sig"]},
    "a key that may only sign": {"key_ops": ["sign"]},
    "a key for HMAC": {"alg": "HS256"},
    "a key for another algorithm": {"alg": "RS512"},
    "a key of another kind": {"kty": "EC"},
    "a key of an unknown kind": {"kty": "AKP"},
    "a kind that is a list": {"kty": ["RSA"]},
    "a modulus that is a number": {"n": 7},
    "a modulus in another alphabet": {"n": "+" * 342},
    "no modulus": {"n": None},
    "a small modulus": {"n": b64(b"\xff" * 128)},
    "a huge modulus": {"n": b64(b"\xff" * 2000)},
    "an exponent of one": {"e": "AQ"},
    "a huge exponent": {"e": b64(b"\xff" * 200)},
    "an endless name": {"kid": "k" * 2000},
}


@pytest.mark.parametrize("why", OF_NO_USE)
def test_a_key_of_no_use_is_passed_over(sign_in: SignIn, why: str) -> None:
    jwk = {name: value for name, value in {**HONEST, **OF_NO_USE[why]}.items() if value is not None}
    beside = SigningKey.new("beside", "ES256")
    sign_in.idp.answers["https://idp.example/jwks"] = json_answer({"keys": [HONEST]})
    assert sign_in.by().subject == PERSON["sub"]
    sign_in.keys = Keys()
    sign_in.idp.answers["https://idp.example/jwks"] = json_answer({"keys": [jwk, beside.public_jwk()]})
    assert sign_in.by(Crooked(key=beside)).subject == PERSON["sub"], "the others of its set are as good as before"
    assert sign_in.reason() is Reason.UNKNOWN_KEY


def test_a_certificate_beside_a_key_is_not_looked_at(sign_in: SignIn) -> None:
    evil = {"x5c": ["MIIB"], "x5u": "https://evil.example/", "x5t": "x"}
    sign_in.idp.answers["https://idp.example/jwks"] = json_answer({"keys": [{**HONEST, **evil}]})
    assert sign_in.by().subject == PERSON["sub"]


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_a_point_that_is_on_no_curve(idp: Provider, alg: str) -> None:
    idp.keys = [SigningKey.new("first", alg)]
    sign_in = SignIn(idp, idp.connection())
    assert sign_in.by().subject == PERSON["sub"]
    sign_in.keys = Keys()
    off = {**idp.keys[0].public_jwk(), "x": b64(b"\xff" * 31)}
    idp.answers["https://idp.example/jwks"] = json_answer({"keys": [off]})
    assert sign_in.reason() in (Reason.UNKNOWN_KEY, Reason.WRONG_SIGNATURE)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":"x"}', b"<html>", b'{"keys":[],"keys":[]}']
)
def test_what_is_no_key_set(sign_in: SignIn, body: bytes) -> None:
    with pytest.raises(NotAnObject):
        read_keys(body)
    sign_in.idp.answers["https://idp.example/jwks"] = HttpResponse(200, {}, body)
    with pytest.raises(Unreachable, match="no key set"):
        sign_in.by()


def test_a_set_is_bounded(sign_in: SignIn) -> None:
    many = [{**HONEST, "kid": str(number)} for number in range(MOST_KEYS)]
    assert len(read_keys(as_json({"keys": [*many, HONEST, 7, "x"]}))) == MOST_KEYS
    sign_in.idp.answers["https://idp.example/jwks"] = json_answer({"keys": [HONEST], "more": "x" * 300_000})
    with pytest.raises(Unreachable, match="more than 128 KB"):
        sign_in.by()


def test_keys_are_fetched_once_and_again_after_an_hour(sign_in: SignIn) -> None:
    for _ in range(3):
        sign_in.by()
    assert sign_in.idp.fetches("jwks_uri") == 1
    sign_in.now += timedelta(hours=1, minutes=1)
    sign_in.by()
    assert sign_in.idp.fetches("jwks_uri") == 2


def test_a_flood_of_unknown_keys_costs_one_fetch_a_minute(sign_in: SignIn) -> None:
    sign_in.by()
    for number in range(20):
        assert sign_in.reason(Crooked(header={"kid": f"invented-{number}"})) is Reason.UNKNOWN_KEY
        assert sign_in.reason(Crooked(key=SigningKey.new("thief"), header={"kid": "first"})) is Reason.WRONG_SIGNATURE
    assert sign_in.idp.fetches("jwks_uri") == 2
    sign_in.idp.rotate("second")
    sign_in.now += timedelta(minutes=1)
    assert sign_in.by().subject == PERSON["sub"]
    assert sign_in.idp.fetches("jwks_uri") == 3


def test_a_key_replaced_under_its_own_name_is_taken_up(sign_in: SignIn) -> None:
    sign_in.by()
    other = SigningKey("first", "RS256", SigningKey.new("another").private)
    sign_in.idp.keys = [other]
    thief = Crooked(key=SigningKey.new("thief"), header={"kid": "first"})
    assert sign_in.reason(thief) is Reason.WRONG_SIGNATURE, "nor is it the successor's"
    assert sign_in.by().subject == PERSON["sub"]
    assert sign_in.idp.fetches("jwks_uri") == 2


def test_a_provider_that_is_down_is_not_asked_by_every_request(sign_in: SignIn) -> None:
    sign_in.idp.answers["https://idp.example/jwks"] = Unreachable("It took too long.")
    for _ in range(5):
        with pytest.raises(Unreachable):
            sign_in.by()
    assert sign_in.idp.fetches("jwks_uri") == 1
    sign_in.idp.answers.clear()
    sign_in.now += timedelta(seconds=11)
    assert sign_in.by().subject == PERSON["sub"]


def test_one_connections_flood_is_not_anothers(idp: Provider) -> None:
    keys = Keys()
    one = SignIn(idp, idp.connection(), keys)
    idp.rotate("second")
    one.by()
    assert one.reason(Crooked(header={"kid": "invented"})) is Reason.UNKNOWN_KEY
    two = SignIn(idp, idp.connection(client_id="globex-client"), keys)
    before = idp.fetches("jwks_uri")
    idp.client_id = "globex-client"
    assert two.by().subject == PERSON["sub"]
    idp.rotate("third")
    assert two.by().subject == PERSON["sub"]
    assert idp.fetches("jwks_uri") == before + 2


def test_no_more_sets_are_kept_than_that(idp: Provider) -> None:
    keys = Keys(most=2)
    for number in range(5):
        keys.find(idp.connection(client_id=f"client-{number}"), "RS256", "first", idp, NOW)
    assert idp.fetches("jwks_uri") == 5
    keys.find(idp.connection(client_id="client-4"), "RS256", "first", idp, NOW)
    assert idp.fetches("jwks_uri") == 5
    keys.find(idp.connection(client_id="client-0"), "RS256", "first", idp, NOW)
    assert idp.fetches("jwks_uri") == 6


def test_many_at_once_fetch_once_and_none_waits_for_another_connection(idp: Provider) -> None:
    """A slow provider holds up those who sign in through it, and nobody else."""

    class Slow(Provider):
        gate = Event()

        def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
            assert self.gate.wait(10)
            return super().get(url, headers=headers)

    slow, keys = Slow(issuer="https://slow.example"), Keys()
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(keys.find, slow.connection(), "RS256", "first", slow, NOW) for _ in range(6)]
        assert keys.find(idp.connection(), "RS256", "first", idp, NOW).kid == "first"
        assert not any(task.done() for task in waiting)
        slow.gate.set()
        assert {task.result().kid for task in waiting} == {"first"}
    assert slow.fetches("jwks_uri") == 1


def test_a_refusal_names_the_keys_that_there_are(idp: Provider) -> None:
    with pytest.raises(Refused) as caught:
        Keys().find(idp.connection(), "RS256", "other", idp, NOW)
    assert caught.value.expected == "a key of the provider's set: first"
    assert caught.value.came == "other for RS256"
