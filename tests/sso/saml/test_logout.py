"""Single logout with other implementations: pysaml2 and python-xmlsec read what we send, and sign what we read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import onelogin.saml2  # type: ignore[import-untyped]
import pytest
from lxml import etree
from xmlsec import constants

from sso.connection import SamlConnection
from sso.identity import PostForm, Redirect
from sso.saml import logout
from sso.saml.bindings import Binding
from sso.saml.logout import LogoutAsked, LogoutDone, Outcome, SamlSession
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp
from tests.idp.saml_logout import (
    Posted,
    by_hand,
    by_post,
    by_redirect,
    deflate,
    logout_request,
    logout_response,
    read,
    text_of,
)
from tests.idp.saml_xml import SAML, encrypt

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
IDP = SamlIdp()
POST_URL = "https://idp.example/saml/slo/post"
CONNECTION = IDP.connection(slo_post_url=POST_URL)
POST_ONLY = replace(CONNECTION, slo_redirect_url=None)
NO_LOGOUT = replace(POST_ONLY, slo_post_url=None)
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
SESSION = SamlSession("gina@acme.example", PERSISTENT, "https://idp.example", "https://app.example", "_session1")
SCHEMA = etree.XMLSchema(etree.parse(Path(onelogin.saml2.__file__).parent / "schemas" / "saml-schema-protocol-2.0.xsd"))
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
both_bindings = pytest.mark.parametrize("binding", list(Binding))


def send(message: Any, binding: Binding, **how: Any) -> Posted:
    if binding is Binding.REDIRECT:
        return by_redirect(message, how.pop("keys", IDP.keys), relay_state="relay", **how)
    return by_post(message, how.pop("keys", IDP.keys), **how)


def ask(posted: Posted, binding: Binding, connection: SamlConnection = CONNECTION) -> LogoutAsked:
    return logout.read_request(connection, posted.fields, posted.query.encode(), NOW, binding)


@pytest.mark.parametrize(("connection", "kind"), [(CONNECTION, Redirect), (POST_ONLY, PostForm)])
def test_a_logout_that_we_begin_is_read_and_verified_by_others(connection: SamlConnection, kind: type) -> None:
    begun = logout.begin(connection, SESSION, NOW, key="relay")
    assert begun is not None
    assert isinstance(begun.send, kind)
    url, request, relay_state = read(begun.send, CONNECTION.keys[0])
    assert url == request.get("Destination") == (IDP.slo_url if kind is Redirect else POST_URL)
    assert relay_state == begun.attempt.key == "relay"
    assert request.get("ID") == begun.attempt.request_id
    assert text_of(request, "Issuer") == CONNECTION.sp_entity_id
    assert text_of(request, "SessionIndex") == "_session1"
    name_id = request.find(f"{{{SAML}}}NameID")
    assert name_id is not None
    assert (name_id.text, dict(name_id.attrib.items())) == (
        "gina@acme.example",
        {"Format": PERSISTENT, "NameQualifier": "https://idp.example", "SPNameQualifier": "https://app.example"},
    )
    SCHEMA.assertValid(request)


def test_a_session_that_has_no_index_and_no_format_is_ended_too() -> None:
    begun = logout.begin(CONNECTION, SamlSession("gina"), NOW, key="relay")
    assert begun is not None
    _, request, _ = read(begun.send, CONNECTION.keys[0])
    assert (text_of(request, "NameID"), text_of(request, "SessionIndex")) == ("gina", None)
    SCHEMA.assertValid(request)


def test_a_provider_without_logout_is_sent_nothing() -> None:
    assert logout.begin(NO_LOGOUT, SESSION, NOW, key="relay") is None


def test_a_logout_is_signed_also_where_requests_to_sign_in_are_not() -> None:
    begun = logout.begin(replace(CONNECTION, sign_requests=False), SESSION, NOW, key="relay")
    assert begun is not None
    assert read(begun.send, CONNECTION.keys[0])


def test_an_address_that_has_a_query_keeps_it() -> None:
    connection = replace(CONNECTION, slo_redirect_url="https://idp.example/slo?tenant=1")
    begun = logout.begin(connection, SESSION, NOW, key="relay")
    assert begun is not None
    assert isinstance(begun.send, Redirect)
    assert begun.send.url.startswith("https://idp.example/slo?tenant=1&SAMLRequest=")


def test_texts_of_a_session_are_texts_in_what_we_send() -> None:
    hostile = '"/><x a="&]]>'
    begun = logout.begin(POST_ONLY, SamlSession(hostile, session_index=hostile), NOW, key=hostile)
    assert begun is not None
    _, request, relay_state = read(begun.send, CONNECTION.keys[0])
    assert (text_of(request, "NameID"), text_of(request, "SessionIndex"), relay_state) == (hostile,) * 3


@both_bindings
def test_a_logout_that_the_provider_asks_for_says_whose_sessions(binding: Binding) -> None:
    asked = ask(send(logout_request(IDP, CONNECTION, NOW, session_indexes=["_1", "_2"]), binding), binding)
    assert asked == LogoutAsked(
        request_id="_lq1",
        expires_at=NOW + timedelta(minutes=6),
        name_id="gina@acme.example",
        name_id_format=PERSISTENT,
        name_qualifier=None,
        sp_name_qualifier=None,
        session_indexes=("_1", "_2"),
        binding=binding,
        relay_state="relay",
    )


@both_bindings
def test_a_logout_without_an_index_is_of_all_sessions(binding: Binding) -> None:
    assert ask(send(logout_request(IDP, CONNECTION, NOW, session_indexes=[]), binding), binding).session_indexes == ()


@both_bindings
def test_while_a_provider_rotates_either_of_its_keys_signs(binding: Binding) -> None:
    new = make_keys("idp, the next")
    connection = replace(CONNECTION, certificates=(*CONNECTION.certificates, new.certificate))
    for keys in (IDP.keys, new):
        assert ask(send(logout_request(IDP, CONNECTION, NOW), binding, keys=keys), binding, connection)


@both_bindings
def test_a_provider_may_sign_with_an_elliptic_curve(binding: Binding) -> None:
    keys = make_keys("idp with a curve", kind="ec")
    connection = replace(CONNECTION, certificates=(keys.certificate,))
    message = logout_request(IDP, CONNECTION, NOW)
    if binding is Binding.POST:
        posted = by_post(message, keys, algorithm=constants.TransformEcdsaSha256)
    else:
        parameters = [
            ("SAMLRequest", quote(deflate(etree.tostring(message)), safe="")),
            ("SigAlg", quote(ECDSA_SHA256)),
        ]
        posted = by_hand(parameters, keys, constants.TransformEcdsaSha256)
    assert ask(posted, binding, connection)


def test_a_redirect_is_verified_over_the_octets_that_came() -> None:
    # AD FS and Entra escape in small letters, where we would in large ones.
    message = quote(deflate(etree.tostring(logout_request(IDP, CONNECTION, NOW))), safe="")
    small = [("SAMLRequest", message.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"))]
    algorithm = ("SigAlg", "http%3a%2f%2fwww.w3.org%2f2001%2f04%2fxmldsig-more%23rsa-sha256")
    assert ask(by_hand([*small, ("RelayState", "a%20b"), algorithm], IDP.keys), Binding.REDIRECT).relay_state == "a b"
    assert ask(by_hand([*small, ("RelayState", ""), algorithm], IDP.keys), Binding.REDIRECT).relay_state == ""
    assert ask(by_hand([*small, algorithm], IDP.keys), Binding.REDIRECT).relay_state is None


def test_what_else_is_in_a_query_and_in_which_order_is_no_matter() -> None:
    query = send(logout_request(IDP, CONNECTION, NOW), Binding.REDIRECT).query
    turned = "&".join([*reversed(query.split("&")), "client-request-id=7"])
    assert ask(Posted({}, turned), Binding.REDIRECT) == ask(Posted({}, query), Binding.REDIRECT)


@pytest.mark.parametrize(
    "late", [timedelta(seconds=-59), timedelta(), timedelta(minutes=5), timedelta(minutes=5, seconds=59)]
)
def test_a_logout_is_accepted_for_five_minutes_and_a_skew(late: timedelta) -> None:
    message = logout_request(IDP, CONNECTION, NOW - late, NotOnOrAfter=None)
    asked = ask(send(message, Binding.REDIRECT), Binding.REDIRECT)
    assert asked.expires_at == NOW - late + timedelta(minutes=6) > NOW


@both_bindings
def test_a_name_that_is_encrypted_for_us_is_read(binding: Binding) -> None:
    message = logout_request(IDP, CONNECTION, NOW)
    plain = message[1]
    assert plain.tag == f"{{{SAML}}}NameID"
    encrypted = encrypt(plain, CONNECTION.keys[0].certificate)
    encrypted.tag = f"{{{SAML}}}EncryptedID"
    assert ask(send(message, binding), binding).name_id == "gina@acme.example"


@pytest.mark.parametrize("outcome", list(Outcome))
@both_bindings
def test_our_answer_goes_back_as_the_question_came_and_others_read_it(binding: Binding, outcome: Outcome) -> None:
    asked = ask(send(logout_request(IDP, CONNECTION, NOW), binding), binding)
    url, response, relay_state = read(logout.answer(CONNECTION, asked, NOW, outcome=outcome), CONNECTION.keys[0])
    assert url == response.get("Destination") == (IDP.slo_url if binding is Binding.REDIRECT else POST_URL)
    assert (response.get("InResponseTo"), relay_state) == ("_lq1", "relay")
    codes = [it.get("Value") for it in response.iter("{urn:oasis:names:tc:SAML:2.0:protocol}StatusCode")]
    assert codes == [f"{STATUS}Success", *([f"{STATUS}PartialLogout"] if outcome is Outcome.PARTIAL else [])]
    SCHEMA.assertValid(response)


@both_bindings
def test_our_answer_goes_where_the_provider_wants_responses(binding: Binding) -> None:
    connection = replace(
        CONNECTION, slo_redirect_response_url="https://idp.example/r", slo_post_response_url="https://idp.example/p"
    )
    asked = ask(send(logout_request(IDP, CONNECTION, NOW), binding), binding, connection)
    url, response, _ = read(logout.answer(connection, asked, NOW, outcome=Outcome.COMPLETE), CONNECTION.keys[0])
    assert url == response.get("Destination") == f"https://idp.example/{'r' if binding is Binding.REDIRECT else 'p'}"


def test_our_answer_goes_the_way_that_there_is() -> None:
    asked = ask(send(logout_request(IDP, CONNECTION, NOW), Binding.REDIRECT), Binding.REDIRECT)
    assert isinstance(logout.answer(POST_ONLY, asked, NOW, outcome=Outcome.COMPLETE), PostForm)
    assert isinstance(
        logout.answer(IDP.connection(), replace(asked, binding=Binding.POST), NOW, outcome=Outcome.COMPLETE), Redirect
    )
    assert logout.answer(NO_LOGOUT, asked, NOW, outcome=Outcome.COMPLETE) is None


SAID: dict[str, tuple[list[str], LogoutDone]] = {
    "all ended": ([f"{STATUS}Success"], LogoutDone(complete=True, status="Success")),
    "some ended": (
        [f"{STATUS}Success", f"{STATUS}PartialLogout"],
        LogoutDone(complete=False, status="Success: PartialLogout"),
    ),
    "none ended": (
        [f"{STATUS}Responder", f"{STATUS}RequestDenied"],
        LogoutDone(complete=False, status="Responder: RequestDenied"),
    ),
    "nothing said": ([], LogoutDone(complete=False, status="")),
}


@pytest.mark.parametrize(("statuses", "done"), SAID.values(), ids=SAID.keys())
@both_bindings
def test_what_became_of_our_logout_is_read(binding: Binding, statuses: list[str], done: LogoutDone) -> None:
    begun = logout.begin(CONNECTION, SESSION, NOW, key="relay")
    assert begun is not None
    message = logout_response(IDP, CONNECTION, NOW, begun.attempt.request_id, statuses=statuses)
    posted = send(message, binding, name="SAMLResponse")
    assert logout.read_response(CONNECTION, posted.fields, posted.query.encode(), begun.attempt, NOW, binding) == done
