"""`sortBy` and `sortOrder` as an order of rows (RFC 7644 §3.4.2.3)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Union

from scim2_models import SearchRequest

from scim_server.scim.places import Complex, Entries, Places
from scim_server.services.paging import Order


def compile_order(model: Any, places: Places, parameters: Mapping[str, str]) -> Order | None:
    """The order that a request asks for, if it asks for one.

    Strings are ordered as they are compared, without case unless the attribute is case-exact.
    Raises pydantic.ValidationError where nothing can be ordered by that attribute, or in that direction.
    """
    asked = sort_parameters(parameters)
    return _order(_request_for(model).model_validate(asked), model, places) if asked else None


def compile_orders(tables: Mapping[Any, Places], parameters: Mapping[str, str]) -> dict[Any, Order | None]:
    """The orders that one request asks for on each of several types of resource.

    RFC 7644 §3.4.2.1: an attribute that a type does not have is one without a value, so that type has no order.
    Raises pydantic.ValidationError where no type can be ordered by that attribute, or none in that direction.
    """
    asked = sort_parameters(parameters)
    if not asked:
        return dict.fromkeys(tables)
    together: Any = Union[tuple(tables)]  # noqa: UP007 - made at run time
    request = _request_for(together).model_validate(asked)
    return {model: _order(request, model, places) for model, places in tables.items()}


def sort_parameters(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: parameters[name] for name in ("sortBy", "sortOrder") if parameters.get(name)}


# Pydantic takes milliseconds to make one, and forgets it as soon as nobody holds it.
@lru_cache(maxsize=256)
def _request_for(model: Any) -> Any:
    return SearchRequest[model]


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
