"""Finding users as people look for them: by whatever they know of somebody."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from scim_server.models import Membership, Origin, User, UserEmail, UserStatus
from scim_server.services import users
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue, NotFound
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import folded


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which users are meant: those of whom all that is said here is true. Without a status, everybody but the deleted.

    `text` is somewhere in a name or an address; `user_name`, `email` and `external_id` are the whole of it, as an index
    knows it; `team` is one that they are in themselves.
    """

    statuses: tuple[UserStatus, ...] = ()
    text: str | None = None
    user_name: str | None = None
    email: str | None = None
    external_id: str | None = None
    role: UUID | None = None
    team: UUID | None = None
    directory: UUID | None = None
    origin: Origin | None = None


def find_anybody(ctx: Context, text: str) -> User:
    """The user whose userName, else whose e-mail address, this is; or whose id, be they deleted or not.

    Raises NotFound, and InvalidValue where several have that address.
    """
    found = (
        _by_id(ctx, text) or _living(ctx, User.user_name_key == folded(text)) or _living(ctx, _reached_at(ctx, text))
    )
    if not found:
        raise NotFound("user", text)
    if len(found) > 1:
        ids = ", ".join(str(user.id) for user in found)
        raise InvalidValue("user", f"could be any of those whose address is {text!r}: give an id, {ids}")
    return found[0]


def find_living(ctx: Context, text: str) -> User:
    """As `find_anybody`, but nobody who is deleted.

    Raises NotFound, InvalidValue.
    """
    return users.get_user(ctx, find_anybody(ctx, text).id)


def find_to_change(ctx: Context, text: str) -> User:
    """As `find_living`, and nobody else changes them until this transaction ends.

    Raises NotFound, InvalidValue.
    """
    return users.get_user_to_change(ctx, find_anybody(ctx, text).id)


def find_deleted(ctx: Context, text: str) -> User:
    """The user who was deleted last of those whose name or id this is.

    Raises NotFound.
    """
    deleted = User.org_id == ctx.org.id, User.status == UserStatus.DELETED
    named = select(User).where(*deleted, User.user_name_key == folded(text)).order_by(User.deleted_at.desc(), User.id)
    found = [user for user in _by_id(ctx, text) if user.status == UserStatus.DELETED] or ctx.session.scalars(
        named
    ).all()
    if not found:
        raise NotFound("deleted user", text)
    return found[0]


def search_users(ctx: Context, *, status: UserStatus | None = None, text: str | None = None) -> Iterator[User]:
    """The users, the oldest first; of that status, or any but deleted, with that text in a name or an address.

    Raises NotAllowed.
    """
    require(ctx, Manage.USERS)
    query = users_wanted(ctx, Wanted((status,) if status else (), text))
    yield from ctx.session.scalars(query.order_by(User.id).execution_options(yield_per=500))


def list_users(ctx: Context, wanted: Wanted, cut: Cut) -> Part[User]:
    """A part of the users that are meant, the oldest first."""
    return read_part(ctx, users_wanted(ctx, wanted), User.id, cut)


def users_wanted(ctx: Context, wanted: Wanted) -> Select[User]:
    """The query for the users that are meant, in no order."""
    query = select(User).where(User.org_id == ctx.org.id, *_of_status(wanted), *_of_values(wanted))
    if wanted.text:
        query = query.where(_mentions(ctx, folded(wanted.text)))
    if wanted.email is not None:
        query = query.where(_reached_at(ctx, wanted.email))
    if wanted.team is not None:
        members = Membership.org_id == ctx.org.id, Membership.team_id == wanted.team
        query = query.where(User.id.in_(select(Membership.user_id).where(*members)))
    return query


def _of_status(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if not wanted.statuses:
        yield User.status != UserStatus.DELETED
    elif len(wanted.statuses) == 1:
        yield User.status == wanted.statuses[0]
    else:
        yield User.status.in_(wanted.statuses)


def _of_values(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.user_name is not None:
        yield User.user_name_key == folded(wanted.user_name)
    if wanted.external_id is not None:
        yield User.external_id.is_not(None) & (User.external_id == wanted.external_id)
    if wanted.role is not None:
        yield User.role_id == wanted.role
    if wanted.directory is not None:
        yield User.directory_id.is_not(None) & (User.directory_id == wanted.directory)
    if wanted.origin is not None:
        yield User.origin == wanted.origin


def _mentions(ctx: Context, key: str) -> ColumnElement[bool]:
    addressed = select(UserEmail.user_id).where(
        UserEmail.org_id == ctx.org.id, UserEmail.address_key.contains(key, autoescape=True)
    )
    return or_(
        User.user_name_key.contains(key, autoescape=True),
        User.display_name_key.is_not(None) & User.display_name_key.contains(key, autoescape=True),
        User.id.in_(addressed),
    )


def _by_id(ctx: Context, text: str) -> list[User]:
    try:
        id = UUID(text)
    except ValueError:
        return []
    return list(ctx.session.scalars(select(User).where(User.org_id == ctx.org.id, User.id == id)))


def _living(ctx: Context, condition: ColumnElement[bool]) -> list[User]:
    living = User.org_id == ctx.org.id, User.status != UserStatus.DELETED
    return list(ctx.session.scalars(select(User).where(*living, condition).order_by(User.id).limit(10)))


def _reached_at(ctx: Context, address: str) -> ColumnElement[bool]:
    return User.id.in_(
        select(UserEmail.user_id).where(UserEmail.org_id == ctx.org.id, UserEmail.address_key == folded(address))
    )
