"""JSON as it comes in and as it is kept."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from scim2_models import InvalidSyntaxException, InvalidValueException

from scim_server.services.profiles import Profile

# Far deeper than any resource is, and far from where a recursion would end.
MAX_DEPTH = 64


def parse(body: bytes) -> dict[str, Any]:
    """Read the JSON object of a request.

    Raises InvalidSyntaxException where it is broken, no object, or nested absurdly deep.
    """
    if not body.strip():
        raise InvalidSyntaxException(detail="The request needs a body: a JSON object.")
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise InvalidSyntaxException(detail=f"The request body is not JSON: {problem}.") from None
    if not isinstance(payload, dict):
        raise InvalidSyntaxException(detail="The request body must be a JSON object.")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH:  # of what has no more, nothing is deeper
        _refuse_depth(payload)
    return payload


def _refuse_depth(payload: dict[str, Any]) -> None:
    level: list[Any] = [payload]
    for _ in range(MAX_DEPTH):
        level = [
            value
            for container in level
            for value in (container.values() if isinstance(container, dict) else container)
            if isinstance(value, dict | list)
        ]
        if not level:
            return
    raise InvalidSyntaxException(detail=f"The request body is nested more than {MAX_DEPTH} levels deep.")


def keep(document: dict[str, Any], fold: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Profile:
    """A profile of what a resource shows; `fold` brings it to the form that comparisons use.

    Raises InvalidValueException on text that no database keeps.
    """
    try:
        text = orjson.dumps(document)
    except TypeError:  # half of a surrogate pair, which the filter of a PATCH path can smuggle in; or a huge number
        raise InvalidValueException(detail="A text is not Unicode, or an integer has more than 64 bits.") from None
    if rb"\u0000" in text:
        raise InvalidValueException(detail="A text holds the character NUL, which cannot be kept.")
    return Profile(document, fold(document))
