"""/api/v1/extension-schemas: attributes of an organization's own, for its users and groups."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, ValidationError

from scim_server.scim import declaring
from scim_server.services import schemas
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, Text, page

rooms = Room(
    "Extension schemas",
    "Attributes of the organization's own, as SCIM has them (RFC 7643 §7): its users or groups have them beside all "
    "others, and its directories may write them. No change loses what they have.",
)

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"

Simple = Literal["string", "boolean", "decimal", "integer", "dateTime", "reference", "binary"]
Mutability = Annotated[
    Literal["readWrite", "immutable", "writeOnly"], Field(description="Whether it can be changed once it is there.")
]
Returned = Annotated[Literal["always", "never", "default", "request"], Field(description="When SCIM answers with it.")]
AttributeName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=100)]
Values = Annotated[list[Annotated[Text, Field(min_length=1, max_length=200)]], Field(max_length=200)]
Description = Annotated[Text, Field(max_length=1000)]
Name = Annotated[Text, Field(min_length=1, max_length=100, description="What people call the schema.")]
Extends = Literal["User", "Group"]


ReferenceType = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$", max_length=64, examples=["User"])]


class PlainAttribute(Input):
    """An attribute within a complex one, which is not complex itself."""

    name: AttributeName
    type: Simple
    multi_valued: bool = False
    description: Description = ""
    required: bool = False
    canonical_values: Annotated[Values, Field(default_factory=list, description="The values that it may have.")]
    case_exact: Annotated[bool, Field(description="Whether upper and lower case differ in it.")] = False
    mutability: Mutability = "readWrite"
    returned: Returned = "default"
    reference_types: Annotated[
        list[ReferenceType], Field(default_factory=list, max_length=200, description="What a reference refers to.")
    ]


class Attribute(PlainAttribute):
    """An attribute; it has sub-attributes if it is complex, and only then."""

    type: Simple | Literal["complex"]  # type: ignore[assignment]
    sub_attributes: Annotated[list[PlainAttribute], Field(default_factory=list, max_length=100)]


Attributes = Annotated[list[Attribute], Field(min_length=1, max_length=200)]


class SchemaInput(Input):
    """A schema as a whole."""

    name: Name
    description: Annotated[Description, Field(description="What it is for. Left out, its name.")] = ""
    attributes: Attributes


class NewSchema(SchemaInput):
    urn: Annotated[
        str,
        Field(
            pattern=r"^[uU][rR][nN]:[A-Za-z0-9][A-Za-z0-9-]{0,31}:[!-~]+$",
            max_length=255,
            description="What SCIM calls it; it stays. Those of the RFCs are taken.",
            examples=["urn:example:2.0:User"],
        ),
    ]
    extends: Annotated[Extends, Field(description="What has these attributes; it stays.")] = "User"


class PlainAttributeShape(Shape):
    name: str
    type: str
    multi_valued: bool
    description: str
    required: bool
    canonical_values: list[str]
    case_exact: bool
    mutability: str
    returned: str
    reference_types: list[str]


class AttributeShape(PlainAttributeShape):
    sub_attributes: list[PlainAttributeShape]


class SchemaShape(Shape):
    id: UUID
    urn: str
    extends: str
    name: str
    description: str
    attributes: list[AttributeShape]
    created_at: datetime
    updated_at: datetime


@rooms.get("/extension-schemas", needs=Manage.SETTINGS_VIEW)
def list_extension_schemas(ctx: Context, query: ListQuery) -> Page[SchemaShape]:
    """List the schemas that the organization has declared, the oldest first."""
    return page(schemas.read_schemas(ctx, query.cut()), _shape)


@rooms.post("/extension-schemas", needs=Manage.SETTINGS, status=201)
def declare_extension_schema(ctx: Context, body: NewSchema) -> SchemaShape:
    """Declare a schema: users or groups have its attributes from now on."""
    schemas.check_new(ctx, body.urn)
    return _declared(ctx, body, body.urn, body.extends)


@rooms.get("/extension-schemas/<uuid:schema_id>", needs=Manage.SETTINGS_VIEW)
def show_extension_schema(ctx: Context, schema_id: UUID) -> SchemaShape:
    """Show a schema that the organization has declared."""
    return _shape(schemas.get_schema(ctx, schema_id))


@rooms.put("/extension-schemas/<uuid:schema_id>", needs=Manage.SETTINGS)
def replace_extension_schema(ctx: Context, schema_id: UUID, body: SchemaInput) -> SchemaShape:
    """Change a schema, as a whole.

    A change that would lose what users or groups have is refused.
    """
    found = schemas.get_schema(ctx, schema_id)
    return _declared(ctx, body, found.urn, found.extends)


@rooms.delete("/extension-schemas/<uuid:schema_id>", needs=Manage.SETTINGS)
def remove_extension_schema(ctx: Context, schema_id: UUID) -> None:
    """Take back a schema that nobody has a value of."""
    schemas.remove_schema(ctx, schemas.get_schema(ctx, schema_id).urn)


def _declared(ctx: Context, body: SchemaInput, urn: str, extends: str) -> SchemaShape:
    payload = {
        "schemas": [SCHEMA],
        "id": urn,
        "name": body.name,
        "description": body.description,
        "attributes": [_written(each.model_dump()) for each in body.attributes],
    }
    try:
        return _shape(schemas.get_schema(ctx, declaring.declare(ctx, payload, extends=extends)))
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidValue(".".join(map(str, first["loc"])) or "schema", f"cannot be that: {first['msg']}") from None


# As RFC 7643 §7 calls what we call otherwise.
_SCIM_NAMES = {
    "multi_valued": "multiValued",
    "canonical_values": "canonicalValues",
    "case_exact": "caseExact",
    "reference_types": "referenceTypes",
    "sub_attributes": "subAttributes",
}


def _written(attribute: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute as SCIM writes it."""
    found = {_SCIM_NAMES.get(name, name): value for name, value in attribute.items() if value not in ([], "")}
    if within := attribute.get("sub_attributes"):
        found["subAttributes"] = [_written(each) for each in within]
    return found


def _shape(row: Any) -> SchemaShape:
    document = row.document
    return SchemaShape(
        id=row.id,
        urn=row.urn,
        extends=row.extends,
        name=document["name"],
        description=document.get("description") or "",
        attributes=[_read(each) for each in document["attributes"]],
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _read(attribute: Mapping[str, Any]) -> AttributeShape:
    within = attribute.get("subAttributes") or []
    return AttributeShape(**_plain(attribute), sub_attributes=[PlainAttributeShape(**_plain(each)) for each in within])


def _plain(attribute: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": attribute["name"],
        "type": attribute["type"],
        "multi_valued": bool(attribute.get("multiValued")),
        "description": attribute.get("description") or "",
        "required": bool(attribute.get("required")),
        "canonical_values": attribute.get("canonicalValues") or [],
        "case_exact": bool(attribute.get("caseExact")),
        "mutability": attribute.get("mutability") or "readWrite",
        "returned": attribute.get("returned") or "default",
        "reference_types": attribute.get("referenceTypes") or [],
    }
