"""SCIM filters as SQL conditions (RFC 7644 §3.4.2.2).

scim2-models parses and checks them; this walks the tree that it returns. Every condition made here is true or false
for every row, never NULL, so that `not` and `ne` mean what they say. Where the RFC is silent, the answer is that of
scim2-models' own evaluator: `ne` on a multi-valued attribute holds where no value equals the operand.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)
from sqlalchemy import ColumnElement, String, and_, cast, false, not_, or_, true

from scim_server.models.expressions import rare
from scim_server.scim.folding import comparable_instant
from scim_server.scim.ids import parse_id
from scim_server.scim.places import Complex, Condition, Entries, IdScalar, Place, Places, Scalar

# Longer than any identity provider sends, shorter than what could keep a worker busy.
MAX_LENGTH = 4096

# NUL and half a surrogate pair: no text that is kept holds them, and no database takes them as a parameter.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")

# What both databases take as an integer.
_LARGEST_INTEGER = 2**63 - 1

_TEXT_OPERATORS = {CompareOperator.co, CompareOperator.sw, CompareOperator.ew}

Resolve = Callable[[AttrPath], AttributeBinding | None]


def compile_filter(model: Any, places: Places, text: str) -> ColumnElement[bool]:
    """The condition that a filter of resources stands for.

    Raises scim2_models.InvalidFilterException on what is not understood; it never makes less of a filter than it says.
    """
    parsed = _parse(model, text)
    return _Resources(parsed, places).visit(parsed.ast)


def compile_selection(selection: ValuePath, resolve: Resolve, parts: Mapping[str, Scalar]) -> ColumnElement[bool]:
    """The condition inside the brackets of `members[…]`, on the rows that hold the values.

    Raises scim2_models.InvalidFilterException.
    """
    return _Values(selection.attr_path, resolve, parts).visit(selection.val_filter)


def compile_filters(tables: Mapping[Any, Places], text: str) -> dict[Any, ColumnElement[bool]]:
    """The conditions that one filter stands for on each of several types of resource.

    RFC 7644 §3.4.2.1: an attribute that a type does not have is one without a value.
    Raises InvalidFilterException where no type has it.
    """
    conditions, unknown = {}, []
    for model, places in tables.items():
        parsed = _parse(model, text)
        visitor = _SomeResources(parsed, places)
        conditions[model] = visitor.visit(parsed.ast)
        unknown.append(visitor.unknown)
    for path in set.intersection(*unknown):
        raise _unknown(path)
    return conditions


def _parse(model: Any, text: str) -> ScimFilter[Any]:
    if len(text) > MAX_LENGTH:
        raise InvalidFilterException(detail=f"The filter is longer than {MAX_LENGTH} characters.")
    parsed: ScimFilter[Any] = ScimFilter[model](text)
    return parsed


def _unknown(path: str) -> InvalidFilterException:
    return InvalidFilterException(detail=f"No schema that is served here has the attribute {path}.")


class _Logic(FilterVisitor[ColumnElement[bool]]):
    """What filters of resources and filters of values have in common."""

    def visit_not(self, node: Not) -> ColumnElement[bool]:
        return not_(self.visit(node.expr))

    def visit_logical_expr(self, node: LogicalExpr) -> ColumnElement[bool]:
        terms = [self.visit(term) for term in node.terms]
        return and_(*terms) if node.op is LogicalOperator.and_ else or_(*terms)


class _Resources(_Logic):
    """A filter of resources."""

    def __init__(self, parsed: ScimFilter[Any], places: Places) -> None:
        self.parsed = parsed
        self.places = places

    def visit_comparison(self, node: Comparison) -> ColumnElement[bool]:
        binding = self._resolve(node.attr_path, self._comparison_binding)
        value = _comparable(binding, node)
        place, sub = self._place(binding), binding.sub_field_name
        if isinstance(place, Complex):
            return _compare(place.parts[sub], node.op, value) if sub else _compare_node(place, node, value)
        if isinstance(place, Entries):
            return _compare_entries(place, sub or "value", node, value)
        return _compare(place, node.op, value)

    def visit_present(self, node: Present) -> ColumnElement[bool]:
        binding = self._resolve(node.attr_path, self._binding)
        place, sub = self._place(binding), binding.sub_field_name
        if isinstance(place, Entries):
            return place.exist(lambda parts: _present(parts, sub))
        return _present(place.parts if isinstance(place, Complex) else {"": place}, sub)

    def visit_value_path(self, node: ValuePath) -> ColumnElement[bool]:
        place = self._place(self._resolve(node.attr_path, self._binding))
        if not isinstance(place, Entries):
            raise InvalidFilterException(detail=f"{node.attr_path} has one value; there is none to select.")
        matching = place.exist(lambda parts: compile_selection(node, self._binding, parts))
        sought = _sought_value(node.val_filter)
        binding = self._binding(replace(node.attr_path, sub_attr="value"))
        if place.look_up is None or not sought or binding is None:
            return matching
        # An index says which resources have that value at all; the other conditions are left to check on these.
        return and_(place.look_up(binding.comparable(sought)), matching)

    def _binding(self, path: AttrPath) -> AttributeBinding | None:
        return self.parsed.resolve(path, strict=False)

    def _comparison_binding(self, path: AttrPath) -> AttributeBinding | None:
        """An attribute that stands for its `value`: by the RFC where it is multi-valued, and for Entra ID, which asks
        for `manager eq "…"` (exchange 31), also where it is not.
        """
        binding = self.parsed.resolve_comparison(path, strict=False)
        if binding is not None and binding.sub_field_name is None and isinstance(self._place(binding), Complex):
            return self.parsed.resolve_comparison(replace(path, sub_attr="value"), strict=False) or binding
        return binding

    def _resolve(self, path: AttrPath, resolve: Resolve) -> AttributeBinding:
        binding = resolve(path) or self._resolve_in_extensions(path, resolve)
        if binding is None:
            raise _unknown(str(path))
        return binding

    def _resolve_in_extensions(self, path: AttrPath, resolve: Resolve) -> AttributeBinding | None:
        """An attribute of an extension without its URN, as Entra ID writes `manager` (exchange 31)."""
        model: Any = self.parsed.model
        urns = model.get_extension_models() if path.uri is None else ()
        return next((found for urn in urns if (found := resolve(replace(path, uri=str(urn))))), None)

    def _place(self, binding: AttributeBinding) -> Place:
        schema: Any = binding.model
        return self.places[str(schema.__schema__), binding.field_name]


class _SomeResources(_Resources):
    """A filter of resources of one type among several. `unknown` are the attributes that this type does not have."""

    def __init__(self, parsed: ScimFilter[Any], places: Places) -> None:
        super().__init__(parsed, places)
        self.unknown: set[str] = set()

    def visit_comparison(self, node: Comparison) -> ColumnElement[bool]:
        return super().visit_comparison(node) if self._knows(node.attr_path) else false()

    def visit_present(self, node: Present) -> ColumnElement[bool]:
        return super().visit_present(node) if self._knows(node.attr_path) else false()

    def visit_value_path(self, node: ValuePath) -> ColumnElement[bool]:
        return super().visit_value_path(node) if self._knows(node.attr_path) else false()

    def _knows(self, path: AttrPath) -> bool:
        if self._binding(path) or self._resolve_in_extensions(path, self._binding):
            return True
        self.unknown.add(str(path))
        return False


class _Values(_Logic):
    """A filter of the values of one multi-valued attribute."""

    def __init__(self, selected: AttrPath, resolve: Resolve, parts: Mapping[str, Scalar]) -> None:
        self.selected = selected
        self.resolve = resolve
        self.parts = parts

    def visit_comparison(self, node: Comparison) -> ColumnElement[bool]:
        binding = self._resolve(node.attr_path)
        return _compare(self.parts[binding.sub_field_name or "value"], node.op, _comparable(binding, node))

    def visit_present(self, node: Present) -> ColumnElement[bool]:
        return _present(self.parts, self._resolve(node.attr_path).sub_field_name or "value")

    def visit_value_path(self, node: ValuePath) -> ColumnElement[bool]:
        raise InvalidFilterException(detail=f"{node}: a value filter cannot hold another one.")

    def _resolve(self, path: AttrPath) -> AttributeBinding:
        binding = None
        if path.uri is None and path.sub_attr is None:
            binding = self.resolve(replace(self.selected, sub_attr=path.attr))
            if binding is None and path.attr.lower() == "value" and set(self.parts) == {"value"}:
                binding = self.resolve(self.selected)  # a list of plain strings: each is its own value
        if binding is None:
            raise InvalidFilterException(detail=f"{self.selected} has no sub-attribute {path}.")
        return binding


def _comparable(binding: AttributeBinding, node: Comparison) -> Any:
    """The operand of a comparison, in the form in which values are kept to be compared."""
    value = coerce_value(binding, node.value, node.op)
    if isinstance(value, str) and _UNKEEPABLE.search(value):
        return _INCOMPARABLE
    if isinstance(value, bytes):
        return binding.comparable(base64.b64encode(value).decode())
    if isinstance(value, datetime):
        return value if value.tzinfo else _INCOMPARABLE
    if node.op in _TEXT_OPERATORS:
        holds_text = isinstance(binding.target_type, type) and issubclass(binding.target_type, str)
        return binding.comparable(value) if holds_text and isinstance(value, str) else _INCOMPARABLE
    if isinstance(node.value, bool) and binding.target_type in (int, float):
        raise InvalidFilterException(detail=f"{node.attr_path} is a number: compare it to one.")
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        return float(value)
    return binding.comparable(value)


class _Incomparable:
    """An operand that no value of the attribute's type equals, precedes or contains."""


