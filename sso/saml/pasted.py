"""XML, addresses and times out of what an admin gave us: read with suspicion, refused in words."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from sso.errors import Reason, Refused, Unusable
from sso.saml import gate

LARGEST = 1_000_000
_LONGEST_URL = 2000
_MOST_COMMENTS = 1000
_MOST_ATTRIBUTES = 20_000

_PASTE = "Paste the metadata of your identity provider: an XML file that begins with <EntityDescriptor."
_NOT_UTF_8 = f"This file is not text in UTF-8: save it as that. {_PASTE}"
_TOO_MUCH = "This XML is larger than any provider's metadata."
_DOWNLOAD = "Download the metadata again, or have it mended where it is made."
_DECLARATION = re.compile(r"\A<\?xml\s[^>]{0,200}\?>")
_NEXT = re.compile(r"\s*(?:<|\Z)")
_URL = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_DURATION = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,12})(?:\.\d+)?S)?)?"
)
_ELSE = (
    ("", "There is nothing here."),
    ("https://", "This is an address, not what is found there."),
    ("http://", "This is an address, not what is found there."),
    ("-----begin", "This is a certificate, not metadata."),
    ("{", "This is JSON, not XML: if it is a discovery document, the provider is to be connected by OpenID Connect."),
    ("<!doctype html", "This is a web page, not metadata, as when a link leads to a page that asks to sign in first."),
    ("<html", "This is a web page, not metadata, as when a link leads to a page that asks to sign in first."),
)


def parse(given: bytes | str) -> Element:
    """The tree of an XML document that went through the gate, decoded by us and not as it asks to be.

    Raises Unusable.
    """
    if len(given) > LARGEST:
        raise Unusable(f"This is larger than {LARGEST // 1_000_000} MB, and no provider's metadata is. {_PASTE}")
    text = _decoded(given) if isinstance(given, bytes) else given
    text = _DECLARATION.sub("", text.lstrip("\ufeff").strip(), count=1).lstrip()
    if "\0" in text:
        raise Unusable(_NOT_UTF_8)
    for begins, sentence in _ELSE:
        if text[: len(begins)].lower() == begins and (begins or not text):
            raise Unusable(f"{sentence} {_PASTE}")
    if text.count("=") > _MOST_ATTRIBUTES:  # each has one, and it takes them all to build an element
        raise Unusable(f"{_TOO_MUCH} {_PASTE}")
    try:
        return gate.parse(_without_comments(text).encode())
    except Refused as refused:
        raise Unusable(f"{_unfit(refused)} {_PASTE}") from None
    except UnicodeEncodeError:
        raise Unusable(_NOT_UTF_8) from None


def value(element: Element) -> str:
    """The text of an element that holds nothing but text. Raises Unusable."""
    if len(element):
        raise Unusable(f"In this XML, {gate.local_name(element)} holds more than a text. {_PASTE}")
    return (element.text or "").strip()


def url(text: str, what: str, *, allow_http: bool = False) -> str:
    """An address that a browser or we may be sent to. Raises Unusable."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        if parts.scheme != "https" and not (allow_http and parts.scheme == "http"):
            raise Unusable(f"{what} is {_shown(text)}, and has to begin with https://.")
        whole = _URL.fullmatch(text) and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or len(text) > _LONGEST_URL or "@" in parts.netloc or "#" in text:
        raise Unusable(f"{what} is {_shown(text)}, which is not an address that a browser can safely be sent to.")
    return text


def moment(text: str) -> datetime:
    """An xs:dateTime, which without a time zone is one of UTC (core, 1.3.3). Raises Unusable."""
    try:
        # Python would read much else as a time.
        at = datetime.fromisoformat(text.strip() if _MOMENT.fullmatch(text.strip()) else "")
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unusable(f"In this XML, {_shown(text)} stands where a date and a time should. {_DOWNLOAD}") from None


def duration(text: str) -> timedelta:
    """An xs:duration; a month has thirty days in it, and a year 365. Raises Unusable."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise Unusable(f"In this XML, {_shown(text)} stands where a duration should. {_DOWNLOAD}")
    years, months, days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return timedelta(days=years * 365 + months * 30 + days, hours=hours, minutes=minutes, seconds=seconds)


def _decoded(given: bytes) -> str:
    # PowerShell writes a file as UTF-16 that says of itself that it is UTF-8.
    encoding = "utf-16" if given[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        return given.decode(encoding)
    except UnicodeDecodeError:
        raise Unusable(_NOT_UTF_8) from None


def _without_comments(text: str) -> str:
    """Leave out the comments that stand between elements, as in a file that is made to be edited by hand.

    One within a value is left to the gate, which refuses it: it makes two texts of one. So are too many.
    """
    if text.count("<!--") > _MOST_COMMENTS:
        return text
    kept, at = [], 0
    while (begins := text.find("<!--", at)) >= 0 and (ends := text.find("-->", begins)) >= 0:
        ends += len("-->")
        between = text[at:begins].rstrip()[-1:] in ("", ">") and _NEXT.match(text, ends)
        kept.append(text[at : begins if between else ends])
        at = ends
    return "".join([*kept, text[at:]])


def _unfit(refused: Refused) -> str:
    match refused.reason:
        case Reason.FORBIDDEN_XML:
            return f"This XML holds {refused.came}, which metadata never needs."
        case Reason.DUPLICATE_ID:
            return "In this XML, two elements have the same ID."
        case Reason.TOO_LARGE:
            return _TOO_MUCH
    return "This is not XML, or not all of it."


def _shown(text: str) -> str:
    plain = "".join(letter if letter.isprintable() else "�" for letter in text[:101])
    return f"“{plain}”" if len(plain) <= 100 else f"“{plain[:100]}…”"
