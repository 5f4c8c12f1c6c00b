"""Keys of the management API, and what was answered to a request that may be sent again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, new_id
from scim_server.models.types import Names


class ApiKey(Base):
    """A key, of which only the hash is kept; `prefix` tells a person which one it is.

    It is of one organization, or, without one, of the whole installation: the product's own. `scopes` are the
    permissions that it has, or `admin` for all of them.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        # The one look-up that cannot begin with the organization: it finds out which one it is.
        Index("uq_api_keys_key_hash", "key_hash", unique=True),
        Index(None, "org_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    org_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    scopes: Mapped[list[str]] = mapped_column(Names)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    def usable(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class AnsweredRequest(Base):
    """What a request with an Idempotency-Key was answered, kept in the transaction of what it did: the same request,
    sent again, is answered that once more. Without an answer, it is under way or was cut off.
    """

    __tablename__ = "answered_requests"
    __table_args__ = (Index("uq_answered_requests_key", "api_key_id", "idempotency_key", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    api_key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"))
    idempotency_key: Mapped[str]
    # Of the method, the path, the organization and the body: a key used twice for two things is a mistake.
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None]
    # Sealed, because it may hold a secret that is shown once.
    answer: Mapped[str | None]
    created_at: Mapped[datetime]
