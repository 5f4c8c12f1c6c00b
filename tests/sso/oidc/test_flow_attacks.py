"""What comes back by the browser, and from the provider's endpoints, that is not what we asked for."""

from dataclasses import replace

import pytest

from sso.errors import Reason, Refused, Unusable
from sso.oidc import login
from tests.idp.jose import SigningKey
from tests.idp.oidc import PERSON, Crooked, Provider, json_answer, with_provider
from tests.sso.oidc.conftest import LATER, NOW, SignIn


def test_the_state_is_that_of_the_attempt(sign_in: SignIn) -> None:
    """Login CSRF: a thief's own code, brought into somebody's browser."""
    assert sign_in.by().subject == PERSON["sub"]
    assert sign_in.reason(answer=lambda came: {**came, "state": "thief's"}) is Reason.WRONG_STATE
    assert sign_in.reason(answer=lambda came: {**came, "state": ""}) is Reason.WRONG_STATE
    assert sign_in.reason(answer=lambda came: {**came, "state": "\ud800"}) is Reason.WRONG_STATE
    without = sign_in.refused(answer=lambda came: {"code": came["code"], "iss": came["iss"]})
    assert (without.reason, without.expected, without.came) == (Reason.WRONG_STATE, "the state of this attempt", "none")


def test_an_answer_to_no_attempt(sign_in: SignIn) -> None:
    begun = login.begin(sign_in.connection, NOW, key="one")
    came = sign_in.idp.authorize(begun.send.url, LATER)
    for attempt in (None, replace(begun.attempt, nonce=None), replace(begun.attempt, code_verifier=None)):
        with pytest.raises(Refused, match="no attempt"):
            login.finish(sign_in.connection, came, attempt, sign_in.idp, sign_in.keys, LATER)
    assert sign_in.idp.asked == [], "nothing is asked of anybody for it"
    assert login.finish(sign_in.connection, came, begun.attempt, sign_in.idp, sign_in.keys, LATER).subject


def test_the_verifier_is_that_of_the_attempt(sign_in: SignIn) -> None:
    """PKCE: a code that was taken off somebody's redirect is of no use in another attempt."""
    assert sign_in.by().subject == PERSON["sub"]
    assert sign_in.reason(code_verifier="v" * 64) is Reason.CODE_REFUSED
    assert sign_in.reason(code_verifier="") is Reason.CODE_REFUSED


def test_a_code_of_another_attempt_is_injected(sign_in: SignIn) -> None:
    """Even where a provider does not check the verifier, the nonce is the other attempt's."""
    theirs = login.begin(sign_in.connection, NOW, key="victim")
    stolen = sign_in.idp.authorize(theirs.send.url, LATER)
    assert sign_in.reason(answer=lambda came: {**came, "code": stolen["code"]}) is Reason.CODE_REFUSED
    assert theirs.attempt.nonce is not None
    assert sign_in.reason(Crooked({"nonce": theirs.attempt.nonce})) is Reason.WRONG_NONCE


def test_a_code_is_good_once(sign_in: SignIn) -> None:
    begun = login.begin(sign_in.connection, NOW, key="one")
    came = sign_in.idp.authorize(begun.send.url, LATER)
    finish = (sign_in.connection, came, begun.attempt, sign_in.idp, sign_in.keys, LATER)
    assert login.finish(*finish).subject == PERSON["sub"]
    with pytest.raises(Refused, match="code refused"):
        login.finish(*finish)


def test_two_providers_are_not_mixed_up() -> None:
    """RFC 9207: an answer of one connection's provider, brought to the other's redirect URI."""
    evil = Provider(issuer="https://evil.example", keys=[SigningKey.new("evil")])
    honest = Provider()
    one, two = SignIn(honest, honest.connection()), SignIn(evil, evil.connection())
    assert one.by().subject == two.by().subject == PERSON["sub"]
    assert one.reason(answer=lambda came: {**came, "iss": evil.issuer}) is Reason.WRONG_ISSUER
    assert one.reason(answer=lambda came: {"code": came["code"], "state": came["state"]}) is Reason.WRONG_ISSUER
    silent = with_provider(one.connection, authorization_response_iss_parameter_supported=None)
    one.connection = silent
    assert one.by(answer=lambda came: {"code": came["code"], "state": came["state"]}).subject == PERSON["sub"]
    assert one.reason(answer=lambda came: {**came, "iss": evil.issuer}) is Reason.WRONG_ISSUER, "promised or not"


