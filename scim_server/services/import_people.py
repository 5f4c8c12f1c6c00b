"""Whom a row is about: by an id or an e-mail address, one user who is not deleted, or nobody yet."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, literal, select, union_all

from scim_server.models import MatchBy, User, UserEmail, UserStatus
from scim_server.models.expressions import any_of
from scim_server.models.types import Id, key_text
from scim_server.services.addresses import read_email
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue
from scim_server.services.profiles import folded

_LIVING = User.status != UserStatus.DELETED
_ORG, _KEYS = bindparam("org_id", type_=Id()), bindparam("keys", type_=key_text(), expanding=True)
# Each question is a look-up in an index of its own, which a single one with `or` would not be. It is asked more than
# once of every row, and takes longer to build than to answer.
_CALLED = union_all(
    select(User.id, User.user_name, literal(1)).where(User.org_id == _ORG, User.user_name_key.in_(_KEYS), _LIVING),
    select(User.id, User.user_name, literal(0))
    .join(UserEmail, (UserEmail.org_id == User.org_id) & (UserEmail.user_id == User.id))
    .where(UserEmail.org_id == _ORG, UserEmail.address_key.in_(_KEYS), _LIVING),
)


def find(ctx: Context, values: Mapping[str, str], match_by: MatchBy) -> User | None:
    """The user whom a row is about, whom nobody else changes until this transaction ends.

    Raises InvalidValue.
    """
    text = values.get(match_by.value, "")
    if match_by is MatchBy.ID:
        return _of_id(ctx, text) if text else None
    if not text:
        raise InvalidValue("email", "is empty, and users are found by it")
    return _of_address(ctx, text)


def check_new(ctx: Context, values: Mapping[str, str], match_by: MatchBy) -> None:
    """Ask whether somebody who was not found is not there under their address all the same.

    Raises InvalidValue.
    """
    email = values.get("email")
    if not email and not values.get("user_name"):
        raise InvalidValue("email", "is empty, and so is user_name: somebody new needs one of them")
    there = _of_address(ctx, email) if email and match_by is MatchBy.ID else None
    if there is not None:
        raise InvalidValue("email", f"is that of {there.user_name} already: find users by email, or put their id here")


class Manager(NamedTuple):
    id: UUID
    user_name: str


def find_manager(ctx: Context, text: str) -> Manager | None:
    """The user whose id or userName this is, or else whose e-mail address, or None.

    Raises InvalidValue where several have that address.
    """
    with suppress(ValueError):
        here = User.org_id == ctx.org.id, User.id == UUID(text), _LIVING
        row = ctx.session.execute(select(User.id, User.user_name).where(*here)).first()
        return Manager(*row) if row else None
    called = _called(ctx, {folded(text)})
    found = {Manager(each.id, each.user_name) for each in called if each.by_name or not any(c.by_name for c in called)}
    if len(found) > 1:
        raise InvalidValue(
            "manager", f"could be any of several users whose address is {text}: give a userName or an id"
        )
    return next(iter(found), None)


def manager_rows(rows: Sequence[tuple[int, Mapping[str, str]]]) -> dict[int, int]:
    """The row that the manager of a row is in, which may come later."""
    places: dict[str, int] = {}
    for number, values in rows:
        for name in ("id", "email", "user_name"):
            if key := folded(values.get(name, "")):
                places.setdefault(key, number)
    named = ((number, places.get(folded(values.get("manager", "")))) for number, values in rows)
    return {number: place for number, place in named if place is not None and place != number}


def _of_id(ctx: Context, text: str) -> User:
    try:
        id = UUID(text)
    except ValueError:
        raise InvalidValue("id", f"is no id of a user: {text}") from None
    user = ctx.session.scalar(select(User).where(User.org_id == ctx.org.id, User.id == id).with_for_update())
    if user is None:
        raise InvalidValue("id", "is no user's of this organization: leave it empty for somebody new")
    if user.status == UserStatus.DELETED:
        raise InvalidValue("id", f"is that of {user.user_name}, who is deleted: restore them first")
    return user


def _of_address(ctx: Context, text: str) -> User | None:
    # A directory may have written what mail servers know as xn--…
    called = _called(ctx, {folded(text), folded(read_email(text).text)})
    if not called:
        return None
    ids = {each.id for each in called}
    query = select(User).where(User.org_id == ctx.org.id, any_of(User.id, ids), _LIVING)
    found = ctx.session.scalars(query.order_by(User.id).with_for_update()).all()
    if len(found) > 1:
        names = ", ".join(user.user_name for user in found[:5])
        raise InvalidValue("email", f"is that of several users, {names}: find them by id")
    return found[0] if found else None


class _Called(NamedTuple):
    id: UUID
    user_name: str
    by_name: bool


def _called(ctx: Context, keys: set[str]) -> list[_Called]:
    """The living users who have one of these as their userName, and those who have it as an address."""
    found = ctx.session.execute(_CALLED, {"org_id": ctx.org.id, "keys": sorted(keys)})
    return [_Called(id, name, bool(by_name)) for id, name, by_name in found]
