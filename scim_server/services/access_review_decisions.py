"""What is decided of each user in an access review: it is done at once, by whoever decides, with what they may.

Nobody here deactivates a user of a directory: that is noted, to be done there, and shows as outstanding until it is.
"""

from uuid import UUID

from sqlalchemy import exists, update

from scim_server.models import AccessReviewLine, Decision, User, UserStatus
from scim_server.services import lifecycle, roles, users
from scim_server.services.access_reviews import (
    check_decision,
    get_line,
    get_open_review,
    of_review,
    read_note,
)
from scim_server.services.context import ActorKind, Context
from scim_server.services.declared import DeclaredRole
from scim_server.services.errors import NotAllowed, NotFound
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require


def decide(
    ctx: Context,
    review_id: UUID,
    user_id: UUID,
    decision: Decision,
    *,
    role: DeclaredRole | None = None,
    note: str | None = None,
) -> AccessReviewLine:
    """Decide of one user, whose role becomes `role` where that is the decision.

    Raises NotAllowed, NotFound, InvalidValue, OwnerProtected, LastAdminProtected.
    """
    require(ctx, Manage.USERS)
    check_decision(decision, has_role=role is not None)
    said = read_note(note)
    review = get_open_review(ctx, review_id)
    user = _living(ctx, user_id)
    line = get_line(ctx, review.id, user_id)
    _check_can_be_decided(line, decision)
    before = line.decision
    line.carried_out = _carry_out(ctx, user, decision, role)
    line.decision, line.new_role, line.note = decision, role.name if role else None, said
    _sign(ctx, line)
    changes = {"decision": (before, decision.value)}
    record(ctx, Action.REVIEW_DECIDED, review, changes, user=str(user_id), carried_out=line.carried_out)
    ctx.session.flush()
    return line


def keep_the_rest(ctx: Context, review_id: UUID, *, note: str | None = None) -> int:
    """Keep everybody of whom nothing is decided yet, and return how many they are.

    Raises NotAllowed, NotFound, InvalidValue.
    """
    require(ctx, Manage.USERS)
    said = read_note(note)
    review = get_open_review(ctx, review_id)
    kept = ctx.session.execute(
        update(AccessReviewLine)
        .where(*of_review(ctx, review.id), AccessReviewLine.decision.is_(None))
        .values(
            decision=Decision.KEEP,
            carried_out=True,
            note=said,
            decided_at=ctx.now,
            decided_by=ctx.actor.name,
            decided_by_id=_person(ctx),
        )
        .execution_options(synchronize_session=False)
    )
    count: int = kept.rowcount  # type: ignore[attr-defined]
    if count:
        record(ctx, Action.REVIEW_DECIDED, review, {"decision": (None, Decision.KEEP.value)}, lines=count)
    return count


def note_what_directories_did(ctx: Context, review_id: UUID) -> None:
    """Have the lines of those who were to be removed in their directory say so, where that has happened."""
    still_there = exists().where(
        User.org_id == AccessReviewLine.org_id, User.id == AccessReviewLine.user_id, User.status == UserStatus.ACTIVE
    )
    ctx.session.execute(
        update(AccessReviewLine)
        .where(
            *of_review(ctx, review_id),
            AccessReviewLine.decision == Decision.REMOVE,
            AccessReviewLine.carried_out.is_(False),
            ~still_there,
        )
        .values(carried_out=True)
        .execution_options(synchronize_session=False)
    )


def _carry_out(ctx: Context, user: User | None, decision: Decision, role: DeclaredRole | None) -> bool:
    """Do what is decided, and say whether it is done."""
    if decision is Decision.KEEP:
        return True
    if role is not None:
        if user is None:
            raise NotAllowed("They are deleted: there is no role to change.")
        roles.give_role(ctx, user, role)
        return True
    if user is None or user.status == UserStatus.DEACTIVATED:
        return True
    if user.directory_id is not None and ctx.actor.is_hand:
        return False
    lifecycle.deactivate_user(ctx, user)
    return True


def _check_can_be_decided(line: AccessReviewLine, decision: Decision) -> None:
    """What was done cannot be decided away: whoever was deactivated is reactivated where users are."""
    if not line.carried_out or line.decision in (None, Decision.KEEP):
        return
    if line.decision == Decision.REMOVE or decision is Decision.KEEP:
        raise NotAllowed(f"What was decided of {line.user_name} is done already: {line.decision.replace('_', ' ')}.")


def _living(ctx: Context, user_id: UUID) -> User | None:
    """The user, whom nobody else changes until this transaction ends, unless they are deleted or gone by now."""
    try:
        return users.get_user_to_change(ctx, user_id)
    except NotFound:
        return None


def _sign(ctx: Context, line: AccessReviewLine) -> None:
    line.decided_at, line.decided_by, line.decided_by_id = ctx.now, ctx.actor.name, _person(ctx)


def _person(ctx: Context) -> UUID | None:
    return ctx.actor.id if ctx.actor.kind is ActorKind.USER else None
