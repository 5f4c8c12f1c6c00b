"""The addresses that users are found by: rows that are only added and taken away."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select

from scim_server.db import Transaction
from scim_server.models import UserEmail
from scim_server.prepared import fetch
from scim_server.services.context import Context

_KEYS = select(UserEmail.address_key).where(
    UserEmail.org_id == bindparam("org_id"), UserEmail.user_id == bindparam("user_id")
)
_INSERT = insert(UserEmail)
_DELETE = delete(UserEmail).where(
    UserEmail.org_id == bindparam("gone_org_id"),
    UserEmail.user_id == bindparam("gone_user_id"),
    UserEmail.address_key == bindparam("gone_address_key"),
)


def email_keys(ctx: Context, user_id: UUID) -> set[str]:
    """The addresses that a user is found by."""
    ctx.session.flush()
    parameters = {"org_id": ctx.org.id, "user_id": user_id}
    return {key for (key,) in fetch(ctx.session.connection(), _KEYS, parameters)}


def insert_emails(ctx: Context, user_id: UUID, keys: Collection[str]) -> None:
    assert isinstance(ctx.session, Transaction), "what changes something is in a transaction that writes"
    for key in sorted(keys):
        ctx.session.append(_INSERT, {"org_id": ctx.org.id, "user_id": user_id, "address_key": key})


def replace_emails(ctx: Context, user_id: UUID, before: set[str], after: set[str]) -> None:
    assert isinstance(ctx.session, Transaction), "what changes something is in a transaction that writes"
    for key in sorted(before - after):
        whose = {"gone_org_id": ctx.org.id, "gone_user_id": user_id, "gone_address_key": key}
        ctx.session.change(_DELETE, whose)
    insert_emails(ctx, user_id, after - before)
