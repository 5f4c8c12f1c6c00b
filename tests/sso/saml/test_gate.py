"""The gate: what passes is plain, and what does not costs little."""

import zlib
from base64 import b64encode
from threading import current_thread

import pytest
from lxml import etree

from sso.errors import Reason, Refused
from sso.saml import gate
from sso.saml.apart import apart


def refusal(document: bytes) -> Reason:
    with pytest.raises(Refused) as refused:
        gate.parse(document)
    return refused.value.reason


def deflated(document: bytes) -> str:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return b64encode(deflater.compress(document) + deflater.flush()).decode()


@pytest.mark.parametrize(
    "document",
    [
        b"<a/>",
        b'<?xml version="1.0" encoding="UTF-8"?>\n<a/>',
        b"<?xml version='1.0' encoding='utf-8' standalone='no'?><a/>",
        b'<?xml version="1.0"?><a/>',
        b'\xef\xbb\xbf<?xml version="1.0"?><a>\xc3\xa9</a>',
        b"<a>\n  <b>&lt;&amp;&#65;</b>\n</a>",
        b'<a xmlns="urn:a" xmlns:b="https://b.example/c#"><b:d b:e="&quot;"/></a>',
        b'<a ID="1"><b Id="2"/><c id="3"/></a>',
    ],
)
def test_what_is_plain_passes(document: bytes) -> None:
    assert gate.parse(document).tag


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b'<a ID="1"><b Id="1"/></a>', Reason.DUPLICATE_ID),
        (b'<a id="1"><b xml:id="2"/></a>', Reason.FORBIDDEN_XML),
        (b'<a xmlns:b="urn:b" b:ID="1"/>', Reason.FORBIDDEN_XML),
        (b'<a xmlns:b="b"/>', Reason.FORBIDDEN_XML),
        (b'<a xmlns:b="http://b c"/>', Reason.FORBIDDEN_XML),
        (b'<a xmlns:b="http://%zz"/>', Reason.FORBIDDEN_XML),
        (b'<a xmlns="//b"/>', Reason.FORBIDDEN_XML),
        (b"<a>text<b/></a>", Reason.FORBIDDEN_XML),
        (b"<a><b/>text</a>", Reason.FORBIDDEN_XML),
        (b"<a><b/></a><!-- -->", Reason.FORBIDDEN_XML),
        (b"<a/><?b?>", Reason.FORBIDDEN_XML),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', Reason.FORBIDDEN_XML),
        (b'<?xml version="1.0" encoding="latin-1"?><a/>', Reason.FORBIDDEN_XML),
        ("<a/>".encode("utf-16"), Reason.FORBIDDEN_XML),
        ("<a/>".encode("utf-32"), Reason.FORBIDDEN_XML),
        ("<a>é</a>".encode("latin-1"), Reason.FORBIDDEN_XML),
        (b'<a b="1" b="2"/>', Reason.MALFORMED),
        (b'<a xmlns:b="urn:c" xmlns:d="urn:c" b:e="1" d:e="2"/>', Reason.MALFORMED),
        (b"<a>&b;</a>", Reason.MALFORMED),
        (b"<a>\x01</a>", Reason.MALFORMED),
        (b"<a>\xed\xa0\x80</a>", Reason.FORBIDDEN_XML),
        (b"", Reason.MALFORMED),
    ],
)
def test_what_can_be_read_in_two_ways_does_not(document: bytes, reason: Reason) -> None:
    assert refusal(document) is reason


@pytest.mark.parametrize(
    ("most", "more"),
    [
        (b"<a>" + b"<b/>" * 1_999 + b"</a>", b"<a>" + b"<b/>" * 2_000 + b"</a>"),
        (b"<a>" * 31 + b"</a>" * 31, b"<a>" * 32 + b"</a>" * 32),
        *(
            tuple(b"<a %b/>" % b" ".join(pattern % n for n in range(count)) for count in counts)
            for pattern, counts in ((b'b%d=""', (6_000, 6_001)), (b'xmlns:b%d="urn:b"', (64, 65)))
        ),
    ],
)
def test_there_is_a_bound_to_everything(most: bytes, more: bytes) -> None:
    assert gate.parse(most).tag == "a"
    assert refusal(more) is Reason.TOO_LARGE


def test_namespaces_count_where_they_are_in_scope() -> None:
    """Some providers declare two of them for each value."""
    values = b'<b xmlns:c="urn:c" xmlns:d="urn:d"/>' * 1_000

    assert len(gate.parse(b"<a>%b</a>" % values)) == 1_000


def test_no_more_is_unpacked_than_is_taken() -> None:
    largest = b64encode(b"a" * gate.LARGEST).decode()

    assert len(gate.unpack(largest)) == gate.LARGEST
    for more in (b64encode(b"a" * (gate.LARGEST + 1)).decode(), largest * 100):
        with pytest.raises(Refused) as refused:
            gate.unpack(more)
        assert refused.value.reason is Reason.TOO_LARGE


def test_no_more_is_inflated_than_is_taken() -> None:
    assert gate.inflate(deflated(b"a" * gate.LARGEST)) == b"a" * gate.LARGEST
    for bomb in (deflated(b"a" * (gate.LARGEST + 1)), deflated(b"a" * 100_000_000)):
        with pytest.raises(Refused) as refused:
            gate.inflate(bomb)
        assert refused.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("posted", [b64encode(b"not deflated").decode(), deflated(b"a" * 1000)[:-8] + "====", "!", ""])
def test_what_does_not_inflate_is_malformed(posted: str) -> None:
    with pytest.raises(Refused) as refused:
        gate.inflate(posted)

    assert refused.value.reason is Reason.MALFORMED


def test_a_value_with_an_element_in_it_is_no_value() -> None:
    assert gate.value(gate.parse(b"<a> b </a>")) == " b "
    assert gate.value(gate.parse(b"<a/>")) == ""
    with pytest.raises(Refused) as refused:
        gate.value(gate.parse(b"<a><b/></a>"))
    assert refused.value.reason is Reason.FORBIDDEN_XML


def test_work_apart_is_done_in_a_thread_that_has_ended() -> None:
    """libxml2's dictionary of names is that thread's, and ends with it."""
    worker = apart(current_thread)

    assert worker is not current_thread()
    assert not worker.is_alive()
    with pytest.raises(ZeroDivisionError):
        apart(lambda: 1 // 0)


def test_a_refusal_says_nothing_of_what_came_but_a_line() -> None:
    with pytest.raises(Refused) as refused:
        gate.parse(b'<a ID="%b"><b ID="%b"/></a>' % (b"x\n" * 5_000, b"x\n" * 5_000))

    assert refused.value.came is not None
    assert len(refused.value.came) <= 201
    assert refused.value.came.isprintable()
    assert etree.LxmlError not in type(refused.value).__mro__
