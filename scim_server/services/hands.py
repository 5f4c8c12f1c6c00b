"""What people write of a user's profile: whoever administers users, of everybody; and everybody, of themselves.

What a user's directory says, no hand writes (services/authorship.py). What each field may be is in services/fields.py.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from scim_server.models import Origin, User, UserStatus
from scim_server.services import checklist_moments, users
from scim_server.services.authorship import of_directory
from scim_server.services.context import ActorKind, Context
from scim_server.services.declared import DeclaredRole
from scim_server.services.errors import InvalidValue, NotAllowed, NotFound, Outdated, OwnedByDirectory
from scim_server.services.fields import made_by_hand, rewritten
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import ENTERPRISE_USER, PRODUCT_USER, Profile
from scim_server.services.roles import role_to_give

_MANAGER = f"{ENTERPRISE_USER}:manager"

# What a person may say of themselves: how to call, write to and reach them as a colleague, in which language and time
# zone, and whether they are there to be given work. Not among it is what lets them in (userName, emails), and what the
# organization says they are (title, userType, the enterprise attributes, how much work they take at once).
PERSONAL = frozenset(
    {
        "name",
        "displayName",
        "nickName",
        "profileUrl",
        "preferredLanguage",
        "locale",
        "timezone",
        "phoneNumbers",
        "ims",
        "photos",
        "addresses",
        f"{PRODUCT_USER}:nickname",
        f"{PRODUCT_USER}:availability",
    }
)


def create_user_by_hand(
    ctx: Context,
    values: Mapping[str, Any],
    *,
    status: UserStatus = UserStatus.ACTIVE,
    origin: Origin = Origin.HAND,
    role: DeclaredRole | None = None,
) -> User:
    """Create a user of whom a person says this, by the names of services/fields.py; null is as good as left out.

    Raises NotAllowed, InvalidValue, UserNameTaken.
    """
    require(ctx, Manage.USERS)
    profile = made_by_hand(values)
    _check_manager(ctx, None, values)
    return users.create_user(ctx, profile, status=status, origin=origin, role=role_to_give(ctx, role))


def change_profile(ctx: Context, user: User, changes: Mapping[str, Any], *, version: int | None = None) -> User:
    """Change these fields of a user, and no other; null or an empty array takes one away, and an empty text is refused
    where it means nothing. All of it happens, or none. `version` is the one that whoever asks has read.

    Raises NotAllowed, OwnedByDirectory, InvalidValue, UserNameTaken, Outdated.
    """
    _check_permitted(ctx, user, changes.keys())
    if version not in (None, user.version):
        raise Outdated(user.version)
    if owned := changes.keys() & of_directory(user):
        raise OwnedByDirectory(user.user_name, f"it says what this is: {', '.join(sorted(owned))}")
    profile = rewritten(Profile(user.document, user.search), changes)
    _check_manager(ctx, user, changes)
    users.write_profile(ctx, user, profile)
    checklist_moments.settle(ctx, user)
    return user


def may_write(ctx: Context, user: User, names: Collection[str]) -> bool:
    """Whether whoever acts may write all of these, if no directory says them."""
    try:
        _check_permitted(ctx, user, names)
    except NotAllowed:
        return False
    return True


def _check_permitted(ctx: Context, user: User, names: Collection[str]) -> None:
    """Raises NotAllowed."""
    oneself = ctx.actor.kind is ActorKind.USER and ctx.actor.id == user.id
    if oneself and PERSONAL.issuperset(names):
        return
    try:
        require(ctx, Manage.USERS)
    except NotAllowed:
        if not oneself:
            raise
        foreign = ", ".join(sorted(set(names) - PERSONAL))
        raise NotAllowed(f"This is not yours to change: {foreign}.") from None


def _check_manager(ctx: Context, user: User | None, changes: Mapping[str, Any]) -> None:
    """A directory may name a manager who comes later, or never (exchange 26); a person picks one of those there are.

    Raises InvalidValue.
    """
    manager = changes.get(_MANAGER)
    if manager is None:
        return
    try:
        found = users.get_user(ctx, UUID(manager["value"]))
    except (ValueError, NotFound):
        raise InvalidValue("manager", "must be the id of a user of the organization") from None
    if user is not None and found.id == user.id:
        raise InvalidValue("manager", "cannot be the user themselves")
