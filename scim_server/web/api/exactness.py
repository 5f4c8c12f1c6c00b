"""Moments and ids, written in the one way that the document tells; pydantic would take more, such as a moment of which
nobody knows where on earth it is.
"""

import re
from datetime import UTC, datetime
from typing import Any

from pydantic_core import CoreSchema, core_schema

# RFC 3339 §5.6, and RFC 9562 §4.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _MOMENT.fullmatch(value):
        raise ValueError("is no date and time with its zone, as 2026-11-22T12:00:00Z is")
    # fromisoformat takes nanoseconds, and leaves out what is less than a microsecond.
    moment = datetime.fromisoformat(value.upper())
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is before the first year, or after the last") from None


def _id(value: Any) -> Any:
    if isinstance(value, str) and not _UUID.fullmatch(value):
        raise ValueError("is no UUID, as 019a0000-0000-7000-8000-000000000000 is")
    return value


_EXACT = {"datetime": _moment, "uuid": _id}


def exactly(schema: CoreSchema) -> CoreSchema:
    """The same schema, in which moments and ids are written in one way only."""
    exact: CoreSchema = _exactly(schema)
    return exact


def _exactly(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_exactly(each) for each in schema]
    if isinstance(schema, tuple):
        return tuple(_exactly(each) for each in schema)
    if not isinstance(schema, dict) or _is_exact(schema):
        return schema
    if isinstance(kind := schema.get("type"), str) and kind in _EXACT:
        return core_schema.no_info_before_validator_function(_EXACT[kind], schema)
    kept = ("metadata", "serialization", "default")
    return {name: each if name in kept else _exactly(each) for name, each in schema.items()}


def _is_exact(schema: dict[str, Any]) -> bool:
    """Whether it is of a shape within this one, which has been here before."""
    return schema.get("type") == "function-before" and schema["function"].get("function") in _EXACT.values()
