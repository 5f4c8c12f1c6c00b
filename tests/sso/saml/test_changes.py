"""What a refresh of metadata means: what goes on is taken up, what may be somebody else is asked about."""

from dataclasses import replace
from typing import Any

import pytest

from sso.saml import certificates, metadata
from sso.saml.changes import Meaning, changes
from sso.saml.metadata import IdpMetadata
from tests.sso.saml.certificates import a_certificate, pem
from tests.sso.saml.providers import OKTA

ONE, TWO, THREE = (certificates.read(pem(a_certificate(number=number)))[0] for number in range(3))

BEFORE = IdpMetadata(
    entity_id="https://idp.acme.example",
    certificates=(ONE, TWO),
    sso_redirect_url="https://idp.acme.example/sso",
    sso_post_url="https://idp.acme.example/sso/post",
    slo_redirect_url="https://logout.acme.example/slo",
)

TABLE: dict[str, tuple[dict[str, Any], Meaning]] = {
    "the same": ({}, Meaning.NOTHING),
    "in another order": ({"certificates": (TWO, ONE)}, Meaning.NOTHING),
    "other formats of names": ({"name_id_formats": ("urn:x",)}, Meaning.NOTHING),
    "a new certificate": ({"certificates": (ONE, TWO, THREE)}, Meaning.TAKE_UP),
    "one certificate less": ({"certificates": (TWO,)}, Meaning.TAKE_UP),
    "one certificate for another": ({"certificates": (TWO, THREE)}, Meaning.TAKE_UP),
    "another path": ({"sso_redirect_url": "https://idp.acme.example/saml/sso"}, Meaning.TAKE_UP),
    "the port that it always was": ({"sso_redirect_url": "https://idp.acme.example:443/sso"}, Meaning.TAKE_UP),
    "a host in other letters": ({"sso_redirect_url": "https://IDP.acme.example/sso"}, Meaning.TAKE_UP),
    "to a host that we know": ({"sso_post_url": "https://logout.acme.example/sso"}, Meaning.TAKE_UP),
    "a binding less": ({"sso_post_url": None}, Meaning.TAKE_UP),
    "no logout": ({"slo_redirect_url": None}, Meaning.TAKE_UP),
    "a logout more": ({"slo_post_url": "https://logout.acme.example/post"}, Meaning.TAKE_UP),
    "requests have to be signed": ({"want_authn_requests_signed": True}, Meaning.TAKE_UP),
    "another name": ({"entity_id": "https://idp.acme.example/"}, Meaning.ASK),
    "all certificates new": ({"certificates": (THREE,)}, Meaning.ASK),
    "another host": ({"sso_redirect_url": "https://evil.example/sso"}, Meaning.ASK),
    "a host below": ({"sso_redirect_url": "https://x.idp.acme.example/sso"}, Meaning.ASK),
    "another port": ({"sso_redirect_url": "https://idp.acme.example:8443/sso"}, Meaning.ASK),
    "without TLS": ({"sso_redirect_url": "http://idp.acme.example/sso"}, Meaning.ASK),
    "a logout elsewhere": ({"slo_redirect_url": "https://evil.example/slo"}, Meaning.ASK),
    "a new logout elsewhere": ({"slo_post_url": "https://evil.example/slo"}, Meaning.ASK),
    "responses elsewhere": ({"slo_redirect_response_url": "https://evil.example/slo"}, Meaning.ASK),
    "a good change beside a bad one": (
        {"certificates": (ONE, TWO, THREE), "sso_post_url": "https://evil.example/sso"},
        Meaning.ASK,
    ),
}


@pytest.mark.parametrize(("after", "meaning"), TABLE.values(), ids=TABLE.keys())
def test_what_goes_on_is_taken_up_and_what_may_be_somebody_else_is_asked_about(
    after: dict[str, Any], meaning: Meaning
) -> None:
    change = changes(BEFORE, replace(BEFORE, **after))
    assert change.meaning is meaning
    assert bool(change.why) is (meaning is not Meaning.NOTHING)


def test_metadata_that_cannot_be_used_is_asked_about() -> None:
    assert changes(BEFORE, None).meaning is Meaning.ASK


def test_a_change_names_the_certificates_that_came_and_went() -> None:
    change = changes(BEFORE, replace(BEFORE, certificates=(TWO, THREE)))
    assert (change.added, change.removed) == ((THREE.fingerprint,), (ONE.fingerprint,))
    assert change.why == (
        f"A certificate is new: CN=idp.example.com, {THREE.fingerprint}.",
        f"A certificate is gone: CN=idp.example.com, {ONE.fingerprint}.",
    )


def test_a_provider_that_asks_for_signed_requests_no_more_changes_nothing() -> None:
    assert changes(replace(BEFORE, want_authn_requests_signed=True), BEFORE).meaning is Meaning.NOTHING


def test_metadata_that_is_read_twice_is_the_same() -> None:
    assert changes(metadata.read(OKTA), metadata.read(OKTA)).meaning is Meaning.NOTHING
