"""Our metadata is what the schema says, what other libraries read, and what they need to send us what we accept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import onelogin.saml2  # type: ignore[import-untyped]
import pytest
import xmlsec
from lxml import etree
from lxml.etree import _Element as Element
from onelogin.saml2.settings import OneLogin_Saml2_Settings  # type: ignore[import-untyped]
from saml2.attribute_converter import ac_factory  # type: ignore[import-untyped]
from saml2.config import Config  # type: ignore[import-untyped]
from saml2.mdstore import MetadataStore  # type: ignore[import-untyped]
from xmlsec import constants

from sso.connection import KeyPair, SamlConnection
from sso.errors import Unusable
from sso.saml import encryption, gate, metadata, sp_metadata
from sso.saml.names import DS, METADATA, POST_BINDING, REDIRECT_BINDING
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp
from tests.idp.saml_xml import encrypt, saml, samlp

NOW = datetime.now(UTC).replace(microsecond=0)
CONNECTION = SamlIdp().connection()
OLD, NEW = make_keys("sp"), make_keys("sp, the next")
SCHEMA = etree.XMLSchema(etree.parse(Path(onelogin.saml2.__file__).parent / "schemas" / "saml-schema-metadata-2.0.xsd"))
KINDS = {
    "plain": CONNECTION,
    "signed": replace(CONNECTION, sign_metadata=True),
    "while it rotates": replace(CONNECTION, keys=(NEW, OLD), sign_metadata=True),
    "with weak encryption": replace(CONNECTION, allow_weak_encryption=True),
    "without signed requests": replace(CONNECTION, sign_requests=False),
    "with one format of names": replace(
        CONNECTION, name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    ),
}
every_kind = pytest.mark.parametrize("connection", KINDS.values(), ids=KINDS.keys())


def write(connection: SamlConnection = CONNECTION, name: str = "Acme") -> bytes:
    return sp_metadata.write(connection, now=NOW, organization_name=name, valid=timedelta(days=7))


def find(written: bytes, path: str) -> list[Element]:
    return etree.fromstring(written).findall(path, {"md": METADATA, "ds": DS})


def is_signed_by(root: Element, keys: KeyPair) -> bool:
    """As python-xmlsec sees it, where we sign by signxml."""
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.certificate, constants.KeyDataFormatCertPem)
    context.register_id(root, "ID")
    try:
        context.verify(root[0])
    except xmlsec.Error:
        return False
    return True


def bare(keys: KeyPair) -> str:
    return "".join(keys.certificate.split("\n")[1:-2])


@every_kind
def test_our_metadata_is_what_the_schema_says(connection: SamlConnection) -> None:
    SCHEMA.assertValid(etree.fromstring(write(connection)))


@every_kind
def test_python3_saml_finds_no_error_in_our_metadata(connection: SamlConnection) -> None:
    acs = {"url": connection.acs_url}
    settings = {"strict": True, "sp": {"entityId": connection.sp_entity_id, "assertionConsumerService": acs}}
    assert OneLogin_Saml2_Settings(settings, sp_validation_only=True).validate_metadata(write(connection)) == []


@every_kind
def test_pysaml2_finds_in_our_metadata_what_it_needs(connection: SamlConnection) -> None:
    config = Config()
    config.crypto_backend = "XMLSecurity"  # the other one looks for a program, and metadata needs neither
    store = MetadataStore(ac_factory(), config)
    document = {"class": "saml2.mdstore.InMemoryMetaData", "metadata": [(write(connection).decode(),)]}
    store.imp([document])
    us = connection.sp_entity_id
    assert [it["location"] for it in store.assertion_consumer_service(us, POST_BINDING)] == [connection.acs_url]
    for binding in (POST_BINDING, REDIRECT_BINDING):
        assert [it["location"] for it in store.single_logout_service(us, binding, "spsso")] == [connection.slo_url]
    for use in ("signing", "encryption"):
        assert ["".join(it.split()) for _, it in store.certs(us, "spsso", use)] == [
            bare(keys) for keys in connection.keys
        ]


def test_our_metadata_says_which_addresses_are_ours_and_what_we_want() -> None:
    (role,) = find(write(), "md:SPSSODescriptor")
    assert (role.get("AuthnRequestsSigned"), role.get("WantAssertionsSigned")) == ("true", "true")
    (acs,) = find(write(), "md:SPSSODescriptor/md:AssertionConsumerService")
    assert dict(acs.attrib.items()) == {
        "Binding": POST_BINDING,
        "Location": CONNECTION.acs_url,
        "index": "0",
        "isDefault": "true",
    }


def test_our_metadata_says_how_long_it_is_good_for() -> None:
    root = etree.fromstring(write())
    assert datetime.fromisoformat(root.get("validUntil", "")) == NOW + timedelta(days=7)
    assert root.get("cacheDuration") == "P1D"


def test_while_we_rotate_both_keys_are_published_and_the_first_one_signs() -> None:
    written = write(KINDS["while it rotates"])
    for use in ("signing", "encryption"):
        published = find(written, f"md:SPSSODescriptor/md:KeyDescriptor[@use='{use}']//ds:X509Certificate")
        assert [it.text for it in published] == [bare(NEW), bare(OLD)]
    root = etree.fromstring(written)
    assert is_signed_by(root, NEW)
    assert not is_signed_by(root, OLD)


def test_no_private_key_is_published() -> None:
    written = write(KINDS["while it rotates"]).decode()
    for keys in (OLD, NEW):
        assert not any(line in written for line in keys.private_key.splitlines())


TRANSPORTS: dict[str, Any] = {str(it.href): it for it in (constants.TransformRsaOaep, constants.TransformRsaPkcs1)}
CIPHERS: dict[str, Any] = {
    str(it.href): it
    for it in (
        *(constants.TransformAes256Gcm, constants.TransformAes192Gcm, constants.TransformAes128Gcm),
        *(constants.TransformAes256Cbc, constants.TransformAes192Cbc, constants.TransformAes128Cbc),
    )
}


@pytest.mark.parametrize("allow_weak", [False, True])
def test_whatever_is_encrypted_as_our_metadata_says_is_read(allow_weak: bool) -> None:
    connection = replace(CONNECTION, allow_weak_encryption=allow_weak)
    path = "md:SPSSODescriptor/md:KeyDescriptor/md:EncryptionMethod"
    published = {it.get("Algorithm", "") for it in find(write(connection), path)}
    transports, ciphers = published & TRANSPORTS.keys(), published & CIPHERS.keys()
    # xmlsec knows this one by no name; what decrypts it is tested where decryption is.
    assert published == transports | ciphers | {encryption.OAEP_1_1}
    assert (len(transports), len(ciphers)) == ((2, 6) if allow_weak else (1, 3))
    for transport, cipher in product(transports, ciphers):
        response = samlp("Response", saml("Assertion", ID="_1"))
        encrypted = encrypt(response[0], OLD.certificate, TRANSPORTS[transport], CIPHERS[cipher])
        assert encryption.decrypt(encrypted, connection.keys, allow_weak=allow_weak).get("ID") == "_1"


@pytest.mark.parametrize("name", ["Acme & Sons <Ltd>", "Ключ\u0000 \u202e\ufffe\x1b", "]]>", '" onload="'])
def test_the_name_of_an_organization_is_a_text(name: str) -> None:
    written = write(name=name)
    SCHEMA.assertValid(etree.fromstring(written))
    (found,) = find(written, "md:Organization/md:OrganizationName")
    assert found.text == "".join(letter for letter in name if letter.isprintable()).strip()


@pytest.mark.parametrize("name", ["", " ", "\n"])
def test_an_organization_without_a_name_is_left_out(name: str) -> None:
    SCHEMA.assertValid(etree.fromstring(write(name=name)))
    assert not find(write(name=name), "md:Organization")


def test_our_own_metadata_is_not_taken_for_that_of_a_provider() -> None:
    with pytest.raises(Unusable, match="such as ourselves"):
        metadata.read(write())


def test_our_metadata_passes_our_own_gate() -> None:
    assert gate.parse(write(KINDS["while it rotates"])).get("entityID") == CONNECTION.sp_entity_id
