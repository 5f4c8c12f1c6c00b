"""Finding many users at once, as people name them (services/lookup.py), in as many queries as for one."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select

from scim_server.models import User, UserEmail, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services.context import Context
from scim_server.services.errors import DomainError, InvalidValue, NotFound
from scim_server.services.profiles import folded

_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


class Found(NamedTuple):
    id: UUID
    user_name: str


def find_many(ctx: Context, named: Sequence[str]) -> list[Found | DomainError]:
    """Whom each of these names: the user with that id, else that userName, else that e-mail address; nobody who is
    deleted. Why it is nobody is told as one look-up would tell it.
    """
    living = User.org_id == ctx.org.id, User.status != UserStatus.DELETED
    by_id = _by_id(ctx, named, *living)
    keys = _keys(named)
    by_name = {
        key: Found(id, name)
        for key, id, name in ctx.session.execute(
            select(User.user_name_key, User.id, User.user_name).where(*living, User.user_name_key.in_(keys))
        )
    }
    by_address = _by_address(ctx, keys - by_name.keys())

    def one(text: str) -> Found | DomainError:
        key = folded(text)
        if found := by_id.get(_id(text)) or by_name.get(key):
            return found
        reached = by_address.get(key, [])
        if len(reached) > 1:
            ids = ", ".join(str(each.id) for each in reached)
            return InvalidValue("user", f"could be any of those whose address is {text!r}: give an id, {ids}")
        return reached[0] if reached else NotFound("user", text)

    return [one(text) for text in named]


def find_many_deleted(ctx: Context, named: Sequence[str]) -> list[Found | DomainError]:
    """Whom each of these names: the deleted user with that id, else whoever was deleted last of that userName."""
    deleted = User.org_id == ctx.org.id, User.status == UserStatus.DELETED
    by_id = _by_id(ctx, named, *deleted)
    rows = ctx.session.execute(
        select(User.user_name_key, User.id, User.user_name)
        .where(*deleted, User.user_name_key.in_(_keys(named)))
        .order_by(User.deleted_at, User.id.desc())
    )
    by_name = {key: Found(id, name) for key, id, name in rows}
    return [by_id.get(_id(text)) or by_name.get(folded(text)) or NotFound("deleted user", text) for text in named]


def lock_many(
    ctx: Context, found: Sequence[Found | DomainError], *, deleted: bool = False
) -> tuple[list[Found | DomainError], dict[UUID, User]]:
    """Who was found and is still there, and their rows, which nobody else changes until this transaction ends.

    They are locked in the order of their ids, so that two who lock some of the same users never wait for each other.
    """
    ids = [each.id for each in found if isinstance(each, Found)]
    rows = _locked(ctx, ids, User.status == UserStatus.DELETED if deleted else User.status != UserStatus.DELETED)
    kind = "deleted user" if deleted else "user"
    still = [NotFound(kind, each.id) if isinstance(each, Found) and each.id not in rows else each for each in found]
    return still, rows


def lock_addressed(ctx: Context, keys: Collection[str]) -> None:
    """Lock the users who have one of these as their name or an address, as `lock_many` does."""
    named = ctx.session.scalars(select(User.id).where(User.org_id == ctx.org.id, User.user_name_key.in_(keys))).all()
    reached = ctx.session.scalars(
        select(UserEmail.user_id).where(UserEmail.org_id == ctx.org.id, UserEmail.address_key.in_(keys))
    ).all()
    _locked(ctx, {*named, *reached}, User.status != UserStatus.DELETED)


def _locked(ctx: Context, ids: Collection[UUID], status: ColumnElement[bool]) -> dict[UUID, User]:
    rows = ctx.session.scalars(
        select(User)
        .where(User.org_id == ctx.org.id, status, any_of(User.id, ids))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def _by_address(ctx: Context, keys: Collection[str]) -> dict[str, list[Found]]:
    theirs = (UserEmail.org_id == User.org_id) & (UserEmail.user_id == User.id)
    rows = ctx.session.execute(
        select(UserEmail.address_key, User.id, User.user_name)
        .join(UserEmail, theirs)
        .where(User.org_id == ctx.org.id, User.status != UserStatus.DELETED)
        .where(UserEmail.org_id == ctx.org.id, UserEmail.address_key.in_(keys))
        .order_by(User.id)
    )
    found: dict[str, list[Found]] = {}
    for key, id, name in rows:
        found.setdefault(key, []).append(Found(id, name))
    return found


def _by_id(ctx: Context, named: Iterable[str], *conditions: ColumnElement[bool]) -> dict[UUID | None, Found]:
    ids = [id for id in map(_id, named) if id is not None]
    rows = ctx.session.execute(select(User.id, User.user_name).where(*conditions, any_of(User.id, ids)))
    return {id: Found(id, name) for id, name in rows}


def _keys(named: Iterable[str]) -> set[str]:
    """What they are looked up by; nobody is called what no database keeps."""
    return {folded(text) for text in named if not _UNKEEPABLE.search(text)}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
