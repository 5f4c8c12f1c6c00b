"""The XML of SAML's answers, made without a thing of `sso/`: names, elements, signatures and encryption."""

from typing import Any

import xmlsec
from lxml import etree
from lxml.etree import _Element as Element
from xmlsec import constants

from sso.connection import KeyPair

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"


def saml(name: str, *content: Element | str, **attributes: str | None) -> Element:
    """An element of an assertion, with the attributes that are not None."""
    return _element(SAML, name, content, attributes, {"saml": SAML})


def samlp(name: str, *content: Element | str, **attributes: str | None) -> Element:
    """The same of a message."""
    return _element(SAMLP, name, content, attributes, {"samlp": SAMLP, "saml": SAML})


def sign(
    element: Element,
    keys: KeyPair,
    algorithm: Any = constants.TransformRsaSha256,
    digest: Any = constants.TransformSha256,
    transforms: tuple[Any, ...] = (constants.TransformEnveloped, constants.TransformExclC14N),
) -> Element:
    """Put an enveloped signature into an element, behind its Issuer, and return that signature."""
    signature = xmlsec.template.create(element, constants.TransformExclC14N, algorithm, ns="ds")
    reference = xmlsec.template.add_reference(signature, digest, uri=f"#{element.get('ID')}")
    for transform in transforms:
        xmlsec.template.add_transform(reference, transform)
    x509_data = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.template.x509_data_add_certificate(x509_data)
    element.insert(1 if element.find(f"{{{SAML}}}Issuer") is not None else 0, signature)
    context = xmlsec.SignatureContext()
    context.key = _signing_key(keys, algorithm)
    context.register_id(element, "ID")
    context.sign(signature)
    return signature


def encrypt(
    assertion: Element,
    certificate: str,
    key_transport: Any = constants.TransformRsaOaep,
    algorithm: Any = constants.TransformAes256Gcm,
) -> Element:
    """Replace an assertion by an EncryptedAssertion for whose certificate it is, and return that."""
    parent = assertion.getparent()
    assert parent is not None
    envelope = saml("EncryptedAssertion")
    parent.replace(assertion, envelope)
    envelope.append(assertion)
    template = xmlsec.template.encrypted_data_create(envelope, algorithm, type=constants.TypeEncElement, ns="xenc")
    xmlsec.template.encrypted_data_ensure_cipher_value(template)
    key_info = xmlsec.template.encrypted_data_ensure_key_info(template, ns="ds")
    encrypted_key = xmlsec.template.add_encrypted_key(key_info, key_transport)
    xmlsec.template.encrypted_data_ensure_cipher_value(encrypted_key)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(certificate, constants.KeyDataFormatCertPem))
    context = xmlsec.EncryptionContext(manager)
    bits = {"aes128": 128, "aes192": 192, "tripledes": 192}.get(algorithm.href.rsplit("#")[-1].split("-")[0], 256)
    kind = constants.KeyDataDes if "tripledes" in algorithm.href else constants.KeyDataAes
    context.key = xmlsec.Key.generate(kind, bits, constants.KeyDataTypeSession)
    context.encrypt_xml(template, assertion)
    return envelope


def _signing_key(keys: KeyPair, algorithm: Any) -> Any:
    if "hmac" in algorithm.href:  # the attack that takes the public key for a shared secret
        return xmlsec.Key.from_binary_data(constants.KeyDataHmac, keys.certificate.encode())
    key = xmlsec.Key.from_memory(keys.private_key, constants.KeyDataFormatPem)
    key.load_cert_from_memory(keys.certificate, constants.KeyDataFormatCertPem)
    return key


def _element(
    namespace: str,
    name: str,
    content: tuple[Element | str, ...],
    attributes: dict[str, str | None],
    prefixes: dict[str, str],
) -> Element:
    element = etree.Element(f"{{{namespace}}}{name}", nsmap=prefixes)
    for attribute, value in attributes.items():
        if value is not None:
            element.set(attribute, value)
    for part in content:
        if isinstance(part, str):
            element.text = part
        else:
            element.append(part)
    return element
