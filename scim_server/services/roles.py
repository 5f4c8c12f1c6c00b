"""Roles: which there are, and who has which."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, or_, select

from scim_server.models import BuiltIn, Role, RolePermission, User, UserStatus
from scim_server.models.base import new_id
from scim_server.services import ownership
from scim_server.services.built_in import Manage
from scim_server.services.constraints import flush, flush_removal
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, changed, declared, hold, role_of
from scim_server.services.errors import InUse, InvalidValue, NotAllowed, NotFound, RoleNameTaken
from scim_server.services.events import Action, Target, differences, record
from scim_server.services.paging import Listed, Page, Position, Selection, Slice, read_page, read_slice
from scim_server.services.permissions import known, require, require_reach, require_to_give
from scim_server.services.profiles import folded, one_line
from scim_server.services.user_columns import Changing, another_version, set_columns

_BUILT_IN = {
    BuiltIn.ADMIN: ("Admin", "May do everything."),
    BuiltIn.AGENT: ("Agent", "Works tickets, and changes a few settings."),
    BuiltIn.VIEWER: ("Viewer", "Sees everything, and changes nothing."),
}


class RoleSource(StrEnum):
    """Who gave a role. Each takes back only its own, and what is left then counts."""

    HAND = "hand"
    DIRECTORY = "directory"
    MAPPING = "mapping"


_GRANTS = {
    RoleSource.HAND: "role_by_hand_id",
    RoleSource.DIRECTORY: "role_by_directory_id",
    RoleSource.MAPPING: "role_by_mapping_id",
}

_LISTED = Listed(Role, Role.id, (Role.org_id == bindparam("org_id"),))


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


def find_role(ctx: Context, text: str) -> DeclaredRole:
    """The role with this id or name.

    Raises NotFound.
    """
    role = declared(ctx).role(text)
    if role is None:
        raise NotFound("role", text)
    return role


def get_declared_role(ctx: Context, role_id: UUID) -> DeclaredRole:
    """The role with this id, and what it is made of.

    Raises NotFound.
    """
    role = declared(ctx).roles.get(role_id)
    if role is None:
        raise NotFound("role", role_id)
    return role


def get_role_to_change(ctx: Context, role_id: UUID) -> Role:
    """A role of the organization's own, which nobody else changes until this transaction ends.

    Raises NotFound, NotAllowed.
    """
    role = ctx.session.scalar(select(Role).where(Role.org_id == ctx.org.id, Role.id == role_id).with_for_update())
    if role is None:
        raise NotFound("role", role_id)
    if role.built_in is not None:
        raise NotAllowed(f"{role.name} is built in, the same for every organization: make a role of your own.")
    return role


def list_roles(ctx: Context, selection: Selection, *, offset: int, limit: int) -> Page[Role]:
    """The roles of a selection, the oldest first."""
    return read_page(ctx, _LISTED, selection, offset=offset, limit=limit)


def walk_roles(
    ctx: Context, selection: Selection, *, start: Position | None, backwards: bool, limit: int
) -> Slice[Role]:
    """The roles of a selection behind a position, or before it."""
    return read_slice(ctx, _LISTED, selection, start=start, backwards=backwards, limit=limit)


def assign_role(ctx: Context, user: Changing, role: DeclaredRole | None, source: RoleSource | None = None) -> None:
    """Have a user given this role, or none any more, by hands, by a directory or by a mapping; by default by whoever
    asks. Their role is then the one that `effective_role` says.

    Raises OwnerProtected, LastAdminProtected.
    """
    source = source or source_of(ctx)
    column, given = _GRANTS[source], role.id if role else None
    if getattr(user, column) == given:
        return
    after = _role_with(ctx, user, source, given)
    if user.role_id != after.id:
        ownership.guard(ctx, user)
    _grant(ctx, user, after, source, given)


def put_back_role(ctx: Context, user: User, given: UUID | None) -> None:
    """Have a user given by the directory what it gave before it changed that, a role or none (services/undo.py). What
    hands and mappings give them stays, and may count before it.

    Raises OwnerProtected.
    """
    after = _role_with(ctx, user, RoleSource.DIRECTORY, given)
    if user.role_id != after.id:
        ownership.guard_owner(user)
    _grant(ctx, user, after, RoleSource.DIRECTORY, given)


def record_grant(
    ctx: Context,
    user: Target,
    role: tuple[UUID, UUID],
    source: RoleSource,
    grant: tuple[UUID | None, UUID | None],
    **details: Any,
) -> None:
    """Record that hands, a directory or a mapping give a user another role, before and after; `role` is the one that
    follows, be it another by that or not. The ids are in the details, from which an undo puts them back.
    """
    named = [role_of(ctx, each).name if each else None for each in (*role, *grant)]
    ids = [str(each) if each else None for each in grant]
    changed = role[0] != role[1]
    action = Action.USER_ROLE_CHANGED if changed else Action.USER_ROLE_GRANTED
    changes = {"role": (named[0], named[1])} if changed else {source.value: (named[2], named[3])}
    record(ctx, action, user, changes, source=source.value, grant=ids, **details)


def _role_with(ctx: Context, user: Changing, source: RoleSource, given: UUID | None) -> DeclaredRole:
    grants = {each: getattr(user, name) for each, name in _GRANTS.items()} | {source: given}
    return effective_role(ctx, *grants.values())


def _grant(ctx: Context, user: Changing, after: DeclaredRole, source: RoleSource, given: UUID | None) -> None:
    column = _GRANTS[source]
    record_grant(ctx, user, (user.role_id, after.id), source, (getattr(user, column), given))
    values: dict[str, Any] = {column: given}
    if user.role_id != after.id:
        values |= {"role_id": after.id} | another_version(ctx, user)
    set_columns(ctx, user, values)


def give_role(ctx: Context, user: User, role: DeclaredRole) -> None:
    """Give a user another role, as a person does. The user is one whom nobody else changes meanwhile.

    Raises NotAllowed.
    """
    require(ctx, Manage.ROLES)
    require_to_give(ctx, role)
    require_reach(ctx, [user])
    assign_role(ctx, user, hold(ctx, role))


def role_to_give(ctx: Context, role: DeclaredRole | None) -> DeclaredRole | None:
    """The same role, which whoever acts may give to somebody new, and nobody deletes until this transaction ends. What
    everybody has who is given none needs no permission.

    Raises NotAllowed.
    """
    if role is None:
        return None
    if role.id != declared(ctx).default_role.id:
        require(ctx, Manage.ROLES)
        require_to_give(ctx, role)
    return hold(ctx, role)


def permissions_of(ctx: Context, role: Role) -> frozenset[str]:
    """What a role of the organization's own is made of, as the table has it now."""
    rows = select(RolePermission.permission).where(RolePermission.org_id == ctx.org.id)
    return frozenset(ctx.session.scalars(rows.where(RolePermission.role_id == role.id)))