_INCOMPARABLE = _Incomparable()


def _compare(place: Scalar, op: CompareOperator, value: Any) -> ColumnElement[bool]:
    if value is None:
        return _compare_null(place.expression, op)
    if isinstance(place, Condition):
        wanted = (op is CompareOperator.eq) is value
        return and_(place.expression) if wanted else not_(place.expression)
    if isinstance(value, _Incomparable):
        return true() if op is CompareOperator.ne else false()
    if isinstance(place, IdScalar):
        return _compare_id(place.expression, op, value)
    if isinstance(value, datetime) and isinstance(place.expression.type, String):
        value = comparable_instant(value)
    return _compare_column(place.expression, op, value)


def _compare_null(column: ColumnElement[Any], op: CompareOperator) -> ColumnElement[bool]:
    if op is CompareOperator.eq:
        return column.is_(None)
    return column.is_not(None) if op is CompareOperator.ne else false()


def _compare_id(column: ColumnElement[Any], op: CompareOperator, value: str) -> ColumnElement[bool]:
    if op not in (CompareOperator.eq, CompareOperator.ne):
        return _compare_column(cast(column, String), op, value)
    id = parse_id(value)
    if id is None:
        return true() if op is CompareOperator.ne else false()
    return _compare_column(column, op, id)


def _compare_column(column: ColumnElement[Any], op: CompareOperator, value: Any) -> ColumnElement[bool]:
    match op:
        case CompareOperator.eq:
            return and_(column.is_not(None), column == value)
        case CompareOperator.ne:
            return or_(column.is_(None), column != value)
        case CompareOperator.co:
            compared = column.contains(value, autoescape=True)
        case CompareOperator.sw:
            compared = column.startswith(value, autoescape=True)
        case CompareOperator.ew:
            compared = column.endswith(value, autoescape=True)
        case CompareOperator.gt:
            compared = column > value
        case CompareOperator.ge:
            compared = column >= value
        case CompareOperator.lt:
            compared = column < value
        case CompareOperator.le:
            compared = column <= value
    # Who asks for what has changed since some instant asks again and again, for little.
    return and_(column.is_not(None), rare(compared) if isinstance(value, datetime) else compared)


