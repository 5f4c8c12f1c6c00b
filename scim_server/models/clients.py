"""OAuth clients: programs that fetch a short-lived access token for one directory, and how each says who it is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization, reference
from scim_server.models.types import Document


class OAuthClient(OfOrganization, Base):
    """A client, with a secret of which only the hash is kept, or with public keys: one of the two, never both.

    `public_id` is what OAuth calls the client_id; in our tables a client_id is the `id` of this row.
    """

    __tablename__ = "oauth_clients"
    __table_args__ = (
        belongs_to_organization(),
        reference("directory_id", "directories"),
        CheckConstraint("(secret_hash IS NULL) <> (jwks IS NULL)", name="one_credential"),
        # As with tokens: the look-up that finds out which organization it is.
        Index("uq_oauth_clients_public_id", "public_id", unique=True),
    )

    directory_id: Mapped[UUID]
    public_id: Mapped[str]
    name: Mapped[str]
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    jwks: Mapped[dict[str, Any] | None] = mapped_column(Document)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class ConsumedAssertion(OfOrganization, Base):
    """A signed assertion that a client came in with. It is good once, so it is kept until it has expired."""

    __tablename__ = "consumed_assertions"
    __table_args__ = (
        belongs_to_organization(),
        reference("client_id", "oauth_clients"),
        Index("uq_consumed_assertions_jti_hash", "org_id", "client_id", "jti_hash", unique=True),
    )

    client_id: Mapped[UUID]
    # A hash, because the `jti` is whatever text the client likes.
    jti_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    expires_at: Mapped[datetime]
