"""What of a request may be written down: passwords and tokens are taken out before anything is kept.

A secret is told by the name that it stands under. So what has no names, such as a body that is no JSON object, is not
kept at all.
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

import orjson

REDACTED = "[redacted]"

_NAMES = r"pass[-_]?(?:word|wd|phrase|code)|pwd|secret|token|authorization|credential|(?:api|private)[-_]?key"
_SECRET = re.compile(_NAMES, re.IGNORECASE | re.ASCII)
# What holds the name of a secret holds one of these, in lower case, or spells it with JSON's escapes. Each is a look
# through all of the body, most of which hold none: so the last are looked for only where there is a "key".
_MARKS = (b"pass", b"pwd", b"secret", b"token", b"authorization", b"credential", b"\\u")
_KEYS = (b"apikey", b"api-key", b"api_key", b"privatekey", b"private-key", b"private_key")
# In a filter or a path: the name of a secret, and behind it more than the end of what such a name stands in. From there
# on all goes. (`password pr` and `attributes=password,userName` tell nothing.)
_COMPARED = re.compile(rf"(?is)((?:{_NAMES})[\w.:$-]*+)(?!\s*+(?:$|[,)\]]|pr\b)).+")
# In a sentence, which may well say "password": one that repeats a comparison.
_REPEATED = re.compile(rf"(?is)((?:{_NAMES})[\w.:$-]*+\s+(?:eq|ne|co|sw|ew|gt|ge|lt|le)\b).+")
# Where filters and paths stand: in a SearchRequest, in an operation of a PATCH or of Bulk.
_EXPRESSIONS = ("filter", "path")
# The parameters whose values are shown (RFC 7644 §3.4.2, RFC 9865); of any other, only that it was there.
_PARAMETERS = frozenset(
    ("filter", "sortby", "sortorder", "startindex", "count", "cursor", "attributes", "excludedattributes")
)
# As deep as a request may be nested (scim/payloads.py); below that, it was refused.
_DEPTH = 64
# Of a name that is remembered: anybody may send longer ones, and as many as they like.
_LONGEST_NAME = 100
_TOO_DEEP = "(not kept: nested too deep)"


def redact_request(body: bytes, limit: int) -> str | None:
    """What a client sent without its secrets, cut at `limit` bytes; None where it sent nothing."""
    if not body or not body.strip():
        return None
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        payload = None
    if not isinstance(payload, dict):
        return f"(not kept: {len(body)} bytes, which are no JSON object)"
    return _cut(orjson.dumps(_redact(payload, _DEPTH)) if _may_hold_secrets(body) else body, limit)


def redact_answer(body: bytes, limit: int) -> str | None:
    """As `redact_request`, for what we sent ourselves: JSON, with each name before its value.

    So what goes beyond the limit need not be looked at, which would take long in a listing of many.
    """
    return redact_request(body, limit) if not body or _may_hold_secrets(body[:limit]) else _cut(body, limit)


def redact_path(path: str, query: str, limit: int) -> str:
    """The path of a request and its query, as a person reads them, without secrets, and cut at `limit` characters."""
    shown = _redact_expression(path)
    if query:
        shown += f"?{'&'.join(map(_redact_parameter, query.split('&')))}"
    # No control characters: a terminal would obey them, and PostgreSQL refuses NUL.
    if not shown.isprintable():
        shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown)
    return shown if len(shown) <= limit else f"{shown[:limit]}… (cut: {len(shown)} characters in all)"


def is_secret(name: str) -> bool:
    """Whether passwords or tokens stand under this name, in whatever case and also behind a URN."""
    return _is_secret(name) if len(name) <= _LONGEST_NAME else _SECRET.search(name) is not None


@lru_cache(maxsize=2048)
def _is_secret(name: str) -> bool:
    """The names of all the attributes that a directory sends are known soon, and each is a long look otherwise."""
    return _SECRET.search(name) is not None


def _redact_parameter(part: str) -> str:
    name, given, value = (unquote_plus(each, errors="replace") for each in part.partition("="))
    if not given:
        return _redact_expression(name)
    return f"{_redact_expression(name)}={_redact_expression(value) if name.lower() in _PARAMETERS else REDACTED}"


def _redact_expression(text: str) -> str:
    # Most hold none, and to look for names by the pattern takes many times as long. (It takes an S and a K besides that
    # are no letters of ASCII.)
    if text.isascii() and not _may_hold_secrets(text.encode()):
        return text
    return _COMPARED.sub(_hide, text)


def _hide(found: re.Match[str]) -> str:
    # Not by a template: Python would take the text of one to pieces each time, though there is nearly never anything.
    return f"{found[1]} {REDACTED}"


def _redact(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return REDACTED if _holds_json(value) else value
    if isinstance(value, dict):
        return _redact_members(value, depth) if depth else _TOO_DEEP
    if isinstance(value, list):
        return [_redact(each, depth - 1) for each in value] if depth else _TOO_DEEP
    return value


def _redact_members(members: dict[str, Any], depth: int) -> dict[str, Any]:
    # An operation of a PATCH names in its path what its value is.
    path = next((each for name, each in members.items() if name.lower() == "path"), None)
    is_on_secret = isinstance(path, str) and is_secret(path)
    redacted: dict[str, Any] = {}
    for name, value in members.items():
        kind = name.lower()
        if is_secret(name) or (is_on_secret and kind == "value"):
            redacted[_redact_expression(name)] = None if value is None else REDACTED
        elif kind in _EXPRESSIONS and isinstance(value, str):
            redacted[name] = _redact_expression(value)
        elif kind == "detail" and isinstance(value, str):
            redacted[name] = _REPEATED.sub(_hide, value)
        else:
            redacted[name] = _redact(value, depth - 1)
    return redacted


def _holds_json(text: str) -> bool:
    """Whether it is JSON inside JSON, as Entra ID sends app roles (exchange 39), and may hold a secret."""
    return text.lstrip()[:1] in ("{", "[") and (is_secret(text) or "\\u" in text)


def _may_hold_secrets(body: bytes) -> bool:
    lowered = body.lower()
    return any(map(lowered.__contains__, _MARKS)) or (b"key" in lowered and any(map(lowered.__contains__, _KEYS)))


def _cut(body: bytes, limit: int) -> str:
    if len(body) <= limit:
        return body.decode()
    return f"{body[:limit].decode(errors='ignore')}… (cut: {len(body)} bytes in all)"
