"""The gate: what a document must be before anybody asks who signed it.

What it lets through is plain: one tree of a bounded size, of elements, attributes and texts and of nothing else, in
which an ID names one element and a value is the whole of what stands between two tags.
"""

import re
import zlib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator

from lxml import etree
from lxml.etree import _Element as Element

from sso.errors import Reason, Refused
from sso.saml.names import DS, SAML, SAMLP, XENC

LARGEST = 256 * 1024
_MOST_ELEMENTS = 10_000
_MOST_ATTRIBUTES = 20_000
_DEEPEST = 64

# A namespace that is no absolute URI makes canonicalization fail, and what fails in one library is empty in another:
# a digest over nothing then fits (void canonicalization).
_ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]+")
_DECLARATION = re.compile(rb"<\?xml\s[^<>]*?\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]*)[\"']")

# Elements that are values: what has a child there is two values, and each reader takes another (a comment once made
# `admin@acme.com<!---->.evil.com` an admin).
_VALUES = frozenset(
    [f"{{{SAML}}}{name}" for name in ("Audience", "AttributeValue", "AuthnContextClassRef", "Issuer", "NameID")]
    + [f"{{{SAMLP}}}{name}" for name in ("SessionIndex", "StatusMessage")]
    + [f"{{{DS}}}{name}" for name in ("DigestValue", "SignatureValue", "X509Certificate")]
    + [f"{{{XENC}}}CipherValue"]
)


def unpack(posted: str, *, largest: int = LARGEST) -> bytes:
    """The bytes of a form's field, which is in Base64. Raises Refused."""
    if len(posted) > largest * 3 // 2:
        raise Refused(Reason.TOO_LARGE, expected=f"at most {largest} bytes", came="more")
    try:
        unpacked = b64decode("".join(posted.split()), validate=True)
    except (NotBase64, ValueError):
        raise Refused(Reason.MALFORMED, expected="Base64", came="something else") from None
    return bounded(unpacked, largest)


def inflate(posted: str, *, largest: int = LARGEST) -> bytes:
    """The bytes of a parameter of the Redirect binding, which is deflated and in Base64. Raises Refused."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(unpack(posted, largest=largest), largest + 1)
    except zlib.error:
        raise Refused(Reason.MALFORMED, expected="DEFLATE", came="something else") from None
    if not inflater.eof and len(inflated) <= largest:
        raise Refused(Reason.MALFORMED, expected="DEFLATE", came="a part of it")
    return bounded(inflated, largest)


def bounded(document: bytes, largest: int) -> bytes:
    """The same. Raises Refused."""
    if len(document) > largest:
        raise Refused(Reason.TOO_LARGE, expected=f"at most {largest} bytes", came="more")
    return document


def parse(document: bytes) -> Element:
    """The tree of a document that is nothing but elements. Raises Refused.

    lxml keeps each name that it ever saw in a thread for as long as that thread lives: see `apart`.
    """
    _refuse_markup(document)
    parser = etree.XMLPullParser(
        events=("start", "end", "start-ns"),
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        collect_ids=False,
    )
    try:
        parser.feed(document)
        root = parser.close()
    except (etree.LxmlError, ValueError):  # not lxml's words: they may quote the document
        raise Refused(Reason.MALFORMED, expected="well-formed XML", came="something else") from None
    _refuse_shapes(parser.read_events())
    refuse_duplicate_ids(root)
    return root


def value(element: Element) -> str:
    """The text of an element, whole. Raises Refused."""
    if len(element):
        raise _forbidden(f"an element within {local_name(element)}", "a value")
    return element.text or ""


def local_name(element: Element) -> str:
    return etree.QName(element).localname


def refuse_duplicate_ids(*roots: Element) -> None:
    """Each ID names one element, in all of these trees together. Raises Refused."""
    seen: set[str] = set()
    for root in roots:
        for element in root.iter():
            for attribute in element.attrib:
                _note_id(element, str(attribute), seen)


def _note_id(element: Element, attribute: str, seen: set[str]) -> None:
    if attribute.rpartition("}")[2].lower() != "id":
        return
    # An ID within a namespace is one to some libraries and none to others.
    if attribute.startswith("{"):
        raise _forbidden(f"{attribute} on {local_name(element)}", "an ID without a prefix")
    identifier = element.attrib[attribute]
    if identifier in seen:
        raise Refused(Reason.DUPLICATE_ID, expected="each ID once", came=str(identifier))
    seen.add(str(identifier))


def _refuse_markup(document: bytes) -> None:
    """Refuse what could be read in two ways, before it is read.

    In XML, `<!` opens a DTD, a comment or a CDATA section and nothing else, and `<?` a processing instruction: both are
    looked for in bytes that are UTF-8 and nothing else, so that no other encoding hides them.
    """
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        raise _forbidden("another encoding", "UTF-8") from None
    declaration = _DECLARATION.match(document.removeprefix(b"\xef\xbb\xbf"))
    encoding = _ENCODING.search(declaration[0]) if declaration else None
    if b"\0" in document or (encoding and encoding[1].lower() not in (b"utf-8", b"us-ascii")):
        raise _forbidden("another encoding", "UTF-8")
    if b"<!" in document:
        raise _forbidden("a DTD, a comment or a CDATA section", "none")
    if document.count(b"<?") > (1 if declaration else 0):
        raise _forbidden("a processing instruction", "none")
    if document.count(b"<") > 2 * _MOST_ELEMENTS:
        raise Refused(Reason.TOO_LARGE, expected=f"at most {_MOST_ELEMENTS} elements", came="more")


def _refuse_shapes(events: Iterator[tuple[str, object]]) -> None:
    depth, attributes = 0, 0
    for event, subject in events:
        if event == "start-ns":
            assert isinstance(subject, tuple)
            _refuse_namespace(subject[1])
            continue
        assert isinstance(subject, etree._Element)
        if event == "end":
            depth -= 1
            continue
        depth, attributes = depth + 1, attributes + len(subject.attrib)
        if depth > _DEEPEST or attributes > _MOST_ATTRIBUTES:
            raise Refused(Reason.TOO_LARGE, expected="at most 64 levels and 20000 attributes", came="more")
        _refuse_element(subject)


def _refuse_namespace(uri: str) -> None:
    if uri and not _ABSOLUTE_URI.fullmatch(uri):
        raise _forbidden("a namespace that is no absolute URI", "an absolute URI")


def _refuse_element(element: Element) -> None:
    if not isinstance(element.tag, str):
        raise _forbidden("a comment, a processing instruction or an entity", "none")
    if len(element):
        if element.tag in _VALUES:
            raise _forbidden(f"an element within {local_name(element)}", "a value")
        if _has_text(element.text) or any(_has_text(child.tail) for child in element):
            raise _forbidden(f"a text beside the elements of {local_name(element)}", "elements")


def _has_text(text: str | None) -> bool:
    return bool(text and text.strip())


def _forbidden(came: str, expected: str) -> Refused:
    return Refused(Reason.FORBIDDEN_XML, expected=expected, came=came)
