"""The signature under an access review, and what shows that nobody has changed a line of it since.

Each line has a digest with a salt of its own in it, and that of the review is made of them. So when somebody is purged,
what is left of their line is its digest, which tells nothing of them without the salt, and the signature still holds.
"""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Text, select, type_coerce, update

from scim_server.models import AccessReview, AccessReviewLine, ReviewState, User, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services import ownership
from scim_server.services.access_review_decisions import note_what_directories_did
from scim_server.services.access_reviews import (
    count_decisions,
    count_outstanding,
    each_line,
    get_open_review,
    get_review,
    read_note,
)
from scim_server.services.context import ActorKind, Context
from scim_server.services.errors import InvalidValue, NotAllowed
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require, require_everything
from scim_server.services.traces import PSEUDONYM

# What a line says, but for the names of whoever decided, which go when they are purged: their ids stay.
_LINE = AccessReviewLine
_SAID: tuple[Any, ...] = (
    _LINE.user_id,
    _LINE.user_name,
    _LINE.display_name,
    _LINE.role,
    _LINE.is_admin,
    _LINE.is_owner,
    _LINE.origin,
    _LINE.directory,
    type_coerce(_LINE.permissions, Text).label("permissions_as_text"),
    _LINE.joined_at,
    _LINE.last_sign_in_at,
    _LINE.sign_ins_lately,
    _LINE.decision,
    _LINE.new_role,
    _LINE.note,
    _LINE.carried_out,
    _LINE.decided_at,
    _LINE.decided_by_id,
    _LINE.salt,
)


def sign_off(ctx: Context, review_id: UUID, *, by: User | None = None, note: str | None = None) -> AccessReview:
    """Sign a review of which every line is decided: from then on nothing in it changes.

    An admin signs in person. `by` is the admin on whose word a program or the operator does.

    Raises NotAllowed, NotFound, InvalidValue.
    """
    require(ctx, Manage.USERS)
    require_everything(ctx)
    said = read_note(note)
    signer = _signer(ctx, by)
    review = get_open_review(ctx, review_id, to_end=True)
    if undecided := count_decisions(ctx, review.id)[None]:
        raise NotAllowed(f"{undecided} of {review.lines} users are not decided yet.")
    note_what_directories_did(ctx, review.id)
    outstanding = count_outstanding(ctx, review.id)
    review.state, review.ended_at, review.note = ReviewState.SIGNED_OFF, ctx.now, said
    review.signed_off_by, review.signed_off_by_id = signer.user_name, signer.id
    review.signed_off_through = ctx.actor.name if by is not None else None
    review.digest = _digest(ctx, review)
    changes = {"state": (ReviewState.OPEN.value, ReviewState.SIGNED_OFF.value), "digest": (None, review.digest)}
    record(ctx, Action.REVIEW_SIGNED_OFF, review, changes, by=str(signer.id), outstanding=outstanding)
    return review


def is_untouched(ctx: Context, review_id: UUID) -> bool:
    """Whether a review that was signed says what it said then.

    Raises NotFound, NotAllowed.
    """
    review = get_review(ctx, review_id)
    if review.digest is None:
        raise NotAllowed("This review is not signed off, so there is nothing to compare it with.")
    return hmac.compare_digest(review.digest, _digest(ctx, review))


def erase(ctx: Context, gone: Collection[UUID]) -> None:
    """Take users who are purged out of every review: who they were, and their names where they decided or signed."""
    theirs = AccessReviewLine.org_id == ctx.org.id, any_of(AccessReviewLine.user_id, gone)
    signed = (AccessReview.org_id == AccessReviewLine.org_id) & (AccessReview.id == AccessReviewLine.review_id)
    rows = ctx.session.execute(
        select(AccessReviewLine, AccessReview.state, *_SAID).join(AccessReview, signed).where(*theirs)
    )
    for line, state, *said in rows.all():
        if state == ReviewState.SIGNED_OFF and line.erased_digest is None:
            line.erased_digest = _digest_of_line(said).hex()
        line.user_name = line.display_name = PSEUDONYM
        line.permissions, line.note, line.salt = {}, None, ""
        line.last_sign_in_at, line.sign_ins_lately = None, 0
    ctx.session.flush()
    for column, name in (
        (AccessReviewLine.decided_by_id, AccessReviewLine.decided_by),
        (AccessReview.opened_by_id, AccessReview.opened_by),
        (AccessReview.signed_off_by_id, AccessReview.signed_off_by),
    ):
        ctx.session.execute(
            update(column.class_)
            .where(column.class_.org_id == ctx.org.id, any_of(column, gone))
            .values({name: PSEUDONYM})
            .execution_options(synchronize_session=False)
        )


def _signer(ctx: Context, by: User | None) -> User:
    if ctx.actor.kind is ActorKind.USER:
        if by is not None and by.id != ctx.actor.id:
            raise InvalidValue("by", "must be left out: you sign for yourself alone")
        mine = select(User).where(User.org_id == ctx.org.id, User.id == ctx.actor.id)
        return ctx.session.scalars(mine).one()
    if by is None:
        raise InvalidValue("by", "must be given: the admin who has looked at the review, and signs it")
    if by.status != UserStatus.ACTIVE or not ownership.is_admin(ctx, by):
        raise NotAllowed(f"{by.user_name} cannot sign: only an active admin can.")
    return by


def _digest(ctx: Context, review: AccessReview) -> str:
    assert review.ended_at is not None
    head = [
        review.org_id,
        review.id,
        review.opened_at,
        review.ended_at,
        review.signed_off_by_id,
        review.lines,
        review.note,
    ]
    found = hashlib.sha256(_as_json(head))
    for erased, *said in each_line(ctx, review.id, (AccessReviewLine.erased_digest, *_SAID)):
        found.update(bytes.fromhex(erased) if erased else _digest_of_line(said))
    return found.hexdigest()


def _digest_of_line(said: Sequence[Any]) -> bytes:
    return hashlib.sha256(_as_json(said)).digest()


def _as_json(values: Sequence[Any]) -> bytes:
    """The same bytes for the same values, on either database: ids as text, and instants in UTC."""
    return orjson.dumps(values)
