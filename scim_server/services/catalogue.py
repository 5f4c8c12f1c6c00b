"""The catalogue of permissions: those that come with the program, and those that the product has added.

It is the same for every organization of the installation, since they all have the same product.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import AddedPermission, Organization, Role, RolePermission, User, UserPermission
from scim_server.models.base import new_id
from scim_server.services.built_in import KEY, PERMISSIONS, Permission
from scim_server.services.constraints import flush
from scim_server.services.context import Actor, Context, Device
from scim_server.services.errors import InUse, InvalidValue, NotAllowed, NotFound, PermissionKeyTaken
from scim_server.services.events import Action, record
from scim_server.services.profiles import one_line

PROGRAMS_OWN = {each.key: each for each in PERMISSIONS}


def read_catalogue(session: Session) -> dict[str, Permission]:
    """Every permission that there is by its key, in the order in which a list shows them."""
    rows = session.scalars(select(AddedPermission).order_by(AddedPermission.id))
    added = {row.key: Permission(row.key, row.name, row.description, row.group_name) for row in rows}
    # Where a later version comes with a permission that the product had added before, it is that one.
    return PROGRAMS_OWN | {key: each for key, each in added.items() if key not in PROGRAMS_OWN}


def add_permission(session: Session, *, key: str, name: str, description: str, group: str, now: datetime) -> Permission:
    """Add a permission of the product's. Every admin has it at once, and everybody else as soon as it is given.

    Raises InvalidValue, PermissionKeyTaken.
    """
    if not KEY.fullmatch(key):
        raise InvalidValue("key", "must be words of a-z, 0-9 and _, joined by dots, such as invoices.approve")
    if key in PROGRAMS_OWN:
        raise PermissionKeyTaken(key)
    row = AddedPermission(
        id=new_id(),
        key=key,
        name=one_line("name", name),
        description=one_line("description", description, most=500),
        group_name=one_line("group", group),
        created_at=now,
    )
    session.add(row)
    flush(session, {"uq_permissions_key": PermissionKeyTaken(key)})
    _tell_everybody(session)
    return Permission(row.key, row.name, row.description, row.group_name)


def remove_permission(
    session: Session,
    settings: Settings,
    *,
    actor: Actor,
    now: datetime,
    key: str,
    everywhere: bool = False,
    request_id: str = "",
    device: Device = Device(),  # noqa: B008 (nobody can change it)
) -> None:
    """Remove a permission that the product has added, and that no role and no user has.

    With `everywhere`, it is taken from all who have it first, each time with an event in their organization.

    Raises NotFound, NotAllowed, InUse.
    """
    if not KEY.fullmatch(key):
        raise NotFound("permission", key)
    if key in PROGRAMS_OWN:
        raise NotAllowed(f"{key} comes with the program, and stays.")
    row = session.scalar(select(AddedPermission).where(AddedPermission.key == key).with_for_update())
    if row is None:
        raise NotFound("permission", key)
    users = list(session.scalars(select(UserPermission).where(UserPermission.permission == key)))
    roles = list(session.scalars(select(RolePermission).where(RolePermission.permission == key)))
    if (users or roles) and not everywhere:
        raise InUse(
            f"{len(roles)} role(s) and {len(users)} user(s) have {key}: take it from them first, or have it taken "
            "from all of them (everywhere, --everywhere)."
        )
    for org in _organizations_of(session, [*users, *roles]):
        ctx = Context(session, settings, org, actor, now, request_id, device=device)
        _take_from_users(ctx, key)
        _take_from_roles(ctx, key)
    session.delete(row)
    _tell_everybody(session)


def _organizations_of(session: Session, rows: list[UserPermission | RolePermission]) -> Iterator[Organization]:
    for org_id in sorted({row.org_id for row in rows}):
        yield session.scalars(select(Organization).where(Organization.id == org_id)).one()


def _take_from_users(ctx: Context, key: str) -> None:
    rows = ctx.session.execute(
        select(User, UserPermission)
        .join(UserPermission, (UserPermission.org_id == User.org_id) & (UserPermission.user_id == User.id))
        .where(User.org_id == ctx.org.id, UserPermission.permission == key)
    )
    for user, row in rows.all():
        was = "granted" if row.granted else "revoked"
        record(ctx, Action.USER_PERMISSION_RESET, user, {key: (was, None)}, source=row.source)
        ctx.session.delete(row)


def _take_from_roles(ctx: Context, key: str) -> None:
    mine = RolePermission.org_id == ctx.org.id, RolePermission.permission == key
    roles = ctx.session.scalars(
        select(Role)
        .join(RolePermission, (RolePermission.org_id == Role.org_id) & (RolePermission.role_id == Role.id))
        .where(Role.org_id == ctx.org.id, *mine)
    )
    for role in roles.all():
        record(ctx, Action.ROLE_UPDATED, role, {"permissions": ([key], [])})
        role.changed(ctx.now)
    ctx.session.execute(delete(RolePermission).where(*mine).execution_options(synchronize_session=False))


def _tell_everybody(session: Session) -> None:
    """Every process reads anew, for every organization, what it keeps (services/declared.py)."""
    session.flush()
    ids = session.scalars(select(Organization.id).order_by(Organization.id)).all()
    if ids:
        session.execute(update(Organization), [{"id": id, "declared_id": new_id()} for id in ids])
