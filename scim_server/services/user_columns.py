"""Columns of users who were there, read and written by statements that are put together once: in a quarter of the time
that it takes to load an object, and to flush it, and with whatever else is to be sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Update, bindparam, inspect, select, update
from sqlalchemy.orm.attributes import set_committed_value

from scim_server.db import Transaction
from scim_server.models import User, UserStatus
from scim_server.prepared import first
from scim_server.services.context import Context


@dataclass(slots=True)
class Held:
    """What a change looks at of a user whom nobody else changes until the transaction ends."""

    id: UUID
    directory_id: UUID | None
    role_id: UUID
    role_by_hand_id: UUID | None
    role_by_directory_id: UUID | None
    role_by_mapping_id: UUID | None
    status: str
    is_owner: bool
    removed_at: datetime | None
    removed_by: UUID | None
    user_name: str
    user_name_key: str
    display_name: str
    display_name_key: str | None
    external_id: str | None
    nickname: str | None
    availability: str
    reception_capacity: int | None
    manager_id: UUID | None
    manager_name: str | None
    manager_name_key: str | None
    document: dict[str, Any]
    by_hand: list[str]
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def active(self) -> bool:
        return self.status == UserStatus.ACTIVE


# A user whom nobody else changes: a row where a directory's request changes them, and the object elsewhere.
Changing = User | Held
Changed = TypeVar("Changed", bound=Changing)

_NAMES = frozenset(field.name for field in fields(Held))
HELD = tuple(getattr(User, field.name) for field in fields(Held))
_SEARCH = select(User.search).where(User.org_id == bindparam("org_id"), User.id == bindparam("user_id"))


def search_of(ctx: Context, user: Changing) -> dict[str, Any]:
    """A user's document in the form that comparisons use, which few changes need."""
    ctx.session.flush()
    parameters = {"org_id": ctx.org.id, "user_id": user.id}
    search: dict[str, Any] = first(ctx.session.connection(), _SEARCH, parameters).search
    return search


def write_columns(ctx: Context, user: Changing, values: Mapping[str, Any]) -> None:
    """Have columns written of a user whom nobody else changes, before the next query that might see them."""
    assert isinstance(ctx.session, Transaction), "what changes something is in a transaction that writes"
    if isinstance(user, User) and inspect(user).modified:  # what was set comes before what is written
        ctx.session.flush()
    ctx.session.change(writing(tuple(values)), parameters(ctx, user, values))
    note_columns(user, values)


def set_columns(ctx: Context, user: Changing, values: Mapping[str, Any]) -> None:
    """As `write_columns`; those of an object go with whatever else is set of it, or of many."""
    if isinstance(user, Held):
        write_columns(ctx, user, values)
    else:
        for name, value in values.items():
            setattr(user, name, value)


def parameters(ctx: Context, user: Changing, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `writing`."""
    whose = {"changed_org_id": ctx.org.id, "changed_user_id": user.id}
    return whose | {f"new_{name}": value for name, value in values.items()}


def note_columns(user: Changing, values: Mapping[str, Any]) -> None:
    """Have the user say what was written, and nobody send it again."""
    if isinstance(user, Held):
        for name in values.keys() & _NAMES:
            setattr(user, name, values[name])
    else:
        for name, value in values.items():
            set_committed_value(user, name, value)


def another_version(ctx: Context, user: Changing) -> dict[str, Any]:
    """As `Versioned.changed`, the columns."""
    return {"version": user.version + 1, "updated_at": ctx.now}


# Which columns differ, there are few sets of; each statement is a few kilobytes.
@lru_cache(maxsize=256)
def writing(names: tuple[str, ...]) -> Update:
    """The statement that writes these columns of one user."""
    return (
        update(User.__table__)  # type: ignore[arg-type]
        .where(User.org_id == bindparam("changed_org_id"), User.id == bindparam("changed_user_id"))
        .values({name: bindparam(f"new_{name}") for name in names})
    )
