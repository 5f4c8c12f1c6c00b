"""Nobody but the provider signs anybody out: each attack beside the honest message that it is made of."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from lxml import etree
from lxml.etree import _Element as Element
from xmlsec import constants

from sso.connection import SamlConnection
from sso.errors import Reason, Refused
from sso.saml import logout
from sso.saml.bindings import Binding
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp
from tests.idp.saml_logout import Posted, by_hand, by_post, by_redirect, deflate, logout_request
from tests.idp.saml_xml import DS, SAML, saml, samlp, sign

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
IDP = SamlIdp()
US = IDP.connection()
FOREIGN = make_keys("somebody else")
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"


def ask(posted: Posted, connection: SamlConnection = US) -> logout.LogoutAsked:
    binding = Binding.REDIRECT if posted.query else Binding.POST
    return logout.read_request(connection, posted.fields, posted.query.encode(), NOW, binding)


def refused(read: Callable[[], object]) -> Reason:
    with pytest.raises(Refused) as caught:
        read()
    return caught.value.reason


def request(**changes: Any) -> Element:
    return logout_request(IDP, US, NOW, **changes)


def written(message: Element) -> str:
    return quote(deflate(etree.tostring(message)), safe="")


def with_text(posted: Posted, old: str, new: str) -> Posted:
    assert old in posted.query
    return replace(posted, query=posted.query.replace(old, new))


def with_signature(message: Element) -> Element:
    sign(message, IDP.keys)
    return message


def on_top(message: Element) -> Posted:
    """What is signed stands within a request for somebody else, which has the signature's place or has not."""
    sign(message, IDP.keys)
    evil = request(ID="_evil", name_id=[saml("NameID", "owner@acme.example")])
    evil.insert(1, samlp("Extensions", message))
    return by_post(evil, None)


def with_moved_signature(message: Element) -> Posted:
    signature = sign(message, IDP.keys)
    evil = request(ID="_evil", name_id=[saml("NameID", "owner@acme.example")])
    evil.insert(1, signature)
    evil.append(samlp("Extensions", message))
    return by_post(evil, None)


def with_the_same_id(message: Element) -> Posted:
    signature = sign(message, IDP.keys)
    evil = request(name_id=[saml("NameID", "owner@acme.example")])
    evil.insert(1, signature)
    signature.append(etree.SubElement(signature, f"{{{DS}}}Object"))
    signature[-1].append(message)
    return by_post(evil, None)


def with_another_name(message: Element) -> Posted:
    sign(message, IDP.keys)
    name = message.find(f"{{{SAML}}}NameID")
    assert name is not None
    name.text = "owner@acme.example"
    return by_post(message, None)


def posted(xml: bytes) -> Posted:
    return Posted({"SAMLRequest": b64encode(xml).decode()})


def unsigned(message: Element) -> bytes:
    return etree.tostring(message)


