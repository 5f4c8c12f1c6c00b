"""Responses shaped as the big providers write them: their prefixes, their order, their habits."""

from string import Template

import pytest
from lxml import etree

from sso.errors import Reason, Refused
from sso.saml import gate
from tests.idp.saml import encode
from tests.idp.saml_answers import Attribute
from tests.idp.saml_xml import sign
from tests.sso.saml.attacks.stage import Stage

ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
ENTRA = Template(
    """<samlp:Response ID="_r1" Version="2.0" IssueInstant="2031-05-06T07:08:09.1234567Z" Destination="$acs" \
InResponseTo="$request" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><Issuer \
xmlns="urn:oasis:names:tc:SAML:2.0:assertion">$issuer</Issuer><samlp:Status><samlp:StatusCode \
Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><Assertion ID="_a1" \
IssueInstant="2031-05-06T07:08:09.123Z" Version="2.0" xmlns="urn:oasis:names:tc:SAML:2.0:assertion">\
<Issuer>$issuer</Issuer><Subject><NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">$name</NameID>\
<SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><SubjectConfirmationData InResponseTo="$request" \
NotOnOrAfter="2031-05-06T08:08:09.076Z" Recipient="$acs"/></SubjectConfirmation></Subject><Conditions \
NotBefore="2031-05-06T07:03:09.076Z" NotOnOrAfter="2031-05-06T08:08:09.076Z"><AudienceRestriction><Audience>$audience\
</Audience></AudienceRestriction></Conditions><AttributeStatement><Attribute \
Name="http://schemas.microsoft.com/identity/claims/tenantid"><AttributeValue>9c2d</AttributeValue></Attribute>\
<Attribute Name="http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"><AttributeValue>g1</AttributeValue>\
<AttributeValue>g2</AttributeValue></Attribute></AttributeStatement><AuthnStatement \
AuthnInstant="2031-05-06T07:01:00.000Z" SessionIndex="_a1"><AuthnContext><AuthnContextClassRef>\
urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion>\
</samlp:Response>"""
)
OKTA = Template(
    """<?xml version="1.0" encoding="UTF-8"?><saml2p:Response Destination="$acs" ID="id1" InResponseTo="$request" \
IssueInstant="2031-05-06T07:08:09.123Z" Version="2.0" xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" \
xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">$issuer</saml2:Issuer><saml2p:Status><saml2p:StatusCode \
Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status><saml2:Assertion ID="id2" \
IssueInstant="2031-05-06T07:08:09.123Z" Version="2.0" xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" \
xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Issuer \
Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">$issuer</saml2:Issuer><saml2:Subject><saml2:NameID \
Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">$name</saml2:NameID><saml2:SubjectConfirmation \
Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData InResponseTo="$request" \
NotOnOrAfter="2031-05-06T07:13:09.123Z" Recipient="$acs"/></saml2:SubjectConfirmation></saml2:Subject>\
<saml2:Conditions NotBefore="2031-05-06T07:03:09.123Z" NotOnOrAfter="2031-05-06T07:13:09.123Z">\
<saml2:AudienceRestriction><saml2:Audience>$audience</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>\
<saml2:AuthnStatement AuthnInstant="2031-05-06T07:01:00.000Z" SessionIndex="id3"><saml2:AuthnContext>\
<saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\
</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement><saml2:Attribute \
Name="groups" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"><saml2:AttributeValue \
xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:type="xs:string">g1</saml2:AttributeValue><saml2:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">g2</saml2:AttributeValue></saml2:Attribute>\
</saml2:AttributeStatement></saml2:Assertion></saml2p:Response>"""
)
ADFS = Template(
    ENTRA.template.replace(
        '<Attribute Name="http://schemas.microsoft.com/ws/2008/06/identity/claims/groups">',
        '<Attribute Name="http://schemas.microsoft.com/ws/2008/06/identity/claims/groups" '
        'a:OriginalIssuer="http://fs.acme.example/adfs/services/trust" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2009/09/identity/claims">',
    )
)
GOOGLE = Template(OKTA.template.replace("><saml2", ">\n  <saml2").replace("</saml2:Subject>", "\n  </saml2:Subject>\n"))
SHAPES = {"Entra": ENTRA, "Okta": OKTA, "ADFS": ADFS, "Google, indented": GOOGLE}


@pytest.mark.parametrize("signed", [("assertion",), ("assertion", "response")], ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_response_of_a_big_provider_is_let_in(stage: Stage, shape: str, signed: tuple[str, ...]) -> None:
    identity = stage.finish(_posted(stage, SHAPES[shape], signed))

    assert identity.email == identity.subject == "gina@acme.example"
    assert ("g1", "g2") in identity.claims.values()
    assert identity.session_index in ("_a1", "id3")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_with_another_name_is_not(stage: Stage, shape: str) -> None:
    posted = _posted(stage, SHAPES[shape], ("assertion",), afterwards="admin@acme.example")

    with pytest.raises(Refused) as refused:
        stage.finish(posted)

    assert refused.value.reason is Reason.WRONG_SIGNATURE


def test_keycloak_sends_an_attribute_for_each_role(stage: Stage) -> None:
    roles = tuple(Attribute("Role", (f"role {n}",)) for n in range(400))

    identity = stage.finish(stage.posted(attributes=roles, signed=("assertion", "response")))

    assert len(identity.claims["Role"]) == 400


def test_keycloak_signs_only_the_response_until_it_is_told_to_sign_assertions(stage: Stage) -> None:
    with pytest.raises(Refused) as refused:
        stage.finish(stage.posted(signed=("response",)))

    assert (refused.value.reason, refused.value.came) == (Reason.NO_SIGNATURE, "only a signed Response")


def test_somebody_may_be_in_a_thousand_groups(stage: Stage) -> None:
    groups = tuple(f"group {n}" for n in range(1_000))

    assert stage.finish(stage.posted(attributes=(Attribute("groups", groups),))).claims["groups"] == groups


def _posted(stage: Stage, shape: Template, signed: tuple[str, ...], afterwards: str | None = None) -> str:
    attempt, connection = stage.attempt, stage.connection
    assert attempt is not None
    text = shape.substitute(
        acs=connection.acs_url,
        request=attempt.request_id,
        issuer=stage.idp.entity_id,
        audience=connection.sp_entity_id,
        name="gina@acme.example",
    )
    response = gate.parse(text.encode())
    assertion = response.find(ASSERTION)
    assert assertion is not None
    sign(assertion, stage.idp.keys)
    if "response" in signed:
        sign(response, stage.idp.keys)
    written = etree.tostring(response)
    if afterwards is not None:
        written = written.replace(b"gina@acme.example", afterwards.encode())
    return encode(written)