def create_role(ctx: Context, name: str, *, description: str, permissions: Collection[str]) -> Role:
    """Make a role of the organization's own.

    Raises InvalidValue, NotAllowed, RoleNameTaken.
    """
    require(ctx, Manage.ROLES)
    keys = known(ctx, permissions)
    require_to_give(ctx, keys)
    role = Role(org_id=ctx.org.id, id=new_id(), version=1, created_at=ctx.now, updated_at=ctx.now)
    _call(role, name, description)
    ctx.session.add(role)
    _flush(ctx, role)
    _write_permissions(ctx, role, frozenset(), keys)
    record(ctx, Action.ROLE_CREATED, role, {"name": (None, role.name), "permissions": (None, sorted(keys))})
    changed(ctx)
    return role


def change_role(
    ctx: Context,
    role: Role,
    *,
    name: str | None = None,
    description: str | None = None,
    permissions: Collection[str] | None = None,
) -> Role:
    """Rename, describe or redefine a role of the organization's own; what is None stays. Whoever has it may do
    something else at once. (`role` is from `get_role_to_change`.)

    Raises InvalidValue, NotAllowed, RoleNameTaken.
    """
    require(ctx, Manage.ROLES)
    had = permissions_of(ctx, role)
    # Also to rename it: a directory gives roles by name, so the name can be what makes somebody more than they were.
    require_to_give(ctx, had)
    keys = had if permissions is None else known(ctx, permissions)
    require_to_give(ctx, keys)
    before = _shown(role, had)
    _call(role, role.name if name is None else name, role.description if description is None else description)
    changes = differences(before, _shown(role, keys))
    if changes:
        role.changed(ctx.now)
        _flush(ctx, role)
        _write_permissions(ctx, role, had, keys)
        record(ctx, Action.ROLE_UPDATED, role, changes)
        changed(ctx)
    return role


