"""When and how often people sign in: who is still there, and who has not come for long."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select

from scim_server.models import Connection, Outcome, SignIn
from scim_server.models.expressions import any_of
from scim_server.services.context import Context

LATELY, LONGER = timedelta(days=30), timedelta(days=90)
# A quarter of a year.
WEEKS = 13
_WEEK = timedelta(days=7)


class Regularity(StrEnum):
    """In how many of the last thirteen weeks somebody has signed in: in ten or more, in four, in one, or in none."""

    WEEKLY = "weekly"
    OFTEN = "often"
    RARELY = "rarely"
    NOT_LATELY = "not_lately"


@dataclass(frozen=True, slots=True)
class Frequency:
    """When and how somebody signed in last; how often within the last thirty days and the last ninety; and in how many
    of the last thirteen weeks.
    """

    last: datetime
    lately: int
    within_90_days: int
    weeks: int
    way: str
    connection: str | None
    ip: str | None
    user_agent: str | None

    @property
    def regularity(self) -> Regularity:
        if self.weeks >= 10:
            return Regularity.WEEKLY
        if self.weeks >= 4:
            return Regularity.OFTEN
        return Regularity.RARELY if self.weeks else Regularity.NOT_LATELY


def last_sign_ins(ctx: Context, user_ids: Collection[UUID]) -> dict[UUID, Frequency]:
    """When each of these users has signed in last, and how often lately, if ever; one query, however many they are.

    Nothing is known of what is older than sign-ins are kept.
    """
    came = SignIn.org_id == ctx.org.id, any_of(SignIn.user_id, user_ids), SignIn.outcome == Outcome.SIGNED_IN
    weeks = [func.max(_within(ctx.now - (week + 1) * _WEEK, ctx.now - week * _WEEK)) for week in range(WEEKS)]
    often = (
        select(
            SignIn.user_id,
            func.max(SignIn.at).label("last"),
            func.sum(_within(ctx.now - LATELY)).label("lately"),
            func.sum(_within(ctx.now - LONGER)).label("longer"),
            sum(weeks[1:], start=weeks[0]).label("weeks"),
        )
        .where(*came)
        .group_by(SignIn.user_id)
        .subquery()
    )
    rows = ctx.session.execute(
        select(SignIn, Connection.name, often.c.last, often.c.lately, often.c.longer, often.c.weeks)
        .join(often, (often.c.user_id == SignIn.user_id) & (often.c.last == SignIn.at))
        .outerjoin(Connection, (Connection.org_id == SignIn.org_id) & (Connection.id == SignIn.connection_id))
        .where(*came)
        .order_by(SignIn.id)
    )
    return {
        row.user_id: Frequency(last, int(lately), int(longer), int(weeks), row.way, connection, row.ip, row.user_agent)
        for row, connection, last, lately, longer, weeks in rows
        if row.user_id is not None
    }


def _within(since: datetime, until: datetime | None = None) -> ColumnElement[int]:
    """1 of a sign-in within these bounds, 0 of any other."""
    within = SignIn.at > since
    return case((within & (SignIn.at <= until) if until else within, 1), else_=0)
