"""What a listing asks for, put together once for all that ask the like.

A directory looks up one person after another: its filters differ in their texts alone. So the condition of a filter is
kept under its shape, which is all of it but these texts, and the statements that services make of it with it
(decisions/0013-hot-path.md). What is kept depends on no organization: who asks is a parameter like the texts.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttributeBinding,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    Not,
    ValuePath,
)
from sqlalchemy import ColumnElement, Select, true

from scim_server.scim.answers import base_url
from scim_server.scim.attributes import BASE_URL, ORG_ID
from scim_server.scim.comparisons import OfItsOwn, Told, comparable
from scim_server.scim.filters import compile_filter, compile_parsed, parse_filter, sought_value
from scim_server.scim.kinds import Kind
from scim_server.scim.sorting import compile_order
from scim_server.services.context import Context
from scim_server.services.paging import Order, Selection

# What hardly any two have in common.
_NAMES = ("username", "externalid", "id", "emails")

# Of as many shapes, and none that is longer: identity providers send a few dozen, of less than a hundred characters.
_KEPT = 512
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class _Question:
    """A filter, which may be empty, and an order; two that differ only in texts of the filter are equal."""

    shape: str
    sort_by: str
    sort_order: str
    filter: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """`parameters` are those of the condition: which text of the filter each takes, and what makes its value of it.
    `few` says that it looks somebody up, and `statements` is there where it is kept (services/paging.py: Selection).
    """

    condition: ColumnElement[bool]
    order: Order | None
    parameters: Mapping[str, tuple[int, Callable[[str], Any]]] = field(default_factory=dict)
    statements: dict[Any, Select[Any]] | None = None
    few: bool = False


def read_selection(ctx: Context, kind: Kind, query: Mapping[str, str]) -> Selection:
    """What the parameters of a listing select, and in which order.

    Raises scim2_models.SCIMException, pydantic.ValidationError.
    """
    filter, sort_by, sort_order = query.get("filter", ""), query.get("sortBy", ""), query.get("sortOrder", "")
    compiled, told = None, {}
    texts = texts_of(filter)
    if texts is not None and len(filter) + len(sort_by) + len(sort_order) <= _LONGEST:
        try:
            compiled = _compiled(kind, _Question(_shape_of(filter), sort_by, sort_order, filter))
            told = _told(compiled, texts)
        except (OfItsOwn, InvalidFilterException):  # which the long way tells in the right words
            compiled = None
    compiled = compiled or _compile(kind, query)
    parameters = {ORG_ID: ctx.org.id, BASE_URL: base_url(ctx), **told}
    return Selection(compiled.condition, parameters, compiled.order, compiled.statements, compiled.few)


def texts_of(filter: str) -> list[str] | None:
    """The texts in a filter, or None where they are not plain to see: with an escape in them, or empty."""
    # RFC 7644 §3.4.2.2: they are JSON strings. Without a backslash, what is between quotation marks is what they say.
    if "\\" in filter or not filter.isprintable():
        return None
    _, *parts = filter.split('"')
    return None if len(parts) % 2 or "" in parts[::2] else parts[::2]


def _shape_of(filter: str) -> str:
    return '"'.join(filter.split('"')[::2])


def _told(compiled: _Compiled, texts: list[str]) -> dict[str, Any]:
    """Raises OfItsOwn, InvalidFilterException."""
    told = {name: read(texts[number]) for name, (number, read) in compiled.parameters.items()}
    if None in told.values():  # what nothing has, such as an id that is none
        raise OfItsOwn
    return told


def _compile(kind: Kind, query: Mapping[str, str]) -> _Compiled:
    filter = query.get("filter")
    condition = compile_filter(kind.model, kind.places, filter) if filter else true()
    return _Compiled(condition, compile_order(kind.model, kind.places, query))


@lru_cache(maxsize=_KEPT)
def _compiled(kind: Kind, question: _Question) -> _Compiled:
    """Raises OfItsOwn, scim2_models.SCIMException, pydantic.ValidationError."""
    order = {"sortBy": question.sort_by, "sortOrder": question.sort_order}
    if not question.filter:
        return replace(_compile(kind, order), statements={})
    parsed = parse_filter(kind.model, question.filter)
    operands = _Operands(parsed, texts_of(question.filter) or [])
    condition = compile_parsed(parsed, kind.places, operands)
    order_of_rows = compile_order(kind.model, kind.places, order)
    return _Compiled(condition, order_of_rows, operands.parameters, {}, few=_names_somebody(parsed.ast))


class _Operands:
    """The operands of a filter, of which texts become parameters."""

    def __init__(self, parsed: ScimFilter[Any], texts: list[str]) -> None:
        nodes = [node for node in _comparisons(parsed.ast) if isinstance(node.value, str)]
        if [node.value for node in nodes] != texts:
            raise OfItsOwn
        self.numbers = {id(node): number for number, node in enumerate(nodes)}
        self.parameters: dict[str, tuple[int, Callable[[str], Any]]] = {}

    def __call__(self, binding: AttributeBinding, node: Comparison) -> Any:
        value = comparable(binding, node)
        if not isinstance(node.value, str):
            return value
        if type(value) is not str and not isinstance(value, datetime):
            raise OfItsOwn
        return Told(self.numbers[id(node)], value, _reader(binding, node, type(value)), self.parameters)


def _reader(binding: AttributeBinding, node: Comparison, wanted: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = comparable(binding, replace(node, value=text))
        if type(value) is not wanted:
            raise OfItsOwn
        return value

    return read


def _names_somebody(node: FilterNode) -> bool:
    if isinstance(node, LogicalExpr):
        return node.op is LogicalOperator.and_ and any(map(_names_somebody, node.terms))
    if isinstance(node, ValuePath):
        return node.attr_path.attr.lower() in _NAMES and sought_value(node.val_filter) is not None
    return isinstance(node, Comparison) and node.op is CompareOperator.eq and node.attr_path.attr.lower() in _NAMES


def _comparisons(node: FilterNode) -> Iterator[Comparison]:
    """The comparisons of a filter, in the order in which they stand there."""
    if isinstance(node, Comparison):
        yield node
    elif isinstance(node, LogicalExpr):
        for term in node.terms:
            yield from _comparisons(term)
    elif isinstance(node, Not):
        yield from _comparisons(node.expr)
    elif isinstance(node, ValuePath):
        yield from _comparisons(node.val_filter)
