"""Columns of users who were there, written by statements that are put together once: in a quarter of the time that it
takes to flush an object, and with whatever else is to be sent.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Update, bindparam, inspect, update
from sqlalchemy.orm.attributes import set_committed_value

from scim_server.db import Transaction
from scim_server.models import User
from scim_server.services.context import Context


def write_columns(ctx: Context, user: User, values: Mapping[str, Any]) -> None:
    """Have columns written of a user whom nobody else changes, before the next query that might see them."""
    assert isinstance(ctx.session, Transaction), "what changes something is in a transaction that writes"
    if inspect(user).modified:  # what was set comes before what is written
        ctx.session.flush()
    ctx.session.change(writing(tuple(values)), parameters(ctx, user, values))
    note_columns(user, values)


def parameters(ctx: Context, user: User, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `writing`."""
    whose = {"changed_org_id": ctx.org.id, "changed_user_id": user.id}
    return whose | {f"new_{name}": value for name, value in values.items()}


def note_columns(user: User, values: Mapping[str, Any]) -> None:
    """Have the object say what was written, and nobody send it again."""
    for name, value in values.items():
        set_committed_value(user, name, value)


def another_version(ctx: Context, user: User) -> dict[str, Any]:
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
