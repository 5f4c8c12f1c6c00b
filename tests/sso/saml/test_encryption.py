"""Encrypted assertions: opened by any key of ours, believed no more than others."""

from base64 import b64decode, b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from lxml.etree import _Element as Element
from xmlsec import constants

from sso.connection import SamlConnection
from sso.errors import Reason, Refused
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp, encode
from tests.sso.saml.attacks.encrypted import XENC
from tests.sso.saml.attacks.stage import Stage

GCM = [constants.TransformAes128Gcm, constants.TransformAes192Gcm, constants.TransformAes256Gcm]
CBC = [constants.TransformAes128Cbc, constants.TransformAes192Cbc, constants.TransformAes256Cbc]
SIGNED = [("assertion",), ("assertion", "response")]


def name_of(algorithm: Any) -> str:
    return str(algorithm.name)


@pytest.mark.parametrize("signed", SIGNED, ids=str)
@pytest.mark.parametrize("encryption", GCM, ids=name_of)
def test_what_is_encrypted_for_us_is_read(stage: Stage, encryption: Any, signed: tuple[str, ...]) -> None:
    ours = stage.connection.keys[0].certificate

    identity = stage.finish(stage.posted(encrypted_for=ours, encryption=encryption, signed=signed))

    assert identity.subject == "gina@acme.example"
    assert identity.claims["groups"] == ("Engineering", "Everyone")


@pytest.mark.parametrize("encryption", CBC, ids=name_of)
@pytest.mark.parametrize("key_transport", [constants.TransformRsaOaep, constants.TransformRsaPkcs1], ids=name_of)
def test_what_is_weak_is_read_where_an_admin_allows_it(idp: SamlIdp, encryption: Any, key_transport: Any) -> None:
    stage = Stage(connection=idp.connection(allow_weak_encryption=True))
    ours = stage.connection.keys[0].certificate

    posted = stage.posted(encrypted_for=ours, encryption=encryption, key_transport=key_transport)

    assert stage.finish(posted).subject == "gina@acme.example"


def test_any_key_of_ours_opens_it(idp: SamlIdp) -> None:
    old, new = make_keys("sp"), make_keys("sp, next year")
    stage = Stage(connection=idp.connection(keys=(new, old)))

    for keys in (old, new):
        assert stage.finish(stage.posted(encrypted_for=keys.certificate)).subject == "gina@acme.example"


def test_a_key_that_is_not_of_rsa_is_passed_over(idp: SamlIdp) -> None:
    stage = Stage(connection=idp.connection(keys=(make_keys("curve", kind="ec"), make_keys("sp"))))

    assert stage.finish(stage.posted(encrypted_for=make_keys("sp").certificate)).subject == "gina@acme.example"


def test_the_key_may_stand_beside_what_it_opens(stage: Stage) -> None:
    response = stage.response(encrypted_for=stage.connection.keys[0].certificate)
    data, key = response.find(f".//{{{XENC}}}EncryptedData"), response.find(f".//{{{XENC}}}EncryptedKey")
    assert data is not None
    assert key is not None
    data.addnext(key)

    assert stage.finish(encode(response)).subject == "gina@acme.example"


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
def test_oaep_is_read_with_the_hashes_that_it_names(stage: Stage, digest: str) -> None:
    """Shibboleth names SHA-256 for both."""
    assert stage.finish(encode(_with_oaep(stage, digest))).subject == "gina@acme.example"


def test_a_refusal_to_open_says_the_same_whatever_the_cause(stage: Stage) -> None:
    """Nobody learns from it how far they got."""
    ours, mallory = stage.connection.keys[0].certificate, make_keys("mallory").certificate
    responses = [stage.response(encrypted_for=certificate) for certificate in (ours, mallory, ours, ours)]
    for response, (index, text) in zip(responses[2:], ((0, "AAAA"), (1, "AAAA")), strict=True):
        response.findall(f".//{{{XENC}}}CipherValue")[index].text = text

    refusals = []
    for response in responses[1:]:
        with pytest.raises(Refused) as refused:
            stage.finish(encode(response))
        refusals.append((refused.value.reason, refused.value.expected, refused.value.came))

    assert stage.finish(encode(responses[0])).subject == "gina@acme.example"
    assert set(refusals) == {refusals[0]}
    assert refusals[0][0] is Reason.NOT_DECRYPTED


def test_a_part_of_a_document_is_read_with_the_prefixes_of_where_it_stood(connection: SamlConnection) -> None:
    """libxmlsec encrypts what it finds in a tree, with no declaration of a prefix that was declared further out."""
    stage = Stage(connection=connection)
    response = stage.response(encrypted_for=connection.keys[0].certificate)

    assert b"xmlns:saml" in etree.tostring(response)[:300]
    assert stage.finish(encode(response)).subject == "gina@acme.example"


def _with_oaep(stage: Stage, digest: str) -> Element:
    """The honest envelope, with its key wrapped by OAEP as xmlenc 1.1 has it."""
    ours = stage.connection.keys[0]
    response = stage.response(encrypted_for=ours.certificate)
    key = response.find(f".//{{{XENC}}}EncryptedKey")
    assert key is not None
    value = key.find(f".//{{{XENC}}}CipherValue")
    method = key.find(f"{{{XENC}}}EncryptionMethod")
    assert value is not None
    assert method is not None
    private_key = load_pem_private_key(ours.private_key.encode(), None)
    assert isinstance(private_key, rsa.RSAPrivateKey)
    plain = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
    hashed = getattr(hashes, digest.upper())()
    named = padding.OAEP(padding.MGF1(hashed), hashed, None)
    opened = private_key.decrypt(b64decode(value.text or ""), plain)
    value.text = b64encode(private_key.public_key().encrypt(opened, named)).decode()
    method.set("Algorithm", "http://www.w3.org/2009/xmlenc11#rsa-oaep")
    uris = {"sha1": "http://www.w3.org/2000/09/xmldsig#sha1", "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384"}
    etree.SubElement(
        method, "{http://www.w3.org/2000/09/xmldsig#}DigestMethod", Algorithm=uris.get(digest, XENC + digest)
    )
    etree.SubElement(
        method, "{http://www.w3.org/2009/xmlenc11#}MGF", Algorithm=f"http://www.w3.org/2009/xmlenc11#mgf1{digest}"
    )
    return response
