"""Places: where the value of an attribute is, as far as SQL is concerned; and those in the `search` document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scim2_models import Path
from scim2_models.path import AttributeBinding
from sqlalchemy import ColumnElement, FromClause, Numeric, case, cast, literal, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from scim_server.models.expressions import elements
from scim_server.models.types import key_text
from scim_server.scim.schemas import steps


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, or none: a column, or an SQL expression."""

    expression: Any


@dataclass(frozen=True, slots=True)
class IdScalar(Scalar):
    """A UUID: what is compared is its text, but an index finds it as what it is."""


@dataclass(frozen=True, slots=True)
class Condition(Scalar):
    """A boolean that is no column but follows from one."""


@dataclass(frozen=True, slots=True)
class Complex:
    """A complex attribute with one value: its sub-attributes, by the name of their field."""

    parts: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Rows:
    """The values of a multi-valued attribute as rows, tied to the resource by `link`."""

    source: FromClause
    link: ColumnElement[bool]
    parts: Mapping[str, Scalar]

    def exist(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return select(literal(1)).select_from(self.source).where(self.link, condition).exists()


@dataclass(frozen=True, slots=True)
class Entries:
    """A multi-valued attribute.

    `chosen` is the sub-attribute of the entry that stands for all in an order: the primary one, or else the first.
    `look_up` answers from an index which resources have a given `value`, in the form that its place has it in, if any
    does. `also` are the rows of further tables that values are in: each is asked by itself, since PostgreSQL looks into
    no union by an index.
    """

    rows: Callable[[], Rows]
    chosen: Callable[[str], ColumnElement[Any]]
    look_up: Callable[[Any], ColumnElement[bool]] | None = None
    also: tuple[Callable[[], Rows], ...] = ()

    def exist(self, condition: Callable[[Mapping[str, Scalar]], ColumnElement[bool]]) -> ColumnElement[bool]:
        """Whether there is a value that meets a condition, which is told the places of its sub-attributes."""
        return or_(*(rows.exist(condition(rows.parts)) for rows in (every() for every in (self.rows, *self.also))))


Place = Scalar | IdScalar | Condition | Complex | Entries
Places = Mapping[tuple[str, str], Place]  # (URN of the schema, name of the field) → place


def json_scalar(element: ColumnElement[Any], target: type | None) -> Scalar:
    """A value inside a JSON document, as the type that the schema says it has."""
    json: Any = element
    if target is bool:
        return Scalar(json.as_boolean())
    if target in (int, float):
        return Scalar(cast(json.as_string(), Numeric(asdecimal=False)))
    return Scalar(cast(json.as_string(), key_text()))


def _parts(binding: AttributeBinding, at: Callable[[str], ColumnElement[Any]]) -> dict[str, Scalar]:
    model: Any = binding.field_type
    return {
        name: json_scalar(at(info.serialization_alias), model.get_field_root_type(name))
        for name, info in model.model_fields.items()
    }


def _in_document(search: InstrumentedAttribute[Any], binding: AttributeBinding) -> Place:
    """The place of an attribute that only the document has."""
    column: Any = search
    path = steps(binding)
    is_complex = hasattr(binding.field_type, "model_fields")
    if not binding.is_multivalued:
        if not is_complex:
            return json_scalar(column[path], binding.target_type)
        return Complex(_parts(binding, lambda name: column[(*path, name)]))

    def parts(at: Callable[[str], ColumnElement[Any]]) -> dict[str, Scalar]:
        return _parts(binding, at) if is_complex else {"value": json_scalar(at("value"), binding.target_type)}

    def rows() -> Rows:
        source = elements(column, *path)
        value: Any = source.c.value
        return Rows(source, true(), parts(lambda name: value[name]))

    def chosen(sub: str) -> ColumnElement[Any]:
        first: ColumnElement[Any] = parts(lambda name: column[(*path, 0, name)])[sub].expression
        found = rows()
        primary = found.parts.get("primary")
        if primary is None:
            return first
        value = select(found.parts[sub].expression).select_from(found.source).where(primary.expression).limit(1)
        again = rows()
        return case((again.exist(again.parts["primary"].expression), value.scalar_subquery()), else_=first)

    return Entries(rows, chosen)


def _top_level(model: Any) -> list[AttributeBinding]:
    """Each attribute of a resource and its extensions, but those that every resource has."""
    paths = Path[model].iter_paths(include_subattributes=False)
    return [binding for path in paths if (binding := path.resolve()) is not None]


def documented(model: Any, search: InstrumentedAttribute[Any]) -> dict[tuple[str, str], Place]:
    """The places that the `search` document of a table has for every attribute of a model."""
    return {
        (str(binding.model.__schema__), binding.field_name): _in_document(search, binding)  # type: ignore[attr-defined]
        for binding in _top_level(model)
    }
