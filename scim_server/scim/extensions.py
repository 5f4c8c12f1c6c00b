"""Extension schemas of organizations: reading one, building its model, and holding resources to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from scim2_models import (
    Attribute,
    Extension,
    InvalidValueException,
    Mutability,
    Path,
    Returned,
    Schema,
    Uniqueness,
    default_comparison_key,
)
from scim2_models.path import AttributeBinding

from scim_server.scim.schemas import Steps, steps
from scim_server.services import schemas
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue

EXTENSIBLE = ("User", "Group")
_MOST_ATTRIBUTES = 200
# Those of the RFCs, ours and Okta's mean what they mean; an organization's own begin differently.
_TAKEN = (
    "urn:ietf:params:scim:schemas:core:",
    "urn:ietf:params:scim:api:",
    "urn:ietf:params:scim:schemas:extension:enterprise:",
    "urn:ietf:params:scim:schemas:extension:scimserver:",
    "urn:okta:scim:schemas:core:",
)


@dataclass(frozen=True, slots=True)
class Guards:
    """What declared attributes ask for that neither the RFCs' nor ours do, by where the attributes are in a document.

    `never` are those that are never shown, `on_request` those that are shown where they are asked for by name,
    `canonical` maps to the values that there may be, and `written_once` says whether any cannot be changed or read.
    """

    never: tuple[Steps, ...] = ()
    on_request: tuple[Steps, ...] = ()
    canonical: Mapping[Steps, tuple[AttributeBinding, tuple[str, ...]]] = field(default_factory=dict)
    written_once: bool = False


def declare(ctx: Context, payload: Mapping[str, Any], *, extends: str) -> None:
    """Add attributes of the organization's own to its users or groups, or change those of a schema that it has.

    `payload` is a Schema resource (RFC 7643 §7).
    Raises InvalidValue, WouldLoseData, pydantic.ValidationError.
    """
    schema = _read(payload)
    if extends not in EXTENSIBLE:
        raise InvalidValue("extends", f"must be {' or '.join(EXTENSIBLE)}")
    urn = str(schema.id)
    if urn.lower().startswith(_TAKEN):
        raise InvalidValue("id", "is a URN that has a meaning of its own; take one such as urn:example:2.0:User")
    for attribute in schema.attributes or []:
        _check(attribute, attribute.name or "")
    document = schema.model_dump()
    _try_to_build(document)
    schemas.declare_schema(ctx, urn, extends, document)


def extension_model(document: bytes) -> type[Extension]:
    """The model of an extension schema."""
    return Extension.from_schema(Schema.model_validate(orjson.loads(document)))


def guards_of(extensions: Sequence[type[Extension]]) -> Guards:
    """The guards of some extensions."""
    bindings = [binding for extension in extensions for binding in _bindings(extension)]
    if not bindings:
        return Guards()
    return Guards(
        never=tuple(steps(each) for each in bindings if _annotated(each, Returned) == Returned.never),
        on_request=tuple(steps(each) for each in bindings if _annotated(each, Returned) == Returned.request),
        canonical={steps(each): (each, values) for each in bindings if (values := _canonical(each))},
        written_once=any(
            _annotated(each, Mutability) in (Mutability.immutable, Mutability.write_only) for each in bindings
        ),
    )


def check_canonical(guards: Guards, document: Mapping[str, Any]) -> None:
    """Raises InvalidValueException on a value that is none of those that its attribute may have."""
    for path, (binding, values) in guards.canonical.items():
        allowed = {default_comparison_key(binding, value) for value in values}
        for value in _values(document, path):
            if isinstance(value, str) and default_comparison_key(binding, value) not in allowed:
                raise InvalidValueException(detail=f"{binding.urn} must be one of {', '.join(values)}.")


def _read(payload: Mapping[str, Any]) -> Schema:
    schema = Schema.model_validate(payload)
    if not schema.id or not str(schema.id).lower().startswith("urn:"):
        raise InvalidValue("id", "must be a URN such as urn:example:2.0:User")
    if not schema.name:
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


def _try_to_build(document: Mapping[str, Any]) -> None:
    try:
        model = extension_model(orjson.dumps(document))
        list(_bindings(model))
    except ValueError as problem:
        raise InvalidValue("attributes", f"cannot be used: {problem}") from None


def _bindings(extension: type[Extension]) -> Iterator[AttributeBinding]:
    model: Any = extension
    for path in Path[model].iter_paths():
        binding = path.resolve()
        if binding is not None:
            yield binding


def _owner(binding: AttributeBinding) -> tuple[Any, str]:
    """The model and the field that say what an attribute is like."""
    model: Any = binding.model
    if binding.sub_field_name is None:
        return model, binding.field_name
    return model.get_field_root_type(binding.field_name), binding.sub_field_name


def _annotated(binding: AttributeBinding, annotation: type[Any]) -> Any:
    model, name = _owner(binding)
    return model.get_field_annotation(name, annotation)


def _canonical(binding: AttributeBinding) -> tuple[str, ...]:
    model, name = _owner(binding)
    return tuple(map(str, model.model_fields[name].examples or ()))


def _values(value: Any, path: Steps) -> Iterator[Any]:
    """Every value at a place of a document; arrays hold many."""
    if isinstance(value, list):
        for each in value:
            yield from _values(each, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])
