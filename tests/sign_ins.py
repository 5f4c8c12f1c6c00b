"""Attempts to sign in, as the tests write them down."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Connection, Outcome, SignIn, Way
from scim_server.services import users
from scim_server.services.context import Context
from scim_server.services.sign_ins import Trace, record_sign_in
from sso.errors import Reason
from tests.hands import Hands


def a_connection(office: Hands, name: str = "Okta", provider: str = "okta") -> UUID:
    with office.acting() as ctx:
        made = Connection(
            org_id=ctx.org.id,
            type="saml",
            provider=provider,
            name=name,
            provisioning_mode="jit",
            config={},
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        ctx.session.add(made)
        ctx.session.flush()
        return made.id


def connection_of(ctx: Context, id: UUID | None) -> Connection | None:
    if id is None:
        return None
    return ctx.session.scalars(select(Connection).where(Connection.org_id == ctx.org.id, Connection.id == id)).one()


def signed_in(office: Hands, user: UUID, *, later: timedelta = timedelta(), way: Way = Way.SAML, **details: Any) -> str:
    """Write down that a user has signed in; the short id."""
    with office.acting(later=later) as ctx:
        found = users.get_user(ctx, user)
        return record_sign_in(ctx, Outcome.SIGNED_IN, Trace(way, details=details), user=found).code


def refused(
    office: Hands,
    *,
    reason: str = Reason.WRONG_AUDIENCE,
    connection: UUID | None = None,
    user: UUID | None = None,
    later: timedelta = timedelta(),
    **trace: Any,
) -> str:
    """Write down that somebody was refused; the short id."""
    with office.acting(later=later) as ctx:
        row = record_sign_in(
            ctx,
            Outcome.REFUSED,
            Trace(Way.SAML, reason, **trace),
            user=users.get_user(ctx, user) if user else None,
            connection=connection_of(ctx, connection),
        )
        return row.code


def in_database(database: Database) -> list[SignIn]:
    """Every attempt, of all organizations, the oldest first."""
    with database.reading() as session:
        return list(session.scalars(select(SignIn).order_by(SignIn.id)))
