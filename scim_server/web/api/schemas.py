"""The shapes of the management API as JSON Schema, each by a short name, and an example of each that goes in."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

REF = "#/components/schemas/"
_PAGE = re.compile(r"Page_(\w+)_")
_QUALIFIED = re.compile(r"scim_server__(?:\w+__)?(\w+?)__(\w+)")
# What is as it is, whatever it holds.
_VALUES = ("default", "const", "enum", "example", "examples", "required")

_ID = "019a0000-0000-7000-8000-000000000000"
_FORMATS = {"uuid": _ID, "date-time": "2026-11-22T12:00:00Z", "date": "2026-11-22", "uri": "https://example.com/"}
_NAMES = {
    "domain": "example.com",
    "email": "grace@example.com",
    "language": "en",
    "phone": "+442079460000",
    "provider": "okta",
    "slug": "acme",
    "timezone": "Europe/London",
    "url": "https://example.com/",
    "user_name": "grace@example.com",
}
_TEXTS = ("Example", "example", "x", "1")


def schemas_of(wanted: Iterable[tuple[Any, str]]) -> tuple[dict[str, Any], dict[tuple[Any, str], Any]]:
    """Every schema by its name, and where each type that goes in (validation) or out (serialization) is found."""
    adapters = {key: TypeAdapter(key[0]) for key in wanted}
    inputs: list[Any] = [(key, key[1], adapter) for key, adapter in adapters.items()]
    found, whole = TypeAdapter.json_schemas(inputs, ref_template=f"{REF}{{model}}")
    schemas = whole.get("$defs", {})
    names = _short_names(schemas)
    return (
        {
            names[name]: _tidy(schema, names)
            for name, schema in sorted(schemas.items(), key=lambda each: names[each[0]])
        },
        {key: _tidy(schema, names) for (key, _), schema in found.items()},
    )


def resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """What a schema that only refers to another one refers to."""
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = schemas[schema["$ref"].removeprefix(REF)]
    return resolved(found, schemas)


def example(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """The least that a schema takes, as somebody might write it."""
    schema = resolved(schema, schemas)
    if several := schema.get("anyOf", schema.get("oneOf")):
        return example(next(each for each in several if each.get("type") != "null"), schemas, name)
    for given in ("examples", "enum"):
        if given in schema:
            return schema[given][0]
    if "const" in schema:
        return schema["const"]
    return _of_type(schema, schemas, name)


def _of_type(schema: dict[str, Any], schemas: dict[str, Any], name: str) -> Any:
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            asked = _asked(schema) or list(properties)[:1]
            return {each: example(properties[each], schemas, each) for each in asked}
        case "array":
            return [example(schema["items"], schemas, name.removesuffix("s"))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "string":
            return _text(schema, name)
    return {}


def _asked(schema: dict[str, Any]) -> list[str]:
    """The fields that a shape asks for, and the first of what may be given in one way or another."""
    ways = [part.get("oneOf", part.get("anyOf", [part]))[0] for part in schema.get("allOf", [])]
    return [name for each in (schema, *ways) for name in each.get("required", [])]


def _text(schema: dict[str, Any], name: str) -> str:
    format: str = schema.get("format", "")
    if format in _FORMATS:
        return _FORMATS[format]
    tries: list[str] = [
        *(text for key, text in _NAMES.items() if name.endswith(key)),
        *_TEXTS,
        "x" * schema.get("minLength", 1),
    ]
    return next((text for text in tries if _fits(text, schema)), tries[-1])


def _fits(text: str, schema: dict[str, Any]) -> bool:
    long_enough = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
    return long_enough and re.search(schema.get("pattern", ""), text) is not None


def _short_names(schemas: dict[str, Any]) -> dict[str, str]:
    """UserShape is User, a page of them Users in parts; where both go in and out, each has its name."""
    names: dict[str, str] = {}
    for name in sorted(schemas, key=lambda each: (each.endswith("Shape"), each)):
        short = _PAGE.sub(r"\1Page", _QUALIFIED.sub(lambda each: each[1].title().replace("_", "") + each[2], name))
        short = short.replace("Shape", "").replace("-", "")
        names[name] = short if short not in names.values() else f"{short}Shown"
    return names


def _tidy(schema: Any, names: dict[str, str], *, named: bool = False) -> Any:
    """A schema with short names, and without the titles that only repeat them. `named`: it is a table of schemas."""
    if isinstance(schema, list):
        return [_tidy(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for key, value in schema.items():
        if not named and key == "title":
            continue
        if not named and key == "$ref":
            found[key] = REF + names[value.removeprefix(REF)]
        elif not named and key in _VALUES:
            found[key] = value
        else:
            found[key] = _tidy(value, names, named=not named and key == "properties")
    return found
