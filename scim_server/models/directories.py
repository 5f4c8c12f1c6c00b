"""Directories, an organization's SCIM connections, and the bearer tokens that they come in with."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, belongs_to_organization, reference


class Provider(StrEnum):
    """The kinds of identity provider whose habits we know; `generic` for any other.

    `strict` is none of them, but a directory that is held to the letter of the RFCs.
    """

    OKTA = "okta"
    ENTRA = "entra"
    GOOGLE = "google"
    ONELOGIN = "onelogin"
    JUMPCLOUD = "jumpcloud"
    PING = "ping"
    GENERIC = "generic"
    STRICT = "strict"


class PatchResponse(StrEnum):
    """What a PATCH answers: RFC 7644 §3.5.2 leaves it to us, and some providers want the one or the other."""

    BODY = "body"
    NO_CONTENT = "no_content"


class Directory(OfOrganization, Versioned, Base):
    __tablename__ = "directories"
    __table_args__ = (belongs_to_organization(),)

    name: Mapped[str]
    provider: Mapped[str]
    patch_response: Mapped[str] = mapped_column(default=PatchResponse.BODY)


class ScimToken(OfOrganization, Base):
    """A bearer token, of which only the hash is kept; `prefix` tells a person which one it is."""

    __tablename__ = "scim_tokens"
    __table_args__ = (
        belongs_to_organization(),
        reference("directory_id", "directories"),
        # The one look-up that cannot begin with the organization: it finds out which one it is.
        Index("uq_scim_tokens_token_hash", "token_hash", unique=True),
        Index(None, "org_id", "directory_id"),
    )

    directory_id: Mapped[UUID]
    name: Mapped[str]
    prefix: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    def usable(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
