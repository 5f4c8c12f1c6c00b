"""What an organization has declared: its roles, extension schemas of its own, and what is on its checklists; and the
permissions that there are.

Every request needs it and it hardly ever changes, so each process keeps what it has read. The organization's
`declared_id`, which every request reads anyway, is a new one after each change: what was kept under the old one is
not asked for again, in any process, and what a transaction that failed has read is not either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy import select

from scim_server.db import DatabaseBusy
from scim_server.models import BuiltIn, ChecklistKind, ChecklistTemplate, ExtensionSchema, Role, RolePermission
from scim_server.models.base import new_id
from scim_server.services.built_in import BUILT_IN_SETS, Permission
from scim_server.services.catalogue import read_catalogue
from scim_server.services.checklist_items import SHIPPED, Item, items_of
from scim_server.services.context import Context
from scim_server.services.profiles import folded
from scim_server.services.unchanged import Unchanged

# An organization's is a few kilobytes.
_KEPT = 2048


@dataclass(frozen=True, slots=True)
class DeclaredRole:
    """`permissions` are those that the catalogue has; an admin has all of it."""

    id: UUID
    name: str
    description: str
    built_in: str | None
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class DeclaredSchema:
    """`document` is a Schema resource (RFC 7643 §7) as JSON, so that two that are alike are equal."""

    urn: str
    extends: str
    document: bytes


@dataclass(frozen=True, slots=True)
class Declared:
    """`roles` by id, the built-in ones among them; `permissions`, the catalogue, by key, those that come with the
    program before those that the product has added; `schemas` in the order in which they were declared; `checklists`,
    what a list of each kind begins as.
    """

    roles: Mapping[UUID, DeclaredRole]
    permissions: Mapping[str, Permission]
    schemas: tuple[DeclaredSchema, ...]
    checklists: Mapping[ChecklistKind, tuple[Item, ...]]

    @property
    def default_role(self) -> DeclaredRole:
        """The role of whoever is given none."""
        return next(role for role in self.roles.values() if role.built_in == BuiltIn.AGENT)

    def role(self, text: str) -> DeclaredRole | None:
        """The role with this id or name."""
        return next((role for role in self.roles.values() if _is_called(role, text)), None)


_kept = Unchanged[Declared](_KEPT)


def declared(ctx: Context) -> Declared:
    """What the organization has declared."""
    found = _kept.get(ctx.org.declared_id.int)
    if found is None:
        found = _read(ctx)
        _kept.keep(ctx.org.declared_id.int, found)
    return found


def role_of(ctx: Context, role_id: UUID) -> DeclaredRole:
    """The role of somebody. A request that has waited for its body may have begun before the role was made."""
    return declared(ctx).roles.get(role_id) or _read(ctx).roles[role_id]


def hold(ctx: Context, role: DeclaredRole) -> DeclaredRole:
    """The same role, to be given to somebody: nobody deletes it until this transaction ends.

    Raises DatabaseBusy where somebody has done so since the request began, which may be sent again as it was.
    """
    if role.built_in is None:
        row = select(Role.id).where(Role.org_id == ctx.org.id, Role.id == role.id)
        if ctx.session.scalar(row.with_for_update(read=True, key_share=True)) is None:
            raise DatabaseBusy(f"The role {role.name} was deleted in the meantime.")
    return role


def changed(ctx: Context) -> None:
    """Note that what the organization has declared is no longer what it was."""
    ctx.org.declared_id = new_id()
    ctx.org.changed(ctx.now)


def _read(ctx: Context) -> Declared:
    catalogue = read_catalogue(ctx.session)
    schemas = ctx.session.scalars(
        select(ExtensionSchema).where(ExtensionSchema.org_id == ctx.org.id).order_by(ExtensionSchema.id)
    )
    return Declared(
        _roles(ctx, frozenset(catalogue)),
        catalogue,
        tuple(DeclaredSchema(schema.urn, schema.extends, orjson.dumps(schema.document)) for schema in schemas),
        _checklists(ctx),
    )


def _checklists(ctx: Context) -> dict[ChecklistKind, tuple[Item, ...]]:
    rows = ctx.session.scalars(select(ChecklistTemplate).where(ChecklistTemplate.org_id == ctx.org.id))
    return {**SHIPPED, **{ChecklistKind(row.kind): items_of(row.content) for row in rows}}


def _roles(ctx: Context, known: frozenset[str]) -> dict[UUID, DeclaredRole]:
    own: dict[UUID, set[str]] = {}
    for role_id, permission in ctx.session.execute(
        select(RolePermission.role_id, RolePermission.permission).where(RolePermission.org_id == ctx.org.id)
    ):
        own.setdefault(role_id, set()).add(permission)

    def permissions(role: Role) -> frozenset[str]:
        if role.built_in == BuiltIn.ADMIN:
            return known
        return known & (BUILT_IN_SETS[role.built_in] if role.built_in else own.get(role.id, set()))

    rows = ctx.session.scalars(select(Role).where(Role.org_id == ctx.org.id).order_by(Role.id))
    return {
        role.id: DeclaredRole(role.id, role.name, role.description, role.built_in, permissions(role)) for role in rows
    }


def _is_called(role: DeclaredRole, text: str) -> bool:
    return str(role.id) == text or folded(role.name) == folded(text)
