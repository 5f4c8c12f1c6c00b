"""`scim-server review`: who has access, what is decided of each, and the signature under it."""

import sys
from typing import Any
from uuid import UUID

import click

from scim_server.cli.base import Failure, operator, show
from scim_server.models import AccessReview, AccessReviewLine, Decision
from scim_server.services import (
    access_review_decisions,
    access_review_files,
    access_review_signatures,
    access_review_times,
    access_reviews,
    lookup,
    roles,
)
from scim_server.services.context import Context
from scim_server.services.listing import Cut

_DECISIONS = click.Choice([decision.value for decision in Decision])


@click.group()
def review() -> None:
    """Who has access: lists of active users that an admin signs."""


@review.command("list")
@click.argument("slug")
def review_list(slug: str) -> None:
    """Print the access reviews of an organization.

    Those of the organization SLUG, the latest first, one JSON object a line; and when the next one is opened.
    """
    with operator(slug) as ctx:
        for each in access_reviews.list_reviews(ctx, Cut(200)).items:
            show(_shown(each))
        at = access_review_times.next_review(ctx)
    click.echo(f"The next one is due on {at:%Y-%m-%d}." if at else "None is opened by itself.", err=True)


@review.command("open")
@click.argument("slug")
def review_open(slug: str) -> None:
    """Open an access review now.

    It is of all who are active in the organization SLUG.
    """
    with operator(slug) as ctx:
        show(_shown(access_reviews.open_review(ctx)))


@review.command("show")
@click.argument("slug")
@click.argument("review", type=click.UUID)
def review_show(slug: str, review: UUID) -> None:
    """Print a REVIEW of the organization SLUG, and how far it is."""
    with operator(slug) as ctx:
        _tell(ctx, review)


@review.command("lines")
@click.argument("slug")
@click.argument("review", type=click.UUID)
@click.option("--undecided", is_flag=True, help="Only those of whom nothing is decided.")
@click.option("--decision", type=_DECISIONS, help="Only those of whom that is decided.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True, help="The most to print.")
def review_lines(slug: str, review: UUID, undecided: bool, decision: str | None, limit: int) -> None:
    """Print who is on a review.

    On the REVIEW of the organization SLUG, one JSON object a line: the role, what is granted beside it, when they were
    here last, how often within thirty days before the review, and what is decided.
    """
    with operator(slug) as ctx:
        access_reviews.get_review(ctx, review)
        part = access_reviews.list_lines(
            ctx,
            review,
            decided=False if undecided else None,
            decision=Decision(decision) if decision else None,
            cut=Cut(limit),
        )
        for line in part.items:
            show(_line(line))


@review.command("decide")
@click.argument("slug")
@click.argument("review", type=click.UUID)
@click.argument("user")
@click.argument("decision", type=_DECISIONS)
@click.option("--role", help="The role they get, with change_role.")
@click.option("--note", help="Why, in a line.")
def review_decide(slug: str, review: UUID, user: str, decision: str, role: str | None, note: str | None) -> None:
    """Decide of one user.

    What the DECISION of the USER (name, e-mail address or id) on the REVIEW of the organization SLUG says is done at
    once: `remove` deactivates them. Whoever a directory provisions is removed there, and is outstanding until then.
    """
    with operator(slug) as ctx:
        line = access_review_decisions.decide(
            ctx,
            review,
            lookup.find_anybody(ctx, user).id,
            Decision(decision),
            role=roles.find_role(ctx, role) if role else None,
            note=note,
        )
        show(_line(line))
    if not line.carried_out:
        click.echo(f"{line.user_name} is provisioned by {line.directory}: remove them there.", err=True)


@review.command("keep-rest")
@click.argument("slug")
@click.argument("review", type=click.UUID)
@click.option("--note", help="Why, in a line.")
def review_keep_rest(slug: str, review: UUID, note: str | None) -> None:
    """Keep everybody of whom nothing is decided.

    On the REVIEW of the organization SLUG.
    """
    with operator(slug) as ctx:
        kept = access_review_decisions.keep_the_rest(ctx, review, note=note)
        _tell(ctx, review)
    click.echo(f"{kept} users are kept.", err=True)


@review.command("sign-off")
@click.argument("slug")
@click.argument("review", type=click.UUID)
@click.option("--by", metavar="USER", required=True, help="The admin on whose word: name, e-mail address or id.")
@click.option("--note", help="What there is to say, in a line.")
def review_sign_off(slug: str, review: UUID, by: str, note: str | None) -> None:
    """Sign a review, on the word of an admin who has looked at it.

    Of every user on the REVIEW of the organization SLUG something must be decided. Nothing in it changes afterwards.
    """
    with operator(slug) as ctx:
        access_review_signatures.sign_off(ctx, review, by=lookup.find_living(ctx, by), note=note)
        _tell(ctx, review)


@review.command("cancel")
@click.argument("slug")
@click.argument("review", type=click.UUID)
@click.option("--note", required=True, help="Why, in a line.")
def review_cancel(slug: str, review: UUID, note: str) -> None:
    """End a REVIEW of the organization SLUG that nobody is to sign. What was done stays done."""
    with operator(slug) as ctx:
        access_reviews.cancel_review(ctx, review, note=note)
        _tell(ctx, review)


@review.command("verify")
@click.argument("slug")
@click.argument("review", type=click.UUID)
def review_verify(slug: str, review: UUID) -> None:
    """See whether a review is as it was signed.

    It is the REVIEW of the organization SLUG.
    """
    with operator(slug) as ctx:
        untouched = access_review_signatures.is_untouched(ctx, review)
    if not untouched:
        raise Failure("Somebody has changed this review in the database since it was signed.")
    click.echo("It says what it said when it was signed.", err=True)


@review.command("export")
@click.argument("slug")
@click.argument("review", type=click.UUID)
def review_export(slug: str, review: UUID) -> None:
    """Print a REVIEW of the organization SLUG as CSV."""
    with operator(slug) as ctx:
        for line in access_review_files.csv_lines(ctx, review):
            sys.stdout.write(line)


def _tell(ctx: Context, review_id: UUID) -> None:
    found = access_reviews.get_review(ctx, review_id)
    counts = {
        decision or "undecided": count for decision, count in access_reviews.count_decisions(ctx, found.id).items()
    }
    show(_shown(found) | {"decisions": counts, "outstanding": access_reviews.count_outstanding(ctx, found.id)})


def _shown(row: AccessReview) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "state": row.state,
        "users": row.lines,
        "opened_at": row.opened_at,
        "opened_by": row.opened_by,
        "due_at": row.due_at,
        "ended_at": row.ended_at,
        "signed_off_by": row.signed_off_by,
        "signed_off_through": row.signed_off_through,
        "note": row.note,
        "digest": row.digest,
    }


def _line(line: AccessReviewLine) -> dict[str, Any]:
    return {
        "user_id": str(line.user_id),
        "user_name": line.user_name,
        "display_name": line.display_name,
        "role": line.role,
        "is_admin": line.is_admin,
        "is_owner": line.is_owner,
        "permissions": line.permissions,
        "origin": line.origin,
        "directory": line.directory,
        "joined_at": line.joined_at,
        "last_sign_in_at": line.last_sign_in_at,
        "sign_ins_lately": line.sign_ins_lately,
        "decision": line.decision,
        "new_role": line.new_role,
        "carried_out": line.carried_out if line.decision else None,
        "note": line.note,
        "decided_by": line.decided_by,
        "decided_at": line.decided_at,
    }
