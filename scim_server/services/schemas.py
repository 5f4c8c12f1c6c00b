"""Extension schemas that an organization declares: attributes of its own, which are kept like all the others.

A change that would lose what users or groups have is refused.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from scim_server.models import ExtensionSchema, Team, User
from scim_server.models.base import new_id
from scim_server.models.expressions import parsed
from scim_server.services import declared
from scim_server.services.constraints import flush
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue, NotFound, SchemaTaken, WouldLoseData
from scim_server.services.events import Action, record
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import folded

_OWNERS: Mapping[str, Any] = {"User": User, "Group": Team}

# What of an attribute may change without a look at what there is.
_HARMLESS = ("description", "mutability", "returned", "required", "canonicalValues", "subAttributes")


def list_schemas(ctx: Context) -> list[ExtensionSchema]:
    """Every schema that the organization has declared, the oldest first."""
    return list(
        ctx.session.scalars(
            select(ExtensionSchema).where(ExtensionSchema.org_id == ctx.org.id).order_by(ExtensionSchema.id)
        )
    )


def read_schemas(ctx: Context, cut: Cut) -> Part[ExtensionSchema]:
    """A part of the schemas that the organization has declared, the oldest first."""
    query = select(ExtensionSchema).where(ExtensionSchema.org_id == ctx.org.id)
    return read_part(ctx, query, ExtensionSchema.id, cut)


def get_schema(ctx: Context, schema_id: UUID) -> ExtensionSchema:
    """Raises NotFound."""
    schema = ctx.session.scalar(
        select(ExtensionSchema).where(ExtensionSchema.org_id == ctx.org.id, ExtensionSchema.id == schema_id)
    )
    if schema is None:
        raise NotFound("extension schema", schema_id)
    return schema


def check_new(ctx: Context, urn: str) -> None:
    """Raises SchemaTaken where the organization has declared a schema of this URN."""
    if _find(ctx, urn) is not None:
        raise SchemaTaken(urn)


def declare_schema(ctx: Context, urn: str, extends: str, document: Mapping[str, Any]) -> ExtensionSchema:
    """Declare an extension schema, or change the one of this URN.

    `document` is a Schema resource (RFC 7643 §7) that is known to be sound.
    Raises NotAllowed, InvalidValue, WouldLoseData.
    """
    require(ctx, Manage.SETTINGS)
    schema = _find(ctx, urn)
    if schema is None:
        return _create(ctx, urn, extends, document)
    if schema.extends != extends:
        raise InvalidValue("extends", f"cannot change: {urn} extends {schema.extends}")
    _refuse_loss(ctx, schema, document)
    record(ctx, Action.SCHEMA_UPDATED, schema, {"attributes": (_names(schema.document), _names(document))})
    schema.document = dict(document)
    schema.changed(ctx.now)
    declared.changed(ctx)
    return schema


def remove_schema(ctx: Context, urn: str) -> None:
    """Take back an extension schema that nobody has an attribute of.

    Raises NotAllowed, NotFound, WouldLoseData.
    """
    require(ctx, Manage.SETTINGS)
    schema = _find(ctx, urn)
    if schema is None:
        raise NotFound("extension schema", urn)
    _refuse_loss(ctx, schema, {"attributes": []})
    record(ctx, Action.SCHEMA_REMOVED, schema, {"attributes": (_names(schema.document), None)})
    ctx.session.delete(schema)
    declared.changed(ctx)


def unsafe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """The attributes of a schema that a change takes away, or makes into something that what there is may not be."""
    new = {attribute["name"]: attribute for attribute in after.get("attributes", ())}
    for old in before.get("attributes", ()):
        if not _still_fits(old, new.get(old["name"])):
            yield old["name"]


def _still_fits(old: Mapping[str, Any], new: Mapping[str, Any] | None) -> bool:
    if new is None:
        return False
    same = all(old.get(name) == new.get(name) for name in old.keys() | new.keys() if name not in _HARMLESS)
    more = not new.get("required") or bool(old.get("required"))
    allowed, asked = new.get("canonicalValues"), old.get("canonicalValues")
    wider = not allowed or (bool(asked) and set(asked or ()) <= set(allowed))
    inside = {"attributes": old.get("subAttributes", [])}, {"attributes": new.get("subAttributes", [])}
    return same and more and wider and not any(unsafe_changes(*inside)) and not _newly_required(*inside)


def _newly_required(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Attributes that are there for the first time, and have to have a value."""
    old = {attribute["name"] for attribute in before["attributes"]}
    return [each["name"] for each in after["attributes"] if each.get("required") and each["name"] not in old]


def _create(ctx: Context, urn: str, extends: str, document: Mapping[str, Any]) -> ExtensionSchema:
    schema = ExtensionSchema(
        org_id=ctx.org.id,
        id=new_id(),
        urn=urn,
        urn_key=folded(urn),
        extends=extends,
        document=dict(document),
        version=1,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.session.add(schema)
    flush(ctx.session, {"uq_extension_schemas_urn": SchemaTaken(urn)})
    record(ctx, Action.SCHEMA_DECLARED, schema, {"urn": (None, urn), "attributes": (None, _names(document))})
    declared.changed(ctx)
    return schema


def _refuse_loss(ctx: Context, schema: ExtensionSchema, document: Mapping[str, Any]) -> None:
    """Raises WouldLoseData."""
    owner = _OWNERS[schema.extends]
    in_use = [name for name in unsafe_changes(schema.document, document) if _is_used(ctx, owner, schema.urn, name)]
    if (
        not in_use
        and _newly_required(schema.document, {"attributes": [], **document})
        and _is_used(ctx, owner, schema.urn)
    ):
        in_use = _newly_required(schema.document, document)
    if in_use:
        raise WouldLoseData(schema.urn, in_use)


def _is_used(ctx: Context, owner: Any, *path: str) -> bool:
    """Whether anybody has a value there; those who are deleted can come back."""
    place = parsed(owner.document)[path].as_string()
    return (
        ctx.session.execute(select(owner.id).where(owner.org_id == ctx.org.id, place.is_not(None)).limit(1)).first()
        is not None
    )


def _find(ctx: Context, urn: str) -> ExtensionSchema | None:
    return ctx.session.scalar(
        select(ExtensionSchema)
        .where(ExtensionSchema.org_id == ctx.org.id, ExtensionSchema.urn_key == folded(urn))
        .with_for_update()
    )


def _names(document: Mapping[str, Any]) -> list[str]:
    return [attribute["name"] for attribute in document.get("attributes", ())]
