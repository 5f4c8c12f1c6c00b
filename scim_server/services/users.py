"""Users: creating, reading and changing them. What becomes of them in the course of time is in lifecycle.py."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from scim_server.models import Availability, Origin, User, UserStatus
from scim_server.models.base import new_id
from scim_server.models.expressions import any_of
from scim_server.prepared import first
from scim_server.services import adoption, checklist_moments, lifecycle, membership, newcomers
from scim_server.services.authorship import authors, hands_have_a_say, with_what_hands_wrote, written_by_hand
from scim_server.services.constraints import flush, make_known
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, declared, role_of
from scim_server.services.errors import InvalidValue, NotFound, UserNameTaken
from scim_server.services.events import Action, differences, record
from scim_server.services.fields import flattened
from scim_server.services.paging import Selection
from scim_server.services.profiles import Profile, required
from scim_server.services.roles import assign_role
from scim_server.services.seats import take_seat
from scim_server.services.shown_users import ONE, TEAMS_OF_ONE, Belonging, Seen, belongings
from scim_server.services.unions import Part
from scim_server.services.user_columns import HELD, Changed, Changing, Held, another_version, write_columns
from scim_server.services.user_emails import email_keys, insert_emails, replace_emails

_MOST_CONVERSATIONS = 2**31 - 1  # what an integer column holds

# Put together once, as in services/shown_users.py.
_ONE_TO_CHANGE = select(User).where(*ONE).with_for_update()
_ONE_TO_HOLD = select(*HELD).where(*ONE).with_for_update()
_ONE_TO_HOLD_WITH_BELONGINGS = select(*HELD, TEAMS_OF_ONE).where(*ONE).with_for_update(of=User)


def get_user(ctx: Context, user_id: UUID) -> User:
    """Raises NotFound."""
    user = ctx.session.scalar(select(User).where(*_living(ctx), User.id == user_id))
    if user is None:
        raise NotFound("user", user_id)
    return user


def find_user(ctx: Context, user_name: str, key: str) -> User:
    """The user of a name; `key` is the name in the form that comparisons use.

    Raises NotFound.
    """
    user = ctx.session.scalar(select(User).where(*_living(ctx), User.user_name_key == key))
    if user is None:
        raise NotFound("user", user_name)
    return user


def get_user_to_change(ctx: Context, user_id: UUID) -> User:
    """A user whom nobody else changes until this transaction ends, so that two changes at once lose nothing. A
    directory takes over whoever is nobody's, or may not change them.

    Raises NotFound, NotAllowed.
    """
    user: User | None = ctx.session.scalar(_ONE_TO_CHANGE, {"org_id": ctx.org.id, "user_id": user_id})
    if user is None:
        raise NotFound("user", user_id)
    adoption.claim(ctx, user)
    return user


def hold_user(ctx: Context, user_id: UUID) -> Held:
    """What a change looks at of a user as from `get_user_to_change`, who is not made an object.

    Raises NotFound, NotAllowed.
    """
    user = Held(*_read_to_hold(ctx, _ONE_TO_HOLD, user_id))
    return user if _is_as_read(ctx, user) else hold_user(ctx, user_id)


def hold_user_in_teams(ctx: Context, user_id: UUID) -> tuple[Held, Sequence[Belonging]]:
    """As `hold_user`, and what `teams_of_users` says of them, by one query.

    Raises NotFound, NotAllowed.
    """
    row = _read_to_hold(ctx, _ONE_TO_HOLD_WITH_BELONGINGS, user_id)
    user = Held(*row[:-1])
    return (user, belongings(row)) if _is_as_read(ctx, user) else hold_user_in_teams(ctx, user_id)


def get_deleted_user(ctx: Context, user_id: UUID) -> User:
    """Raises NotFound."""
    user = ctx.session.scalar(select(User).where(*_deleted(ctx), User.id == user_id))
    if user is None:
        raise NotFound("deleted user", user_id)
    return user


def get_deleted_user_to_change(ctx: Context, user_id: UUID) -> User:
    """A deleted user whom nobody else changes until this transaction ends.

    Raises NotFound.
    """
    user = ctx.session.scalar(select(User).where(*_deleted(ctx), User.id == user_id).with_for_update())
    if user is None:
        raise NotFound("deleted user", user_id)
    return user


def users_among(ctx: Context, selection: Selection) -> Part:
    """The users of a selection, to be listed together with what is no user."""
    return Part(User, User.id, _living(ctx), selection)


def count_users(ctx: Context) -> int:
    return ctx.session.scalar(select(func.count()).select_from(User).where(*_living(ctx))) or 0


def create_user(
    ctx: Context,
    profile: Profile,
    *,
    status: UserStatus = UserStatus.ACTIVE,
    origin: Origin | None = None,
    role: DeclaredRole | None = None,
    id: UUID | None = None,
) -> User:
    """Create a user; without a role of their own, they get the default one. `id` is one that was made for them already.

    Raises InvalidValue, UserNameTaken, NoSeatLeft.
    """
    take_seat(ctx, before=None, after=status)
    row = _newcomer(ctx, profile, status, origin, role, id)
    newcomers.insert_user(ctx, row)
    user = User(**row, updated_at=ctx.now)
    make_known(ctx.session, user)
    _welcome(ctx, user, profile)
    return user


def provide_user(
    ctx: Context,
    profile: Profile,
    *,
    status: UserStatus,
    role: DeclaredRole | None = None,
    id: UUID | None = None,
) -> Seen:
    """Somebody who is new to a directory: a new user, or one who was there and is the directory's from now on.

    Raises InvalidValue, UserNameTaken, NoSeatLeft, NotAllowed.
    """
    # Almost everybody is new, which is then found out by the statement that sends them. But a seat is taken before, by
    # whom nobody knows.
    if ctx.org.seats is None:
        row = _newcomer(ctx, profile, status, None, role, id)
        if newcomers.insert_user(ctx, row, unless=adoption.called(profile)):
            newcomer = newcomers.Newcomer(row["id"], row["document"], status, row["role_id"], ctx.now, ctx.now)
            _welcome(ctx, newcomer, profile)
            return newcomer
    user = adoption.find_candidate(ctx, profile)
    if user is None:
        return create_user(ctx, profile, status=status, role=role, id=id)
    ctx.notes.about = ("user", user.id)
    adoption.adopt(ctx, user)
    replace_profile(ctx, user, profile)
    if role is not None:
        assign_role(ctx, user, role)
    if status == UserStatus.ACTIVE:
        lifecycle.activate_user(ctx, user)
    else:
        lifecycle.deactivate_user(ctx, user)
    return user


def replace_profile(ctx: Context, user: Changed, profile: Profile) -> Changed:
    """Make a user's profile all that a directory says of them, and what people wrote of which it says nothing.

    Raises InvalidValue, UserNameTaken.
    """
    said = flattened(profile.document) if hands_have_a_say(ctx, user) else ()
    return write_profile(ctx, user, with_what_hands_wrote(ctx, user, profile), said=said)


def write_profile(ctx: Context, user: Changed, profile: Profile, *, said: Collection[str] = ()) -> Changed:
    """Make a user's profile this one; nothing happens where it is that already.

    `said` are attributes that whoever acts says, though they may be what they were.
    Raises InvalidValue, UserNameTaken.
    """
    changes = differences(user.document, profile.document)
    emails_before = email_keys(ctx, user.id) if "emails" in changes else set()
    by_hand, taken_over = authors(ctx, user, profile, said)
    details = {"taken_over": taken_over} if taken_over else {}
    work_before = _work(user)
    columns = {"by_hand": by_hand} | (_columns(profile) if changes else {})
    # `search` is not read: it goes with the document.
    differing = {name: value for name, value in columns.items() if name == "search" or getattr(user, name) != value}
    if changes:
        differing |= another_version(ctx, user)
    if differing:
        write_columns(ctx, user, differing)
    if "user_name_key" in differing:
        flush(ctx.session, {"uq_users_user_name": UserNameTaken(user.user_name)})
    if "emails" in changes:
        replace_emails(ctx, user.id, emails_before, profile.email_keys())
    if changes or taken_over:
        record(ctx, Action.USER_UPDATED, user, changes, **details)
    if work := differences(work_before, _work(user)):
        record(ctx, Action.USER_AVAILABILITY_CHANGED, user, work)
    return user


def _work(user: Changing) -> dict[str, Any]:
    """What the product has to know before it assigns work to a user."""
    return {"availability": user.availability, "receptionCapacity": user.reception_capacity}


def display_names(ctx: Context, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """What to call each of these users."""
    rows = ctx.session.execute(select(User.id, User.display_name).where(*_living(ctx), any_of(User.id, user_ids)))
    return {row.id: row.display_name for row in rows}


def user_names(ctx: Context, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """The userName of each of these users, also of the deleted."""
    rows = ctx.session.execute(
        select(User.id, User.user_name).where(User.org_id == ctx.org.id, any_of(User.id, user_ids))
    )
    return {row.id: row.user_name for row in rows}


def _read_to_hold(ctx: Context, statement: Any, user_id: UUID) -> Any:
    ctx.session.flush()
    row = first(ctx.session.connection(), statement, {"org_id": ctx.org.id, "user_id": user_id})
    if row is None:
        raise NotFound("user", user_id)
    return row


def _is_as_read(ctx: Context, user: Held) -> bool:
    """Have a user claimed. Whether they still are as they were read: whoever is taken over may have another role then,
    and other teams.
    """
    version = user.version
    adoption.claim(ctx, user)
    return user.version == version


def _living(ctx: Context) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return User.org_id == ctx.org.id, User.status != UserStatus.DELETED


def _deleted(ctx: Context) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return User.org_id == ctx.org.id, User.status == UserStatus.DELETED


def _newcomer(
    ctx: Context,
    profile: Profile,
    status: UserStatus,
    origin: Origin | None,
    role: DeclaredRole | None,
    id: UUID | None,
) -> dict[str, Any]:
    given = role.id if role else None
    return {
        "org_id": ctx.org.id,
        "id": id or new_id(),
        "directory_id": ctx.directory.id if ctx.directory else None,
        "role_id": given or declared(ctx).default_role.id,
        "role_by_hand_id": None if ctx.directory else given,
        "role_by_directory_id": given if ctx.directory else None,
        "status": status,
        "origin": origin or (Origin.SCIM if ctx.directory else Origin.HAND),
        "by_hand": written_by_hand(ctx, profile),
        "created_at": ctx.now,
        **_columns(profile),
    }


def _welcome(ctx: Context, user: Seen, profile: Profile) -> None:
    """What follows from it that somebody is new."""
    ctx.notes.about = ("user", user.id)
    insert_emails(ctx, user.id, profile.email_keys())
    changes = {
        "userName": (None, profile.document["userName"]),
        "status": (None, str(user.status)),
        "role": (None, role_of(ctx, user.role_id).name),
    }
    record(ctx, Action.USER_CREATED, user, changes)
    checklist_moments.welcome(ctx, user)
    membership.join_main_team(ctx, user)


def _columns(profile: Profile) -> dict[str, Any]:
    """The one place that says which columns a profile fills."""
    document: Any = profile.document
    name = required("userName", document.get("userName"))
    manager = profile.manager()
    return {
        "user_name": name,
        "user_name_key": required("userName", profile.key("userName")),
        "display_name": document.get("displayName") or name,
        "display_name_key": profile.key("displayName"),
        "external_id": profile.key("externalId"),
        "nickname": profile.of_product("nickname"),
        "availability": _availability(profile.of_product("availability")),
        "reception_capacity": _capacity(profile.of_product("receptionCapacity")),
        "manager_id": manager.id,
        "manager_name": manager.name,
        "manager_name_key": manager.name_key,
        "document": dict(document),
        "search": dict(profile.search),
    }


def _availability(value: str | None) -> Availability:
    try:
        return Availability(value) if value is not None else Availability.AVAILABLE
    except ValueError:
        raise InvalidValue("availability", f"must be one of {', '.join(Availability)}") from None


def _capacity(value: int | None) -> int | None:
    if value is not None and not 0 <= value <= _MOST_CONVERSATIONS:
        raise InvalidValue("receptionCapacity", f"must be from 0 to {_MOST_CONVERSATIONS}")
    return value
