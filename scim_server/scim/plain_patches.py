"""PATCH requests that write single texts and truth values, and nothing else: what nearly all that directories send is.

Such a request says in so many words what a document is to hold, so it needs no models: to build them of the document,
have them patched and write them back as a document takes ten times as long. Whatever is said in any other way is for
`PatchOp` to read, so nothing is refused here, and what becomes of a document is the same by either way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import scim2_models
from scim2_models import Mutability, Path, Returned
from scim2_models.path import AttributeBinding

from scim_server.scim.plain_values import Form, NotPlain, form_of
from scim_server.scim.schemas import ENTERPRISE_USER, Steps, steps
from scim_server.services.profiles import PRODUCT_USER

_PATCH_OP = [str(scim2_models.PatchOp.__schema__)]
_PLAIN_OPERATIONS = ({"op", "path", "value"}, {"op", "value"})

Values = dict[Steps, Any]


@dataclass(frozen=True, slots=True)
class Plain:
    """What may be written without models.

    `places` maps the names of texts and truth values to where they are in a document, and to what is plain of them. Of
    a document that has more than the attributes that are `known`, models have to tell what stays.
    """

    places: Mapping[str, tuple[Steps, Form]]
    known: frozenset[str]

    def read(self, payload: Mapping[str, Any]) -> Values | None:
        """The values that the body of a PATCH writes, and where; or None where it is not as plain as that."""
        operations = payload.get("Operations")
        if len(payload) != 2 or payload.get("schemas") != _PATCH_OP or not isinstance(operations, list):
            return None
        try:
            return dict(self._written(name, value) for each in operations for name, value in _named(each)) or None
        except NotPlain:
            return None

    def suits(self, document: Mapping[str, Any]) -> bool:
        return document.keys() <= self.known

    def _written(self, name: str, value: Any) -> tuple[Steps, Any]:
        if name not in self.places:
            raise NotPlain
        place, form = self.places[name]
        return place, form(value)


def _named(operation: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(operation, dict) or operation.keys() not in _PLAIN_OPERATIONS:
        raise NotPlain
    op, path, value = operation["op"], operation.get("path", ""), operation["value"]
    if not isinstance(op, str) or op.lower() not in ("add", "replace") or not isinstance(path, str):
        raise NotPlain
    if path:
        return iter([(path, value)])
    if not isinstance(value, dict):
        raise NotPlain
    return iter(value.items())


def written(document: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """A document with these values in place of what it had, or beside it."""
    after = dict(document)
    for (name, *within), value in values.items():
        after[name] = {**after.get(name, {}), within[0]: value} if within else value
    return after


def names(values: Values) -> set[str]:
    """The attributes that are written, by their full names."""
    return {":".join(place) if ":" in place[0] else place[0] for place in values}


def plain_of(model: Any) -> Plain:
    """What may be written without models to the documents of a resource model."""
    bindings = [binding for path in Path[model].iter_paths() if (binding := path.resolve())]
    shared = [each for each in bindings if steps(each)[0] in (ENTERPRISE_USER, PRODUCT_USER) or each.model is model]
    return Plain(
        places={str(path): place for path in Path[model].iter_paths() if (place := _place(model, path.resolve()))},
        known=frozenset({"schemas", *(steps(each)[0] for each in shared)}),
    )


def _place(model: Any, binding: AttributeBinding | None) -> tuple[Steps, Form] | None:
    """Where an attribute is, and what is plain of it; None where it takes more than to write a value there."""
    form = None if binding is None or binding.is_multivalued else form_of(binding.target_type)
    if binding is None or form is None:
        return None
    place = steps(binding)
    if binding.model is not model and (place[0] != ENTERPRISE_USER or len(place) > 2):
        return None
    if binding.get_annotation(Mutability) != Mutability.read_write:
        return None
    if binding.get_annotation(Returned) not in (Returned.default, Returned.always):
        return None
    return place, form
