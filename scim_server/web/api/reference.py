"""GET /api/v1/docs: the reference of the management API, for people, rendered from the OpenAPI document."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from scim_server.web import pages
from scim_server.web.api.blueprint import bp
from scim_server.web.api.endpoints import JSON
from scim_server.web.api.openapi import document
from scim_server.web.api.schemas import REF, example
from scim_server.web.state import state

_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*([^*\s][^*]*)\*")
# That a text has no NUL is said once, for all of them.
_SAID = {r"^[^\x00]*$"}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "minLength": "{} characters or more",
    "maxLength": "up to {} characters",
    "default": "{} where it is left out",
}


@dataclass(frozen=True)
class Field:
    """What goes in, or out. `kind` is marked up: it has links to shapes; `bounds` is how far it goes."""

    name: str
    kind: Markup
    required: bool
    bounds: str
    about: Markup
    place: str = ""


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    about: Markup
    scopes: list[str]
    parameters: list[Field]
    body: list[Field]
    takes: Markup | None
    gives: Markup | None
    status: str
    problems: list[str]
    example: str


@dataclass(frozen=True)
class Room:
    id: str
    name: str
    about: Markup
    operations: list[Operation]


@dataclass(frozen=True)
class Described:
    """A shape by its name: its fields, or where it has none, what it is."""

    name: str
    about: Markup
    fields: list[Field]
    kind: Markup


@bp.get("/docs")
def show_reference() -> ResponseReturnValue:
    response = pages.public_page(_page(state().settings.base_url))
    response.make_conditional(request)
    return response


@cache
def _page(base_url: str) -> str:
    told = document()
    schemas = told["components"]["schemas"]
    codes = schemas["Problem"]["properties"]["code"]["x-codes"]
    return render_template(
        "reference.html",
        info=told["info"],
        about=[_marked(text) for text in told["info"]["description"].split("\n\n")],
        base_url=base_url,
        rooms=_rooms(told, f"{base_url}{told['servers'][0]['url']}"),
        shapes=[_described(name, schema) for name, schema in schemas.items()],
        statuses=[(name[-3:], each["description"]) for name, each in told["components"]["responses"].items()],
        codes=codes,
    )


def _rooms(told: dict[str, Any], base_url: str) -> list[Room]:
    operations: dict[str, list[Operation]] = {}
    for path, item in told["paths"].items():
        for method, operation in item.items():
            shown = _operation(method.upper(), path, operation, base_url)
            operations.setdefault(operation["tags"][0], []).append(shown)
    return [
        Room(_anchor(tag["name"]), tag["name"], _marked(tag["description"]), operations[tag["name"]])
        for tag in told["tags"]
    ]


def _operation(method: str, path: str, told: dict[str, Any], base_url: str) -> Operation:
    content = told.get("requestBody", {}).get("content", {})
    body = content.get(JSON, {}).get("schema", {})
    status = next(iter(told["responses"]))
    return Operation(
        id=told["operationId"],
        method=method,
        path=path,
        summary=told["summary"],
        about=_marked(told["description"].partition("Needs the scope")[0].strip()),
        scopes=told["x-scopes"],
        parameters=[_parameter(each) for each in told["parameters"]],
        body=_fields(_shape(body)),
        takes=_takes(content, body),
        gives=_gives(told["responses"][status]),
        status=status,
        problems=[each for each in told["responses"] if each >= "4"],
        example=_curl(method, path, told, base_url),
    )


def _takes(content: dict[str, Any], body: dict[str, Any]) -> Markup | None:
    if not content:
        return None
    return _kind(body) if body else _or(content)


def _gives(response: dict[str, Any]) -> Markup | None:
    content = response.get("content")
    if content is None:
        return None
    return _kind(content[JSON]["schema"]) if content.get(JSON) else _or(content)


def _or(media: dict[str, Any]) -> Markup:
    return Markup(" or ").join(Markup("<code>{}</code>").format(each) for each in media)


def _parameter(told: dict[str, Any]) -> Field:
    found = _field(told["name"], told["schema"] | {"description": told.get("description", "")}, told.get("required"))
    return Field(found.name, found.kind, found.required, found.bounds, found.about, told["in"])


def _described(name: str, schema: dict[str, Any]) -> Described:
    return Described(name, _marked(schema.get("description", "")), _fields(schema), _kind(schema))


def _shape(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].removeprefix(REF)]
    return found


def _fields(schema: dict[str, Any]) -> list[Field]:
    required = schema.get("required", [])
    return [_field(name, each, name in required) for name, each in schema.get("properties", {}).items()]


def _field(name: str, schema: dict[str, Any], required: bool | None) -> Field:
    return Field(name, _kind(schema), bool(required), _bounds(schema), _marked(schema.get("description", "")))


def _kind(schema: dict[str, Any]) -> Markup:
    """What a value is, in words, with a link to each shape that has a name."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REF)
        return Markup('<a href="#shape-{0}">{0}</a>').format(name)
    if several := schema.get("anyOf", schema.get("oneOf")):
        return Markup(" or ").join(_kind(each) for each in several)
    if "enum" in schema or "const" in schema:
        given = schema.get("enum", [schema.get("const")])
        return Markup(", ").join(Markup("<code>{}</code>").format(_written(each)) for each in given)
    if schema.get("type") == "array":
        return Markup("list of ") + _kind(schema.get("items", {}))
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return Markup("object of ") + _kind(schema["additionalProperties"])
    kind = schema.get("type", "anything")
    kinds = [kind] if isinstance(kind, str) else kind
    return escape(" or ".join({"string": schema.get("format", "text")}.get(each, each) for each in kinds))


def _bounds(schema: dict[str, Any]) -> str:
    parts = [*schema.get("anyOf", []), schema]
    found = [
        words.format(_written(part[name]))
        for part in parts
        for name, words in _BOUNDS.items()
        if part.get(name) is not None
    ]
    found = ["not empty" if each == _BOUNDS["minLength"].format(1) else each for each in found]
    found += [f"matches {part['pattern']}" for part in parts if part.get("pattern", next(iter(_SAID))) not in _SAID]
    return "; ".join(dict.fromkeys(found))


def _written(value: Any) -> str:
    return value if isinstance(value, str) and value else orjson.dumps(value).decode()


def _curl(method: str, path: str, told: dict[str, Any], base_url: str) -> str:
    asked = {
        each["name"]: _written(example(each["schema"], {}, each["name"]))
        for each in told["parameters"]
        if each["in"] == "query" and each["required"]
    }
    query = f"?{urlencode(asked)}" if asked else ""
    lines = ["curl" if method == "GET" else f"curl -X {method}", f"'{base_url}{path}{query}'"]
    lines.append("-H 'Cookie: __Host-session=…'" if "security" in told else '-H "Authorization: Bearer $KEY"')
    for media, content in told.get("requestBody", {}).get("content", {}).items():
        lines.append(f"-H 'Content-Type: {media}'")
        if "example" in content:
            written = orjson.dumps(content["example"]).decode().replace("'", "'\\''")
            lines.append(f"-d '{written}'")
        else:
            lines.append("--data-binary @FILE")
        break
    return " \\\n  ".join([f"{lines[0]} {lines[1]}", *lines[2:]])


def _marked(text: str) -> Markup:
    """A text whose `code` and *stress* are marked up, and nothing else."""
    marked = _CODE.sub(r"<code>\1</code>", str(escape(text)))
    return Markup(_STRONG.sub(r"<em>\1</em>", marked))  # noqa: S704 - it has been escaped


def _anchor(name: str) -> str:
    return "room-" + re.sub(r"\W+", "-", name.lower())
