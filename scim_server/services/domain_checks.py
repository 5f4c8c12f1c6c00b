"""The daily look at the record of every verified domain: whoever has a domain no more shall not speak for it."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from dns.resolver import Resolver
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Domain, Organization
from scim_server.services.context import SYSTEM, Context
from scim_server.services.domain_proofs import look_for
from scim_server.services.domains import note_finding

log = structlog.get_logger(__name__)

_EVERY = timedelta(days=1)
# So few are taken at once that a stop leaves few behind, which are looked at the next day.
_AT_ONCE = 10


class _Taken(NamedTuple):
    org_id: UUID
    id: UUID
    name: str
    proof: str


def check_everywhere(database: Database, settings: Settings, resolver: Resolver, now: datetime) -> int:
    """Look at every domain whose day has come, in every organization, and return how many there were.

    Several processes may do so at once: each domain is looked at by one of them. DNS is asked between transactions.
    """
    with database.reading() as session:
        org_ids = session.scalars(select(Domain.org_id).where(_due(now)).distinct()).all()
    checked = 0
    for org_id in org_ids:
        while taken := _take(database, org_id, now):
            for domain in taken:
                _check(database, settings, resolver, domain, now)
            checked += len(taken)
    return checked


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(Domain.verified_at.is_not(None), ~Domain.vouched, Domain.checked_at <= now - _EVERY)


def _take(database: Database, org_id: UUID, now: datetime) -> list[_Taken]:
    with database.writing() as session:
        domains = session.scalars(
            select(Domain)
            .where(Domain.org_id == org_id, _due(now))
            .order_by(Domain.checked_at)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        for domain in domains:
            domain.checked_at = now
        return [_Taken(org_id, domain.id, domain.name, domain.proof) for domain in domains]


def _check(database: Database, settings: Settings, resolver: Resolver, domain: _Taken, now: datetime) -> None:
    """One that cannot be looked at keeps no other one from it."""
    try:
        finding = look_for(domain.name, domain.proof, resolver)
        with database.writing() as session:
            note_finding(_context(session, settings, domain.org_id, now), domain.id, finding)
    except Exception:
        log.warning("domain not checked, to be tried again tomorrow", domain=domain.name, exc_info=True)


def _context(session: Session, settings: Settings, org_id: UUID, now: datetime) -> Context:
    org = session.scalars(select(Organization).where(Organization.id == org_id)).one()
    return Context(session, settings, org, SYSTEM, now, request_id="")
