"""The daily look at every connection: what its provider says of itself, and how long its certificates last."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import AcceptedMessage, Connection, ConnectionStatus, Organization
from scim_server.services import connection_expiry, connection_refresh, login_attempts
from scim_server.services.connection_config import SamlConfig, config_of
from scim_server.services.connection_files import Outside
from scim_server.services.connections import get_connection_to_change
from scim_server.services.context import SYSTEM, Context
from sso.http import HttpClient

log = structlog.get_logger(__name__)

# A provider may want to be looked at more often than daily (its `cacheDuration`), but not more often than hourly, as
# whatever failed is.
_EVERY, _SOONEST = timedelta(days=1), timedelta(hours=1)


class _Taken(NamedTuple):
    org_id: UUID
    connection: Connection


def look_everywhere(database: Database, settings: Settings, http: HttpClient, now: datetime) -> int:
    """Look at every connection whose time has come, in every organization, and return how many there were.

    Several processes may do so at once: each connection is looked at by one of them. Providers are asked between
    transactions.
    """
    with database.reading() as session:
        org_ids = session.scalars(select(Connection.org_id).where(_may_be_due(now)).distinct()).all()
    looked = 0
    for org_id in org_ids:
        for taken in _take(database, org_id, now):
            _look(database, settings, http, taken, now)
            looked += 1
    return looked


def purge(database: Database, now: datetime) -> int:
    """Forget the attempts and the messages of identity providers whose time is over, and return how many there were."""
    with database.writing() as session:
        over = delete(AcceptedMessage).where(AcceptedMessage.expires_at <= now).returning(AcceptedMessage.org_id)
        return login_attempts.purge(session, now) + len(session.execute(over).all())


def is_due(connection: Connection, now: datetime) -> bool:
    """Whether it is time to look at a connection again."""
    if connection.refreshed_at is None:
        return True
    config, every = config_of(connection), _EVERY
    if isinstance(config, SamlConfig) and config.refresh_seconds is not None:
        every = min(_EVERY, max(_SOONEST, timedelta(seconds=config.refresh_seconds)))
    if connection.refresh_problem is not None:
        every = _SOONEST
    return connection.refreshed_at <= now - every


def _may_be_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        Connection.status != ConnectionStatus.DISABLED,
        Connection.refreshed_at.is_(None) | (Connection.refreshed_at <= now - _SOONEST),
    )


def _take(database: Database, org_id: UUID, now: datetime) -> list[_Taken]:
    with database.writing() as session:
        rows = session.scalars(
            select(Connection)
            .where(Connection.org_id == org_id, _may_be_due(now))
            .order_by(Connection.id)
            .with_for_update(skip_locked=True)
        ).all()
        due = [row for row in rows if is_due(row, now)]
        for row in due:
            row.refreshed_at = now
        return [_Taken(org_id, row) for row in due]


def _look(database: Database, settings: Settings, http: HttpClient, taken: _Taken, now: datetime) -> None:
    """One that cannot be looked at keeps no other one from it."""
    try:
        found = connection_refresh.fetch(taken.connection, Outside(http, now, settings.allow_private_networks))
        with database.writing() as session:
            ctx = _context(session, settings, taken.org_id, now)
            connection = get_connection_to_change(ctx, taken.connection.id)
            connection_refresh.note(ctx, connection, found)
            connection_expiry.warn(ctx, connection)
    except Exception:
        id = str(taken.connection.id)
        log.warning("connection not looked at, to be tried again tomorrow", connection=id, exc_info=True)


def _context(session: Session, settings: Settings, org_id: UUID, now: datetime) -> Context:
    org = session.scalars(select(Organization).where(Organization.id == org_id)).one()
    return Context(session, settings, org, SYSTEM, now, request_id="")
