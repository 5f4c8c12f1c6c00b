"""The gate: what a document must be before anybody asks who signed it.

What it lets through is plain: one tree of a bounded size, of elements, attributes and texts and of nothing else, in
which an ID names one element and a value is the whole of what stands between two tags.
"""

import re
import zlib
from base64 import b64decode
from binascii import Error as NotBase64
from xml.parsers import expat

from lxml import etree
from lxml.etree import _Element as Element

from sso.errors import Reason, Refused
from sso.saml.names import DS, SAML, SAMLP, XENC

LARGEST = 256 * 1024
# What is honest has some dozens of elements, or a thousand with as many groups. These bound the work: canonicalization
# looks at each namespace in scope for each element.
_MOST_ELEMENTS = 2_000
_MOST_ATTRIBUTES = 6_000
_MOST_NAMESPACES = 64
_DEEPEST = 32

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
        raise _too_large(f"{largest} bytes")
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
        raise _too_large(f"{largest} bytes")
    return document


def parse(document: bytes) -> Element:
    """The tree of a document that is nothing but elements. Raises Refused.

    lxml keeps each name that it ever saw in a thread for as long as that thread lives: see `apart`.
    """
    _refuse_markup(document)
    _refuse_too_much(document)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, collect_ids=False
    )
    try:
        root = etree.fromstring(document, parser)
    except (etree.LxmlError, ValueError):  # not lxml's words: they may quote the document
        raise _malformed() from None
    for element in root.iter():
        _refuse_odd(element)
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
            _note_ids(element, seen)


def _note_ids(element: Element, seen: set[str]) -> None:
    for attribute, identifier in element.items():
        name = str(attribute)
        if name.rpartition("}")[2].lower() != "id":
            continue
        # An ID within a namespace is one to some libraries and none to others.
        if name.startswith("{"):
            raise _forbidden(f"{name} on {local_name(element)}", "an ID without a prefix")
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
        raise _too_large(f"{_MOST_ELEMENTS} elements")


def _refuse_too_much(document: bytes) -> None:
    """Count, by expat, which stops as soon as it is too much, and forgets what it saw: only then a tree is built."""
    counted = _Counted()
    counter = expat.ParserCreate("utf-8")
    counter.ordered_attributes = True
    counter.StartElementHandler = counted.start
    counter.EndElementHandler = counted.end
    try:
        counter.Parse(document, True)
    except expat.ExpatError:
        raise _malformed() from None


class _Counted:
    def __init__(self) -> None:
        self.elements = self.attributes = 0
        self.namespaces_in_scope = [0]

    def start(self, _: str, attributes: list[str]) -> None:
        """`attributes` are names and values by turns, declarations of namespaces among them."""
        declared = [uri for name, uri in zip(attributes[::2], attributes[1::2], strict=True) if _declares(name)]
        for uri in declared:
            if uri and not _ABSOLUTE_URI.fullmatch(uri):
                raise _forbidden("a namespace that is no absolute URI", "an absolute URI")
        self.elements += 1
        self.attributes += len(attributes) // 2
        self.namespaces_in_scope.append(self.namespaces_in_scope[-1] + len(declared))
        if self.elements > _MOST_ELEMENTS:
            raise _too_large(f"{_MOST_ELEMENTS} elements")
        if self.attributes > _MOST_ATTRIBUTES:
            raise _too_large(f"{_MOST_ATTRIBUTES} XML attributes")
        if self.namespaces_in_scope[-1] > _MOST_NAMESPACES:
            raise _too_large(f"{_MOST_NAMESPACES} namespaces")
        if len(self.namespaces_in_scope) > _DEEPEST:
            raise _too_large(f"{_DEEPEST} levels")

    def end(self, _: str) -> None:
        self.namespaces_in_scope.pop()


def _declares(attribute: str) -> bool:
    return attribute.startswith("xmlns") and attribute[5:6] in ("", ":")


def _refuse_odd(element: Element) -> None:
    if not isinstance(element.tag, str):
        raise _forbidden("a comment, a processing instruction or an entity", "none")
    if not len(element):
        return
    if element.tag in _VALUES:
        raise _forbidden(f"an element within {local_name(element)}", "a value")
    if _has_text(element.text) or any(_has_text(child.tail) for child in element):
        raise _forbidden(f"a text beside the elements of {local_name(element)}", "elements")


def _has_text(text: str | None) -> bool:
    return bool(text and text.strip())


def _forbidden(came: str, expected: str) -> Refused:
    return Refused(Reason.FORBIDDEN_XML, expected=expected, came=came)


def _malformed() -> Refused:
    return Refused(Reason.MALFORMED, expected="well-formed XML", came="something else")


def _too_large(bound: str) -> Refused:
    return Refused(Reason.TOO_LARGE, expected=f"at most {bound}", came="more")
