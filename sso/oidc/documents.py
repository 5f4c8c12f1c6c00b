"""JSON that a stranger wrote, read once and strictly: a document, a header, the claims of a token."""

import base64
import binascii
import json
import re
from typing import Any, NoReturn

DEEPEST = 16
MOST_ITEMS = 20_000
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


class NotAnObject(ValueError):
    """What came is no JSON object that two readers would read alike."""


def read_object(text: bytes) -> dict[str, Any]:
    """The object that a text is. Whoever asks has bounded its size.

    A name that comes twice is refused (RFC 7519 §4 leaves open which one counts, so two readers may differ), and so are
    NaN, what cannot be written as UTF-8, NUL, and more depth or items than anybody honest needs. Raises NotAnObject.
    """
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_no_name_twice, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # among them a number of more digits than Python reads
        raise NotAnObject from error
    if not isinstance(value, dict):
        raise NotAnObject
    _check_items(value)
    return value


def decode_segment(segment: str) -> bytes:
    """A part of a token, in the one way to write it (RFC 7515 §2). Raises NotAnObject."""
    if not _BASE64URL.fullmatch(segment):
        raise NotAnObject
    try:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except (binascii.Error, ValueError) as error:
        raise NotAnObject from error
    if encode_segment(data) != segment:  # bits left over: another spelling of the same bytes
        raise NotAnObject
    return data


def encode_segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotAnObject
    return members


def _no_constant(_: str) -> NoReturn:
    raise NotAnObject


def _check_items(value: Any) -> None:
    level, seen = [value], 0
    for _ in range(DEEPEST):
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                deeper.extend(item)
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        seen += len(deeper)
        if not deeper:
            return
        if seen > MOST_ITEMS:
            break
        level = deeper
    raise NotAnObject


def _check_text(text: str) -> None:
    try:
        data = text.encode()
    except UnicodeEncodeError as error:  # half of a pair, which JSON can spell
        raise NotAnObject from error
    if b"\0" in data:
        raise NotAnObject
