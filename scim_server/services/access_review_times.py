"""What time brings: the next access review is opened when it is due, and the admins hear of it, and are reminded."""

import calendar
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import AccessReview, Organization, ReviewState, User, UserStatus
from scim_server.services import access_reviews, admin_mail
from scim_server.services.context import SYSTEM, Context
from scim_server.services.events import Action, record
from scim_server.services.mail import MailText
from scim_server.services.ownership import hold
from scim_server.services.permissions import Manage, require
from scim_server.services.settings import organization_settings

log = structlog.get_logger(__name__)

# The first reminder is so long before a review is due, and then there is one as often.
REMIND = timedelta(days=7)


def look_everywhere(database: Database, settings: Settings, now: datetime) -> int:
    """Open what is due and remind of what waits, in every organization, and return in how many there was something.

    Several may do so at once: the second finds that it is done. One organization keeps no other one from it.
    """
    with database.reading() as session:
        org_ids = list(_due(session, settings, now))
    done = 0
    for org_id in org_ids:
        try:
            with database.writing() as session:
                org = session.scalars(select(Organization).where(Organization.id == org_id)).one()
                done += look(Context(session, settings, org, SYSTEM, now, request_id=""))
        except Exception:
            log.warning("access review not looked at, to be tried again", org=str(org_id), exc_info=True)
    return done


def look(ctx: Context) -> bool:
    """Open the next review of an organization, or remind its admins of the one that is open, if it is time to.

    Raises NotAllowed.
    """
    require(ctx, Manage.USERS)
    hold(ctx)  # of two processes that look at once, the second one sees what the first one did
    review = access_reviews.find_open(ctx)
    if review is None:
        return _open_if_due(ctx)
    if not _is_to_be_reminded(review, ctx.now):
        return False
    review.reminded_at = ctx.now
    undecided = access_reviews.count_decisions(ctx, review.id)[None]
    record(ctx, Action.REVIEW_REMINDED, review, undecided=undecided)
    _tell(ctx, review, undecided)
    return True


def next_review(ctx: Context) -> datetime | None:
    """When the next review is opened by itself, if ever; while one is open, the next one waits for that."""
    last = ctx.session.scalar(select(func.max(AccessReview.opened_at)).where(AccessReview.org_id == ctx.org.id))
    return _next(ctx, last)


def _next(ctx: Context, last: datetime | None) -> datetime | None:
    months = organization_settings(ctx).access_review_every
    return add_months(last or ctx.org.created_at, months) if months else None


def add_months(start: datetime, months: int) -> datetime:
    """The same day so many months later, or the last one of a month that has no such day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, calendar.monthrange(year, month + 1)[1]))


def _due(session: Session, settings: Settings, now: datetime) -> Iterator[UUID]:
    """The organizations where there may be something to do; `look` asks again, when nobody else can do it."""
    of = AccessReview.org_id == Organization.id
    last = select(func.max(AccessReview.opened_at)).where(of).correlate(Organization).scalar_subquery()
    rows = session.execute(
        select(Organization, AccessReview, last)
        .outerjoin(AccessReview, of & (AccessReview.state == ReviewState.OPEN))
        .order_by(Organization.id)
    )
    for org, review, opened_at in rows:
        at = _next(Context(session, settings, org, SYSTEM, now, request_id=""), opened_at)
        if _is_to_be_reminded(review, now) if review else at is not None and at <= now:
            yield org.id


def _open_if_due(ctx: Context) -> bool:
    at = next_review(ctx)
    active = select(User.id).where(User.org_id == ctx.org.id, User.status == UserStatus.ACTIVE)
    if at is None or at > ctx.now or ctx.session.scalar(active.limit(1)) is None:
        return False
    review = access_reviews.open_review(ctx)
    _tell(ctx, review, review.lines)
    return True


def _is_to_be_reminded(review: AccessReview, now: datetime) -> bool:
    first = review.due_at - REMIND
    return now >= first and (review.reminded_at is None or now >= review.reminded_at + REMIND)


def _tell(ctx: Context, review: AccessReview, undecided: int) -> None:
    admin_mail.tell_admins(
        ctx,
        MailText.ACCESS_REVIEW,
        review=str(review.id),
        users=review.lines,
        undecided=undecided,
        due=f"{review.due_at:%Y-%m-%d}",
        is_new=review.opened_at == ctx.now,
        is_late=review.due_at <= ctx.now,
    )
