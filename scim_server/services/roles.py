"""Roles: which there are, and who has which."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from scim_server.models import BuiltIn, Role, User
from scim_server.models.base import new_id
from scim_server.services import ownership
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.errors import NotFound
from scim_server.services.events import Action, record
from scim_server.services.paging import Page, Position, Selection, Slice, read_page, read_slice
from scim_server.services.profiles import folded

_BUILT_IN = {
    BuiltIn.ADMIN: ("Admin", "May do everything."),
    BuiltIn.AGENT: ("Agent", "Works tickets, and changes a few settings."),
    BuiltIn.VIEWER: ("Viewer", "Sees everything, and changes nothing."),
}


def built_in_roles(org_id: UUID, now: datetime) -> list[Role]:
    """The roles that every organization begins with."""
    return [
        Role(
            org_id=org_id,
            id=new_id(),
            built_in=built_in.value,
            name=name,
            name_key=folded(name),
            description=description,
            created_at=now,
            updated_at=now,
        )
        for built_in, (name, description) in _BUILT_IN.items()
    ]


def get_role(ctx: Context, role_id: UUID) -> Role:
    """Raises NotFound."""
    role = ctx.session.scalar(select(Role).where(Role.org_id == ctx.org.id, Role.id == role_id))
    if role is None:
        raise NotFound("role", role_id)
    return role


def list_roles(ctx: Context, selection: Selection, *, offset: int, limit: int) -> Page[Role]:
    """The roles of a selection, the oldest first."""
    return read_page(ctx.session, Role, Role.id, (Role.org_id == ctx.org.id,), selection, offset=offset, limit=limit)


def walk_roles(
    ctx: Context, selection: Selection, *, start: Position | None, backwards: bool, limit: int
) -> Slice[Role]:
    """The roles of a selection behind a position, or before it."""
    within = (Role.org_id == ctx.org.id,)
    return read_slice(ctx.session, Role, Role.id, within, selection, start=start, backwards=backwards, limit=limit)


def assign_role(ctx: Context, user: User, role: DeclaredRole) -> None:
    """Give a user this role in place of the one that they have.

    Raises OwnerProtected, LastAdminProtected.
    """
    if user.role_id != role.id:
        ownership.guard(ctx, user)
        before = declared(ctx).roles[user.role_id].name
        user.role_id = role.id
        user.changed(ctx.now)
        record(ctx, Action.USER_ROLE_CHANGED, user, {"role": (before, role.name)})
