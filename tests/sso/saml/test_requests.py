"""What we ask an identity provider: so that it understands, and so that it can be sure that it is us."""

from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

import pytest
import xmlsec
from lxml import etree
from xmlsec import constants

from sso.connection import SamlConnection
from sso.errors import Unusable
from sso.identity import PostForm, Redirect
from sso.saml.login import begin
from tests.idp.saml import SamlIdp
from tests.idp.saml_answers import PERSISTENT
from tests.idp.saml_xml import DS, SAML, SAMLP
from tests.sso.saml.attacks.stage import NOW


def redirect(connection: SamlConnection, *, key: str = "k1", fresh: bool = False, email: str | None = None) -> str:
    send = begin(connection, NOW, key=key, fresh=fresh, email=email).send
    assert isinstance(send, Redirect)
    return send.url


def verify_by_xmlsec(query: str, connection: SamlConnection) -> None:
    """Raises xmlsec.Error."""
    signed, _, _ = query.partition("&Signature=")
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(connection.keys[0].certificate, constants.KeyDataFormatCertPem)
    context.verify_binary(signed.encode(), constants.TransformRsaSha256, b64decode(parse_qs(query)["Signature"][0]))


def test_a_redirect_is_signed_as_the_binding_wants_it(connection: SamlConnection) -> None:
    query = urlsplit(redirect(connection, key="a&b=c/d+é")).query

    verify_by_xmlsec(query, connection)
    assert [part.partition("=")[0] for part in query.split("&")] == ["SAMLRequest", "RelayState", "SigAlg", "Signature"]
    assert parse_qs(query)["RelayState"] == ["a&b=c/d+é"]
    with pytest.raises(xmlsec.Error):
        verify_by_xmlsec(query.replace("RelayState=a", "RelayState=b"), connection)


def test_a_redirect_is_unsigned_where_the_provider_wants_that(idp: SamlIdp) -> None:
    url = redirect(idp.connection(sign_requests=False))

    assert "Signature" not in url
    assert idp.read_request(url).relay_state == "k1"


def test_a_request_says_who_asks_and_where_the_answer_goes(idp: SamlIdp, connection: SamlConnection) -> None:
    begun = begin(connection, NOW, key="k1")

    asked = idp.read_request(begun.send)

    assert (asked.request_id, asked.acs_url, asked.sp_entity_id) == (
        begun.attempt.request_id,
        connection.acs_url,
        connection.sp_entity_id,
    )
    assert asked.xml.get("Destination") == idp.sso_url
    assert asked.xml.get("IssueInstant") == "2031-05-06T07:08:09Z"
    assert asked.xml.get("ProtocolBinding") == "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
    assert not asked.force_authn
    # Entra refuses a request with a Subject; and an exact context refuses whoever signs in by something better.
    assert [etree.QName(child).localname for child in asked.xml] == ["Issuer"]


def test_whoever_must_authenticate_anew_is_asked_to(idp: SamlIdp, connection: SamlConnection) -> None:
    begun = begin(connection, NOW, key="k1", fresh=True)

    assert idp.read_request(begun.send).force_authn
    assert begun.attempt.fresh


def test_a_name_of_a_format_can_be_asked_for(idp: SamlIdp) -> None:
    asked = idp.read_request(redirect(idp.connection(name_id_format=PERSISTENT)))

    policy = asked.xml.find(f"{{{SAMLP}}}NameIDPolicy")
    assert policy is not None
    assert (policy.get("Format"), policy.get("AllowCreate")) == (PERSISTENT, "true")


def test_a_provider_that_takes_only_forms_gets_one_with_a_signature_in_it(idp: SamlIdp) -> None:
    connection = idp.connection(sso_redirect_url=None, sso_post_url="https://idp.example/post")

    send = begin(connection, NOW, key="k1").send

    assert isinstance(send, PostForm)
    assert (send.url, send.fields["RelayState"]) == ("https://idp.example/post", "k1")
    root = idp.read_request(send).xml
    assert root.get("Destination") == send.url
    assert [child.tag for child in root] == [f"{{{SAML}}}Issuer", f"{{{DS}}}Signature"]
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(connection.keys[0].certificate, constants.KeyDataFormatCertPem)
    context.register_id(root, "ID")
    context.verify(root[1])


def test_a_redirect_is_taken_where_there_is_a_choice(idp: SamlIdp) -> None:
    assert redirect(idp.connection(sso_post_url="https://idp.example/post")).startswith(idp.sso_url)


def test_a_connection_without_an_address_is_unusable(idp: SamlIdp) -> None:
    with pytest.raises(Unusable, match="metadata"):
        begin(idp.connection(sso_redirect_url=None), NOW, key="k1")


def test_what_an_admin_wrote_cannot_become_xml_or_another_parameter(idp: SamlIdp) -> None:
    odd = 'https://x.example/?a="b"&c=<d>\'é'
    connection = idp.connection(sp_entity_id=odd, acs_url=odd, sso_redirect_url="https://idp.example/sso?tenant=a%26b")

    url = redirect(connection, email="a&SAMLRequest=b@acme.example")

    asked = idp.read_request(url)
    assert (asked.sp_entity_id, asked.acs_url) == (odd, odd)
    fields = parse_qs(urlsplit(url).query)
    assert fields["tenant"] == ["a&b"]
    assert fields["login_hint"] == ["a&SAMLRequest=b@acme.example"]
    assert len(fields["SAMLRequest"]) == 1


def test_no_two_requests_have_one_id(connection: SamlConnection) -> None:
    ids = {begin(connection, NOW, key="k1").attempt.request_id for _ in range(50)}

    assert len(ids) == 50
    assert all(name is not None and len(name) == 41 and name.startswith("_") for name in ids)
