"""Resources at random, with every attribute of the schemas that discovery serves.

What is made here follows from the schemas alone, so a new attribute is covered as soon as it is served. A resource has
hundreds of values, more than Hypothesis would draw and shrink: it draws the seed.
"""

import base64
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tests.clients import Directory

Attribute = Mapping[str, Any]
Resource = dict[str, Any]

DECLARED = {"User": "urn:example:everything:2.0:User", "Group": "urn:example:everything:2.0:Group"}

# RFC 7643 §3.1: the one common attribute that a client writes, which no schema lists.
EXTERNAL_ID: Attribute = {"name": "externalId", "type": "string", "multiValued": False, "caseExact": True}

_TYPES = ("string", "boolean", "integer", "decimal", "dateTime", "reference", "binary")


def _of_type(kind: str, name: str, **more: Any) -> dict[str, Any]:
    external = {"referenceTypes": ["external"]} if kind == "reference" else {}
    return {"name": name, "type": kind, "multiValued": False} | external | more


def everything(extends: str) -> dict[str, Any]:
    """An extension schema with an attribute of every type, and many values of it, also inside complex attributes."""
    plain = [_of_type(kind, kind) for kind in _TYPES]
    many = [_of_type(kind, f"{kind}s", multiValued=True) for kind in _TYPES]
    attributes = [
        *plain,
        *many,
        _of_type("string", "exact", caseExact=True),
        _of_type("reference", "colleague", referenceTypes=["User"]),
        _of_type("string", "colour", canonicalValues=["red", "Green"]),
        _of_type("complex", "one", subAttributes=plain),
        _of_type("complex", "several", multiValued=True, subAttributes=[*plain, _of_type("boolean", "primary")]),
        _of_type("string", "hidden", returned="never"),
    ]
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": DECLARED[extends],
        "name": f"Everything{extends}",
        "attributes": attributes,
    }


def served(directory: Directory, resource_type: str) -> dict[str, list[Attribute]]:
    """The attributes of a type of resource by the URN of their schema, the core schema first, as discovery tells."""
    told = directory.get(f"/ResourceTypes/{resource_type}").json
    urns = [told["schema"], *(each["schema"] for each in told["schemaExtensions"])]
    found = {urn: list(directory.get(f"/Schemas/{urn}")["attributes"]) for urn in urns}
    found[told["schema"]].append(EXTERNAL_ID)
    return found


def is_written(attribute: Attribute) -> bool:
    return bool(attribute.get("mutability", "readWrite") != "readOnly")


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - nothing is to be kept secret


# What is apt to be changed on the way: case, accents, wildcards, quotes, white space, what looks like another type.
TEXTS = (
    *("", " ", " a ", "a", "A", "ab", "Ab%", "a_b", "É", "é", "e\u0301", "ß", "SS", "İ", "'", '"', "\\", "\n", "\x7f"),
    *(
        "\ufeff",
        "\u2028",
        "日本",
        "\U0001f600",
        "10",
        "9",
        "0.10",
        "true",
        "null",
        "[]",
        "{}",
        "2024-02-29T08:00:00Z",
        "x" * 300,
    ),
)
NAMES = tuple(text for text in TEXTS if text.strip())
INSTANTS = (
    "2024-02-29T08:00:00Z",
    "2024-02-29T10:00:00+02:00",
    "2024-02-29T08:00:00.5-03:30",
    "2024-02-29T08:00:00.123456+14:00",
    "2024-02-29T08:00:00.1234567Z",
    "2024-02-29T08:00:00.123456789-11:00",
    "1969-12-31T23:59:59.000001Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "2024-02-29T08:00:00",
)
INTEGERS = (0, -1, 1, 9, 10, 2**31, 2**53 + 1, 2**63 - 1, -(2**63))
DECIMALS = (0.0, -0.5, 0.1, 1.0, 7, 9.25, 10.5, 1e22, 5e-324, 1.7976931348623157e308)
_ENDS = ("", "x", "Ä/ß", "%20?a=b&c#d", "~")
LINKS = tuple(
    f"{start}{end}" for start in ("https://example.com/", "urn:x:", "HTTP://EXAMPLE.com:80/a b/") for end in _ENDS
)
# RFC 7643 §2.3.7: a SCIM resource may be named by a relative URI, what is outside may not.
LINKS_TO_RESOURCES = (*LINKS, *(f"../Users/{end}" for end in _ENDS))
BINARIES = tuple(base64.b64encode(raw).decode() for raw in (b"", b"a", b"hello", b"\x00\xff\xfe", bytes(range(40))))

_OF_TYPE: Mapping[str, Sequence[Any]] = {
    "string": TEXTS,
    "boolean": (True, False),
    "integer": INTEGERS,
    "decimal": DECIMALS,
    "dateTime": INSTANTS,
    "reference": LINKS,
    "binary": BINARIES,
}
# What a schema does not say of its attribute.
_BY_NAME: Mapping[str, Sequence[Any]] = {
    "userName": NAMES,
    "displayName": NAMES,
    "availability": ("available", "away"),
    "receptionCapacity": (0, 1, 10, 2**31 - 1),
}


def choices(attribute: Attribute) -> Sequence[Any]:
    """What an attribute that is not complex may have as its value, or as one of its values."""
    if attribute["name"] in _BY_NAME:
        return _BY_NAME[attribute["name"]]
    if canonical := attribute.get("canonicalValues"):
        return list(canonical)
    if attribute["type"] == "reference" and "external" not in attribute["referenceTypes"]:
        return LINKS_TO_RESOURCES
    return _OF_TYPE[attribute["type"]]


def _value(chance: Random, attribute: Attribute, *, complete: bool) -> Any:
    def one() -> Any:
        if attribute["type"] == "complex":
            return _object(chance, attribute["subAttributes"], complete=complete)
        return chance.choice(choices(attribute))

    if not attribute["multiValued"]:
        return one()
    entries = [one() for _ in range(chance.randint(1, 3))]
    return _with_one_primary(entries) if attribute["type"] == "complex" else entries


def _object(chance: Random, attributes: Sequence[Attribute], *, complete: bool) -> Resource:
    """Values of these attributes: of all of them, or of one at least."""
    written = [each for each in attributes if is_written(each)]
    kept = written if complete else chance.sample(written, chance.randint(1, len(written)))
    return {each["name"]: _value(chance, each, complete=complete) for each in kept}


def resource(
    chance: Random, schemas: Mapping[str, Sequence[Attribute]], *, complete: bool, without: Sequence[str] = ()
) -> Resource:
    """A resource with every attribute that a client writes, or with some of them and those that are required."""
    (core, attributes), *extensions = schemas.items()
    written = [each for each in attributes if is_written(each) and each["name"] not in without]
    kept = [each for each in written if complete or each.get("required") or chance.random() < 0.5]
    found: Resource = {"schemas": [core, *(urn for urn, _ in extensions)]}
    found |= {each["name"]: _value(chance, each, complete=complete) for each in kept}
    for urn, listed in extensions:
        if complete or chance.random() < 0.5:
            found[urn] = _object(chance, listed, complete=complete)
    return found


def _with_one_primary(entries: list[Resource]) -> list[Resource]:
    """RFC 7643 §2.4: true for no more than one."""
    primary = [index for index, entry in enumerate(entries) if entry.get("primary")]
    return [entry | {"primary": False} if index in primary[:-1] else entry for index, entry in enumerate(entries)]
