"""Home realms: from an e-mail address to the way in that the organization of its domain has chosen."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.models import Connection, ConnectionDomain, ConnectionStatus, Domain, Organization
from scim_server.services.addresses import read_email
from scim_server.services.domain_names import domain_of


@dataclass(frozen=True, slots=True)
class WayIn:
    """A connection that people can sign in through, and what they know it as."""

    id: UUID
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class Realm:
    """The organization that speaks for a domain, and its ways in; `only` says that there are no others."""

    organization: str
    ways: tuple[WayIn, ...]
    only: bool


def find_realm(session: Session, email: str) -> Realm | None:
    """Where people with an address of this domain sign in; None where nobody has said.

    It is asked of the domain alone, so it tells nothing of who exists. Raises InvalidValue.
    """
    domain = domain_of(read_email(email).text)
    found = session.execute(
        select(Organization, Domain.id)
        .join(Domain, Domain.org_id == Organization.id)
        .where(Domain.name == domain, Domain.verified_at.is_not(None))
    ).one_or_none()
    if found is None:
        return None
    org, domain_id = found
    only = org.sso_required_at is not None
    ways = _ways(session, org, domain_id)
    if only and not ways:
        ways = ways_in(session, org)
    return Realm(org.name, ways, only) if ways or only else None


def ways_in(session: Session, org: Organization) -> tuple[WayIn, ...]:
    """Every connection that people of an organization can sign in through."""
    return _ways(session, org, None)


def _ways(session: Session, org: Organization, domain_id: UUID | None) -> tuple[WayIn, ...]:
    query = select(Connection.id, Connection.type, Connection.name).where(
        Connection.org_id == org.id, Connection.status == ConnectionStatus.ENABLED
    )
    if domain_id is not None:
        ours = select(ConnectionDomain.connection_id).where(
            ConnectionDomain.org_id == org.id, ConnectionDomain.domain_id == domain_id
        )
        query = query.where(Connection.id.in_(ours))
    return tuple(WayIn(*row) for row in session.execute(query.order_by(Connection.name, Connection.id)))
