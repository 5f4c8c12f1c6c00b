"""Domains: of which e-mail addresses an organization may speak, once it has shown that they are its own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization, reference
from scim_server.models.types import key_text

_VERIFIED = text("verified_at IS NOT NULL")


class Domain(OfOrganization, Base):
    """`name` is what DNS is asked for: the A-label, in lower case. `proof` is what its TXT record must say.

    One that the operator vouches for is never looked up. `failing_since` is since when its record has been missing.
    """

    __tablename__ = "domains"
    __table_args__ = (
        belongs_to_organization(),
        Index("uq_domains_name", "org_id", "name", unique=True),
        # The first to verify a domain has it: the one rule that reaches over organizations.
        Index("uq_domains_verified", "name", unique=True, sqlite_where=_VERIFIED, postgresql_where=_VERIFIED),
    )

    name: Mapped[str] = mapped_column(key_text())
    proof: Mapped[str]
    vouched: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]


class ConnectionDomain(Base):
    """That people of a domain sign in through a connection."""

    __tablename__ = "connection_domains"
    __table_args__ = (
        reference("connection_id", "connections", ondelete="CASCADE"),
        reference("domain_id", "domains", ondelete="CASCADE"),
        Index(None, "org_id", "domain_id"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    domain_id: Mapped[UUID] = mapped_column(primary_key=True)
