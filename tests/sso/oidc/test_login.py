"""Honest sign-ins: what is asked, what comes back, and what is known of the person at the end.

Names like oidcc-client-test-… are those of the OpenID certification tests for relying parties that a test is like.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sso.connection import KeyPair, Preset
from sso.errors import Reason, Unreachable, Unusable
from sso.oidc import clients, login
from sso.oidc.keys import Keys
from tests.idp.jose import SigningKey, claims_of
from tests.idp.oidc import PERSON, Crooked, Provider, json_answer, jwt_answer, with_provider
from tests.sso.oidc.conftest import LATER, NOW, SignIn

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


def asked(url: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


def test_a_person_is_who_the_provider_says(sign_in: SignIn) -> None:
    """oidcc-client-test, oidcc-client-test-idtoken-sig-rs256, oidcc-client-test-client-secret-basic."""
    identity = sign_in.by()
    assert identity.issuer == "https://idp.example"
    assert identity.subject == PERSON["sub"]
    assert (identity.email, identity.email_verified) == ("ada@acme.example", True)
    assert identity.sid == "session-1"
    assert identity.expires_at == LATER + timedelta(seconds=300)
    assert identity.authenticated_at == LATER
    assert identity.claims["given_name"] == ("Ada",)
    assert "nonce" not in identity.claims
    assert identity.id_token is not None
    assert identity.id_token not in repr(identity)
    assert sign_in.idp.sent[0][1]["Authorization"].startswith("Basic ")


def test_what_the_browser_is_sent_with(sign_in: SignIn) -> None:
    one = login.begin(sign_in.connection, NOW, key="one", email="ada@acme.example")
    two = login.begin(sign_in.connection, NOW, key="two")
    first, second = asked(one.send.url), asked(two.send.url)
    assert first["state"] == "one"
    assert first["code_challenge_method"] == "S256"
    assert first["login_hint"] == "ada@acme.example"
    assert first["scope"] == "openid email profile"
    assert {"prompt", "max_age", "hd", "acr_values", "login_hint"}.isdisjoint(second)
    assert first["nonce"] != second["nonce"]
    assert first["code_challenge"] != second["code_challenge"]
    assert one.attempt.code_verifier is not None
    assert one.attempt.code_verifier not in one.send.url
    assert 43 <= len(one.attempt.code_verifier) <= 128


def test_an_endpoint_with_a_query_keeps_it(sign_in: SignIn) -> None:
    connection = with_provider(sign_in.connection, authorization_endpoint="https://idp.example/authorize?tenant=7")
    url = login.begin(connection, NOW, key="one").send.url
    assert url.startswith("https://idp.example/authorize?tenant=7&response_type=code&")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_algorithm_that_the_connection_accepts(algorithm: str) -> None:
    idp = Provider(keys=[SigningKey.new("key", algorithm)])
    accepting = SignIn(idp, idp.connection(algorithms=(algorithm,)))
    assert accepting.by().subject == PERSON["sub"]
    other = SignIn(idp, idp.connection(algorithms=tuple(name for name in ALGORITHMS if name != algorithm)))
    assert other.reason() is Reason.WEAK_ALGORITHM


def test_eddsa_may_be_called_by_its_new_name() -> None:
    """RFC 9864: Ed25519 is what EdDSA on that curve is called now."""
    idp = Provider(keys=[SigningKey.new("key", "EdDSA")])
    assert SignIn(idp, idp.connection()).by(Crooked(header={"alg": "Ed25519"})).subject == PERSON["sub"]


def test_a_client_secret_goes_the_way_that_the_provider_takes(sign_in: SignIn) -> None:
    sign_in.connection = with_provider(sign_in.connection, token_endpoint_auth_methods_supported=["client_secret_post"])
    assert sign_in.by().subject == PERSON["sub"]
    fields, headers = sign_in.idp.sent[0]
    assert fields["client_secret"] == sign_in.idp.client_secret
    assert "Authorization" not in headers


def test_a_provider_that_takes_no_secret_is_said_to(sign_in: SignIn) -> None:
    sign_in.connection = with_provider(sign_in.connection, token_endpoint_auth_methods_supported=["private_key_jwt"])
    with pytest.raises(Unusable, match="does not take client_secret_post"):
        sign_in.by()


def key_pair(algorithm: str) -> KeyPair:
    key = SigningKey.new("ours", algorithm)
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return KeyPair(pem, "")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "EdDSA"])
def test_without_a_secret_we_sign_who_we_are(algorithm: str) -> None:
    """private_key_jwt: short-lived, for the issuer alone, each with an id of its own."""
    idp = Provider(client_secret=None)
    pair = key_pair(algorithm)
    sign_in = SignIn(idp, idp.connection(keys=(pair,)))
    assert sign_in.by().subject == sign_in.by().subject == PERSON["sub"]
    one, two = (claims_of(fields["client_assertion"]) for fields, _ in idp.sent)
    assert one["iss"] == one["sub"] == "scim-server"
    assert one["aud"] == "https://idp.example"
    assert one["exp"] - one["iat"] == 120
    assert one["jti"] != two["jti"]
    (public,) = clients.public_keys((pair,))["keys"]
    assert "d" not in public
    assert public["use"] == "sig"


def test_a_connection_with_neither_secret_nor_key_is_unusable(idp: Provider) -> None:
    with pytest.raises(Unusable, match="neither a client secret nor a key"):
        SignIn(idp, idp.connection(client_secret=None)).by()


def test_userinfo_is_asked_for_what_the_id_token_lacks(sign_in: SignIn) -> None:
    """oidcc-client-test-scope-userinfo-claims."""
    sign_in.by()
    assert sign_in.idp.fetches("userinfo_endpoint") == 0
    sign_in.idp.userinfo_only = ("email", "email_verified", "family_name")
    identity = sign_in.by()
    assert sign_in.idp.fetches("userinfo_endpoint") == 1
    assert (identity.email, identity.email_verified) == ("ada@acme.example", True)
    assert identity.claims["family_name"] == ("Lovelace",)


def test_a_mapping_may_want_more_of_userinfo(sign_in: SignIn) -> None:
    sign_in.connection = replace(sign_in.connection, wanted_claims=("email", "groups"))
    sign_in.idp.userinfo = {"groups": ["support", "sales"], "name": "Somebody else"}
    identity = sign_in.by()
    assert identity.claims["groups"] == ("support", "sales")
    assert identity.claims["name"] == ("Ada Lovelace",), "what is signed goes before what is not"


def test_without_a_userinfo_endpoint_there_is_no_email(sign_in: SignIn) -> None:
    sign_in.connection = with_provider(sign_in.connection, userinfo_endpoint=None)
    sign_in.idp.userinfo_only = ("email",)
    identity = sign_in.by()
    assert (identity.email, identity.email_verified) == (None, None)


def test_an_email_is_verified_only_by_who_says_it(sign_in: SignIn) -> None:
    """An ID token that says "verified" without an address says nothing of the address in userinfo."""
    sign_in.idp.userinfo_only = ("email",)
    sign_in.idp.userinfo = {"email_verified": False}
    assert sign_in.by().email_verified is False
    silent = {"sub": PERSON["sub"], "email": "ceo@acme.example"}
    sign_in.idp.answers["https://idp.example/userinfo"] = json_answer(silent)
    identity = sign_in.by()
    assert (identity.email, identity.email_verified) == ("ceo@acme.example", None)
    assert "email_verified" not in identity.claims


@pytest.mark.parametrize(
    ("said", "known"), [(True, True), (False, False), ("true", True), ("false", False), ("yes", None), (1, None)]
)
def test_verified_absent_and_false_are_three_things(sign_in: SignIn, said: Any, known: bool | None) -> None:
    assert sign_in.by(person={**PERSON, "email_verified": said}).email_verified is known
    absent = {name: value for name, value in PERSON.items() if name != "email_verified"}
    assert sign_in.by(person=absent).email_verified is None


def test_signed_userinfo_is_verified(sign_in: SignIn) -> None:
    sign_in.idp.userinfo_only = ("email", "email_verified")
    claims = {**PERSON, "iss": sign_in.idp.issuer, "aud": sign_in.idp.client_id}
    url = sign_in.connection.provider["userinfo_endpoint"]
    sign_in.idp.answers[url] = jwt_answer(sign_in.idp.keys[0].token(claims))
    assert sign_in.by().email == "ada@acme.example"
    sign_in.idp.answers[url] = jwt_answer(SigningKey.new("first", "PS256").token(claims, {"alg": "RS256"}))
    assert sign_in.reason() is Reason.WRONG_SIGNATURE
    sign_in.idp.answers[url] = jwt_answer(sign_in.idp.keys[0].token({**claims, "aud": "somebody"}))
    assert sign_in.reason() is Reason.WRONG_USERINFO


def test_a_key_that_comes_after_is_taken_up(sign_in: SignIn) -> None:
    """oidcc-client-test-signing-key-rotation: rotated at once, and nobody notices."""
    assert sign_in.by().subject == PERSON["sub"]
    sign_in.idp.rotate("second")
    assert sign_in.by().subject == PERSON["sub"]
    assert sign_in.idp.fetches("jwks_uri") == 2


def test_one_key_needs_no_name_and_two_do(sign_in: SignIn) -> None:
    """oidcc-client-test-kid-absent-single-jwks, oidcc-client-test-kid-absent-multiple-jwks."""
    nameless = Crooked(header={"kid": None})
    assert sign_in.by(nameless).subject == PERSON["sub"]
    sign_in.idp.keys.append(SigningKey.new("second"))
    sign_in.keys = Keys()
    assert sign_in.reason(nameless) is Reason.UNKNOWN_KEY
    sign_in.idp.keys[1] = SigningKey.new("third", "ES256")
    sign_in.keys = Keys()
    assert sign_in.by(nameless).subject == PERSON["sub"], "only one of them is of the algorithm"


def test_a_fresh_sign_in_is_asked_for_and_proved(sign_in: SignIn) -> None:
    sent = asked(login.begin(sign_in.connection, NOW, key="one", fresh=True).send.url)
    assert (sent["prompt"], sent["max_age"]) == ("login", "0")
    assert sign_in.by(fresh=True).authenticated_at == LATER
    long_ago = int((NOW - timedelta(hours=1)).timestamp())
    assert sign_in.by(Crooked({"auth_time": long_ago})).authenticated_at == NOW - timedelta(hours=1)
    assert sign_in.reason(Crooked({"auth_time": long_ago}), fresh=True) is Reason.NOT_REAUTHENTICATED
    assert sign_in.reason(Crooked({"auth_time": None}), fresh=True) is Reason.NOT_REAUTHENTICATED


def test_a_connection_may_ask_for_a_recent_sign_in(sign_in: SignIn) -> None:
    sign_in.connection = replace(sign_in.connection, max_age=600)
    assert asked(login.begin(sign_in.connection, NOW, key="one").send.url)["max_age"] == "600"
    ago = [int((LATER - timedelta(seconds=seconds)).timestamp()) for seconds in (600, 700)]
    assert sign_in.by(Crooked({"auth_time": ago[0]})).subject == PERSON["sub"]
    assert sign_in.reason(Crooked({"auth_time": ago[1]})) is Reason.NOT_REAUTHENTICATED
    assert sign_in.reason(Crooked({"auth_time": None})) is Reason.NOT_REAUTHENTICATED


def test_a_connection_may_ask_for_a_strong_sign_in(sign_in: SignIn) -> None:
    sign_in.connection = replace(sign_in.connection, acr_values=("phr", "phrh"))
    assert asked(login.begin(sign_in.connection, NOW, key="one").send.url)["acr_values"] == "phr phrh"
    assert sign_in.by(Crooked({"acr": "phrh"})).claims["acr"] == ("phrh",)
    for acr in (None, "0", ["phr"]):
        assert sign_in.reason(Crooked({"acr": acr})) is Reason.WEAK_AUTHENTICATION


def test_an_audience_may_be_one_of_several_if_the_token_was_made_for_us(sign_in: SignIn) -> None:
    several = Crooked({"aud": ["scim-server", "another"], "azp": "scim-server"})
    assert sign_in.by(several).subject == PERSON["sub"]
    assert sign_in.by(Crooked({"aud": ["scim-server"]})).subject == PERSON["sub"]


def test_clocks_may_differ_by_a_minute(sign_in: SignIn) -> None:
    at = int(LATER.timestamp())
    for claims in ({"exp": at - 59}, {"iat": at + 60}, {"nbf": at + 60}, {"iat": at + 0.5}):
        assert sign_in.by(Crooked(claims)).subject == PERSON["sub"]


def test_without_an_access_token_there_is_no_userinfo(sign_in: SignIn) -> None:
    begun = login.begin(sign_in.connection, NOW, key="one")
    parameters = sign_in.idp.authorize(begun.send.url, LATER)
    grant = sign_in.idp.grants[parameters["code"]]
    sign_in.idp.userinfo_only = ("email",)
    sign_in.idp.answers["https://idp.example/token"] = json_answer({"id_token": sign_in.idp.id_token(grant)})
    identity = login.finish(sign_in.connection, parameters, begun.attempt, sign_in.idp, sign_in.keys, LATER)
    assert (identity.subject, identity.email) == (PERSON["sub"], None)


def test_a_provider_that_is_down_is_not_one_that_refuses(sign_in: SignIn) -> None:
    for url in ("https://idp.example/token", "https://idp.example/jwks"):
        sign_in.idp.answers = {url: json_answer({}, 503)}
        with pytest.raises(Unreachable, match="503"):
            sign_in.by()


def test_the_hint_of_google_is_the_one_domain(idp: Provider) -> None:
    connection = idp.connection(preset=Preset.GOOGLE, hosted_domains=("acme.example",))
    assert asked(login.begin(connection, NOW, key="one").send.url)["hd"] == "acme.example"
    connection = replace(connection, hosted_domains=("acme.example", "acme.test"))
    assert asked(login.begin(connection, NOW, key="one").send.url)["hd"] == "*"
    sent = asked(login.begin(connection, NOW, key="one", email="ada@acme.test").send.url)
    assert sent["hd"] == "acme.test"