def _compare_node(place: Complex, node: Comparison, value: Any) -> ColumnElement[bool]:
    return _compare_whole(or_(*(part.expression.is_not(None) for part in place.parts.values())), node, value)


def _compare_whole(assigned: ColumnElement[bool], node: Comparison, value: Any) -> ColumnElement[bool]:
    """A complex attribute without a `value` is there or it is not, as a whole; nothing else can be asked of it."""
    if value is not None or node.op not in (CompareOperator.eq, CompareOperator.ne):
        raise InvalidFilterException(detail=f"{node.attr_path} is complex: compare one of its sub-attributes.")
    return not_(assigned) if node.op is CompareOperator.eq else assigned


def _compare_entries(place: Entries, sub: str, node: Comparison, value: Any) -> ColumnElement[bool]:
    if sub not in place.rows().parts:
        return _compare_whole(place.exist(lambda _: true()), node, value)

    def exist(op: CompareOperator, value: Any) -> ColumnElement[bool]:
        return place.exist(lambda parts: _compare(parts[sub], op, value))

    if value is None and node.op is CompareOperator.eq:
        return or_(not_(place.exist(lambda _: true())), exist(node.op, None))
    if value is None and node.op is CompareOperator.ne:
        return and_(place.exist(lambda _: true()), not_(exist(CompareOperator.eq, None)))
    if node.op is CompareOperator.ne:
        return not_(exist(CompareOperator.eq, value))
    if node.op is CompareOperator.eq and place.look_up is not None and sub == "value" and value:
        return place.look_up(value) if isinstance(value, str) else false()
    return exist(node.op, value)


def _present(parts: Mapping[str, Scalar], sub: str | None) -> ColumnElement[bool]:
    """RFC 7644 §3.4.2.2 `pr`: a value that is neither null nor empty; a complex one with a value somewhere in it."""
    chosen = [parts[sub]] if sub else parts.values()
    return or_(*(_present_scalar(part) for part in chosen))


def _present_scalar(place: Scalar) -> ColumnElement[bool]:
    column = place.expression
    if isinstance(place, Condition):
        return true()
    if isinstance(place, IdScalar) or not isinstance(column.type, String):
        return and_(column.is_not(None))
    return and_(column.is_not(None), column != "")


def _sought_value(node: FilterNode) -> str | None:
    """The `value` that every match of a value filter must have, if it says so."""
    terms = node.terms if isinstance(node, LogicalExpr) and node.op is LogicalOperator.and_ else (node,)
    for term in terms:
        if isinstance(term, Comparison) and term.op is CompareOperator.eq and isinstance(term.value, str):
            path = term.attr_path
            plain = path.attr.lower() == "value" and path.sub_attr is None and path.uri is None
            if plain and not _UNKEEPABLE.search(term.value):
                return term.value
    return None
