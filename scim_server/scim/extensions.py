"""Extension schemas of organizations: the model of one, and what it asks for that ours do not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from scim2_models import (
    Extension,
    InvalidValueException,
    Mutability,
    Path,
    Returned,
    Schema,
    default_comparison_key,
)
from scim2_models.path import AttributeBinding

from scim_server.scim.schemas import Steps, steps


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
