"""`sortBy` and `sortOrder` as an order of rows (RFC 7644 §3.4.2.3)."""

from collections.abc import Mapping
from typing import Any, Union

from scim2_models import SearchRequest

from scim_server.scim.places import Complex, Entries, Places
from scim_server.services.paging import Order


def compile_order(model: Any, places: Places, parameters: Mapping[str, str]) -> Order | None:
    """The order that a request asks for, if it asks for one.

    Strings are ordered as they are compared, without case unless the attribute is case-exact.
    Raises pydantic.ValidationError where nothing can be ordered by that attribute, or in that direction.
    """
    asked = {name: parameters[name] for name in ("sortBy", "sortOrder") if parameters.get(name)}
    request: Any = SearchRequest[model].model_validate(asked)
    return _order(request, model, places)


def compile_orders(tables: Mapping[Any, Places], parameters: Mapping[str, str]) -> dict[Any, Order | None]:
    """The orders that one request asks for on each of several types of resource.

    RFC 7644 §3.4.2.1: an attribute that a type does not have is one without a value, so that type has no order.
    Raises pydantic.ValidationError where no type can be ordered by that attribute, or none in that direction.
    """
    asked = {name: parameters[name] for name in ("sortBy", "sortOrder") if parameters.get(name)}
    together: Any = Union[tuple(tables)]  # noqa: UP007 - made at run time
    request: Any = SearchRequest[together].model_validate(asked)
    return {model: _order(request, model, places) for model, places in tables.items()}


def _order(request: Any, model: Any, places: Places) -> Order | None:
    binding = request.sort_binding(model)
    if binding is None:
        return None
    place = places[str(binding.model.__schema__), binding.field_name]
    descending = request.sort_order == SearchRequest.SortOrder.descending
    if isinstance(place, Entries):
        return Order(place.chosen(binding.sub_field_name or "value"), descending)
    if isinstance(place, Complex):
        return Order(place.parts[binding.sub_field_name].expression, descending)
    return Order(place.expression, descending, nullable=getattr(place.expression, "nullable", True))
