"""Sign-ins: each attempt, good or bad, as its person, their admin and an auditor ask for it later."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization, reference
from scim_server.models.types import Document


class Way(StrEnum):
    """How somebody proves who they are."""

    PASSWORD = "password"  # noqa: S105
    CODE = "code"
    PASSKEY = "passkey"
    SAML = "saml"
    OIDC = "oidc"


class Outcome(StrEnum):
    SIGNED_IN = "signed_in"
    REFUSED = "refused"
    TEST_PASSED = "test_passed"
    TEST_FAILED = "test_failed"


class SignIn(OfOrganization, Base):
    """One attempt, and its trace. `code` is the short id that the person sees where they are refused.

    `reason` is typed (sso/errors.py, services/provisioning_rules.py). `details` has what was expected and what came,
    without secrets. Where nobody was recognised, `claimed` is who it was to be.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        belongs_to_organization(),
        reference("user_id", "users", ondelete="CASCADE"),
        Index("uq_sign_ins_code", "org_id", "code", unique=True),
        Index("ix_sign_ins_user", "org_id", "user_id", "id"),
        Index(None, "at"),
    )

    at: Mapped[datetime]
    code: Mapped[str]
    way: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    user_id: Mapped[UUID | None]
    claimed: Mapped[str | None]
    # No foreign keys: the record of what happened outlives them.
    connection_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(Document)
    request_id: Mapped[str]
