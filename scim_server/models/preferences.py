"""Personal settings: how a person wants the product to be for them. Nobody else writes them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, reference
from scim_server.models.types import Document


class DatePattern(StrEnum):
    """How dates are written, in the letters of Unicode TR 35."""

    ISO = "yyyy-MM-dd"
    DAY_FIRST = "dd/MM/yyyy"
    DAY_FIRST_DOTS = "dd.MM.yyyy"
    MONTH_FIRST = "MM/dd/yyyy"


class HourCycle(StrEnum):
    """How hours are counted."""

    TWELVE = "12h"
    TWENTY_FOUR = "24h"


class Theme(StrEnum):
    """What the product looks like; `system` is what the person's device does."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Channel(StrEnum):
    """The ways that a notification takes."""

    EMAIL = "email"
    PUSH = "push"
    IN_APP = "in_app"


class Notice(StrEnum):
    """What a person may be notified of."""

    ASSIGNED = "assigned"
    MENTIONED = "mentioned"
    REPLIED = "replied"
    TEAM_ACTIVITY = "team_activity"
    DIGEST = "digest"


class UserPreferences(Base):
    """`chosen` is what a person has chosen (services/preferences.py). Whoever has chosen nothing has no row."""

    __tablename__ = "user_preferences"
    __table_args__ = (reference("user_id", "users", ondelete="CASCADE"),)

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    chosen: Mapped[dict[str, Any]] = mapped_column(Document)
    updated_at: Mapped[datetime]
