"""Metadata is read as each provider writes it, and what is none is refused in a sentence that says what to give."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sso.errors import Unusable
from sso.saml import metadata
from sso.saml.metadata import IdpMetadata
from tests.sso.saml import providers
from tests.sso.saml.certificates import a_certificate, a_key, bare, pem, private_pem
from tests.sso.saml.providers import KEYCLOAK, OKTA, SIMPLESAMLPHP, TENANT

ONE, TWO = pem(a_certificate()), pem(a_certificate(number=1))
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"

_OKTA = "https://acme.okta.com/app/acme_app_1/exk1fcia6d6EmPFEi5d7"
_ENTRA = f"https://login.microsoftonline.com/{TENANT}/saml2"
_PING = f"https://auth.pingone.eu/{TENANT}/saml20/idp"
_REALM = "https://keycloak.acme.example/realms/acme"
_PHP = "https://idp.acme.example/simplesaml/saml2/idp"

WRITTEN: dict[str, tuple[str, tuple[str, ...], IdpMetadata]] = {
    "Okta": (
        OKTA,
        (ONE,),
        IdpMetadata(
            entity_id="http://www.okta.com/exk1fcia6d6EmPFEi5d7",
            certificates=(),
            sso_redirect_url=f"{_OKTA}/sso/saml",
            sso_post_url=f"{_OKTA}/sso/saml",
            slo_redirect_url=f"{_OKTA}/slo/saml",
            slo_post_url=f"{_OKTA}/slo/saml",
            name_id_formats=(UNSPECIFIED, EMAIL),
        ),
    ),
    "Entra": (
        providers.ENTRA,
        (ONE,),
        IdpMetadata(
            entity_id=f"https://sts.windows.net/{TENANT}/",
            certificates=(),
            sso_redirect_url=_ENTRA,
            sso_post_url=_ENTRA,
            slo_redirect_url=_ENTRA,
        ),
    ),
    "Google Workspace": (
        providers.GOOGLE,
        (ONE,),
        IdpMetadata(
            entity_id="https://accounts.google.com/o/saml2?idpid=C01",
            certificates=(),
            sso_redirect_url="https://accounts.google.com/o/saml2/idp?idpid=C01",
            sso_post_url="https://accounts.google.com/o/saml2/idp?idpid=C01",
            name_id_formats=(EMAIL,),
            valid_until=datetime(2031, 3, 15, 9, 24, 5, tzinfo=UTC),
        ),
    ),
    "OneLogin": (
        providers.ONELOGIN,
        (ONE,),
        IdpMetadata(
            entity_id="https://app.onelogin.com/saml/metadata/70f84e24",
            certificates=(),
            sso_redirect_url="https://acme.onelogin.com/trust/saml2/http-redirect/sso/70f84e24",
            sso_post_url="https://acme.onelogin.com/trust/saml2/http-post/sso/70f84e24",
            slo_redirect_url="https://acme.onelogin.com/trust/saml2/http-redirect/slo/1755697",
            name_id_formats=(EMAIL,),
        ),
    ),
    "JumpCloud": (
        providers.JUMPCLOUD,
        (ONE,),
        IdpMetadata(
            entity_id="JumpCloud",
            certificates=(),
            sso_post_url="https://sso.jumpcloud.com/saml2/acme",
            name_id_formats=("urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified",),
        ),
    ),
    "PingOne": (
        providers.PINGONE,
        (ONE,),
        IdpMetadata(
            entity_id=f"https://auth.pingone.eu/{TENANT}",
            certificates=(),
            sso_redirect_url=f"{_PING}/sso",
            sso_post_url=f"{_PING}/sso",
            slo_redirect_url=f"{_PING}/slo",
            slo_post_url=f"{_PING}/slo",
            want_authn_requests_signed=True,
            cache_duration=timedelta(days=1),
        ),
    ),
    "Keycloak, while it rotates its keys": (
        KEYCLOAK,
        (ONE, TWO),
        IdpMetadata(
            entity_id=_REALM,
            certificates=(),
            sso_redirect_url=f"{_REALM}/protocol/saml",
            sso_post_url=f"{_REALM}/protocol/saml",
            slo_redirect_url=f"{_REALM}/protocol/saml",
            slo_post_url=f"{_REALM}/protocol/saml",
            name_id_formats=(PERSISTENT, EMAIL),
            want_authn_requests_signed=True,
        ),
    ),
    "AD FS": (
        providers.ADFS,
        (ONE,),
        IdpMetadata(
            entity_id="http://adfs.acme.example/adfs/services/trust",
            certificates=(),
            sso_redirect_url="https://adfs.acme.example/adfs/ls/",
            sso_post_url="https://adfs.acme.example/adfs/ls/",
            slo_redirect_url="https://adfs.acme.example/adfs/ls/",
            slo_post_url="https://adfs.acme.example/adfs/ls/",
            name_id_formats=(EMAIL, PERSISTENT),
        ),
    ),
    "SimpleSAMLphp, with an address for responses": (
        SIMPLESAMLPHP,
        (ONE,),
        IdpMetadata(
            entity_id=f"{_PHP}/metadata.php",
            certificates=(),
            sso_redirect_url=f"{_PHP}/SSOService.php",
            slo_redirect_url=f"{_PHP}/SingleLogoutService.php",
            slo_redirect_response_url=f"{_PHP}/LogoutResponse.php",
            name_id_formats=("urn:oasis:names:tc:SAML:2.0:nameid-format:transient",),
        ),
    ),
    "Shibboleth, with its comments": (
        providers.SHIBBOLETH,
        (TWO, ONE),
        IdpMetadata(
            entity_id="https://idp.acme.example/idp/shibboleth",
            certificates=(),
            sso_redirect_url="https://idp.acme.example/idp/profile/SAML2/Redirect/SSO",
            sso_post_url="https://idp.acme.example/idp/profile/SAML2/POST/SSO",
        ),
    ),
}
WRITTEN["one in a list"] = (providers.KEYCLOAK_OF_OLD, *WRITTEN["Keycloak, while it rotates its keys"][1:])


@pytest.mark.parametrize(("xml", "certificates", "expected"), WRITTEN.values(), ids=WRITTEN.keys())
def test_metadata_is_read_as_each_provider_writes_it(
    xml: str, certificates: tuple[str, ...], expected: IdpMetadata
) -> None:
    found = metadata.read(xml.encode())
    assert tuple(it.pem for it in found.certificates) == certificates
    assert replace(found, certificates=()) == expected


@pytest.mark.parametrize("given", [OKTA, OKTA.encode(), OKTA.replace("UTF-8", "UTF-16").encode("utf-16"), f"\n {OKTA}"])
def test_metadata_is_read_however_it_was_saved(given: bytes | str) -> None:
    assert metadata.read(given).entity_id == "http://www.okta.com/exk1fcia6d6EmPFEi5d7"


def test_of_several_providers_one_has_to_be_named() -> None:
    several = providers.in_a_list(KEYCLOAK, OKTA, providers.SP_ONLY)
    assert metadata.read(several, entity_id=_REALM).sso_post_url == f"{_REALM}/protocol/saml"
    with pytest.raises(Unusable, match=r"several providers \(https://keycloak.*, http://www.okta.*\)\. Say which"):
        metadata.read(several)
    with pytest.raises(Unusable, match="several providers"):
        metadata.read(several, entity_id="https://elsewhere.example")


def test_the_one_provider_among_applications_needs_no_name() -> None:
    assert metadata.read(providers.in_a_list(providers.SP_ONLY, KEYCLOAK)).entity_id == _REALM


def test_the_same_provider_twice_is_none() -> None:
    with pytest.raises(Unusable, match="more than once"):
        metadata.read(
            providers.in_a_list(KEYCLOAK, KEYCLOAK.replace(bare(a_certificate()), bare(a_certificate(number=5))))
        )


def test_a_list_does_not_outlive_what_it_stands_in() -> None:
    listed = providers.in_a_list(KEYCLOAK).replace("Descriptor ", 'Descriptor validUntil="2026-06-01T00:00:00Z" ', 1)
    listed = listed.replace("<md:EntityDescriptor ", '<md:EntityDescriptor validUntil="2027-01-01T00:00:00+02:00" ')
    assert metadata.read(listed).valid_until == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    ["2026-06-01T00:00:00Z", "2026-06-01T02:00:00.000+02:00", "2026-06-01T00:00:00", " 2026-06-01T00:00:00Z "],
)
def test_a_time_is_read_as_the_schema_has_it(written: str) -> None:
    found = metadata.read(OKTA.replace("entityID", f'validUntil="{written}" entityID'))
    assert found.valid_until == datetime(2026, 6, 1, tzinfo=UTC)


def test_a_key_without_a_use_signs_and_one_that_encrypts_does_not() -> None:
    assert [it.pem for it in metadata.read(OKTA.replace(' use="signing"', "")).certificates] == [ONE]
    with pytest.raises(Unusable, match="no certificate"):
        metadata.read(OKTA.replace('use="signing"', 'use="encryption"'))


def test_of_a_chain_only_the_first_certificate_signs() -> None:
    chain = f"</ds:X509Certificate><ds:X509Certificate>{bare(a_certificate(number=1))}</ds:X509Certificate>"
    assert [it.pem for it in metadata.read(OKTA.replace("</ds:X509Certificate>", chain)).certificates] == [ONE]


NONE: dict[str, tuple[bytes | str, str]] = {
    "nothing": ("", "nothing here"),
    "white space": (b" \r\n", "nothing here"),
    "an address": ("https://idp.example.com/metadata", "an address"),
    "a certificate": (ONE, "a certificate, not metadata"),
    "a private key": (private_pem(a_key()), "not metadata"),
    "a discovery document": ('{"issuer": "https://idp.example.com"}', "OpenID Connect"),
    "a page that asks to sign in": ("<!DOCTYPE html><html><form></form></html>", "web page"),
    "such a page of XHTML": ("<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0//EN'>", "web page"),
    "such a page without a type": ("<html><body/></html>", "web page"),
    "our own metadata": (providers.SP_ONLY, "an application that people sign in to"),
    "metadata of WS-Federation": (providers.WS_FEDERATION_ONLY, "WS-Federation only"),
    "metadata of SAML 1.1": (OKTA.replace("SAML:2.0:protocol", "SAML:1.1:protocol"), "for an older version only"),
    "an answer to a sign-in": (
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>',
        "not the metadata of a SAML provider",
    ),
    "other XML": ("<feed/>", "not the metadata of a SAML provider"),
    "words": ("ask Bob for it", "not XML"),
    "half of it": (OKTA[:900], "not XML, or not all of it"),
    "a program": (b"\x7fELF\x80\x81", "not text in UTF-8"),
    "an older alphabet": (OKTA.replace("exk1", "éxk1").encode("latin-1"), "not text in UTF-8"),
    "no name": (OKTA.replace("entityID", "entity"), "does not say who the provider is"),
    "an empty name": (OKTA.replace("http://www.okta.com/exk1fcia6d6EmPFEi5d7", " "), "does not say who"),
    "a long name": (OKTA.replace("http://www.okta.com/", "http://www.okta.com/" + "x" * 1024), "does not say who"),
    "no certificate": (OKTA.replace("ds:X509Certificate", "ds:X509CRL"), "no certificate"),
    "half a certificate": (OKTA.replace(bare(a_certificate())[100:], ""), "not all of it"),
    "no address for sign-in": (providers.JUMPCLOUD.replace("HTTP-POST", "SOAP"), "no address for sign-in"),
    "a time that is none": (OKTA.replace("entityID", 'validUntil="tomorrow" entityID'), "“tomorrow” stands where"),
    "a time that only Python reads": (OKTA.replace("entityID", 'validUntil="11111111" entityID'), "“11111111” stands"),
    "a time of no day": (OKTA.replace("entityID", 'validUntil="2026-02-30T00:00:00Z" entityID'), "stands where"),
    "a duration that is none": (OKTA.replace("entityID", 'cacheDuration="P" entityID'), "“P” stands where"),
}


@pytest.mark.parametrize(("given", "sentence"), NONE.values(), ids=NONE.keys())
def test_what_is_no_metadata_is_refused_in_a_sentence_that_says_what_to_give(given: bytes | str, sentence: str) -> None:
    with pytest.raises(Unusable, match=sentence) as refused:
        metadata.read(given)
    assert any(word in str(refused.value) for word in ("Paste", "paste", "Download the metadata"))
