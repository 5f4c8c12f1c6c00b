"""Metadata that is made to harm is refused in a sentence, whatever it hides and wherever it does."""

import pytest

from sso.errors import Unusable
from sso.saml import metadata
from tests.sso.saml import providers
from tests.sso.saml.certificates import a_certificate, bare
from tests.sso.saml.providers import KEYCLOAK, OKTA, POST, REDIRECT, SIMPLESAMLPHP

ENTITY = '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
BILLION = '<!DOCTYPE d [<!ENTITY a "aaaa">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
ROOT = "<md:EntityDescriptor entityID="

HOSTILE: dict[str, tuple[bytes | str, str]] = {
    "a document type": (OKTA.replace("?>", "?><!DOCTYPE d>", 1), "a DTD"),
    "an entity of a file": (OKTA.replace("?>", "?>" + ENTITY, 1).replace("unspecified", "&e;"), "a DTD"),
    "entities of entities": (OKTA.replace("?>", f"?>{BILLION}]>", 1).replace("unspecified", "&i;"), "a DTD"),
    "a document type in UTF-16": (OKTA.replace("?>", "?><!DOCTYPE d>", 1).encode("utf-16"), "a DTD"),
    "a document type in UTF-16 without a mark": (
        OKTA.replace("UTF-8", "UTF-16").replace("?>", "?><!DOCTYPE d>", 1).encode("utf-16-le"),
        "not text in UTF-8",
    ),
    "a document type in UTF-7": (
        OKTA.replace("UTF-8", "UTF-7").replace("?>", "?>+ADwAIQ-DOCTYPE d+AD4-", 1),
        "not XML",
    ),
    "an entity that is not declared": (OKTA.replace("unspecified", "&e;"), "not XML"),
    "a comment in a value": (OKTA.replace("nameid-format", "nameid<!-- -->-format"), "a comment"),
    "a comment in a certificate": (OKTA.replace("<ds:X509Certificate>", "<ds:X509Certificate><!-- -->"), "a comment"),
    "a comment that makes a name whole": (OKTA.replace("<md:KeyD", "<md:Ke<!-- -->yD", 1), "a comment"),
    "a comment without an end": (OKTA.replace("<md:KeyD", "<!-- <md:KeyD", 1), "a comment"),
    "more comments than anybody writes": (OKTA.replace("<md:KeyD", "<!-- -->" * 1001 + "<md:KeyD"), "a comment"),
    "an element in a value": (OKTA.replace("nameid-format", "nameid<b/>-format"), "a text beside the elements"),
    "a processing instruction": (OKTA.replace("<md:KeyD", "<?php ?><md:KeyD", 1), "a processing instruction"),
    "CDATA": (OKTA.replace("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", "<![CDATA[x]]>"), "CDATA"),
    "much": (OKTA + " " * 1_000_000, "larger than 1 MB"),
    "many elements": (OKTA.replace("<md:KeyD", "<a/>" * 30_000 + "<md:KeyD"), "larger than any"),
    "many attributes": (
        OKTA.replace(ROOT, "<md:EntityDescriptor " + "".join(f'a{n}="" ' for n in range(50_000)) + "entityID=", 1),
        "larger than any",
    ),
    "deep": (OKTA.replace("<md:KeyD", "<a>" * 5000 + "</a>" * 5000 + "<md:KeyD"), "larger than any|not XML"),
    "the same ID twice": (
        OKTA.replace(ROOT, '<md:EntityDescriptor ID="a" entityID=')
        .replace("<md:IDPSSO", '<md:IDPSSO ID="a" ')
        .replace('<md:IDPSSO ID="a" Descriptor', '<md:IDPSSODescriptor ID="a"'),
        "the same ID",
    ),
    "many certificates": (
        OKTA.replace(
            "<md:SingleLogout",
            "".join(
                '<md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
                f"<ds:X509Certificate>{bare(a_certificate('EC P-256', number))}</ds:X509Certificate></ds:X509Data>"
                "</ds:KeyInfo></md:KeyDescriptor>"
                for number in range(10)
            )
            + "<md:SingleLogout",
            1,
        ),
        "more than 10",
    ),
    "a weak certificate": (
        OKTA.replace(OKTA[OKTA.index("MII") : OKTA.index("</ds:X509C")], bare(a_certificate("RSA 1024"))),
        "1024",
    ),
    "a name that hides something": (OKTA.replace("www.okta", "www.\u202eokta"), "in no readable way"),
    "no text at all": (OKTA.replace("exk1", "\ud800"), "not text"),
}


@pytest.mark.parametrize(("given", "sentence"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_xml_is_refused_in_a_sentence(given: bytes | str, sentence: str) -> None:
    assert metadata.read(OKTA)
    with pytest.raises(Unusable, match=sentence):
        metadata.read(given)


@pytest.mark.parametrize("address", providers.UNSAFE)
@pytest.mark.parametrize("place", ["sso_redirect", "slo_post", "response"])
def test_no_browser_is_sent_to_an_address_that_is_not_https_and_plain(address: str, place: str) -> None:
    whole = {
        "sso_redirect": f'{REDIRECT}" Location="https://acme.okta.com/app/acme_app_1/exk1fcia6d6EmPFEi5d7/sso/saml',
        "slo_post": f'{POST}" Location="https://acme.okta.com/app/acme_app_1/exk1fcia6d6EmPFEi5d7/slo/saml',
        "response": "https://idp.acme.example/simplesaml/saml2/idp/LogoutResponse.php",
    }[place]
    xml = SIMPLESAMLPHP if place == "response" else OKTA
    assert xml.count(whole) == 1
    assert metadata.read(xml)
    with pytest.raises(Unusable, match=r"The address for (sign-in|logout) is"):
        metadata.read(
            xml.replace(whole[whole.rindex("https://") :], address)
            if place == "response"
            else xml.replace(whole, whole[: whole.index("https://")] + address)
        )


def test_plain_http_is_for_a_provider_on_the_same_machine() -> None:
    local = KEYCLOAK.replace("https://keycloak.acme.example", "http://localhost:8080")
    assert metadata.read(local, allow_http=True).sso_post_url == "http://localhost:8080/realms/acme/protocol/saml"
    with pytest.raises(Unusable, match="begin with https://"):
        metadata.read(local)
    with pytest.raises(Unusable, match="begin with https://"):
        metadata.read(KEYCLOAK.replace("https://keycloak.acme.example", "javascript://localhost"), allow_http=True)


def test_a_text_is_a_text_whatever_it_says() -> None:
    script = "&lt;script&gt;alert(1)&lt;/script&gt;"
    xml = OKTA.replace("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", script)
    found = metadata.read(xml.replace("http://www.okta.com/", f"http://www.okta.com/{script}"))
    assert found.entity_id == "http://www.okta.com/<script>alert(1)</script>exk1fcia6d6EmPFEi5d7"
    assert found.name_id_formats[0] == "<script>alert(1)</script>"