def test_a_token_of_one_connection_is_none_of_another(idp: Provider) -> None:
    """Two organizations at one provider: each client has tokens of its own."""
    one = SignIn(idp, idp.connection())
    assert one.by().subject == PERSON["sub"]
    assert one.reason(Crooked({"aud": "globex-client"})) is Reason.WRONG_AUDIENCE
    keys_of_another = Crooked(key=SigningKey.new("globex"), header={"kid": "first"})
    assert one.reason(keys_of_another) is Reason.WRONG_SIGNATURE


def test_userinfo_of_somebody_else(sign_in: SignIn) -> None:
    """oidcc-client-test-userinfo-invalid-sub."""
    sign_in.idp.userinfo_only = ("email",)
    assert sign_in.by().email == "ada@acme.example"
    for sub, reason in (("somebody", Reason.WRONG_USERINFO), (None, Reason.NO_SUBJECT), (7, Reason.NO_SUBJECT)):
        sign_in.idp.userinfo = {"sub": sub}
        assert sign_in.reason() is reason


def test_userinfo_that_is_none(sign_in: SignIn) -> None:
    sign_in.idp.userinfo_only = ("email",)
    url = sign_in.connection.provider["userinfo_endpoint"]
    for answer, reason in (
        (json_answer({"error": "invalid_token"}, 401), Reason.WRONG_USERINFO),
        (json_answer([PERSON]), Reason.MALFORMED),
        (json_answer({**PERSON, "more": "x" * 300_000}), Reason.TOO_LARGE),
    ):
        sign_in.idp.answers[url] = answer
        assert sign_in.reason() is reason


def test_a_provider_that_says_no(sign_in: SignIn) -> None:
    """oidcc-client-test-form-post-error and the like: its words are shown, what looks like a secret in them is not."""
    secret = "eyJhbGciOiJub25lIn0" * 4
    refused = sign_in.refused(
        answer=lambda came: {
            "state": came["state"],
            "iss": came["iss"],
            "error": "access_denied",
            "error_description": f"You may not come in with {secret}.",
        }
    )
    assert refused.reason is Reason.PROVIDER_SAID_NO
    assert refused.came == "access_denied: You may not come in with …."
    forged = sign_in.reason(answer=lambda _: {"state": "x", "error": "access_denied"})
    assert forged is Reason.WRONG_STATE, "what answers no attempt of this browser is not the provider's word"
    odd = sign_in.refused(answer=lambda came: {**came, "error": '"<script>"'})
    assert odd.came == "an error"


def test_an_answer_without_a_code(sign_in: SignIn) -> None:
    assert sign_in.reason(answer=lambda came: {**came, "code": ""}) is Reason.NO_CODE
    fragment = {"id_token": SigningKey.new("first").token({}), "access_token": "front"}
    in_front = sign_in.reason(answer=lambda came: {"state": came["state"], "iss": came["iss"], **fragment})
    assert in_front is Reason.NO_CODE, "tokens that come through the browser are not looked at"
    assert sign_in.reason(answer=lambda came: {**came, "code": "c" * 5000}) is Reason.TOO_LARGE


def test_a_token_endpoint_that_answers_nonsense(sign_in: SignIn) -> None:
    url = "https://idp.example/token"
    for answer, reason in (
        (json_answer({"access_token": "a", "token_type": "Bearer"}), Reason.MALFORMED),
        (json_answer({"id_token": ["a"]}), Reason.MALFORMED),
        (json_answer("no"), Reason.MALFORMED),
        (json_answer({"id_token": "a" * 300_000}), Reason.TOO_LARGE),
        (json_answer({"error": 7}, 400), Reason.CODE_REFUSED),
        (json_answer({}, 302), Reason.CODE_REFUSED),
    ):
        sign_in.idp.answers[url] = answer
        assert sign_in.reason() is reason


def test_a_document_that_is_not_the_issuers_is_not_gone_by(sign_in: SignIn) -> None:
    other = with_provider(sign_in.connection, issuer="https://evil.example")
    with pytest.raises(Unusable, match="is not of"):
        login.begin(other, NOW, key="one")