SIGNATURES: dict[str, tuple[Callable[[], Posted], Reason]] = {
    "a form without a signature": (lambda: by_post(request(), None), Reason.NO_SIGNATURE),
    "a form by somebody else": (lambda: by_post(request(), FOREIGN), Reason.WRONG_SIGNATURE),
    "a form by ourselves": (lambda: by_post(request(), US.keys[0]), Reason.WRONG_SIGNATURE),
    "a form with SHA-1": (
        lambda: by_post(request(), IDP.keys, algorithm=constants.TransformRsaSha1),
        Reason.WEAK_ALGORITHM,
    ),
    "a form with a digest of SHA-1": (
        lambda: by_post(request(), IDP.keys, digest=constants.TransformSha1),
        Reason.WEAK_ALGORITHM,
    ),
    "a form with HMAC by the public key": (
        lambda: by_post(request(), IDP.keys, algorithm=constants.TransformHmacSha256),
        Reason.WEAK_ALGORITHM,
    ),
    "a form that was changed": (lambda: with_another_name(request()), Reason.WRONG_SIGNATURE),
    "a signed request within another": (lambda: on_top(request()), Reason.SIGNATURE_SHAPE),
    "a signature of another request": (lambda: with_moved_signature(request()), Reason.SIGNATURE_SHAPE),
    "a request by the same ID in the signature": (lambda: with_the_same_id(request()), Reason.DUPLICATE_ID),
    "two signatures": (lambda: by_post(with_signature(request()), IDP.keys), Reason.SIGNATURE_SHAPE),
    "a redirect without a signature": (
        lambda: Posted({}, f"SAMLRequest={written(request())}&RelayState=relay"),
        Reason.NO_SIGNATURE,
    ),
    "a redirect that says only how": (
        lambda: Posted({}, f"SAMLRequest={written(request())}&SigAlg={quote(RSA_SHA256, safe='')}"),
        Reason.NO_SIGNATURE,
    ),
    "a redirect that is signed within": (
        lambda: Posted({}, f"SAMLRequest={written(with_signature(request()))}"),
        Reason.NO_SIGNATURE,
    ),
    "a redirect by somebody else": (lambda: by_redirect(request(), FOREIGN), Reason.WRONG_SIGNATURE),
    "a redirect by ourselves": (lambda: by_redirect(request(), US.keys[0]), Reason.WRONG_SIGNATURE),
    "a redirect with SHA-1": (
        lambda: by_hand(
            [("SAMLRequest", written(request())), ("SigAlg", quote(RSA_SHA1, safe=""))],
            IDP.keys,
            constants.TransformRsaSha1,
        ),
        Reason.WEAK_ALGORITHM,
    ),
    "a redirect that says SHA-256 of a signature with SHA-1": (
        lambda: by_hand(
            [("SAMLRequest", written(request())), ("SigAlg", quote(RSA_SHA256, safe=""))],
            IDP.keys,
            constants.TransformRsaSha1,
        ),
        Reason.WRONG_SIGNATURE,
    ),
    "a redirect without an algorithm": (
        lambda: by_hand([("SAMLRequest", written(request())), ("SigAlg", "")], IDP.keys),
        Reason.WEAK_ALGORITHM,
    ),
    "a redirect for another person": (
        lambda: with_text(
            by_redirect(request(), IDP.keys),
            written(request()),
            written(request(name_id=[saml("NameID", "owner@acme.example")])),
        ),
        Reason.WRONG_SIGNATURE,
    ),
    "another RelayState": (
        lambda: with_text(by_redirect(request(), IDP.keys, relay_state="a"), "RelayState=a", "RelayState=b"),
        Reason.WRONG_SIGNATURE,
    ),
    "no RelayState any more": (
        lambda: with_text(by_redirect(request(), IDP.keys, relay_state="a"), "&RelayState=a", ""),
        Reason.WRONG_SIGNATURE,
    ),
    "a RelayState that was not there": (
        lambda: with_text(by_redirect(request(), IDP.keys), "&SigAlg", "&RelayState=a&SigAlg"),
        Reason.WRONG_SIGNATURE,
    ),
    "the same escapes in other letters": (
        lambda: with_text(by_redirect(request(), IDP.keys), "%3A%2F%2F", "%3a%2f%2f"),
        Reason.WRONG_SIGNATURE,
    ),
    "half a signature": (
        lambda: Posted({}, by_redirect(request(), IDP.keys).query[:-200]),
        Reason.WRONG_SIGNATURE,
    ),
    "an empty signature": (
        lambda: Posted({}, by_redirect(request(), IDP.keys).query.partition("&Signature=")[0] + "&Signature="),
        Reason.WRONG_SIGNATURE,
    ),
}


