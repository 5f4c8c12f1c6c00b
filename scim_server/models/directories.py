"""Directories, an organization's SCIM connections, and the bearer tokens that they come in with."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Remembered, Versioned, belongs_to_organization, reference
from scim_server.models.types import Choice


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


class Adoption(StrEnum):
    """What becomes of somebody who is there already, and nobody's, when a directory creates or changes them."""

    LINK = "link"
    CONFLICT = "conflict"


class BrakeMode(StrEnum):
    """What happens where a directory removes more users than it should: people are told, or it is refused as well."""

    ALARM = "alarm"
    HOLD = "hold"
    OFF = "off"


_OF_USER = text("user_id IS NOT NULL")


class Directory(OfOrganization, Remembered, Versioned, Base):
    __tablename__ = "directories"
    __table_args__ = (belongs_to_organization(),)

    name: Mapped[str]
    provider: Mapped[str]
    patch_response: Mapped[str] = mapped_column(default=PatchResponse.BODY)
    adoption: Mapped[str] = mapped_column(default=Adoption.LINK, server_default=Adoption.LINK.value)
    # Whether its clients may come in with HTTP Basic, for the providers that can nothing else.
    basic_auth: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Whether it takes over a team made by hand that it pushes under the same name.
    adopt_teams: Mapped[bool] = mapped_column(default=True, server_default=true())

    # The brake (services/brake.py): as many users, or as many percent of the active ones, within as many minutes.
    brake_mode: Mapped[str] = mapped_column(Choice, default=BrakeMode.ALARM, server_default=BrakeMode.ALARM.value)
    brake_users: Mapped[int] = mapped_column(default=50, server_default="50")
    brake_share: Mapped[int] = mapped_column(default=20, server_default="20")
    brake_window: Mapped[int] = mapped_column(default=60, server_default="60")
    # What it is at: the alarm that goes on, whether removals are refused, and what an admin let through.
    brake_alarm_id: Mapped[UUID | None]
    brake_holds: Mapped[bool] = mapped_column(default=False, server_default=false())
    brake_since: Mapped[datetime | None]
    brake_free_until: Mapped[datetime | None]
    brake_free_users: Mapped[int | None]


class ScimToken(OfOrganization, Base):
    """A bearer token, of which only the hash is kept; `prefix` tells a person which one it is.

    It acts for a directory or for a user. With a `client_id` it is the access token that an OAuth client fetched, which
    lives for an hour or so; without one a person has made it.
    """

    __tablename__ = "scim_tokens"
    __table_args__ = (
        belongs_to_organization(),
        reference("directory_id", "directories"),
        reference("user_id", "users"),
        reference("client_id", "oauth_clients"),
        CheckConstraint("(directory_id IS NULL) <> (user_id IS NULL)", name="one_principal"),
        CheckConstraint("client_id IS NULL OR directory_id IS NOT NULL", name="client_of_directory"),
        # The one look-up that cannot begin with the organization: it finds out which one it is.
        Index("uq_scim_tokens_token_hash", "token_hash", unique=True),
        Index(None, "org_id", "directory_id"),
        Index(None, "org_id", "client_id", "expires_at"),
        # Those of a user end with the user.
        Index("ix_scim_tokens_user", "org_id", "user_id", sqlite_where=_OF_USER, postgresql_where=_OF_USER),
    )

    directory_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None]
    name: Mapped[str]
    prefix: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
