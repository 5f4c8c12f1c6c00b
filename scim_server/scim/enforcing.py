"""What scim2-models enforces of a request that writes a resource, besides that its values are of the right types: what
is required is there, what only we say is taken out, and one entry at most is the primary one.

It looks at every attribute that a model has to do so, which takes five times as long as to read the resource. Here is
asked of those alone that there is something to enforce of, whether there is any need.
"""

from dataclasses import dataclass
from inspect import isclass
from typing import Any

from pydantic import BaseModel
from scim2_models import Mutability, Required


@dataclass(frozen=True, slots=True)
class Enforced:
    """Of a model, by the names of its fields: those that are required, those that are readOnly, and those whose values
    there is something to enforce of in turn. `primary` is whether one of many values of it may be the primary one.
    """

    required: tuple[str, ...]
    read_only: frozenset[str]
    parts: tuple[tuple[str, "Enforced"], ...]
    primary: bool = False

    def is_due(self, read: Any) -> bool:
        """Whether scim2-models would not leave this as it is, which was read without enforcing anything."""
        if not self.read_only.isdisjoint(read.model_fields_set):
            return True
        values = read.__dict__
        for name in self.required:
            if values[name] is None or values[name] == []:
                return True
        for name, part in self.parts:
            value = values[name]
            if value is not None and part._is_due_of(value):
                return True
        return False

    def _is_due_of(self, value: Any) -> bool:
        if not isinstance(value, list):
            return self.is_due(value)
        if self.primary and len(value) > 1 and sum(each.primary is True for each in value) > 1:
            return True
        return self._asks_of_each and any(map(self.is_due, value))

    @property
    def _asks_of_each(self) -> bool:
        return bool(self.required or self.read_only or self.parts)


def enforced_of(model: Any, *, many: bool = False) -> Enforced:
    """What there is to enforce of a model, or of each of many values that it is the model of."""
    fields = model.model_fields
    read_only = {name for name in fields if model.get_field_annotation(name, Mutability) == Mutability.read_only}
    parts = {
        name: enforced_of(part, many=model.get_field_multiplicity(name))
        for name in fields
        if isclass(part := model.get_field_root_type(name)) and issubclass(part, BaseModel) and name not in read_only
    }
    return Enforced(
        required=tuple(
            name
            for name in fields
            # An omitted `schemas` is read as an empty array, which is let through.
            if name != "schemas" and model.get_field_annotation(name, Required) == Required.true
        ),
        read_only=frozenset(read_only),
        parts=tuple((name, part) for name, part in parts.items() if part._asks_of_each or part.primary),
        primary=many and "primary" in fields,
    )
