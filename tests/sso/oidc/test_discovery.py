"""Discovery documents: whose they must be, what they must offer, and what is said of one that is of no use."""

from typing import Any

import pytest

from sso.errors import Unreachable, Unusable
from sso.http import HttpResponse
from sso.oidc import discovery
from tests.idp.jose import as_json
from tests.idp.oidc import Provider, json_answer

WELL_KNOWN = "https://idp.example/.well-known/openid-configuration"

# oidcc-client-test-discovery-issuer-mismatch, and what else a document may not say.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"issuer": "https://evil.example"}, "names another issuer, “https://evil.example”"),
    "an issuer with a slash": ({"issuer": "https://idp.example/"}, "paste it exactly so"),
    "no issuer": ({"issuer": None}, "names no issuer"),
    "an issuer in a list": ({"issuer": ["https://idp.example"]}, "names no issuer"),
    "Entra's for any tenant": (
        {"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"},
        "paste https://login.microsoftonline.com/<your tenant id>/v2.0",
    ),
    "no token endpoint": ({"token_endpoint": None}, "has no token_endpoint"),
    "no keys": ({"jwks_uri": None}, "has no jwks_uri"),
    "plain http": ({"token_endpoint": "http://idp.example/token"}, "is no https address"),
    "plain http at home": ({"jwks_uri": "http://127.0.0.1/keys"}, "is no https address"),
    "a file": ({"jwks_uri": "file:///etc/passwd"}, "is no https address"),
    "a script": ({"authorization_endpoint": "javascript:alert(1)"}, "is no https address"),
    "a name before the host": ({"token_endpoint": "https://idp.example@evil.example/"}, "is no https address"),
    "a backslash": ({"token_endpoint": "https://idp.example\\.evil.example/"}, "is no https address"),
    "a line break": ({"userinfo_endpoint": "https://idp.example/\r\nHost: evil"}, "is no https address"),
    "an optional endpoint that is none": ({"end_session_endpoint": "logout"}, "is no https address"),
    "an endpoint that is a number": ({"token_endpoint": 7}, "is no https address"),
    "an endless address": ({"token_endpoint": "https://idp.example/" + "a" * 3000}, "is no https address"),
    "the implicit flow alone": ({"response_types_supported": ["id_token"]}, "does not offer code"),
    "no response types": ({"response_types_supported": None}, "does not offer code"),
    "response types as a text": ({"response_types_supported": "code"}, "is not a list"),
    "no S256": ({"code_challenge_methods_supported": ["plain"]}, "does not offer S256"),
    "forms alone": ({"response_modes_supported": ["form_post"]}, "does not offer query"),
    "no codes": ({"grant_types_supported": ["implicit"]}, "does not offer authorization_code"),
    "HMAC alone": ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "offers none of RS256"),
    "certificates alone": (
        {"token_endpoint_auth_methods_supported": ["tls_client_auth"]},
        "offers none of client_secret",
    ),
}


def test_a_document_is_kept_as_far_as_we_use_it(idp: Provider) -> None:
    """oidcc-client-test-discovery-openid-config."""
    idp.metadata = {"x_of_their_own": "y" * 1000, "registration_endpoint": "http://anywhere"}
    found = discovery.fetch(idp.issuer, idp)
    assert found["token_endpoint"] == "https://idp.example/token"
    assert {"x_of_their_own", "registration_endpoint"}.isdisjoint(found)
    assert discovery.check(idp.issuer, found) == found, "what is kept is found right again"