def delete_role(ctx: Context, role: Role, *, replacement: DeclaredRole | None = None) -> None:
    """Delete a role of the organization's own. Whoever has it gets the replacement, without which nobody may have it;
    deleted users, who could be restored, have what else they were given then, or the default role. (`role` is from
    `get_role_to_change`.)

    Raises InUse, InvalidValue, NotAllowed.
    """
    require(ctx, Manage.ROLES)
    had = permissions_of(ctx, role)
    require_to_give(ctx, had)
    if replacement is not None:
        if replacement.id == role.id:
            raise InvalidValue("replacement", "must be another role")
        require_to_give(ctx, hold(ctx, replacement))
    users = _users_with(ctx, role)
    living = [user for user in users if user.status != UserStatus.DELETED]
    if living and replacement is None:
        raise InUse(f"{len(living)} user(s) have the role {role.name}: say which role they get instead.")
    require_reach(ctx, living)
    for user in users:
        for source, column in _GRANTS.items():
            if getattr(user, column) == role.id:
                assign_role(ctx, user, replacement, source)
    ctx.session.flush()
    record(ctx, Action.ROLE_DELETED, role, {"name": (role.name, None), "permissions": (sorted(had), None)})
    flush_removal(ctx.session, role, InUse(f"Something still gives the role {role.name}, such as an invitation."))
    changed(ctx)


def _users_with(ctx: Context, role: Role) -> list[User]:
    given = or_(*(getattr(User, column) == role.id for column in ("role_id", *_GRANTS.values())))
    return list(
        ctx.session.scalars(select(User).where(User.org_id == ctx.org.id, given).order_by(User.id).with_for_update())
    )


def _call(role: Role, name: str, description: str) -> None:
    role.name = one_line("name", name)
    role.name_key = folded(role.name)
    role.description = one_line("description", description, most=500) if description.strip() else ""


def _shown(role: Role, permissions: frozenset[str]) -> dict[str, object]:
    return {"name": role.name, "description": role.description, "permissions": sorted(permissions)}


def _flush(ctx: Context, role: Role) -> None:
    flush(ctx.session, {"uq_roles_name": RoleNameTaken(role.name)})


def _write_permissions(ctx: Context, role: Role, before: frozenset[str], after: frozenset[str]) -> None:
    if gone := before - after:
        ctx.session.execute(
            delete(RolePermission).where(
                RolePermission.org_id == ctx.org.id,
                RolePermission.role_id == role.id,
                RolePermission.permission.in_(gone),
            )
        )
    if new := after - before:
        rows = [{"org_id": ctx.org.id, "role_id": role.id, "permission": key} for key in sorted(new)]
        ctx.session.execute(insert(RolePermission), rows)


def effective_role(ctx: Context, *grants: UUID | None) -> DeclaredRole:
    """The role of whoever was given these, of which the first counts: by hand, by the directory in SCIM's `roles`, by a
    mapping. Whoever was given none has the default role.
    """
    given = next((grant for grant in grants if grant is not None), None)
    return role_of(ctx, given) if given else declared(ctx).default_role


def source_of(ctx: Context) -> RoleSource:
    """Whose gift it is when whoever asks gives somebody a role."""
    return RoleSource.DIRECTORY if ctx.directory else RoleSource.HAND
