"""/api/v1/roles and /api/v1/permissions: which roles there are, and what they are made of."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from scim_server.services import catalogue, roles
from scim_server.services.built_in import KEY, TEMPLATES, Manage, Permission
from scim_server.services.context import ADMIN, Context
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.errors import InvalidValue
from scim_server.services.listing import part_of
from scim_server.web.api.callers import Installation
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Change, Input, ListQuery, Page, Shape, Text, page

rooms = Room(
    "Roles",
    "The roles of the organization, of which every user has one, and the permissions that they are made of. Nobody "
    "gives what they do not have, and makes no role of it.",
)

_TEMPLATES = {each.key: each for each in TEMPLATES}

Name = Annotated[Text, Field(min_length=1, max_length=100)]
Description = Annotated[Text, Field(max_length=500)]
Key = Annotated[
    str,
    Field(pattern=f"^{KEY.pattern.partition('$)')[2]}$", min_length=3, max_length=64, examples=["invoices.approve"]),
]
Keys = Annotated[list[Key], Field(max_length=1000)]


class RoleShape(Shape):
    id: UUID
    name: str
    description: str
    built_in: Annotated[
        str | None, Field(description="admin, agent or viewer for one that every organization has, else null.")
    ]
    permissions: Annotated[list[str], Field(description="An admin has all there are, also those that are added later.")]


class TemplateShape(Shape):
    key: str
    name: str
    description: str
    permissions: list[str]


class PermissionShape(Shape):
    key: str
    name: str
    description: str
    group: Annotated[str, Field(description="Where a list shows it.")]
    added: Annotated[bool, Field(description="Whether the product has added it; else it comes with the program.")]
    of_directories: Annotated[bool, Field(description="Whether a directory may grant it to its users.")]


class NewRole(Input):
    name: Name
    description: Annotated[Description, Field(description="What it is for. Left out, what its template says.")] = ""
    permissions: Annotated[Keys, Field(default_factory=list)]
    template: Annotated[
        str | None,
        Field(
            description="What it begins as, with these permissions besides.",
            json_schema_extra={"enum": [*_TEMPLATES, None]},
        ),
    ] = None


class RoleChange(Change):
    name: Name = ""
    description: Description = ""
    permissions: Annotated[Keys, Field(default_factory=list, description="All that it is made of from now on.")]


class RoleRemoval(Input):
    replacement_id: Annotated[UUID | None, Field(description="The role that whoever has this one gets instead.")] = None


class NewPermission(Input):
    key: Annotated[Key, Field(description="What the product asks for, such as invoices.approve.")]
    name: Annotated[Name, Field(description="What people call it.")]
    description: Annotated[
        Text, Field(min_length=1, max_length=500, description="What whoever has it may do, in a sentence.")
    ]
    group: Annotated[Name, Field(description="Where a list shows it.")] = "Product"


class PermissionRemoval(Input):
    everywhere: Annotated[bool, Field(description="Take it from every role and user that has it.")] = False


@rooms.get("/roles", needs=Manage.ROLES_VIEW)
def list_roles(ctx: Context, query: ListQuery) -> Page[RoleShape]:
    """List the roles, the oldest first."""
    return page(part_of(list(declared(ctx).roles.values()), query.cut()), _role)


@rooms.post("/roles", needs=Manage.ROLES, status=201)
def create_role(ctx: Context, body: NewRole) -> RoleShape:
    """Make a role of the organization's own, which nobody has yet."""
    start = _template(body.template)
    description = body.given().get("description", start.description if start else "")
    keys = {*body.permissions, *(start.permissions if start else ())}
    made = roles.create_role(ctx, body.name, description=description, permissions=keys)
    return _role(roles.get_declared_role(ctx, made.id))


@rooms.get("/roles/<uuid:role_id>", needs=Manage.ROLES_VIEW)
def show_role(ctx: Context, role_id: UUID) -> RoleShape:
    """Show a role, and what it is made of."""
    return _role(roles.get_declared_role(ctx, role_id))


@rooms.patch("/roles/<uuid:role_id>", needs=Manage.ROLES)
def change_role(ctx: Context, role_id: UUID, body: RoleChange) -> RoleShape:
    """Rename, describe or redefine a role of the organization's own.

    What is left out stays. Whoever has the role may do something else at once.
    """
    row = roles.get_role_to_change(ctx, role_id)
    roles.change_role(ctx, row, **body.given())
    return _role(roles.get_declared_role(ctx, role_id))


@rooms.delete("/roles/<uuid:role_id>", needs=Manage.ROLES)
def delete_role(ctx: Context, role_id: UUID, query: RoleRemoval) -> None:
    """Delete a role of the organization's own.

    Whoever has it gets the replacement; without one, nobody may have it.
    """
    row = roles.get_role_to_change(ctx, role_id)
    replacement = roles.get_declared_role(ctx, query.replacement_id) if query.replacement_id else None
    roles.delete_role(ctx, row, replacement=replacement)


@rooms.get("/role-templates", needs=Manage.ROLES_VIEW)
def list_role_templates(_ctx: Context) -> Page[TemplateShape]:
    """List what a role can be made from.

    Nothing links a role and its template afterwards.
    """
    return Page(items=[_template_shape(key) for key in _TEMPLATES], next=None)


@rooms.get("/permissions", needs=Manage.ROLES_VIEW)
def list_permissions(ctx: Context) -> Page[PermissionShape]:
    """List the permissions that there are, the same for every organization."""
    return Page(items=[_permission(each) for each in declared(ctx).permissions.values()], next=None)


@rooms.post("/permissions", needs=ADMIN, status=201)
def add_permission(here: Installation, body: NewPermission) -> PermissionShape:
    """Add a permission of the product's own, for every organization.

    Every admin has it from now on; others are given it. It takes a key of the whole installation.
    """
    return _permission(
        catalogue.add_permission(
            here.session, key=body.key, name=body.name, description=body.description, group=body.group, now=here.now
        )
    )


@rooms.delete("/permissions/<key>", needs=ADMIN)
def remove_permission(here: Installation, key: str, query: PermissionRemoval) -> None:
    """Remove a permission that the product had added.

    No role and no user may have it, in whatever organization, unless it is taken from all of them. It takes a key of
    the whole installation.
    """
    catalogue.remove_permission(
        here.session,
        here.settings,
        actor=here.actor,
        now=here.now,
        key=key,
        everywhere=query.everywhere,
        request_id=here.request_id,
        device=here.device,
    )


def _role(role: DeclaredRole) -> RoleShape:
    return RoleShape(
        id=role.id,
        name=role.name,
        description=role.description,
        built_in=role.built_in,
        permissions=sorted(role.permissions),
    )


def _template(key: str | None) -> TemplateShape | None:
    if key is None:
        return None
    if key not in _TEMPLATES:
        raise InvalidValue("template", f"must be one of {', '.join(_TEMPLATES)}")
    return _template_shape(key)


def _template_shape(key: str) -> TemplateShape:
    each = _TEMPLATES[key]
    return TemplateShape(
        key=each.key, name=each.name, description=each.description, permissions=sorted(each.permissions)
    )


def _permission(each: Permission) -> PermissionShape:
    return PermissionShape(
        key=each.key,
        name=each.name,
        description=each.description,
        group=each.group,
        added=each.key not in catalogue.PROGRAMS_OWN,
        of_directories=each.of_directories,
    )