@pytest.mark.parametrize(("attack", "reason"), SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_logout_that_the_provider_did_not_sign_is_refused(attack: Callable[[], Posted], reason: Reason) -> None:
    assert ask(by_post(request(), IDP.keys)).name_id == ask(by_redirect(request(), IDP.keys)).name_id
    assert refused(lambda: ask(attack())) is reason


SHAPES: dict[str, tuple[Callable[[], Posted], Reason]] = {
    "nothing in a form": (lambda: Posted({}), Reason.MALFORMED),
    "an empty form": (lambda: Posted({"SAMLRequest": ""}), Reason.MALFORMED),
    "an answer for a question": (
        lambda: by_post(request(), IDP.keys, name="SAMLResponse"),
        Reason.MALFORMED,
    ),
    "an answer for a question, by redirect": (
        lambda: by_redirect(request(), IDP.keys, name="SAMLResponse"),
        Reason.MALFORMED,
    ),
    "a query without a message": (lambda: Posted({}, "RelayState=a&SigAlg=b&Signature=c"), Reason.MALFORMED),
    "a question twice": (
        lambda: Posted({}, by_redirect(request(), IDP.keys).query + f"&SAMLRequest={written(request(ID='_evil'))}"),
        Reason.MALFORMED,
    ),
    "a question and an answer": (
        lambda: Posted({}, by_redirect(request(), IDP.keys).query + f"&SAMLResponse={written(request())}"),
        Reason.MALFORMED,
    ),
    "a signature twice": (
        lambda: Posted({}, by_redirect(request(), IDP.keys).query + "&Signature=x"),
        Reason.MALFORMED,
    ),
    "letters of no query": (
        lambda: Posted({}, by_redirect(request(), IDP.keys).query + "&ä=ö"),
        Reason.MALFORMED,
    ),
    "a long query": (
        lambda: Posted({}, by_redirect(request(), IDP.keys).query + "&a=" + "b" * 600_000),
        Reason.TOO_LARGE,
    ),
    "no Base64": (lambda: Posted({"SAMLRequest": "<LogoutRequest/>"}), Reason.MALFORMED),
    "no DEFLATE": (
        lambda: signed_query(quote(b64encode(unsigned(request())).decode(), safe="")),
        Reason.MALFORMED,
    ),
    "half of it": (
        lambda: signed_query(quote(b64encode(b"\x4b\x4c").decode(), safe="")),
        Reason.MALFORMED,
    ),
    "a bomb": (lambda: signed_query(quote(deflate(b" " * 50_000_000), safe="")), Reason.TOO_LARGE),
    "a bomb that nobody signed": (
        lambda: Posted({}, f"SAMLRequest={quote(deflate(b' ' * 50_000_000), safe='')}"),
        Reason.NO_SIGNATURE,
    ),
    "much in a form": (lambda: posted(b" " * 300_000), Reason.TOO_LARGE),
    "a document type": (lambda: posted(b"<!DOCTYPE a>" + unsigned(request())), Reason.FORBIDDEN_XML),
    "a document type in UTF-16": (
        lambda: posted(("<!DOCTYPE a>" + unsigned(request()).decode()).encode("utf-16")),
        Reason.FORBIDDEN_XML,
    ),
    "a comment in a name": (
        lambda: signed_query(quote(deflate(unsigned(request()).replace(b"@acme", b"@acme<!---->")), safe="")),
        Reason.FORBIDDEN_XML,
    ),
    "an element in an index": (
        lambda: signed_query(quote(deflate(unsigned(request()).replace(b"_session1", b"_s<a/>1")), safe="")),
        Reason.FORBIDDEN_XML,
    ),
    "50,000 indexes": (lambda: signed_query(written(request(session_indexes=["a"] * 50_000))), Reason.TOO_LARGE),
}


def signed_query(packed: str) -> Posted:
    return by_hand([("SAMLRequest", packed), ("SigAlg", quote(RSA_SHA256, safe=""))], IDP.keys)


@pytest.mark.parametrize(("attack", "reason"), SHAPES.values(), ids=SHAPES.keys())
def test_a_logout_of_another_shape_is_refused(attack: Callable[[], Posted], reason: Reason) -> None:
    assert ask(signed_query(written(request())))
    assert refused(lambda: ask(attack())) is reason


def test_a_parameter_by_an_escaped_name_is_not_what_is_signed() -> None:
    evil = written(request(name_id=[saml("NameID", "owner@acme.example")]))
    query = by_redirect(request(), IDP.keys).query
    assert ask(Posted({}, f"SAMLRequ%65st={evil}&{query}")).name_id == "gina@acme.example"
    assert ask(Posted({}, f"{query}&SAMLRequ%65st={evil}")).name_id == "gina@acme.example"