@pytest.mark.parametrize("wrong", WRONG)
def test_a_document_of_no_use_is_said_to_be(idp: Provider, wrong: str) -> None:
    assert discovery.fetch(idp.issuer, idp)
    members, sentence = WRONG[wrong]
    document = {name: value for name, value in {**idp.discovery(), **members}.items() if value is not None}
    idp.answers[WELL_KNOWN] = json_answer(document)
    with pytest.raises(Unusable) as caught:
        discovery.fetch(idp.issuer, idp)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_a_document_leaves_out_is_the_default(idp: Provider) -> None:
    idp.metadata = dict.fromkeys(
        (
            "code_challenge_methods_supported",
            "id_token_signing_alg_values_supported",
            "token_endpoint_auth_methods_supported",
            "userinfo_endpoint",
            "end_session_endpoint",
        )
    )
    assert discovery.fetch(idp.issuer, idp)["issuer"] == idp.issuer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>Sign in</title>",
        b"[]",
        b'"https://idp.example"',
        b"{",
        b'{"issuer":"https://idp.example","issuer":"https://evil.example"}',
        b'{"a":' + b"[" * 100_000,
        b'{"a":' + b"[" * 50 + b"]" * 50 + b"}",
        b"\xff\xfe{\x00}\x00",
        as_json({"issuer": "https://idp.example"})[:-1] + b',"n":' + b"9" * 10_000 + b"}",
    ],
)
def test_a_malformed_document(idp: Provider, body: bytes) -> None:
    idp.answers[WELL_KNOWN] = HttpResponse(200, {}, body)
    with pytest.raises(Unusable, match="is no JSON document: paste the issuer"):
        discovery.fetch(idp.issuer, idp)


def test_a_huge_document_is_not_read(idp: Provider) -> None:
    idp.answers[WELL_KNOWN] = json_answer({**idp.discovery(), "more": "x" * 300_000})
    with pytest.raises(Unusable, match="larger than 128 KB"):
        discovery.fetch(idp.issuer, idp)


def test_a_document_that_is_not_there(idp: Provider) -> None:
    idp.answers[WELL_KNOWN] = json_answer({}, 404)
    with pytest.raises(Unusable, match="answered 404"):
        discovery.fetch(idp.issuer, idp)
    idp.answers[WELL_KNOWN] = Unreachable("It took too long.")
    with pytest.raises(Unreachable, match="too long"):
        discovery.fetch(idp.issuer, idp)


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "idp.example",
        "http://idp.example",
        "ftp://idp.example",
        "https://",
        "https://idp.example?x=1",
        "https://idp.example#x",
        "https://ada@idp.example",
        "https://[::1",
        "https://idp.example:port",
        "https://idp.example/\n",
        "https://ídp.example",
    ],
)
def test_an_issuer_that_is_none_is_not_asked(idp: Provider, issuer: str) -> None:
    with pytest.raises(Unusable, match="paste its https address"):
        discovery.fetch(issuer, idp)
    assert idp.asked == []


@pytest.mark.parametrize("issuer", ["http://localhost:9000", "http://127.0.0.1:9000/realms/x", "http://keycloak:8080"])
def test_a_provider_on_ones_own_machine_may_do_without_https(issuer: str) -> None:
    """Whether it can be reached is the client's to say, which refuses private addresses unless they are allowed."""
    idp = Provider(issuer=issuer)
    assert discovery.fetch(issuer, idp)["token_endpoint"] == f"{issuer}/token"
    idp.metadata = {"token_endpoint": "http://idp.example/token"}
    with pytest.raises(Unusable, match="no https address"):
        discovery.fetch(issuer, idp)


def test_an_issuer_with_a_path_and_a_slash() -> None:
    idp = Provider(issuer="https://acme.auth.example/")
    assert discovery.fetch("https://acme.auth.example/", idp)["issuer"] == "https://acme.auth.example/"
    assert idp.asked == [("GET", "https://acme.auth.example/.well-known/openid-configuration")]


def test_what_a_refresh_has_changed(idp: Provider) -> None:
    before = discovery.fetch(idp.issuer, idp)
    assert discovery.changes(before, discovery.fetch(idp.issuer, idp)) == ()
    idp.metadata = {"token_endpoint": "https://idp.example/token2", "userinfo_endpoint": None}
    assert discovery.changes(before, discovery.fetch(idp.issuer, idp)) == ("token_endpoint", "userinfo_endpoint")
