"""One comparison of a filter as an SQL condition: an attribute's place, an operator and an operand.

Every condition made here is true or false for every row, never NULL, so that `not` and `ne` mean what they say. Where
the RFC is silent, the answer is that of scim2-models' own evaluator: `ne` on a multi-valued attribute holds where no
value equals the operand.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scim2_models import InvalidFilterException
from scim2_models.path import AttributeBinding, CompareOperator, Comparison, coerce_value
from sqlalchemy import ColumnElement, String, and_, bindparam, cast, false, not_, or_, true

from scim_server.models.expressions import rare
from scim_server.models.types import UtcDateTime
from scim_server.scim.folding import comparable_instant
from scim_server.scim.ids import parse_id
from scim_server.scim.places import Complex, Condition, Entries, IdScalar, Scalar

# NUL and half a surrogate pair: no text that is kept holds them, and no database takes them as a parameter.
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")

# What both databases take as an integer.
_LARGEST_INTEGER = 2**63 - 1

_TEXT_OPERATORS = {CompareOperator.co, CompareOperator.sw, CompareOperator.ew}

_ESCAPE = "/"


class Incomparable:
    """An operand that no value of the attribute's type equals, precedes or contains."""


INCOMPARABLE = Incomparable()


@dataclass(frozen=True, slots=True)
class Told:
    """An operand that the condition has a parameter for, so that it serves whatever text stands there the next time.

    `number` is which of the filter's texts it is, `value` what that is now, and `read` makes it of the text. To the
    `parameters` of the condition each is added: the number of the text that it takes, and what makes its value of it.
    """

    number: int
    value: Any
    read: Callable[[str], Any]
    parameters: dict[str, tuple[int, Callable[[str], Any]]]

    def as_parameter(self, column: ColumnElement[Any], form: Callable[[Any], Any]) -> ColumnElement[Any]:
        read, name = self.read, f"text_{self.number}_{form.__name__.strip('_')}"
        self.parameters[name] = (self.number, read if form is _as_it_is else lambda text: form(read(text)))
        return bindparam(name, type_=column.type)


class OfItsOwn(Exception):
    """A filter whose condition serves no other text than its own."""


def comparable(binding: AttributeBinding, node: Comparison) -> Any:
    """The operand of a comparison, in the form in which values are kept to be compared."""
    value = coerce_value(binding, node.value, node.op)
    if isinstance(value, str) and _UNKEEPABLE.search(value):
        return INCOMPARABLE
    if isinstance(value, bytes):
        return binding.comparable(base64.b64encode(value).decode())
    if isinstance(value, datetime):
        return value if value.tzinfo else INCOMPARABLE
    if node.op in _TEXT_OPERATORS:
        holds_text = isinstance(binding.target_type, type) and issubclass(binding.target_type, str)
        return binding.comparable(value) if holds_text and isinstance(value, str) else INCOMPARABLE
    if isinstance(node.value, bool) and binding.target_type in (int, float):
        raise InvalidFilterException(detail=f"{node.attr_path} is a number: compare it to one.")
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        return float(value)
    return binding.comparable(value)


def compare(place: Scalar, op: CompareOperator, value: Any) -> ColumnElement[bool]:
    """The condition that one value meets."""
    if value is None:
        return _compare_null(place.expression, op)
    if isinstance(place, Condition):
        if isinstance(value, Told):
            raise OfItsOwn
        wanted = (op is CompareOperator.eq) is value
        return and_(place.expression) if wanted else not_(place.expression)
    if isinstance(value, Incomparable):
        return true() if op is CompareOperator.ne else false()
    column, sought = _at(place, op, value)
    if sought is None:
        return true() if op is CompareOperator.ne else false()
    return _compare_column(column, op, sought)


def compare_node(place: Complex, node: Comparison, value: Any) -> ColumnElement[bool]:
    """The condition that a complex attribute meets, which has no `value` to stand for it."""
    return _compare_whole(or_(*(part.expression.is_not(None) for part in place.parts.values())), node, value)


