"""What a request brings, read as exactly as the document tells it: what could mean two things is refused, and so is a
text that no database keeps.
"""

import json
import math
import re
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import request
from werkzeug.exceptions import BadRequest, NotFound

from scim_server.services.errors import InvalidValue
from scim_server.web.api.shapes import Input

_DEEPEST = 50
_MOST_DIGITS = 400
_END_OF_NUMBERS = 2**63
# As JSON writes them, and no other way.
_WRITTEN = {
    "integer": re.compile(r"-?(0|[1-9][0-9]{0,19})"),
    "number": re.compile(r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?"),
    "boolean": re.compile(r"true|false"),
}


def exact_json(data: bytes) -> str:
    """The same JSON, where 1.0 is 1, as JSON Schema has it.

    Raises BadRequest, InvalidValue.
    """
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_no_number,
        )
        _check(value, "#")
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except ValueError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from None
    return json.dumps(value)


def query_json(shape: type[Input]) -> str:
    """The query as JSON: what is a number or a truth value for the shape, as such, where it is written like one.

    Raises BadRequest, InvalidValue.
    """
    kinds = _kinds(shape)
    given: dict[str, Any] = {}
    for name, values in query().items():
        several, kind = kinds.get(name, (True, "string"))
        if len(values) > 1 and not several:
            raise InvalidValue(name, "is given more than once")
        found = [_typed(each, kind) for each in values]
        given[name] = found if several else found[0]
    return json.dumps(given)


def query() -> dict[str, list[str]]:
    """Raises BadRequest, InvalidValue."""
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise BadRequest("The query is not UTF-8.") from None
    found = {name: list(values) for name, values in request.args.lists()}
    for name, values in found.items():
        for each in (name, *values):
            _check(each, name)
    return found


def check_path(arguments: Iterable[Any]) -> None:
    """Raises NotFound."""
    if any(isinstance(each, str) and not _keepable(each) for each in arguments):
        raise NotFound("Nothing is named like that.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259 §4: an object in which a name is twice means to each reader something else."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{json.dumps(twice)} is in one object twice")
    return found


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number has more than {_MOST_DIGITS} digits")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:20]} is too large a number")
    return int(value) if value.is_integer() and abs(value) < _END_OF_NUMBERS else value


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _check(value: Any, pointer: str, depth: int = 0) -> None:
    """Raises InvalidValue where there is no keeping it. `pointer` says where it is."""
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, str):
        if not _keepable(value):
            raise InvalidValue(pointer, "has a character that cannot be kept: NUL, or half of a pair")
    elif isinstance(value, int):
        if not -_END_OF_NUMBERS <= value < _END_OF_NUMBERS:
            raise InvalidValue(pointer, "is too large a number")
    else:
        for name, each in _within(value):
            _check(name, pointer, depth + 1)
            _check(each, f"{pointer}/{name}", depth + 1)


def _within(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _keepable(text: str) -> bool:
    return "\0" not in text and (text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text))


def _typed(text: str, kind: str) -> Any:
    written = _WRITTEN.get(kind)
    if written is None or not written.fullmatch(text):
        return text
    value = json.loads(text)
    return text if math.isinf(value) else value


@cache
def _kinds(shape: type[Input]) -> dict[str, tuple[bool, str]]:
    """Of each parameter, whether it is given several times, and the JSON type of one."""
    schema = shape.model_json_schema()
    found = {}
    for name, each in schema["properties"].items():
        told = _told(each, schema)
        several = told.get("type") == "array"
        found[name] = several, (_told(told["items"], schema) if several else told).get("type", "string")
    return found


def _told(schema: dict[str, Any], within: dict[str, Any]) -> dict[str, Any]:
    """A schema without its references, and without null, which nobody sends in a query."""
    if "$ref" in schema:
        return _told(within["$defs"][schema["$ref"].rpartition("/")[2]], within)
    if kinds := [each for each in schema.get("anyOf", []) if each.get("type") != "null"]:
        return _told(kinds[0], within)
    return schema
