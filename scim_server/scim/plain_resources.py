"""Resources of plain values under the exact names of their attributes: what nearly all that directories send is.

Such a resource is a document already, so no models are built of it to be written back. Whatever else a POST or a PUT
says is for scim2-models to read, so nothing is refused here, and the document is the same by either way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import isclass
from typing import Any

from pydantic import BaseModel
from scim2_models import Mutability, Required, Resource

from scim_server.scim.dialects.resources import with_one_primary
from scim_server.scim.plain_values import Form, NotPlain, form_of
from scim_server.scim.writing import written_fields

ReadPlain = Callable[[Mapping[str, Any]], dict[str, Any] | None]

# RFC 7643 §2.5: what is empty has no value.
_EMPTY: tuple[Any, ...] = ([], {})


@dataclass(frozen=True, slots=True)
class _Object:
    """A resource, an extension or a complex value: its attributes in the order of its model, and those of them that it
    cannot be without. It may say no others than those that are `named`.
    """

    forms: tuple[tuple[str, Form], ...]
    named: frozenset[str]
    required: frozenset[str]

    def __call__(self, said: Any) -> dict[str, Any]:
        if type(said) is not dict or not said.keys() <= self.named:
            raise NotPlain
        document = {
            name: value
            for name, form in self.forms
            if name in said and said[name] is not None and (value := form(said[name])) not in _EMPTY
        }
        if not self.required <= document.keys():
            raise NotPlain
        return document


def _many(entry: _Object) -> Form:
    """Many values, each of them an object, of which one at most is the primary one."""

    def entries(said: Any) -> list[dict[str, Any]]:
        if type(said) is not list or with_one_primary(said) != said:
            raise NotPlain
        return [value for each in said if (value := entry(each))]

    return entries


def plain_reader_of(model: Any) -> ReadPlain:
    """What makes documents of plain resources of a model, without their `schemas`, which follow from the rest, and None
    of all others. Nothing of a plain one is for a dialect to rewrite.
    """
    urns = (str(model.__schema__), *map(str, model.get_extension_models()))
    resource = _object(model)

    def read(payload: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            return resource(payload) if "schemas" not in payload or _are_known(payload["schemas"], urns) else None
        except NotPlain:
            return None

    return read


def _are_known(schemas: Any, urns: tuple[str, ...]) -> bool:
    return type(schemas) is list and urns[0] in schemas and all(urn in urns for urn in schemas)


def _object(model: Any) -> _Object:
    forms = tuple((name, form) for field, name in written_fields(model) if (form := _form(model, field)))
    names = {name for name, _ in forms}
    return _Object(
        forms=forms,
        named=frozenset(names | {"schemas"} if issubclass(model, Resource) else names),
        required=frozenset(
            str(info.serialization_alias)
            for field, info in model.model_fields.items()
            if field != "schemas" and model.get_field_annotation(field, Required) == Required.true
        ),
    )


def _form(model: Any, field: str) -> Form | None:
    """What a plain value of a field is; None where a client's is not taken, or where none is plain."""
    if model.get_field_annotation(field, Mutability) == Mutability.read_only:
        return None
    kind, is_many = model.get_field_root_type(field), model.get_field_multiplicity(field)
    if isclass(kind) and issubclass(kind, BaseModel):
        return _many(_object(kind)) if is_many else _object(kind)
    return None if is_many else form_of(kind)
