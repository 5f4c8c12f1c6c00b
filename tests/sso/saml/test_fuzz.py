"""Whatever is done to an honest response: it is refused, or it says what it said."""

import random
import re
from dataclasses import replace
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from sso.errors import Refused
from sso.identity import Identity
from sso.saml import gate
from sso.saml.apart import apart
from tests.idp.saml import encode
from tests.sso.saml.attacks.stage import Stage

# What is dangerous where XML is read: put anywhere, instead of anything.
_TOKENS = [
    *(b"<!--", b"-->", b"<!DOCTYPE a>", b"<![CDATA[", b"]]>", b"<?x ?>", b"&amp;", b"&lt;", b"&#0;", b"&#x41;", b"&e;"),
    *(
        b"<",
        b">",
        b"/>",
        b'"',
        b"'",
        b"=",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xc3\xa9",
        b"\xc3",
        b" ",
        b"\r\n",
        b"",
    ),
    *(b"<a/>", b"<saml:NameID>", b"</saml:NameID>", b"<saml:Assertion>", b"<ds:Object>", b"<ds:Signature>"),
    *(b' ID="a"', b' xmlns:a="b"', b' xmlns=""', b' xml:id="a"', b' Id="a"', b"</ds:Signature>"),
    *(b"admin@acme.example", b"2999-01-01T00:00:00Z"),
]
_SHAPES = [("assertion",), ("assertion", "response"), ("encrypted",)]


@cache
def honest(signed: tuple[str, ...]) -> bytes:
    stage = Stage()
    if signed == ("encrypted",):
        return etree.tostring(stage.response(encrypted_for=stage.connection.keys[0].certificate))
    return etree.tostring(stage.response(signed=signed))


@cache
def said(signed: tuple[str, ...]) -> Identity:
    return Stage().finish(encode(honest(signed)))


def pieces(document: bytes) -> list[bytes]:
    """Tags, texts, and what is between quotes."""
    return [piece for piece in re.split(rb"(<[^>]*>|\"[^\"]*\")", document) if piece]


def crook(document: bytes, seed: int, changes: int) -> bytes:
    """Some pieces put elsewhere, twice, away, or another in their place; some bytes too."""
    chance = random.Random(seed)  # noqa: S311
    parts = pieces(document)
    for _ in range(changes):
        place, other = chance.randrange(len(parts)), chance.randrange(len(parts))
        match chance.randrange(7):
            case 0:
                parts[place] = chance.choice(_TOKENS)
            case 1:
                parts.insert(place, chance.choice(_TOKENS))
            case 2:
                parts.insert(place, parts[other])
            case 3:
                parts[place], parts[other] = parts[other], parts[place]
            case 4 if len(parts) > 1:
                del parts[place]
            case 5:
                parts[place : place + 1] = parts[min(place, other) : max(place, other) + 1]
            case _:
                cut = chance.randrange(len(parts[place]) + 1)
                parts[place] = parts[place][:cut] + chance.choice(_TOKENS) + parts[place][cut:]
    return b"".join(parts)


def finish_or_refuse(document: bytes, signed: tuple[str, ...]) -> None:
    try:
        identity = Stage().finish(encode(document))
    except Refused:
        return
    assert identity == said(signed)


@settings(max_examples=250, deadline=None)
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 4), signed=st.sampled_from(_SHAPES))
def test_a_crooked_response_is_refused_or_says_what_the_honest_one_said(
    seed: int, changes: int, signed: tuple[str, ...]
) -> None:
    finish_or_refuse(crook(honest(signed), seed, changes), signed)


@settings(max_examples=50, deadline=None)
@given(place=st.integers(0, 10_000), length=st.integers(0, 20), new=st.binary(max_size=20))
def test_a_response_with_other_bytes_is_refused_or_says_what_the_honest_one_said(
    place: int, length: int, new: bytes
) -> None:
    document = honest(("assertion",))
    place %= len(document)

    finish_or_refuse(document[:place] + new + document[place + length :], ("assertion",))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_the_gate_lets_through_or_refuses_and_nothing_else(document: bytes) -> None:
    try:
        apart(lambda: len(gate.parse(document)))
    except Refused as refused:
        assert refused.expected  # noqa: PT017


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
def test_whatever_is_posted_is_refused(posted: str) -> None:
    stage = Stage()
    try:
        stage.finish(posted)
    except Refused:
        return
    raise AssertionError(posted)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_is_inflated_is_bounded(packed: bytes) -> None:
    try:
        assert len(gate.inflate(encode(packed))) <= gate.LARGEST
    except Refused:
        return


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whoever_changes_the_connection_instead_is_refused_too(seed: int) -> None:
    """A response that is honest is not so for any other."""
    chance = random.Random(seed)  # noqa: S311
    stage = Stage()
    name = chance.choice(["sp_entity_id", "acs_url", "idp_entity_id"])
    value = getattr(stage.connection, name)
    place = chance.randrange(len(value))
    other = value[:place] + chance.choice("aA/.?# ") + value[place:]
    crooked = replace(stage, connection=replace(stage.connection, **{name: other}))
    try:
        crooked.finish(encode(honest(("assertion",))))
    except Refused:
        return
    raise AssertionError(other)
