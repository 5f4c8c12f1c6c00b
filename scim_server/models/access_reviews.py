"""Access reviews: a list of everybody who is active, of whom somebody says who keeps their access, and an admin signs.

A line has what was so when the review was opened; it refers to no user, since it outlives them.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization, reference
from scim_server.models.types import Document


class ReviewState(StrEnum):
    OPEN = "open"
    SIGNED_OFF = "signed_off"
    CANCELLED = "cancelled"


class Decision(StrEnum):
    """REMOVE takes the access away, and CHANGE_ROLE gives another role, both at once where hands can."""

    KEEP = "keep"
    REMOVE = "remove"
    CHANGE_ROLE = "change_role"


_OPEN = text("state = 'open'")
_UNDECIDED = text("decision IS NULL")


class AccessReview(OfOrganization, Base):
    """One review of an organization, of which one at a time is open. `opened_by` and `signed_off_by` are names, as is
    `signed_off_through` where it was not the admin in person; `digest` is what the signature is under.
    """

    __tablename__ = "access_reviews"
    __table_args__ = (
        belongs_to_organization(),
        Index("uq_access_reviews_open", "org_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    state: Mapped[str] = mapped_column(default=ReviewState.OPEN)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    opened_by_id: Mapped[UUID | None]
    due_at: Mapped[datetime]
    lines: Mapped[int]
    reminded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    note: Mapped[str | None]
    signed_off_by: Mapped[str | None]
    signed_off_by_id: Mapped[UUID | None]
    signed_off_through: Mapped[str | None]
    digest: Mapped[str | None]


class AccessReviewLine(Base):
    """One user of a review.

    `salt` is in what the digest is made of, so that the digest of somebody who was purged, `erased_digest`, tells
    nothing of them: the salt goes with everything else. `carried_out` is false where what was decided is still to be
    done in the user's directory.
    """

    __tablename__ = "access_review_lines"
    __table_args__ = (
        reference("review_id", "access_reviews", ondelete="CASCADE"),
        Index(
            "ix_access_review_lines_undecided",
            "org_id",
            "review_id",
            "user_id",
            sqlite_where=_UNDECIDED,
            postgresql_where=_UNDECIDED,
        ),
        # What is said of somebody who is purged, and what they have said of others.
        Index(None, "org_id", "user_id"),
        Index(None, "org_id", "decided_by_id"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    review_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)

    user_name: Mapped[str]
    display_name: Mapped[str]
    role: Mapped[str]
    is_admin: Mapped[bool]
    is_owner: Mapped[bool]
    origin: Mapped[str]
    directory: Mapped[str | None]
    permissions: Mapped[dict[str, Any]] = mapped_column(Document, default=dict, server_default="{}")
    joined_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]
    sign_ins_lately: Mapped[int]

    decision: Mapped[str | None]
    new_role: Mapped[str | None]
    note: Mapped[str | None]
    carried_out: Mapped[bool] = mapped_column(default=False, server_default=false())
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decided_by_id: Mapped[UUID | None]

    salt: Mapped[str]
    erased_digest: Mapped[str | None]

    @property
    def id(self) -> UUID:
        """What it is known by within its review."""
        return self.user_id
