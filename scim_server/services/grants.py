"""Grants and revocations: what single users may do besides, or in spite of, what their role says.

A user here is one whom nobody else changes until the transaction ends (`users.get_user_to_change`).
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, update

from scim_server.models import GrantSource, User, UserPermission
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import NotAllowed, NotFound
from scim_server.services.events import Action, Target, record
from scim_server.services.kept import Kept, columns, keep, restore
from scim_server.services.permissions import known, require, require_reach, require_to_give, rights_of


def grants_of(ctx: Context, user: Target) -> Sequence[UserPermission]:
    """The grants and revocations of a user, by permission."""
    return ctx.session.scalars(
        select(UserPermission)
        .where(UserPermission.org_id == ctx.org.id, UserPermission.user_id == user.id)
        .order_by(UserPermission.permission, UserPermission.source)
    ).all()


def grant(ctx: Context, user: User, key: str) -> None:
    """Let a user do something whatever their role says.

    Raises InvalidValue, NotAllowed.
    """
    require(ctx, Manage.ROLES)
    require_to_give(ctx, known(ctx, [key]))
    require_reach(ctx, [user])
    _write(ctx, user, key, GrantSource.HAND, granted=True)


def revoke(ctx: Context, user: User, key: str) -> None:
    """Keep a user from doing something whatever their role says. Nothing can be revoked from an admin.

    Raises InvalidValue, NotAllowed.
    """
    require(ctx, Manage.ROLES)
    known(ctx, [key])
    require_reach(ctx, [user])
    if rights_of(ctx, [user.id])[user.id].everything:
        raise NotAllowed(f"{user.user_name} is an admin, who may do everything: give them another role first.")
    _write(ctx, user, key, GrantSource.HAND, granted=False)


def reset(ctx: Context, user: User, key: str) -> None:
    """Leave it to a user's role again. What a directory has granted stays: it would grant it again.

    Raises NotAllowed.
    """
    require(ctx, Manage.ROLES)
    require_reach(ctx, [user])
    row = _find(ctx, user, key, GrantSource.HAND)
    if row is None:
        return
    if not row.granted:  # to take back a revocation is to give
        require_to_give(ctx, key)
    _remove(ctx, user, row)


def follow_directory(ctx: Context, user: Target, asked: Collection[str]) -> None:
    """Grant what the user's directory says they may do, and take back what it does not say any more.

    What is not in the catalogue is none of ours, and what a person does here (`Manage`) no directory grants: it could
    have one of its own people rule the organization.
    """
    catalogue = declared(ctx).permissions
    wanted = {key for key in asked if key in catalogue and catalogue[key].of_directories}
    kept = {row.permission: row for row in grants_of(ctx, user) if row.source == GrantSource.DIRECTORY}
    for key in sorted(kept.keys() - wanted):
        _remove(ctx, user, kept[key])
    for key in sorted(known(ctx, wanted - kept.keys())):
        _write(ctx, user, key, GrantSource.DIRECTORY, granted=True)


def put_back(ctx: Context, user: User, key: str, row: Kept | None) -> None:
    """Have a user granted by the directory what it granted before it changed that, or not (services/undo.py).

    Raises NotFound.
    """
    now = _find(ctx, user, key, GrantSource.DIRECTORY)
    if row is None:
        if now is not None:
            _remove(ctx, user, now)
        return
    if key not in declared(ctx).permissions:
        raise NotFound("permission", key)
    if now is None:
        _write(ctx, user, key, GrantSource.DIRECTORY, granted=True)
        ctx.session.flush()
    ctx.session.execute(update(UserPermission), [_keyed(user, key) | restore(UserPermission, ctx.org.id, row)])


def _keyed(user: Target, key: str) -> dict[str, Any]:
    return {"user_id": user.id, "permission": key, "source": GrantSource.DIRECTORY}


def _write(ctx: Context, user: Target, key: str, source: GrantSource, *, granted: bool) -> None:
    row = _find(ctx, user, key, source)
    if row is not None and row.granted == granted:
        return
    before = _said(row.granted) if row else None
    if row is None:
        row = UserPermission(org_id=ctx.org.id, user_id=user.id, permission=key, source=source)
        ctx.session.add(row)
    row.granted, row.given_by, row.created_at = granted, ctx.actor.name, ctx.now
    action = Action.USER_PERMISSION_GRANTED if granted else Action.USER_PERMISSION_REVOKED
    record(ctx, action, user, {key: (before, _said(granted))}, source=source)


def _remove(ctx: Context, user: Target, row: UserPermission) -> None:
    changes = {row.permission: (_said(row.granted), None)}
    kept = keep({column.name: getattr(row, column.name) for column in columns(UserPermission)})
    record(ctx, Action.USER_PERMISSION_RESET, user, changes, source=row.source, row=kept)
    ctx.session.delete(row)


def _find(ctx: Context, user: Target, key: str, source: GrantSource) -> UserPermission | None:
    return ctx.session.scalar(
        select(UserPermission).where(
            UserPermission.org_id == ctx.org.id,
            UserPermission.user_id == user.id,
            UserPermission.permission == key,
            UserPermission.source == source,
        )
    )


def _said(granted: bool) -> str:
    return "granted" if granted else "revoked"
