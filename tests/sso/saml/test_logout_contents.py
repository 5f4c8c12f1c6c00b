"""What the provider signed is believed if it is for us, for now and for this: each attack beside its honest twin."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from lxml import etree
from lxml.etree import _Element as Element
from xmlsec import constants

from sso.connection import SamlConnection
from sso.errors import Reason, Refused
from sso.identity import LoginAttempt
from sso.saml import logout
from sso.saml.bindings import Binding
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp
from tests.idp.saml_logout import Posted, by_post, by_redirect, deflate, logout_request, logout_response
from tests.idp.saml_xml import SAML, SAMLP, encrypt, saml

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
IDP = SamlIdp()
US = IDP.connection()
FOREIGN = make_keys("somebody else")
ATTEMPT = LoginAttempt(key="relay", started_at=NOW, request_id="_begun")


def ask(posted: Posted, connection: SamlConnection = US) -> logout.LogoutAsked:
    binding = Binding.REDIRECT if posted.query else Binding.POST
    return logout.read_request(connection, posted.fields, posted.query.encode(), NOW, binding)


def hear(posted: Posted, attempt: LoginAttempt | None = ATTEMPT) -> logout.LogoutDone:
    binding = Binding.REDIRECT if posted.query else Binding.POST
    return logout.read_response(US, posted.fields, posted.query.encode(), attempt, NOW, binding)


def refused(read: Callable[[], object]) -> Reason:
    with pytest.raises(Refused) as caught:
        read()
    return caught.value.reason


def request(**changes: Any) -> Element:
    return logout_request(IDP, US, NOW, **changes)


def written(message: Element) -> str:
    return quote(deflate(etree.tostring(message)), safe="")


CONTENTS: dict[str, tuple[dict[str, Any], Reason]] = {
    "from another provider": ({"issuer": "https://evil.example"}, Reason.WRONG_ISSUER),
    "from a provider by a longer name": ({"issuer": f"{IDP.entity_id}/"}, Reason.WRONG_ISSUER),
    "from nobody": ({"issuer": None}, Reason.WRONG_ISSUER),
    "to another connection": ({"Destination": US.slo_url.replace("4f1c2e", "aaaaaa")}, Reason.WRONG_DESTINATION),
    "to where assertions go": ({"Destination": US.acs_url}, Reason.WRONG_DESTINATION),
    "to an address that begins alike": ({"Destination": f"{US.slo_url}/x"}, Reason.WRONG_DESTINATION),
    "to a part of it": ({"Destination": US.slo_url[:-1]}, Reason.WRONG_DESTINATION),
    "to nowhere": ({"Destination": None}, Reason.WRONG_DESTINATION),
    "too old": ({"IssueInstant": "2026-05-04T11:54:00Z", "NotOnOrAfter": None}, Reason.EXPIRED),
    "too early": ({"IssueInstant": "2026-05-04T12:01:01Z"}, Reason.NOT_YET_VALID),
    "of no time": ({"IssueInstant": None}, Reason.NO_TIMES),
    "of a time that is none": ({"IssueInstant": "now"}, Reason.MALFORMED),
    "expired": ({"NotOnOrAfter": "2026-05-04T11:59:00Z"}, Reason.EXPIRED),
    "until a time that is none": ({"NotOnOrAfter": "never"}, Reason.MALFORMED),
    "without an ID": ({"ID": None}, Reason.MALFORMED),
    "of another version": ({"Version": "1.1"}, Reason.MALFORMED),
    "a request to sign in": ({"tag": "AuthnRequest"}, Reason.MALFORMED),
    "an answer": ({"tag": "LogoutResponse"}, Reason.MALFORMED),
    "about nobody": ({"name_id": []}, Reason.NO_SUBJECT),
    "about two": ({"name_id": [saml("NameID", "gina"), saml("NameID", "owner")]}, Reason.NO_SUBJECT),
    "about somebody in another way": ({"name_id": [saml("BaseID")]}, Reason.NO_SUBJECT),
    "about a name and another way": ({"name_id": [saml("NameID", "gina"), saml("BaseID")]}, Reason.NO_SUBJECT),
    "about an empty name": ({"name_id": [saml("NameID", " ")]}, Reason.NO_SUBJECT),
    "about a name without an end": ({"name_id": [saml("NameID", "x" * 1025)]}, Reason.NO_SUBJECT),
    "about a name that is not encrypted at all": ({"name_id": [saml("EncryptedID")]}, Reason.NOT_DECRYPTED),
}


@pytest.mark.parametrize(("changes", "reason"), CONTENTS.values(), ids=CONTENTS.keys())
def test_a_logout_that_says_something_wrong_is_refused_although_it_is_signed(
    changes: dict[str, Any], reason: Reason
) -> None:
    assert ask(by_redirect(request(), IDP.keys)).name_id == "gina@acme.example"
    assert refused(lambda: ask(by_redirect(request(**changes), IDP.keys))) is reason
    if "ID" not in changes:
        assert refused(lambda: ask(by_post(request(**changes), IDP.keys))) is reason


def encrypted(certificate: str, **how: Any) -> Element:
    message = request()
    encrypt(message[1], certificate, **how).tag = f"{{{SAML}}}EncryptedID"
    return message


def test_a_name_that_is_encrypted_for_others_or_weakly_is_refused() -> None:
    ours = US.keys[0].certificate
    assert ask(by_redirect(encrypted(ours), IDP.keys)).name_id == "gina@acme.example"
    assert refused(lambda: ask(by_redirect(encrypted(FOREIGN.certificate), IDP.keys))) is Reason.NOT_DECRYPTED
    weak = by_redirect(encrypted(ours, algorithm=constants.TransformAes128Cbc), IDP.keys)
    assert refused(lambda: ask(weak)) is Reason.WEAK_ENCRYPTION
    assert ask(weak, replace(US, allow_weak_encryption=True)).name_id == "gina@acme.example"


def test_what_is_encrypted_is_not_tried_before_the_provider_signed_it() -> None:
    ours = encrypted(US.keys[0].certificate)
    assert refused(lambda: ask(by_redirect(ours, FOREIGN))) is Reason.WRONG_SIGNATURE
    assert refused(lambda: ask(by_post(ours, None))) is Reason.NO_SIGNATURE


def test_what_is_encrypted_for_us_is_a_name_and_nothing_else() -> None:
    message = request(name_id=[saml("Assertion", saml("NameID", "gina"))])
    encrypt(message[1], US.keys[0].certificate).tag = f"{{{SAML}}}EncryptedID"
    assert refused(lambda: ask(by_redirect(message, IDP.keys))) is Reason.SIGNATURE_SHAPE


def test_the_same_logout_twice_has_one_name_by_which_it_is_known() -> None:
    first, again = ask(by_redirect(request(), IDP.keys)), ask(by_post(request(), IDP.keys))
    assert first.request_id == again.request_id
    assert first.expires_at > NOW + logout.FRESH_FOR


def test_another_organization_with_the_same_provider_is_signed_out_by_its_own_address_alone() -> None:
    other = replace(US, slo_url="https://app.example/sso/saml/bbbbbb/slo")
    message = by_redirect(request(), IDP.keys)
    assert ask(message)
    assert refused(lambda: ask(message, other)) is Reason.WRONG_DESTINATION


def response(**changes: Any) -> Element:
    return logout_response(IDP, US, NOW, changes.pop("in_response_to", "_begun"), **changes)


ANSWERS: dict[str, tuple[Callable[[], Posted], Reason]] = {
    "without a signature": (lambda: by_post(response(), None, name="SAMLResponse"), Reason.NO_SIGNATURE),
    "by redirect without a signature": (
        lambda: Posted({}, f"SAMLResponse={written(response())}&RelayState=relay"),
        Reason.NO_SIGNATURE,
    ),
    "by somebody else": (lambda: answered(response(), FOREIGN), Reason.WRONG_SIGNATURE),
    "with SHA-1": (
        lambda: by_post(response(), IDP.keys, name="SAMLResponse", algorithm=constants.TransformRsaSha1),
        Reason.WEAK_ALGORITHM,
    ),
    "to another question": (lambda: answered(response(in_response_to="_else")), Reason.WRONG_IN_RESPONSE_TO),
    "to no question": (lambda: answered(response(in_response_to=None)), Reason.WRONG_IN_RESPONSE_TO),
    "from another provider": (lambda: answered(response(issuer="https://evil.example")), Reason.WRONG_ISSUER),
    "to another connection": (lambda: answered(response(Destination=US.acs_url)), Reason.WRONG_DESTINATION),
    "too old": (
        lambda: answered(logout_response(IDP, US, NOW - timedelta(minutes=6), "_begun")),
        Reason.EXPIRED,
    ),
    "a question": (lambda: answered(request()), Reason.MALFORMED),
    "an answer to a sign-in": (lambda: answered(response(tag="Response")), Reason.MALFORMED),
}


def answered(message: Element, keys: Any = IDP.keys) -> Posted:
    return by_redirect(message, keys, name="SAMLResponse")


@pytest.mark.parametrize(("attack", "reason"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_to_our_logout_that_is_not_the_providers_is_refused(
    attack: Callable[[], Posted], reason: Reason
) -> None:
    assert hear(answered(response())).complete
    assert refused(lambda: hear(attack())) is reason


def test_an_answer_to_a_logout_that_nobody_began_is_refused() -> None:
    assert hear(answered(response())).complete
    assert refused(lambda: hear(answered(response()), attempt=None)) is Reason.NO_ATTEMPT


def test_a_refusal_repeats_no_message_and_is_short() -> None:
    message = request(name_id=[saml("NameID", "gina@acme.example"), saml("NameID", "secret@acme.example")])
    with pytest.raises(Refused) as caught:
        ask(by_redirect(message, IDP.keys))
    said = f"{caught.value} {caught.value.expected} {caught.value.came}"
    assert "secret" not in said
    assert SAMLP not in said
