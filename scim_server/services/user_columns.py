"""Columns of users who were there, written by statements that are put together once: in a quarter of the time that it
takes to flush an object, and with whatever else is to be sent.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Update, bindparam, delete, inspect, select, update
from sqlalchemy.orm.attributes import set_committed_value

from scim_server.db import Transaction
from scim_server.models import User, UserEmail
from scim_server.services.context import Context
from scim_server.services.newcomers import insert_emails

_EMAILS = select(UserEmail.address_key).where(
    UserEmail.org_id == bindparam("org_id"), UserEmail.user_id == bindparam("user_id")
)
_DELETE_EMAIL = delete(UserEmail).where(
    UserEmail.org_id == bindparam("gone_org_id"),
    UserEmail.user_id == bindparam("gone_user_id"),
    UserEmail.address_key == bindparam("gone_address_key"),
)


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


def email_keys(ctx: Context, user: User) -> set[str]:
    """The addresses that a user is found by."""
    ctx.session.flush()
    parameters = {"org_id": ctx.org.id, "user_id": user.id}
    return set(ctx.session.connection().execute(_EMAILS, parameters).scalars())


def replace_emails(ctx: Context, user: User, before: set[str], after: set[str]) -> None:
    assert isinstance(ctx.session, Transaction), "what changes something is in a transaction that writes"
    for key in sorted(before - after):
        whose = {"gone_org_id": ctx.org.id, "gone_user_id": user.id, "gone_address_key": key}
        ctx.session.change(_DELETE_EMAIL, whose)
    insert_emails(ctx, user.id, after - before)
