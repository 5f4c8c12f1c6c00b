"""SCIM filters as SQL conditions (RFC 7644 §3.4.2.2).

scim2-models parses and checks them; this walks the tree that it returns. What a single comparison means is in
comparisons.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
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
)
from sqlalchemy import ColumnElement, and_, false, not_, or_

from scim_server.scim.comparisons import (
    comparable,
    compare,
    compare_entries,
    compare_node,
    look_up,
    present,
)
from scim_server.scim.places import Complex, Entries, Place, Places, Scalar

# Longer than any identity provider sends, shorter than what could keep a worker busy.
MAX_LENGTH = 4096

Resolve = Callable[[AttrPath], AttributeBinding | None]
# The operand of a comparison, as it is kept to be compared.
Operand = Callable[[AttributeBinding, Comparison], Any]


def compile_filter(model: Any, places: Places, text: str) -> ColumnElement[bool]:
    """The condition that a filter of resources stands for.

    Raises scim2_models.InvalidFilterException on what is not understood; it never makes less of a filter than it says.
    """
    return compile_parsed(parse_filter(model, text), places)


def compile_parsed(parsed: ScimFilter[Any], places: Places, operand: Operand = comparable) -> ColumnElement[bool]:
    """The condition that a filter of resources stands for, which has been parsed.

    Raises scim2_models.InvalidFilterException, and what `operand` raises.
    """
    return _Resources(parsed, places, operand).visit(parsed.ast)


def compile_selection(
    selection: ValuePath, resolve: Resolve, parts: Mapping[str, Scalar], operand: Operand = comparable
) -> ColumnElement[bool]:
    """The condition inside the brackets of `members[…]`, on the rows that hold the values.

    Raises scim2_models.InvalidFilterException.
    """
    return _Values(selection.attr_path, resolve, parts, operand).visit(selection.val_filter)


def compile_filters(tables: Mapping[Any, Places], text: str) -> dict[Any, ColumnElement[bool]]:
    """The conditions that one filter stands for on each of several types of resource.

    RFC 7644 §3.4.2.1: an attribute that a type does not have is one without a value.
    Raises InvalidFilterException where no type has it.
    """
    conditions, unknown = {}, []
    for model, places in tables.items():
        parsed = parse_filter(model, text)
        visitor = _SomeResources(parsed, places)
        conditions[model] = visitor.visit(parsed.ast)
        unknown.append(visitor.unknown)
    for path in set.intersection(*unknown):
        raise _unknown(path)
    return conditions


def parse_filter(model: Any, text: str) -> ScimFilter[Any]:
    """Raises scim2_models.InvalidFilterException."""
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

    def __init__(self, parsed: ScimFilter[Any], places: Places, operand: Operand = comparable) -> None:
        self.parsed = parsed
        self.places = places
        self.operand = operand

    def visit_comparison(self, node: Comparison) -> ColumnElement[bool]:
        binding = self._resolve(node.attr_path, self._comparison_binding)
        value = self.operand(binding, node)
        place, sub = self._place(binding), binding.sub_field_name
        if isinstance(place, Complex):
            return compare(place.parts[sub], node.op, value) if sub else compare_node(place, node, value)
        if isinstance(place, Entries):
            return compare_entries(place, sub or "value", node, value)
        return compare(place, node.op, value)

    def visit_present(self, node: Present) -> ColumnElement[bool]:
        binding = self._resolve(node.attr_path, self._binding)
        place, sub = self._place(binding), binding.sub_field_name
        if isinstance(place, Entries):
            return place.exist(lambda parts: present(parts, sub))
        return present(place.parts if isinstance(place, Complex) else {"": place}, sub)

    def visit_value_path(self, node: ValuePath) -> ColumnElement[bool]:
        place = self._place(self._resolve(node.attr_path, self._binding))
        if not isinstance(place, Entries):
            raise InvalidFilterException(detail=f"{node.attr_path} has one value; there is none to select.")
        matching = place.exist(lambda parts: compile_selection(node, self._binding, parts, self.operand))
        sought = sought_value(node.val_filter)
        binding = self._binding(replace(node.attr_path, sub_attr="value"))
        if sought is None or binding is None:
            return matching
        # An index says which resources have that value at all; the other conditions are left to check on these.
        found = look_up(place, self.operand(binding, sought))
        return matching if found is None else and_(found, matching)

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

    def __init__(self, selected: AttrPath, resolve: Resolve, parts: Mapping[str, Scalar], operand: Operand) -> None:
        self.selected = selected
        self.resolve = resolve
        self.parts = parts
        self.operand = operand

    def visit_comparison(self, node: Comparison) -> ColumnElement[bool]:
        binding = self._resolve(node.attr_path)
        return compare(self.parts[binding.sub_field_name or "value"], node.op, self.operand(binding, node))

    def visit_present(self, node: Present) -> ColumnElement[bool]:
        return present(self.parts, self._resolve(node.attr_path).sub_field_name or "value")

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


def sought_value(node: FilterNode) -> Comparison | None:
    """The comparison to a `value` that every match of a value filter must have, if there is one."""
    terms = node.terms if isinstance(node, LogicalExpr) and node.op is LogicalOperator.and_ else (node,)
    for term in terms:
        if isinstance(term, Comparison) and term.op is CompareOperator.eq and isinstance(term.value, str):
            path = term.attr_path
            if path.attr.lower() == "value" and path.sub_attr is None and path.uri is None and term.value:
                return term
    return None
