"""What the management API takes and gives: shapes that hold JSON to its types, and lists that are read part by part."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from scim_server.services.errors import InvalidValue
from scim_server.services.listing import Cut, Part
from scim_server.web.api.exactness import exactly

Item = TypeVar("Item")
Found = TypeVar("Found")


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("Must not hold a NUL character")
    return value


# A text that any database keeps: PostgreSQL does not keep a NUL.
Text = Annotated[str, AfterValidator(_without_nul), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]


class Input(BaseModel):
    """What comes in. A field that we do not know is a mistake of the caller's, not something to leave out silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=100_000)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        return exactly(handler(source))

    def given(self) -> dict[str, Any]:
        """What was said, be it null; not what was left out."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def _leave_out_defaults(schema: dict[str, Any]) -> None:
    for each in schema.get("properties", {}).values():
        each.pop("default", None)


class Change(Input):
    """What a PATCH takes: what is left out stays as it is, whatever default stands for it here."""

    model_config = ConfigDict(json_schema_extra=_leave_out_defaults)


class Shape(BaseModel):
    """What goes out, read from a row or anything else with such attributes."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Page(Shape, Generic[Item]):
    """A part of a list. `next` is the cursor of the rest, or null at the end."""

    items: list[Item]
    next: str | None


class ListQuery(Input):
    limit: Annotated[int, Field(ge=1, le=200, description="How many items at most.")] = 50
    cursor: Annotated[str | None, Field(description="The `next` of the part before this one.")] = None

    def cut(self) -> Cut:
        """Raises InvalidValue."""
        return Cut(self.limit, _id_of(self.cursor) if self.cursor is not None else None)


def page(part: Part[Found], shape: Callable[[Found], Item]) -> Page[Item]:
    """A part of a list, each item in its shape."""
    return Page(items=[shape(each) for each in part.items], next=cursor_of(part.next) if part.next else None)


def cursor_of(id: UUID) -> str:
    return base64.urlsafe_b64encode(id.bytes).rstrip(b"=").decode()


def _id_of(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.b64decode(cursor.encode() + b"==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise InvalidValue("cursor", "is not one that we gave: take the `next` of the part before") from None
