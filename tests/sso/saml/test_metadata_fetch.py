"""Metadata is fetched from where an admin said, and believed as far as it is signed or came by TLS."""

from datetime import UTC, datetime, timedelta

import pytest

from sso.errors import Unreachable, Unusable
from sso.http import HttpResponse
from sso.saml import metadata
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp
from tests.sso.saml import providers
from tests.sso.saml.certificates import NOW
from tests.sso.saml.providers import KEYCLOAK, OKTA


class Documents:
    """An HTTP client with one document in it, or with a reason why there is none."""

    def __init__(self, answer: HttpResponse | Unreachable) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def get(self, url: str, *, headers: object = None) -> HttpResponse:
        self.asked.append(url)
        if isinstance(self.answer, Unreachable):
            raise self.answer
        return self.answer

    def post_form(self, url: str, fields: object, *, headers: object = None) -> HttpResponse:
        raise AssertionError


def found_there(body: str, status: int = 200) -> Documents:
    return Documents(HttpResponse(status, {"content-type": "application/xml"}, body.encode()))


URL = "https://acme.okta.com/app/exk1fcia6d6EmPFEi5d7/sso/saml/metadata"


def test_metadata_is_fetched_from_where_it_is_said_to_be() -> None:
    http = found_there(OKTA)
    assert metadata.fetch(URL, http, NOW) == metadata.read(OKTA)
    assert http.asked == [URL]


@pytest.mark.parametrize("url", [it for it in providers.UNSAFE if "&" not in it])
def test_metadata_is_fetched_by_https_and_from_nowhere_else(url: str) -> None:
    http = found_there(OKTA)
    with pytest.raises(Unusable, match="The address of the metadata"):
        metadata.fetch(url, http, NOW)
    assert http.asked == []


def test_what_cannot_be_fetched_is_said_to_be_so() -> None:
    with pytest.raises(Unreachable, match=r"acme\.okta\.com answers 404"):
        metadata.fetch(URL, found_there("gone", status=404), NOW)
    with pytest.raises(Unreachable, match="a private address"):
        metadata.fetch(URL, Documents(Unreachable("a private address")), NOW)
    with pytest.raises(Unusable, match="web page"):
        metadata.fetch(URL, found_there("<!doctype html><title>Sign in</title>"), NOW)


def test_metadata_that_has_expired_is_not_relied_on() -> None:
    after = datetime(2031, 3, 15, 9, 24, 5, tzinfo=UTC)
    assert metadata.fetch(URL, found_there(providers.GOOGLE), after - timedelta(seconds=1))
    with pytest.raises(Unusable, match="valid until 2031-03-15 09:24 UTC only"):
        metadata.fetch(URL, found_there(providers.GOOGLE), after)


ADFS_SIGNER = make_keys("metadata").certificate


def test_signed_metadata_is_read_where_its_signer_is_pinned() -> None:
    other = make_keys("somebody else").certificate
    assert metadata.read(providers.ADFS, signers=(other, ADFS_SIGNER)) == metadata.read(providers.ADFS)
    assert metadata.fetch(URL, found_there(providers.ENTRA), NOW, signers=(ADFS_SIGNER,))


OTHER = "https://evil.example/sso"
UNSIGNED: dict[str, tuple[str, str]] = {
    "not at all": (OKTA, "no signature"),
    "by somebody else": (providers.signed(providers.ENTRA.split("?>")[1], "somebody else"), "wrong signature"),
    "changed since": (providers.ADFS.replace("https://adfs.acme.example/adfs/ls/", OTHER), "wrong signature"),
    "within something else": (providers.in_a_list(providers.ADFS), "no signature"),
    "with its signature taken out": (
        providers.ADFS[: providers.ADFS.index("<ds:Signature ")]
        + providers.ADFS[providers.ADFS.index("</ds:Signature>") + len("</ds:Signature>") :],
        "no signature",
    ),
    "with SHA-1": (providers.ADFS.replace("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1"), "weak"),
}


@pytest.mark.parametrize(("given", "sentence"), UNSIGNED.values(), ids=UNSIGNED.keys())
def test_metadata_that_its_signer_did_not_sign_is_refused(given: str, sentence: str) -> None:
    assert metadata.read(providers.ADFS, signers=(ADFS_SIGNER,))
    with pytest.raises(Unusable, match=sentence):
        metadata.read(given, signers=(ADFS_SIGNER,))


def test_a_provider_beside_the_one_that_is_signed_is_not_seen() -> None:
    beside = KEYCLOAK.replace("<md:EntityDescriptor ", '<md:EntityDescriptor ID="_k" ')
    wrapped = providers.in_a_list(beside).replace("<EntitiesDescriptor ", '<EntitiesDescriptor ID="_e" ')
    signature = providers.ADFS[
        providers.ADFS.index("<ds:Signature ") : providers.ADFS.index("</ds:Signature>") + len("</ds:Signature>")
    ]
    inside = wrapped.replace("<md:EntityDescriptor ", f"{signature}<md:EntityDescriptor ", 1)
    with pytest.raises(Unusable, match="signature shape"):
        metadata.read(inside, signers=(ADFS_SIGNER,))


def test_a_connection_knows_what_metadata_would_say() -> None:
    connection = SamlIdp().connection(
        slo_post_url="https://idp.example/slo", slo_post_response_url="https://idp.example/r"
    )
    known = metadata.of(connection)
    assert known.entity_id == connection.idp_entity_id
    assert [it.pem for it in known.certificates] == list(connection.certificates)
    assert known.slo_post_response_url == "https://idp.example/r"
