"""Our own metadata: what the admin of an identity provider gives to it, so that it knows us."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from lxml import etree
from lxml.etree import _Element as Element

from sso.connection import KeyPair, SamlConnection
from sso.saml import times
from sso.saml.names import DS, METADATA, POST_BINDING, REDIRECT_BINDING, SAMLP, XENC, XENC11
from sso.saml.requests import new_id
from sso.saml.signatures import sign_element

NAME_ID_FORMATS = (
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
)
# What `encryption` decrypts, the best first: a provider takes the first one that it has.
ENCRYPTION_METHODS = (
    f"{XENC11}aes256-gcm",
    f"{XENC11}aes192-gcm",
    f"{XENC11}aes128-gcm",
    f"{XENC}rsa-oaep-mgf1p",
    f"{XENC11}rsa-oaep",
)
WEAK_ENCRYPTION_METHODS = (f"{XENC}aes256-cbc", f"{XENC}aes192-cbc", f"{XENC}aes128-cbc", f"{XENC}rsa-1_5")
_CACHED_FOR = "P1D"


def write(connection: SamlConnection, *, now: datetime, organization_name: str, valid: timedelta) -> bytes:
    """Our metadata to this provider, as it is published, good for so long.

    Each of our keys is in it, while we rotate: the first one signs, and whatever is encrypted for any of them is read.
    """
    root = etree.Element(f"{{{METADATA}}}EntityDescriptor", nsmap={"md": METADATA, "ds": DS})
    root.set("ID", new_id())
    root.set("entityID", connection.sp_entity_id)
    root.set("validUntil", times.write(now + valid))
    root.set("cacheDuration", _CACHED_FOR)
    _add_role(root, connection)
    _add_organization(root, connection, organization_name)
    if connection.sign_metadata:
        root = sign_element(root, connection.keys[0])
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _add_role(root: Element, connection: SamlConnection) -> None:
    """In the order of the schema (metadata, 2.4.2 and 2.4.4)."""
    role = _add(root, "SPSSODescriptor")
    role.set("AuthnRequestsSigned", "true" if connection.sign_requests else "false")
    role.set("WantAssertionsSigned", "true")
    role.set("protocolSupportEnumeration", SAMLP)
    methods = ENCRYPTION_METHODS + (WEAK_ENCRYPTION_METHODS if connection.allow_weak_encryption else ())
    for keys in connection.keys:
        _add_key(role, keys, "signing")
    for keys in connection.keys:
        descriptor = _add_key(role, keys, "encryption")
        for method in methods:
            _add(descriptor, "EncryptionMethod", Algorithm=method)
    for binding in (REDIRECT_BINDING, POST_BINDING):
        _add(role, "SingleLogoutService", Binding=binding, Location=connection.slo_url)
    for name_id_format in (connection.name_id_format,) if connection.name_id_format else NAME_ID_FORMATS:
        _add(role, "NameIDFormat").text = name_id_format
    acs = {"Binding": POST_BINDING, "Location": connection.acs_url, "index": "0", "isDefault": "true"}
    _add(role, "AssertionConsumerService", **acs)


def _add_key(role: Element, keys: KeyPair, use: str) -> Element:
    descriptor = _add(role, "KeyDescriptor", use=use)
    parent = descriptor
    for name in ("KeyInfo", "X509Data", "X509Certificate"):
        parent = etree.SubElement(parent, f"{{{DS}}}{name}")
    parent.text = "".join(line for line in keys.certificate.splitlines() if not line.startswith("-"))
    return descriptor


def _add_organization(root: Element, connection: SamlConnection, name: str) -> None:
    plain = "".join(letter for letter in name if letter.isprintable()).strip()
    if not plain:
        return
    acs = urlsplit(connection.acs_url)
    organization = _add(root, "Organization")
    for tag, text in (
        ("OrganizationName", plain),
        ("OrganizationDisplayName", plain),
        ("OrganizationURL", f"{acs.scheme}://{acs.netloc}/"),
    ):
        element = _add(organization, tag)
        element.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
        element.text = text


def _add(parent: Element, name: str, **attributes: str) -> Element:
    element = etree.SubElement(parent, f"{{{METADATA}}}{name}")
    for attribute, text in attributes.items():
        element.set(attribute, text)
    return element
