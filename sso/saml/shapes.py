"""Where a signature may stand, and of what it may consist: the one shape in which it says what it covers."""

import re

from lxml.etree import QName
from lxml.etree import _Element as Element

from sso.errors import Reason, Refused
from sso.saml.gate import local_name, value
from sso.saml.names import (
    ASSERTION,
    DS,
    ENCRYPTED_ASSERTION,
    ENVELOPED,
    EXCLUSIVE_C14N,
    RESPONSE,
    SIGNATURE,
)

SIGNATURE_METHODS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{kind}-{digest}"
    for kind in ("rsa", "ecdsa")
    for digest in ("sha256", "sha384", "sha512")
)
DIGEST_METHODS = frozenset(
    (
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    )
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,255}")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
_LONGEST_PREFIX_LIST = 200
_MOST_OF_KEY_INFO = 50

# What tells who signed is not read: the certificates are pinned. It must only be what it says, not a place for more.
_KEY_INFO = frozenset(
    (
        "ECKeyValue",
        "Exponent",
        "KeyName",
        "KeyValue",
        "Modulus",
        "NamedCurve",
        "PublicKey",
        "RSAKeyValue",
        "X509Certificate",
        "X509Data",
        "X509IssuerName",
        "X509IssuerSerial",
        "X509SKI",
        "X509SerialNumber",
        "X509SubjectName",
    )
)
_DS_NAMESPACES = (DS, "http://www.w3.org/2009/xmldsig11#")


def the_assertion(response: Element) -> Element:
    """The one assertion of a response, encrypted or not, in the one place where it may be. Raises Refused.

    Whatever is copied, moved or hidden in a signature wrapping, there are two assertions then, or one in another place.
    """
    if response.tag != RESPONSE:
        raise Refused(Reason.MALFORMED, expected="a samlp:Response", came=local_name(response))
    found = list(response.iter(ASSERTION, ENCRYPTED_ASSERTION))
    if len(found) != 1 or found[0].getparent() is not response:
        came = f"{len(found)} assertions" if len(found) != 1 else "an assertion in another element"
        raise _shape("exactly one assertion, a child of the Response", came)
    return found[0]


def refuse_other_signatures(root: Element, *signed: Element) -> None:
    """No signature but these elements' own. Raises Refused."""
    for signature in root.iter(SIGNATURE):
        if not any(signature.getparent() is element for element in signed):
            raise _shape("a Signature of the Response or of its assertion", "one in another place")


def signature_of(element: Element) -> Element | None:
    """The enveloped signature of an element, if it has one: over that element, whole, and in no other shape.

    Raises Refused.
    """
    signatures = element.findall(SIGNATURE)
    if not signatures:
        return None
    if len(signatures) > 1:
        raise _shape("one Signature", str(len(signatures)))
    signature = signatures[0]
    parts = _children(signature, "SignedInfo", "SignatureValue", optional="KeyInfo")
    if len(parts) > 2:
        _check_key_info(parts[2])
    canonicalization, method, reference = _children(parts[0], "CanonicalizationMethod", "SignatureMethod", "Reference")
    _check_canonicalization(canonicalization)
    _check_algorithm(method, SIGNATURE_METHODS, "RSA or ECDSA with SHA-256 or more")
    _check_reference(reference, element.get("ID"))
    _check_base64(parts[1])
    return signature


def _check_reference(reference: Element, identifier: str | None) -> None:
    if identifier is None or not _NAME.fullmatch(identifier):
        raise _shape("an ID on what is signed", identifier or "none")
    if reference.get("URI") != f"#{identifier}" or not {"URI", "Id"}.issuperset(map(str, reference.attrib)):
        raise _shape(f"a Reference to #{identifier}", reference.get("URI") or "none")
    transforms, method, digest = _children(reference, "Transforms", "DigestMethod", "DigestValue")
    enveloped, canonicalization = _children(transforms, "Transform", "Transform")
    if len(enveloped) or enveloped.get("Algorithm") != ENVELOPED:
        raise _shape("the transforms enveloped-signature and exclusive canonicalization", "others")
    _check_canonicalization(canonicalization)
    _check_algorithm(method, DIGEST_METHODS, "SHA-256 or more")
    _check_base64(digest)


def _check_canonicalization(method: Element) -> None:
    if method.get("Algorithm") != EXCLUSIVE_C14N:
        raise _shape("exclusive canonicalization", method.get("Algorithm") or "none")
    for child in method:
        # Each element that is written costs a look for each of these prefixes.
        listed = child.get("PrefixList", "")
        if child.tag != f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces" or len(child) or len(listed) > _LONGEST_PREFIX_LIST:
            raise _shape("a short InclusiveNamespaces", local_name(child))


def _check_algorithm(method: Element, allowed: frozenset[str], expected: str) -> None:
    algorithm = method.get("Algorithm")
    if algorithm not in allowed:
        raise Refused(Reason.WEAK_ALGORITHM, expected=expected, came=algorithm or "none")
    if len(method):  # HMACOutputLength was one
        raise _shape("a method without parameters", local_name(method[0]))


def _check_base64(element: Element) -> None:
    """Libraries differ in what they pass over in it, and in where they stop."""
    if not _BASE64.fullmatch(value(element)):
        raise _shape(f"Base64 in {local_name(element)}", "something else")


def _check_key_info(key_info: Element) -> None:
    for number, element in enumerate(key_info.iterdescendants()):
        name = QName(element)
        if number >= _MOST_OF_KEY_INFO or name.namespace not in _DS_NAMESPACES or name.localname not in _KEY_INFO:
            raise _shape("a KeyInfo of certificates, names and keys", name.localname)


def _children(parent: Element, *names: str, optional: str | None = None) -> list[Element]:
    expected = [f"{{{DS}}}{name}" for name in names]
    tags = [child.tag for child in parent]
    if tags != expected and tags != [*expected, f"{{{DS}}}{optional}"]:
        raise _shape(f"{', '.join(names)} in {local_name(parent)}", ", ".join(map(local_name, parent)) or "nothing")
    return list(parent)


def _shape(expected: str, came: str) -> Refused:
    return Refused(Reason.SIGNATURE_SHAPE, expected=expected, came=came)
