"""Extension schemas of organizations: reading what one declares, and refusing what we could not hold to."""

import re
from collections.abc import Mapping
from keyword import iskeyword
from typing import Any
from uuid import UUID

import orjson
from scim2_models import Attribute, Extension, Mutability, Schema, SCIMException, Uniqueness

from scim_server.scim import kinds
from scim_server.services import schemas
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue

EXTENSIBLE = ("User", "Group")
_MOST_ATTRIBUTES = 200
# The name of a resource type, or external, or uri (RFC 7643 §7). scim2-models makes a type annotation of it, which must
# never be an expression that somebody has made up.
_REFERENCE_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
# Those of the RFCs, ours and Okta's mean what they mean; an organization's own begin differently.
_TAKEN = (
    "urn:ietf:params:scim:schemas:core:",
    "urn:ietf:params:scim:api:",
    "urn:ietf:params:scim:schemas:extension:enterprise:",
    "urn:ietf:params:scim:schemas:extension:scimserver:",
    "urn:okta:scim:schemas:core:",
)


def declare(ctx: Context, payload: Mapping[str, Any], *, extends: str) -> UUID:
    """Add attributes of the organization's own to its users or groups, or change those of a schema that it has, and
    return the id of that schema.

    `payload` is a Schema resource (RFC 7643 §7).
    Raises InvalidValue, WouldLoseData, pydantic.ValidationError.
    """
    schema = _read(payload)
    if extends not in EXTENSIBLE:
        raise InvalidValue("extends", f"must be {' or '.join(EXTENSIBLE)}")
    urn = str(schema.id)
    if urn.lower().startswith(_TAKEN):
        raise InvalidValue("id", "is a URN that has a meaning of its own; take one such as urn:example:2.0:User")
    if _model_name(schema.name or "") in _taken_names(ctx, urn):
        raise InvalidValue("name", "is that of another schema")
    for attribute in schema.attributes or []:
        _check(attribute, attribute.name or "")
    try:
        # With each default that RFC 7643 §7 gives written out, so that two declarations can be compared.
        document = Extension.from_schema(schema).to_schema().model_dump()
        kinds.build(ctx, extends, orjson.dumps(document))
    except (ValueError, SCIMException) as problem:
        raise InvalidValue("attributes", f"cannot be used: {problem}") from None
    return schemas.declare_schema(ctx, urn, extends, document).id


def _taken_names(ctx: Context, urn: str) -> set[str]:
    """What no schema but this one may be called: scim2-models tells models apart by their names."""
    own = (str(each.document["name"]) for each in schemas.list_schemas(ctx) if each.urn.lower() != urn.lower())
    return {_model_name(name) for name in (*EXTENSIBLE, "EnterpriseUser", "ProductUser", "GroupProfile", *own)}


def _model_name(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _read(payload: Mapping[str, Any]) -> Schema:
    if not str(payload.get("id")).lower().startswith("urn:"):
        raise InvalidValue("id", "must be a URN such as urn:example:2.0:User")
    schema = Schema.model_validate(payload)
    if not (schema.name or "").strip():
        raise InvalidValue("name", "must not be empty")
    if not 1 <= len(schema.attributes or []) <= _MOST_ATTRIBUTES:
        raise InvalidValue("attributes", f"must be from 1 to {_MOST_ATTRIBUTES}")
    return schema


def _check(attribute: Attribute, path: str) -> None:
    """Raises InvalidValue on what we could not hold to."""
    if not attribute.name or attribute.type is None or attribute.multi_valued is None:
        raise InvalidValue(path or "attributes", "needs a name, a type and multiValued")
    # RFC 7643 §2.1: ATTRNAME; `$ref` is the one that begins with something else.
    if not attribute.name.replace("-", "").replace("_", "").isalnum() or not attribute.name[0].isalpha():
        raise InvalidValue(path, "must be a name of letters, digits, - and _, and begin with a letter")
    if not all(_REFERENCE_TYPE.fullmatch(each) and not iskeyword(each) for each in attribute.reference_types or []):
        raise InvalidValue(path, "refers to what cannot be: give names of resource types, external or uri")
    if attribute.uniqueness != Uniqueness.none:
        raise InvalidValue(path, "cannot be unique: that is for the attributes of the RFCs")
    if attribute.mutability == Mutability.read_only:
        raise InvalidValue(path, "cannot be readOnly: nobody could ever write it")
    is_complex = attribute.type is Attribute.Type.complex
    if is_complex != bool(attribute.sub_attributes):
        raise InvalidValue(path, "needs subAttributes if it is complex, and has none if it is not")
    for sub in attribute.sub_attributes or []:
        if sub.type is Attribute.Type.complex:
            raise InvalidValue(f"{path}.{sub.name}", "cannot be complex inside a complex attribute (RFC 7643 §2.3.8)")
        _check(sub, f"{path}.{sub.name}")
