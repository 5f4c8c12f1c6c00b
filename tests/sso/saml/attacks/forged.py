"""Signatures that are missing, somebody else's, weak, or of another shape than the one that says what it covers."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from lxml import etree
from lxml.etree import _Element as Element
from xmlsec import constants

from sso.errors import Reason
from tests.idp.keys import make_keys
from tests.idp.saml import encode
from tests.idp.saml_xml import DS, SAML, SAMLP, sign
from tests.sso.saml.attacks.stage import Attack, Stage

ASSERTION = f"{{{SAML}}}Assertion"
C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"


def _with(**changes: Any) -> Callable[[Stage], str]:
    return lambda stage: stage.posted(**changes)


def _after(crook: Callable[[Element], None], **changes: Any) -> Callable[[Stage], str]:
    """A response that is crooked when it has been signed."""

    def post(stage: Stage) -> str:
        response = stage.response(**changes)
        crook(response)
        return encode(response)

    return post


def _the(response: Element, name: str) -> Element:
    found = response.find(f".//{{{DS}}}{name}")
    assert found is not None
    return found


def _add(parent: str, name: str, text: str = "", **attributes: str) -> Callable[[Element], None]:
    def crook(response: Element) -> None:
        child = etree.SubElement(_the(response, parent), f"{{{DS}}}{name}", attributes)
        child.text = text or None

    return crook


def _set(name: str, attribute: str, value: str) -> Callable[[Element], None]:
    return lambda response: _the(response, name).set(attribute, value)


def _append(name: str, text: str) -> Callable[[Element], None]:
    def crook(response: Element) -> None:
        element = _the(response, name)
        element.text = f"{element.text}{text}"

    return crook


def _twice(name: str) -> Callable[[Element], None]:
    def crook(response: Element) -> None:
        element = _the(response, name)
        element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))

    return crook


def _drop(name: str) -> Callable[[Element], None]:
    def crook(response: Element) -> None:
        element = _the(response, name)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return crook


def _somebody_else(response: Element) -> None:
    name_id = response.find(f".//{{{SAML}}}NameID")
    assert name_id is not None
    name_id.text = "admin@acme.example"


def _in_the_subject(response: Element) -> None:
    subject = response.find(f".//{{{SAML}}}Subject")
    assert subject is not None
    subject.append(_the(response, "Signature"))


def _id_of_a_namespace(response: Element) -> None:
    assertion = response.find(ASSERTION)
    assert assertion is not None
    assertion.set(f"{{{SAMLP}}}ID", assertion.get("ID", ""))


def _without_an_id(response: Element) -> None:
    assertion = response.find(ASSERTION)
    assert assertion is not None
    del assertion.attrib["ID"]


def _many_prefixes(response: Element) -> None:
    transform = response.findall(f".//{{{DS}}}Transform")[1]
    etree.SubElement(transform, f"{{{C14N}}}InclusiveNamespaces", PrefixList="a " * 5000)


def _void(stage: Stage) -> str:
    """A namespace that fails canonicalization, and the digest of nothing; the signature is by the honest key."""
    response = stage.response()
    assertion = response.find(ASSERTION)
    assert assertion is not None
    _the(response, "DigestValue").text = b64encode(hashlib.sha256(b"").digest()).decode()
    _somebody_else(response)
    return encode(etree.tostring(response).replace(b"<saml:Subject>", b'<saml:Subject xmlns:void="1">', 1))


def _foreign_response(stage: Stage) -> str:
    """The honest assertion in a response that somebody else signed."""
    response = stage.response()
    sign(response, make_keys("mallory"))
    return encode(response)


def _with_a_comment(stage: Stage) -> str:
    """CVE-2025-29775: two libraries read two digests."""
    return encode(etree.tostring(stage.response()).replace(b"<ds:DigestValue>", b"<ds:DigestValue><!-- -->", 1))


_XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_SHAPES: dict[str, Callable[[Element], None]] = {
    "two references": _twice("Reference"),
    "no reference": _drop("Reference"),
    "a reference to the whole document": _set("Reference", "URI", ""),
    "a reference to another thing": _set("Reference", "URI", "#_other"),
    "a reference by XPointer": _set("Reference", "URI", "#xpointer(/)"),
    "a reference to a file": _set("Reference", "URI", "file:///etc/passwd"),
    "a third transform": _add("Transforms", "Transform", Algorithm=_XSLT),
    "a transform by XPath": _set("Transform", "Algorithm", _XPATH),
    "no transforms": _drop("Transforms"),
    "one transform": _drop("Transform"),
    "canonicalization with comments": _set("CanonicalizationMethod", "Algorithm", f"{C14N}WithComments"),
    "canonicalization by nothing we know": _set("CanonicalizationMethod", "Algorithm", "urn:none"),
    "thousands of prefixes": _many_prefixes,
    "an object": _add("Signature", "Object", "anything"),
    "two signatures": _twice("Signature"),
    "two SignedInfo": _twice("SignedInfo"),
    "two values": _twice("SignatureValue"),
    "something behind the signature": _append("SignatureValue", "AAAA"),
    "something odd in the signature": _append("SignatureValue", " '"),
    "something behind the digest": _append("DigestValue", "AAAA"),
    "two digests": _twice("DigestValue"),
    "a signature cut to some bits": _add("SignatureMethod", "HMACOutputLength", "8"),
    "a key to be fetched": _add("KeyInfo", "RetrievalMethod", URI="https://evil.example/key"),
    "a signature in the subject": _in_the_subject,
    "nothing that has an ID": _without_an_id,
}

_SHA1 = {"algorithm": constants.TransformRsaSha1, "digest": constants.TransformSha256}
ATTACKS = [
    Attack("no signature", Reason.NO_SIGNATURE, _with(signed=())),
    Attack("only the response is signed", Reason.NO_SIGNATURE, _with(signed=("response",))),
    Attack("another key", Reason.WRONG_SIGNATURE, _with(keys=make_keys("mallory"))),
    Attack(
        "another key, both signed",
        Reason.WRONG_SIGNATURE,
        _with(keys=make_keys("mallory"), signed=("assertion", "response")),
    ),
    Attack("another key for the response", Reason.WRONG_SIGNATURE, _foreign_response),
    Attack("our own key", Reason.WRONG_SIGNATURE, _with(keys=make_keys("sp"))),
    Attack("the public key as a secret", Reason.WEAK_ALGORITHM, _with(algorithm=constants.TransformHmacSha256)),
    Attack("a signature with SHA-1", Reason.WEAK_ALGORITHM, _with(**_SHA1)),
    Attack("a digest with SHA-1", Reason.WEAK_ALGORITHM, _with(digest=constants.TransformSha1)),
    Attack("a signature with SHA-224", Reason.WEAK_ALGORITHM, _with(algorithm=constants.TransformRsaSha224)),
    Attack("a response with SHA-1", Reason.WEAK_ALGORITHM, _with(signed=("assertion", "response"), **_SHA1)),
    Attack(
        "inclusive canonicalization",
        Reason.SIGNATURE_SHAPE,
        _with(transforms=(constants.TransformEnveloped, constants.TransformInclC14N)),
    ),
    Attack("another name after the signature", Reason.WRONG_SIGNATURE, _after(_somebody_else)),
    Attack(
        "another name after both signatures",
        Reason.WRONG_SIGNATURE,
        _after(_somebody_else, signed=("assertion", "response")),
    ),
    Attack("an ID in a namespace", Reason.FORBIDDEN_XML, _after(_id_of_a_namespace)),
    Attack("a comment in the digest", Reason.FORBIDDEN_XML, _with_a_comment),
    Attack("void canonicalization", Reason.FORBIDDEN_XML, _void),
    *(Attack(name, Reason.SIGNATURE_SHAPE, _after(crook)) for name, crook in _SHAPES.items()),
]
