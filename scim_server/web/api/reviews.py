"""/api/v1/access-reviews: who has access, what is decided of each, and the signature of an admin."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from flask import Response, stream_with_context
from pydantic import Field

from scim_server.services import (
    access_review_decisions,
    access_review_files,
    access_review_signatures,
    access_reviews,
    roles,
    users,
)
from scim_server.services.access_reviews import Decision, ReviewState
from scim_server.services.built_in import Manage
from scim_server.services.context import ADMIN, Context
from scim_server.web.api.callers import Work
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, Text, page

reviews = Room(
    "Access reviews",
    "Lists of everybody who is active, with their roles and when they were here last. Somebody decides of each whether "
    "they stay, and an admin signs; nothing changes afterwards. The setting `access_review_every` says how often.",
)

CSV = "text/csv"

Note = Annotated[Text, Field(min_length=1, max_length=500, description="In one line.")]


class ReviewShape(Shape):
    id: UUID
    state: ReviewState
    lines: Annotated[int, Field(description="How many users are on it.")]
    opened_at: datetime
    opened_by: str
    due_at: datetime
    ended_at: datetime | None
    signed_off_by: Annotated[str | None, Field(description="The admin who has signed.")]
    signed_off_through: Annotated[str | None, Field(description="Who did it on that admin's word, if somebody did.")]
    note: str | None
    digest: str | None


class ReviewDetailsShape(ReviewShape):
    undecided: int
    kept: int
    removed: int
    changed: int
    outstanding: Annotated[int, Field(description="Whom their directory has still to remove.")]


class PermissionsShape(Shape):
    granted: list[str] = Field(default_factory=list)
    revoked: list[str] = Field(default_factory=list)


class LineShape(Shape):
    user_id: UUID
    user_name: str
    display_name: str
    role: str
    is_admin: bool
    is_owner: bool
    permissions: Annotated[PermissionsShape, Field(description="What they have, or have not, whatever their role has.")]
    origin: str
    directory: Annotated[str | None, Field(description="The directory that provisions them.")]
    joined_at: datetime
    last_sign_in_at: datetime | None
    sign_ins_lately: Annotated[int, Field(description="Within the thirty days before the review.")]
    decision: Decision | None
    new_role: str | None
    carried_out: Annotated[
        bool, Field(description="False if nothing is decided, or their directory has still to do it.")
    ]
    note: str | None
    decided_by: str | None
    decided_at: datetime | None


class Verification(Shape):
    untouched: Annotated[bool, Field(description="Whether it says what it said when it was signed.")]


class LinesQuery(ListQuery):
    decided: Annotated[bool | None, Field(description="Only those of whom something is decided, or nothing.")] = None
    decision: Annotated[Decision | None, Field(description="Only those of whom that is decided.")] = None


class Decided(Input):
    decision: Decision
    role_id: Annotated[UUID | None, Field(description="The role that they get, with change_role.")] = None
    note: Note | None = None


class Remark(Input):
    note: Note | None = None


class Reason(Input):
    note: Note


class Signature(Input):
    by: Annotated[UUID, Field(description="The admin who has looked at the review, and on whose word it is signed.")]
    note: Note | None = None


@reviews.get("/access-reviews", needs=Manage.ACTIVITY_VIEW)
def list_access_reviews(ctx: Context, query: ListQuery) -> Page[ReviewShape]:
    """List the access reviews, the latest first."""
    return page(access_reviews.list_reviews(ctx, query.cut()), ReviewShape.model_validate)


@reviews.post("/access-reviews", needs=Manage.USERS, status=201)
def open_access_review(ctx: Context) -> ReviewDetailsShape:
    """Open an access review now, of everybody who is active.

    One is open at a time.
    """
    return _shown(ctx, access_reviews.open_review(ctx).id)


@reviews.get("/access-reviews/<uuid:review_id>", needs=Manage.ACTIVITY_VIEW)
def show_access_review(ctx: Context, review_id: UUID) -> ReviewDetailsShape:
    """Show an access review, and how far it is."""
    return _shown(ctx, review_id)


@reviews.get("/access-reviews/<uuid:review_id>/lines", needs=Manage.ACTIVITY_VIEW)
def list_access_review_lines(ctx: Context, review_id: UUID, query: LinesQuery) -> Page[LineShape]:
    """List who is on an access review, as they were when it was opened, and what is decided of each."""
    access_reviews.get_review(ctx, review_id)
    part = access_reviews.list_lines(ctx, review_id, decided=query.decided, decision=query.decision, cut=query.cut())
    return page(part, LineShape.model_validate)


@reviews.put("/access-reviews/<uuid:review_id>/lines/<uuid:user_id>", needs=Manage.USERS)
def decide_in_access_review(ctx: Context, review_id: UUID, user_id: UUID, body: Decided) -> LineShape:
    """Decide of one user.

    It is done at once: `remove` deactivates them, and `change_role`, which needs the scope `roles.manage` too, gives
    them another role. Whoever a directory provisions has to be removed there; until then they are outstanding.
    """
    role = roles.find_role(ctx, str(body.role_id)) if body.role_id else None
    line = access_review_decisions.decide(ctx, review_id, user_id, body.decision, role=role, note=body.note)
    return LineShape.model_validate(line)


@reviews.post("/access-reviews/<uuid:review_id>/keep-rest", needs=Manage.USERS)
def keep_rest_in_access_review(ctx: Context, review_id: UUID, body: Remark) -> ReviewDetailsShape:
    """Keep everybody of whom nothing is decided yet."""
    access_review_decisions.keep_the_rest(ctx, review_id, note=body.note)
    return _shown(ctx, review_id)


@reviews.post("/access-reviews/<uuid:review_id>/sign-off", needs=ADMIN)
def sign_off_access_review(ctx: Context, review_id: UUID, body: Signature) -> ReviewDetailsShape:
    """Sign an access review, on the word of an admin who has looked at it.

    Something must be decided of every user on it. Nothing in it changes afterwards.
    """
    access_review_signatures.sign_off(ctx, review_id, by=users.get_user(ctx, body.by), note=body.note)
    return _shown(ctx, review_id)


@reviews.post("/access-reviews/<uuid:review_id>/cancel", needs=ADMIN)
def cancel_access_review(ctx: Context, review_id: UUID, body: Reason) -> ReviewDetailsShape:
    """End an access review that nobody is to sign.

    What was decided and done stays so.
    """
    access_reviews.cancel_review(ctx, review_id, note=body.note)
    return _shown(ctx, review_id)


@reviews.get("/access-reviews/<uuid:review_id>/verification", needs=Manage.ACTIVITY_VIEW)
def verify_access_review(ctx: Context, review_id: UUID) -> Verification:
    """See whether an access review that was signed says what it said then."""
    return Verification(untouched=access_review_signatures.is_untouched(ctx, review_id))


@reviews.get("/access-reviews/<uuid:review_id>/export", needs=Manage.ACTIVITY_VIEW, produces=(CSV,))
def export_access_review(work: Work, review_id: UUID) -> Response:
    """Take an access review out as a CSV file."""
    with work.reading() as ctx:
        access_reviews.get_review(ctx, review_id)

    def lines() -> Iterator[str]:
        with work.reading() as ctx:
            yield from access_review_files.csv_lines(ctx, review_id)

    response = Response(stream_with_context(lines()), mimetype=CSV)
    response.headers["Content-Disposition"] = f'attachment; filename="access-review-{review_id}.csv"'
    return response


def _shown(ctx: Context, review_id: UUID) -> ReviewDetailsShape:
    row: Any = access_reviews.get_review(ctx, review_id)
    counts = access_reviews.count_decisions(ctx, review_id)
    return ReviewDetailsShape(
        **ReviewShape.model_validate(row).model_dump(),
        undecided=counts[None],
        kept=counts[Decision.KEEP],
        removed=counts[Decision.REMOVE],
        changed=counts[Decision.CHANGE_ROLE],
        outstanding=access_reviews.count_outstanding(ctx, review_id),
    )