def compare_entries(place: Entries, sub: str, node: Comparison, value: Any) -> ColumnElement[bool]:
    """The condition that the values of a multi-valued attribute meet, any of them or, for `ne`, all of them."""
    if sub not in place.rows().parts:
        return _compare_whole(place.exist(lambda _: true()), node, value)

    def exist(op: CompareOperator, value: Any) -> ColumnElement[bool]:
        return place.exist(lambda parts: compare(parts[sub], op, value))

    if value is None and node.op is CompareOperator.eq:
        return or_(not_(place.exist(lambda _: true())), exist(node.op, None))
    if value is None and node.op is CompareOperator.ne:
        return and_(place.exist(lambda _: true()), not_(exist(CompareOperator.eq, None)))
    if node.op is CompareOperator.ne:
        return not_(exist(CompareOperator.eq, value))
    if node.op is CompareOperator.eq and sub == "value" and value:
        found = look_up(place, value)
        return exist(node.op, value) if found is None else found
    return exist(node.op, value)


def look_up(place: Entries, value: Any) -> ColumnElement[bool] | None:
    """The condition that a resource has this `value`, if an index answers that."""
    if place.look_up is None:
        return None
    if not isinstance(value, str | Told):
        return false()
    _, sought = _at(place.rows().parts["value"], CompareOperator.eq, value)
    return false() if sought is None else place.look_up(sought)


def present(parts: Mapping[str, Scalar], sub: str | None) -> ColumnElement[bool]:
    """RFC 7644 §3.4.2.2 `pr`: a value that is neither null nor empty; a complex one with a value somewhere in it."""
    chosen = [parts[sub]] if sub else parts.values()
    return or_(*(_present_scalar(part) for part in chosen))


def _at(place: Scalar, op: CompareOperator, value: Any) -> tuple[ColumnElement[Any], Any]:
    """A place, and an operand in the form that it has there; None is an operand that nothing has."""
    column = place.expression
    form: Callable[[Any], Any] = _as_it_is
    if isinstance(place, IdScalar):
        if op in (CompareOperator.eq, CompareOperator.ne):
            form = parse_id
        else:
            column = cast(column, String)
    if op in _TEXT_OPERATORS:
        form = _without_wildcards
    example = value.value if isinstance(value, Told) else value
    if isinstance(example, datetime) and isinstance(column.type, String):
        form = comparable_instant
    return column, value.as_parameter(column, form) if isinstance(value, Told) else form(value)


def _as_it_is(value: Any) -> Any:
    return value


def _without_wildcards(text: str) -> str:
    """A text that LIKE takes to the letter: a wildcard is never the client's."""
    return text.replace(_ESCAPE, _ESCAPE * 2).replace("%", f"{_ESCAPE}%").replace("_", f"{_ESCAPE}_")


def _compare_null(column: ColumnElement[Any], op: CompareOperator) -> ColumnElement[bool]:
    if op is CompareOperator.eq:
        return column.is_(None)
    return column.is_not(None) if op is CompareOperator.ne else false()


def _compare_column(column: ColumnElement[Any], op: CompareOperator, value: Any) -> ColumnElement[bool]:
    match op:
        case CompareOperator.eq:
            return and_(column.is_not(None), column == value)
        case CompareOperator.ne:
            return or_(column.is_(None), column != value)
        case CompareOperator.co:
            compared = column.contains(value, escape=_ESCAPE)
        case CompareOperator.sw:
            compared = column.startswith(value, escape=_ESCAPE)
        case CompareOperator.ew:
            compared = column.endswith(value, escape=_ESCAPE)
        case CompareOperator.gt:
            compared = column > value
        case CompareOperator.ge:
            compared = column >= value
        case CompareOperator.lt:
            compared = column < value
        case CompareOperator.le:
            compared = column <= value
    # Who asks for what has changed since some instant asks again and again, for little.
    return and_(column.is_not(None), rare(compared) if isinstance(column.type, UtcDateTime) else compared)


def _compare_whole(assigned: ColumnElement[bool], node: Comparison, value: Any) -> ColumnElement[bool]:
    """A complex attribute without a `value` is there or it is not, as a whole; nothing else can be asked of it."""
    if value is not None or node.op not in (CompareOperator.eq, CompareOperator.ne):
        raise InvalidFilterException(detail=f"{node.attr_path} is complex: compare one of its sub-attributes.")
    return not_(assigned) if node.op is CompareOperator.eq else assigned


def _present_scalar(place: Scalar) -> ColumnElement[bool]:
    column = place.expression
    if isinstance(place, Condition):
        return true()
    if isinstance(place, IdScalar) or not isinstance(column.type, String):
        return and_(column.is_not(None))
    return and_(column.is_not(None), column != "")
