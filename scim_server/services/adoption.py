"""Whose a user is: a directory's, or that of the people of the organization. And how they pass from one to another."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, union_all
from sqlalchemy.orm import undefer

from scim_server.models import Adoption, ClaimedGroup, Directory, User, UserEmail, UserStatus
from scim_server.models.expressions import any_of
from scim_server.prepared import fetch
from scim_server.services import mapping_effects
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed, OwnedByDirectory, UserNameTaken
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import Profile, main_address
from scim_server.services.user_columns import Changing, another_version, set_columns


class Called(NamedTuple):
    """What somebody is known by, as comparisons see it: their name, and their main address."""

    name: str | None
    address: str | None

    def parameters(self, ctx: Context) -> dict[str, Any]:
        """Those of CANDIDATES."""
        return {"org_id": ctx.org.id, "name": self.name, "address": self.address or self.name}


def _candidates() -> Any:
    # Each key by itself, and who has an address before what becomes of them: PostgreSQL reads all users otherwise, as
    # long as it has not counted what there is, and so for each newcomer of the first sync of all.
    ours = User.org_id == bindparam("org_id")
    nobodys = (User.status != UserStatus.DELETED) & User.directory_id.is_(None)
    addressed = UserEmail.org_id == bindparam("org_id")
    theirs = (User.org_id == UserEmail.org_id) & (User.id == UserEmail.user_id)
    is_nobodys = select(nobodys).where(theirs).scalar_subquery()
    return union_all(
        *(select(User.id).where(ours, nobodys, User.user_name_key == bindparam(key)) for key in Called._fields),
        *(
            select(UserEmail.user_id).where(addressed, UserEmail.address_key == bindparam(key), is_nobodys)
            for key in Called._fields
        ),
    )


# Put together once, because every user who is created asks it.
CANDIDATES = _candidates()
NOBODY = Called(None, None)


def called(profile: Profile) -> Called:
    """What a directory calls somebody.

    Raises InvalidValue.
    """
    return Called(profile.key("userName"), main_address(profile.search))


def claim(ctx: Context, user: Changing) -> None:
    """Ask whether a directory may change a user, and take over one who is nobody's, if the directory is to.

    Raises OwnedByDirectory, NotAllowed.
    """
    if ctx.directory is None or user.directory_id == ctx.directory.id:
        return
    if user.directory_id is not None:
        raise OwnedByDirectory(user.user_name, "another directory provisions them")
    if ctx.directory.adoption != Adoption.LINK:
        raise NotAllowed(
            f"{user.user_name} was not provisioned by this directory, which is set not to take over who was not."
        )
    adopt(ctx, user)


def find_candidate(ctx: Context, profile: Profile) -> User | None:
    """Whom a directory means that says somebody is new: the user, nobody's yet, who has that name or main address, and
    whom nobody else changes until this transaction ends. None where two have.

    Raises InvalidValue, and UserNameTaken where the directory is not to take anybody over.
    """
    if ctx.directory is None:
        return None
    known_by = called(profile)
    keys = set(filter(None, known_by))
    ids = {id for (id,) in fetch(ctx.session.connection(), CANDIDATES, known_by.parameters(ctx))}
    if not ids:
        return None
    rows = ctx.session.scalars(
        select(User)
        .where(
            User.org_id == ctx.org.id,
            User.status != UserStatus.DELETED,
            User.directory_id.is_(None),
            any_of(User.id, ids),
        )
        .options(undefer(User.search))
        .order_by(User.id)
        .with_for_update()
    ).all()
    # An address beside the main one may be that of a whole department.
    found = [user for user in rows if user.user_name_key in keys or main_address(user.search) in keys]
    named = [user for user in found if user.user_name_key == known_by.name]
    user = named[0] if named else found[0] if len(found) == 1 else None
    if user is not None and ctx.directory.adoption != Adoption.LINK:
        raise UserNameTaken(user.user_name)
    return user


def adopt(ctx: Context, user: Changing) -> None:
    """Make a user the directory's, which says from now on who they are."""
    assert ctx.directory is not None, "only a directory adopts"
    set_columns(ctx, user, {"directory_id": ctx.directory.id, **another_version(ctx, user)})
    record(ctx, Action.USER_ADOPTED, user, {"directory": (None, str(ctx.directory.id))})
    _weigh_claims(ctx, user)


def release_user(ctx: Context, user: User) -> None:
    """Make a user of a directory one of the organization's own people again, for hands to change.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    if user.directory_id is not None:
        record(ctx, Action.USER_RELEASED, user, {"directory": (str(user.directory_id), None)})
        set_columns(ctx, user, {"directory_id": None, **another_version(ctx, user)})
        _weigh_claims(ctx, user)


def _weigh_claims(ctx: Context, user: Changing) -> None:
    """What sign-in tells of a user counts as long as no directory owns them (services/mapping_rules.py)."""
    ctx.session.flush()
    told = select(ClaimedGroup.user_id).where(ClaimedGroup.org_id == ctx.org.id, ClaimedGroup.user_id == user.id)
    if ctx.session.scalar(told.limit(1)) is not None:
        mapping_effects.refresh(ctx, [user.id])


def check_hands_may(ctx: Context, user: Changing) -> None:
    """Ask whether people may say of a user what a directory says: not while they are a directory's.

    Raises OwnedByDirectory.
    """
    if ctx.actor.is_hand and user.directory_id is not None:
        raise OwnedByDirectory(user.user_name, "change them there")


def set_adoption(ctx: Context, directory: Directory, adoption: Adoption) -> None:
    """Say what becomes of somebody who is there already when a directory creates them.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    if directory.adoption != adoption:
        record(ctx, Action.DIRECTORY_UPDATED, directory, {"adoption": (directory.adoption, adoption.value)})
        directory.adoption = adoption
        directory.changed(ctx.now)
