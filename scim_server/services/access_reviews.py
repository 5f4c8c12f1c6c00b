"""Access reviews: everybody who is active, as it is when a review is opened, for somebody to say who stays.

What is decided is in access_review_decisions.py, the signature in access_review_signatures.py, and what happens by
itself in access_review_times.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, false, func, insert, literal, or_, select, true, update

from scim_server.models import (
    AccessReview,
    AccessReviewLine,
    BuiltIn,
    Decision,
    Directory,
    Outcome,
    ReviewState,
    Role,
    SignIn,
    User,
    UserPermission,
    UserStatus,
)
from scim_server.models.base import first_id, new_id
from scim_server.models.expressions import any_of, random_hex
from scim_server.services.constraints import flush
from scim_server.services.context import ActorKind, Context
from scim_server.services.errors import InvalidValue, NotAllowed, NotFound
from scim_server.services.events import Action, record
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import Manage, require, require_everything
from scim_server.services.profiles import one_line
from scim_server.services.sign_in_frequency import LATELY

__all__ = [
    "Decision",
    "ReviewState",
    "cancel_review",
    "check_decision",
    "count_decisions",
    "count_outstanding",
    "each_line",
    "find_open",
    "get_line",
    "get_open_review",
    "get_review",
    "list_lines",
    "list_reviews",
    "of_review",
    "open_review",
    "read_note",
]

# How long a review may take.
LIFETIME = timedelta(days=30)
LONGEST_NOTE = 500
_AT_ONCE = 1000
_COLUMNS = tuple(AccessReviewLine.__table__.columns)
_IS_OPEN = "There is a review that is open: sign it off, or cancel it, first."


def open_review(ctx: Context) -> AccessReview:
    """Open a review of everybody who is active. A few statements, however many they are.

    Raises NotAllowed.
    """
    require(ctx, Manage.USERS)
    if find_open(ctx) is not None:
        raise NotAllowed(_IS_OPEN)
    review = AccessReview(
        org_id=ctx.org.id,
        id=new_id(),
        opened_at=ctx.now,
        opened_by=ctx.actor.name,
        opened_by_id=ctx.actor.id if ctx.actor.kind is ActorKind.USER else None,
        due_at=ctx.now + LIFETIME,
        lines=0,
    )
    ctx.session.add(review)
    flush(ctx.session, {"uq_access_reviews_open": NotAllowed(_IS_OPEN)})
    review.lines = _write_lines(ctx, review)
    if review.lines == 0:
        raise NotAllowed("There is nobody to review: no user is active.")
    _note_permissions(ctx, review)
    ctx.session.flush()
    record(ctx, Action.REVIEW_OPENED, review, {"lines": (None, review.lines)}, due_at=review.due_at.isoformat())
    return review


def cancel_review(ctx: Context, review_id: UUID, *, note: str) -> AccessReview:
    """End a review that nobody is to sign, and say why. What was decided and carried out stays so.

    Raises NotAllowed, NotFound, InvalidValue.
    """
    require(ctx, Manage.USERS)
    require_everything(ctx)
    said = one_line("note", note, most=LONGEST_NOTE)
    review = get_open_review(ctx, review_id, to_end=True)
    review.state, review.ended_at, review.note = ReviewState.CANCELLED, ctx.now, said
    record(ctx, Action.REVIEW_CANCELLED, review, {"state": (ReviewState.OPEN.value, ReviewState.CANCELLED.value)})
    return review


def list_reviews(ctx: Context, cut: Cut | None = None) -> Part[AccessReview]:
    """The reviews of the organization, the latest first."""
    mine: Select[Any] = select(AccessReview).where(AccessReview.org_id == ctx.org.id)
    return read_part(ctx, mine, AccessReview.id, cut or Cut(), newest_first=True)


def find_open(ctx: Context) -> AccessReview | None:
    """The review that waits for a signature, if there is one."""
    return ctx.session.scalar(
        select(AccessReview).where(AccessReview.org_id == ctx.org.id, AccessReview.state == ReviewState.OPEN)
    )


def get_review(ctx: Context, review_id: UUID) -> AccessReview:
    """Raises NotFound."""
    review = ctx.session.scalar(
        select(AccessReview).where(AccessReview.org_id == ctx.org.id, AccessReview.id == review_id)
    )
    if review is None:
        raise NotFound("access review", review_id)
    return review


def get_open_review(ctx: Context, review_id: UUID, *, to_end: bool = False) -> AccessReview:
    """A review that nobody ends until this transaction does; and in which nobody decides, where it is to end.

    Raises NotFound, NotAllowed.
    """
    review = ctx.session.scalar(
        select(AccessReview)
        .where(AccessReview.org_id == ctx.org.id, AccessReview.id == review_id)
        .with_for_update(read=not to_end)
        .execution_options(populate_existing=True)
    )
    if review is None:
        raise NotFound("access review", review_id)
    if review.state != ReviewState.OPEN:
        raise NotAllowed(f"This review is over: it is {review.state.replace('_', ' ')}, and nothing in it changes.")
    return review


def list_lines(
    ctx: Context,
    review_id: UUID,
    *,
    decided: bool | None = None,
    decision: Decision | None = None,
    cut: Cut | None = None,
) -> Part[AccessReviewLine]:
    """The lines of a review, those who were users first first."""
    line = AccessReviewLine
    wanted: Select[Any] = select(line).where(
        *of_review(ctx, review_id),
        true() if decided is None else line.decision.is_not(None) if decided else line.decision.is_(None),
        line.decision == decision if decision else true(),
    )
    return read_part(ctx, wanted, line.user_id, cut or Cut())


def each_line(ctx: Context, review_id: UUID, columns: Sequence[Any] = _COLUMNS) -> Iterator[Any]:
    """These columns of every line of a review, in the same order, of which only some are in memory at once."""
    yield from ctx.session.execute(
        select(*columns)
        .where(*of_review(ctx, review_id))
        .order_by(AccessReviewLine.user_id)
        .execution_options(yield_per=_AT_ONCE)
    )


def get_line(ctx: Context, review_id: UUID, user_id: UUID) -> AccessReviewLine:
    """Raises NotFound."""
    line = ctx.session.scalar(
        select(AccessReviewLine)
        .where(*of_review(ctx, review_id), AccessReviewLine.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if line is None:
        raise NotFound("user in this review", user_id)
    return line


def count_decisions(ctx: Context, review_id: UUID) -> Mapping[Decision | None, int]:
    """How many lines have which decision, and under None how many have none yet."""
    line = AccessReviewLine
    rows = ctx.session.execute(
        select(line.decision, func.count()).where(*of_review(ctx, review_id)).group_by(line.decision)
    )
    found = {Decision(decision) if decision else None: count for decision, count in rows}
    return {each: found.get(each, 0) for each in (None, *Decision)}


def count_outstanding(ctx: Context, review_id: UUID) -> int:
    """How many are to be removed in their directory who are active still."""
    line = AccessReviewLine
    still_there = (User.org_id == line.org_id) & (User.id == line.user_id) & (User.status == UserStatus.ACTIVE)
    return (
        ctx.session.scalar(
            select(func.count())
            .select_from(line)
            .join(User, still_there)
            .where(*of_review(ctx, review_id), line.decision == Decision.REMOVE, line.carried_out.is_(False))
        )
        or 0
    )


def of_review(ctx: Context, review_id: UUID) -> tuple[Any, Any]:
    return AccessReviewLine.org_id == ctx.org.id, AccessReviewLine.review_id == review_id


def read_note(note: str | None) -> str | None:
    """Raises InvalidValue."""
    return one_line("note", note, most=LONGEST_NOTE) if note else None


def check_decision(decision: Decision, *, has_role: bool) -> None:
    """Raises InvalidValue."""
    if has_role != (decision is Decision.CHANGE_ROLE):
        raise InvalidValue("role", "must be given with the decision change_role, and with no other")


def _write_lines(ctx: Context, review: AccessReview) -> int:
    """All lines at once, by the database itself."""
    directory = and_(Directory.org_id == User.org_id, Directory.id == User.directory_id)
    signed_in = (
        SignIn.org_id == ctx.org.id,
        SignIn.user_id == User.id,
        SignIn.outcome == Outcome.SIGNED_IN,
    )
    # Looked up for each user by an index: the record of sign-ins may be far longer than what is asked for.
    last = select(SignIn.at).where(*signed_in).order_by(SignIn.id.desc()).limit(1).correlate(User).scalar_subquery()
    since = first_id(ctx.now - LATELY)
    lately = select(func.count()).where(*signed_in, SignIn.id >= since).correlate(User).scalar_subquery()
    values = {
        "org_id": User.org_id,
        "review_id": literal(review.id, AccessReviewLine.review_id.type),
        "user_id": User.id,
        "user_name": User.user_name,
        "display_name": User.display_name,
        "role": Role.name,
        "is_admin": or_(User.is_owner, func.coalesce(Role.built_in, "") == BuiltIn.ADMIN),
        "is_owner": User.is_owner,
        "origin": User.origin,
        "directory": Directory.name,
        "permissions": literal({}, AccessReviewLine.permissions.type),
        "joined_at": User.created_at,
        "last_sign_in_at": last,
        "sign_ins_lately": lately,
        "carried_out": false(),
        "salt": random_hex(),
    }
    active = (
        select(*values.values())
        .select_from(User)
        .join(Role, and_(Role.org_id == User.org_id, Role.id == User.role_id))
        .outerjoin(Directory, directory)
        .where(User.org_id == ctx.org.id, User.status == UserStatus.ACTIVE)
    )
    ctx.session.execute(insert(AccessReviewLine).from_select(list(values), active, include_defaults=False))
    count = select(func.count()).select_from(AccessReviewLine).where(*of_review(ctx, review.id))
    return ctx.session.scalar(count) or 0


def _note_permissions(ctx: Context, review: AccessReview) -> None:
    """Say of each line what is granted to the user, or revoked, beside their role; few users have any of it."""
    after: UUID | None = None
    granted = UserPermission.org_id == ctx.org.id
    while True:
        some = select(UserPermission.user_id).where(granted, UserPermission.user_id > after if after else true())
        ids = ctx.session.scalars(some.distinct().order_by(UserPermission.user_id).limit(_AT_ONCE)).all()
        if not ids:
            return
        found: dict[UUID, dict[str, list[str]]] = {}
        rows = ctx.session.execute(
            select(UserPermission.user_id, UserPermission.permission, UserPermission.granted)
            .where(granted, any_of(UserPermission.user_id, ids))
            .order_by(UserPermission.user_id, UserPermission.permission)
        )
        for user_id, permission, is_granted in rows:
            kept = found.setdefault(user_id, {"granted": [], "revoked": []})["granted" if is_granted else "revoked"]
            if permission not in kept:
                kept.append(permission)
        ctx.session.connection().execute(
            update(AccessReviewLine)
            .where(*of_review(ctx, review.id), AccessReviewLine.user_id == bindparam("of"))
            .values(permissions=bindparam("found")),
            [{"of": user_id, "found": permissions} for user_id, permissions in found.items()],
        )
        after = ids[-1]
