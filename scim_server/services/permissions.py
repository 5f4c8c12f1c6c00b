"""Permissions: what a user may do, who may do what here, and who may give what to whom."""

from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select

from scim_server.models import AddedPermission, BuiltIn, User, UserPermission, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services.built_in import Manage
from scim_server.services.catalogue import PROGRAMS_OWN
from scim_server.services.context import ADMIN, ActorKind, Context
from scim_server.services.declared import DeclaredRole, declared, role_of
from scim_server.services.errors import InvalidValue, NotAllowed

__all__ = [
    "Manage",
    "Rights",
    "effective",
    "effective_permissions",
    "known",
    "may_give",
    "require",
    "require_everything",
    "require_reach",
    "require_to_give",
    "rights_of",
]


@dataclass(frozen=True, slots=True)
class Rights:
    """What a user may do. `everything` is an admin's: also what the catalogue does not have yet."""

    permissions: frozenset[str]
    everything: bool = False

    def reach(self, other: "Rights") -> bool:
        """Whether there is nothing that the others may do and these may not."""
        return self.everything or (not other.everything and other.permissions <= self.permissions)


NONE = Rights(frozenset())
# Who has to have the permission for what they do.
_ASKED = (ActorKind.KEY, ActorKind.USER)
_ALL = Rights(frozenset(), everything=True)


def effective(
    role: DeclaredRole, *, is_owner: bool, granted: Set[str], revoked: Set[str], catalogue: frozenset[str]
) -> Rights:
    """What a user may do who has this role and these grants and revocations: the one place where that is decided.

    A revocation comes before a grant, and neither is anything to an admin. What the catalogue does not have, nobody
    has.
    """
    if is_owner or role.built_in == BuiltIn.ADMIN:
        return Rights(catalogue, everything=True)
    return Rights(((role.permissions | granted) - revoked) & catalogue)


def rights_of(ctx: Context, user_ids: Collection[UUID]) -> dict[UUID, Rights]:
    """What each of these users may do, if they are let in at all; one query, however many they are."""
    return _rights(ctx, any_of(User.id, user_ids), User.status != UserStatus.DELETED)


def effective_permissions(ctx: Context, user_ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """The permissions of each of these users; one query, however many they are."""
    return {user_id: rights.permissions for user_id, rights in rights_of(ctx, user_ids).items()}


def require(ctx: Context, permission: Manage) -> None:
    """Ask whether whoever acts may do that. What a directory may is asked elsewhere: it is no person.

    Raises NotAllowed.
    """
    if ctx.actor.kind not in _ASKED:
        return
    mine = _of_actor(ctx)
    if not mine.everything and permission not in mine.permissions:
        raise NotAllowed(f"This needs the permission {permission}, which you do not have.")


def require_everything(ctx: Context) -> None:
    """Ask whether whoever acts is an admin, or as good as one.

    Raises NotAllowed.
    """
    if not _of_actor(ctx).everything:
        raise NotAllowed("This takes an admin.")


def may_give(ctx: Context, what: DeclaredRole | str | Iterable[str]) -> bool:
    """Whether whoever acts may give this role, this permission or these to anybody: nobody gives what they do not have,
    and only an admin makes an admin.
    """
    return _of_actor(ctx).reach(_what(what))


def require_to_give(ctx: Context, what: DeclaredRole | str | Iterable[str]) -> None:
    """Raises NotAllowed, and names what whoever acts does not have."""
    mine, asked = _of_actor(ctx), _what(what)
    if mine.reach(asked):
        return
    if asked.everything:
        raise NotAllowed("Only an admin makes somebody an admin.")
    missing = ", ".join(sorted(asked.permissions - mine.permissions))
    raise NotAllowed(f"Nobody gives what they do not have themselves: {missing}.")


def require_reach(ctx: Context, users: Collection[User]) -> None:
    """Ask whether whoever acts may change what these users may do, which takes having all of it: else somebody who
    manages roles could make the admins viewers.

    Raises NotAllowed.
    """
    if ctx.actor.kind not in _ASKED:
        return
    mine, theirs = _of_actor(ctx), rights_of(ctx, [user.id for user in users])
    for user in users:
        if not mine.reach(theirs.get(user.id, NONE)):
            raise NotAllowed(f"{user.user_name} may do more than you, so what they may do is not yours to change.")


def known(ctx: Context, keys: Iterable[str]) -> frozenset[str]:
    """The same keys, every one of which is in the catalogue, and stays there until this transaction ends.

    Raises InvalidValue.
    """
    found = frozenset(keys)
    if added := found - PROGRAMS_OWN.keys():
        rows = select(AddedPermission.key).where(AddedPermission.key.in_(added)).with_for_update(read=True)
        if unknown := added - set(ctx.session.scalars(rows)):
            raise InvalidValue("permission", f"is not in the catalogue: {', '.join(sorted(unknown))}")
    return found


def _what(what: DeclaredRole | str | Iterable[str]) -> Rights:
    if isinstance(what, DeclaredRole):
        return Rights(what.permissions, everything=what.built_in == BuiltIn.ADMIN)
    return Rights(frozenset([what] if isinstance(what, str) else what))


def _of_actor(ctx: Context) -> Rights:
    """What whoever acts may do. The operator, a directory and time itself are asked nothing here."""
    if ctx.actor.kind not in _ASKED:
        return _ALL
    if ctx.actor.kind is ActorKind.KEY:
        return Rights(ctx.actor.scopes - {ADMIN}, everything=ADMIN in ctx.actor.scopes)
    found = _rights(ctx, User.id == ctx.actor.id, User.status == UserStatus.ACTIVE)
    return next(iter(found.values()), NONE)


def _rights(ctx: Context, *those: ColumnElement[bool]) -> dict[UUID, Rights]:
    theirs = (UserPermission.org_id == User.org_id) & (UserPermission.user_id == User.id)
    rows = ctx.session.execute(
        select(User.id, User.role_id, User.is_owner, UserPermission.permission, UserPermission.granted)
        .outerjoin(UserPermission, theirs)
        .where(User.org_id == ctx.org.id, *those)
    )
    users: dict[UUID, tuple[UUID, bool]] = {}
    single: dict[tuple[UUID, bool], set[str]] = {}
    for user_id, role_id, is_owner, permission, granted in rows:
        users[user_id] = role_id, is_owner
        if permission is not None:
            single.setdefault((user_id, granted), set()).add(permission)
    catalogue = frozenset(declared(ctx).permissions)
    return {
        user_id: effective(
            role_of(ctx, role_id),
            is_owner=is_owner,
            granted=single.get((user_id, True), set()),
            revoked=single.get((user_id, False), set()),
            catalogue=catalogue,
        )
        for user_id, (role_id, is_owner) in users.items()
    }
