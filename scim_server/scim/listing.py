"""The parameters of a listing (RFC 7644 §3.4.2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from scim2_models import InvalidCountException, InvalidSyntaxException, InvalidValueException
from sqlalchemy import ColumnElement

from scim_server.scim.answers import Answer, base_url, list_response
from scim_server.scim.attributes import BASE_URL, ORG_ID
from scim_server.scim.cursors import Walk, read_walk, walk_response
from scim_server.scim.dialects import normalise_query
from scim_server.scim.kinds import Kind
from scim_server.scim.projection import Projection, projection_of
from scim_server.scim.shapes import read_selection
from scim_server.services.context import Context
from scim_server.services.paging import Order, Page, Selection, Slice

Row = TypeVar("Row")

_PARAMETERS = ("filter", "sortBy", "sortOrder", "cursor", "startIndex", "count", "attributes", "excludedAttributes")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which resources, from which one on, how many, and what of each.

    `walk` is None where pages are told by `start_index`, which counts from 1.
    """

    selection: Selection
    walk: Walk | None
    start_index: int
    count: int
    projection: Projection


def read_listing(ctx: Context, kind: Kind, parameters: Mapping[str, str]) -> Listing:
    """Raises scim2_models.SCIMException, pydantic.ValidationError."""
    parameters = normalise_query(ctx, parameters)
    walk = read_walk(ctx, kind.name, parameters) if "cursor" in parameters else None
    if walk is not None and parameters.get("startIndex"):
        raise InvalidValueException(detail="A listing goes by cursor or by startIndex, not by both.")
    return Listing(
        selection=read_selection(ctx, kind, parameters),
        walk=walk,
        start_index=read_start_index(parameters),
        count=read_page_size(ctx, parameters) if walk is None else read_count_of_walk(ctx, parameters),
        projection=projection_of(kind, parameters),
    )


def answer_listing(
    ctx: Context,
    listing: Listing,
    list_rows: Callable[..., Page[Row]],
    walk_rows: Callable[..., Slice[Row]],
    show: Callable[[Context, Sequence[Row], Projection], list[dict[str, Any]]],
) -> Answer:
    """The page that a listing asks for: by index with a total, or by cursor."""
    walk, count = listing.walk, listing.count
    if walk is None:
        page = list_rows(ctx, listing.selection, offset=listing.start_index - 1, limit=count)
        shown = show(ctx, page.rows, listing.projection)
        return Answer(200, list_response(shown, total=page.total, start_index=listing.start_index))
    found = walk_rows(ctx, listing.selection, start=walk.start, backwards=walk.backwards, limit=count)
    return Answer(200, walk_response(ctx, walk, found, show(ctx, found.rows, listing.projection)))


def read_start_index(parameters: Mapping[str, str]) -> int:
    """Raises InvalidValueException."""
    return max(1, _integer(parameters, "startIndex", 1))  # RFC 7644 §3.4.2.4: less than 1 is 1


def read_page_size(ctx: Context, parameters: Mapping[str, str]) -> int:
    """Raises InvalidValueException."""
    # RFC 7644 §3.4.2.4: a negative count is 0. A page may be shorter than was asked for.
    count = _integer(parameters, "count", ctx.settings.default_page_size)
    return min(max(0, count), ctx.settings.max_page_size)


def read_count_of_walk(ctx: Context, parameters: Mapping[str, str]) -> int:
    """Raises InvalidCountException."""
    # RFC 9865 §2.4: from 0 to the largest page, or it is refused.
    try:
        count = _integer(parameters, "count", ctx.settings.default_page_size)
    except InvalidValueException:
        raise InvalidCountException from None
    if not 0 <= count <= ctx.settings.max_page_size:
        raise InvalidCountException
    return count


def search_parameters(message: Mapping[str, Any]) -> dict[str, str]:
    """What a SearchRequest asks for (RFC 7644 §3.4.3), as the parameters of a GET.

    Raises InvalidSyntaxException.
    """
    parameters: dict[str, str] = {}
    for name in _PARAMETERS:
        value = next((each for key, each in message.items() if key.lower() == name.lower()), None)
        if value is None:
            continue
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, str | int) and not isinstance(part, bool) for part in parts):
            raise InvalidSyntaxException(detail=f"{name} must be a string, a number or an array of strings.")
        parameters[name] = ",".join(map(str, parts))
    return parameters


def selection(ctx: Context, condition: ColumnElement[bool], order: Order | None = None) -> Selection:
    """A selection of the organization's rows by conditions that `scim/filters.py` has made."""
    return Selection(condition, {ORG_ID: ctx.org.id, BASE_URL: base_url(ctx)}, order)


def _integer(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name)
    if not text:
        return default
    if len(text) > 10 or not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit():
        raise InvalidValueException(detail=f"{name} must be an integer of at most ten digits.")
    return int(text)
