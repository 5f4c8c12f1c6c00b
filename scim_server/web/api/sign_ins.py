"""/api/v1/sign-ins: who came in, who was refused, and why; and how often somebody comes."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from scim_server.services import lookup, sign_in_frequency, sign_ins
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.devices import device_name
from scim_server.services.refusals import guidance_on
from scim_server.services.sign_ins import Attempted, Outcome
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import ListQuery, Page, Shape, page
from scim_server.web.api.values import Instant

attempts = Room(
    "Sign-ins",
    "Attempts to sign in, good or bad, for as long as the settings of the installation keep them.",
)

OutcomeName = Literal["signed_in", "refused", "test_passed", "test_failed"]


class SignInShape(Shape):
    id: UUID
    at: datetime
    code: Annotated[str, Field(description="What a person reads who is refused, and tells their admin.")]
    way: Annotated[str, Field(description="`password`, `code`, `passkey`, `saml` or `oidc`.")]
    outcome: OutcomeName
    reason: Annotated[str | None, Field(description="Why they were refused.")]
    user_id: UUID | None
    user_name: str | None
    claimed: Annotated[str | None, Field(description="Who it was to be, where nobody was recognised.")]
    connection_id: UUID | None
    connection: Annotated[str | None, Field(description="The name of the connection, if it is still there.")]
    ip: str | None
    user_agent: str | None
    device: Annotated[str | None, Field(description="What people call it, such as Firefox 128 on Windows.")]


class MendingShape(Shape):
    """What an admin reads of a reason."""

    must_be_so: str
    causes: Annotated[list[str], Field(description="Likely ones; those at this provider come first.")]
    steps: Annotated[list[str], Field(description="How to mend it.")]


class TraceShape(SignInShape):
    session_id: UUID | None
    request_id: str
    expected: Annotated[Any, Field(description="What was expected, where something else came.")]
    came: Any
    details: Annotated[dict[str, Any], Field(description="What else there is to know, without secrets.")]
    mending: Annotated[MendingShape | None, Field(description="Null where nobody was refused.")]


class LastShape(Shape):
    at: datetime
    way: str
    connection: str | None
    ip: str | None
    device: str | None


class SummaryShape(Shape):
    last: Annotated[LastShape | None, Field(description="The last sign-in; null where nobody knows of one.")]
    within_30_days: Annotated[int, Field(description="How many sign-ins.")]
    within_90_days: int
    weeks: Annotated[int, Field(description="In how many of the last thirteen weeks there was one.")]
    regularity: Annotated[
        Literal["weekly", "often", "rarely", "not_lately"],
        Field(description="In ten of thirteen weeks or more; in four; in one; in none."),
    ]
    kept_for_days: Annotated[int, Field(description="What is older than this, nobody knows of.")]


class OwnQuery(ListQuery):
    outcome: OutcomeName | None = None
    connection_id: Annotated[UUID | None, Field(description="Through this connection.")] = None
    since: Annotated[Instant | None, Field(description="Not older.")] = None


class SignInQuery(OwnQuery):
    user_id: Annotated[UUID | None, Field(description="Of this user.")] = None


@attempts.get("/sign-ins", needs=Manage.ACTIVITY_VIEW)
def list_sign_ins(ctx: Context, query: SignInQuery) -> Page[SignInShape]:
    """List attempts to sign in, the newest first."""
    return _listed(ctx, query, query.user_id)


@attempts.get("/sign-ins/<sign_in>", needs=Manage.ACTIVITY_VIEW)
def show_sign_in(ctx: Context, sign_in: str) -> TraceShape:
    """Show an attempt with what was expected, what came, and how to mend it.

    It is found by its id, or by the `code` that the person read, in which O and 0 are the same, as are I, L and 1.
    """
    found = sign_ins.find_trace(ctx, sign_in)
    row = found.row
    details = dict(row.details)
    return TraceShape.model_validate(
        _fields(found)
        | {"session_id": row.session_id, "request_id": row.request_id, "mending": _mending(found)}
        | {"expected": details.pop("expected", None), "came": details.pop("came", None), "details": details}
    )


@attempts.get("/users/<uuid:user_id>/sign-ins", needs=Manage.ACTIVITY_VIEW)
def list_user_sign_ins(ctx: Context, user_id: UUID, query: OwnQuery) -> Page[SignInShape]:
    """List how a user signed in, or tried to, the newest first; also of one who is deleted."""
    return _listed(ctx, query, lookup.find_anybody(ctx, str(user_id)).id)


@attempts.get("/users/<uuid:user_id>/sign-ins/summary", needs=Manage.ACTIVITY_VIEW)
def summarize_user_sign_ins(ctx: Context, user_id: UUID) -> SummaryShape:
    """Say when and how a user signed in last, and how regularly they do."""
    user = lookup.find_anybody(ctx, str(user_id))
    found = sign_in_frequency.last_sign_ins(ctx, [user.id]).get(user.id)
    kept = ctx.settings.sign_in_log_days
    if found is None:
        return SummaryShape(
            last=None, within_30_days=0, within_90_days=0, weeks=0, regularity="not_lately", kept_for_days=kept
        )
    return SummaryShape(
        last=LastShape(
            at=found.last,
            way=found.way,
            connection=found.connection,
            ip=found.ip,
            device=device_name(found.user_agent),
        ),
        within_30_days=found.lately,
        within_90_days=found.within_90_days,
        weeks=found.weeks,
        regularity=found.regularity.value,
        kept_for_days=kept,
    )


def _listed(ctx: Context, query: OwnQuery, user_id: UUID | None) -> Page[SignInShape]:
    found = sign_ins.read_sign_ins(
        ctx,
        query.cut(),
        user=user_id,
        outcome=Outcome(query.outcome) if query.outcome else None,
        connection=query.connection_id,
        since=query.since,
    )
    return page(found, lambda each: SignInShape.model_validate(_fields(each)))


def _fields(found: Attempted) -> dict[str, Any]:
    of_row = SignInShape.model_fields.keys() - {"user_name", "connection", "device"}
    return {name: getattr(found.row, name) for name in of_row} | {
        "user_name": found.user_name,
        "connection": found.connection,
        "device": device_name(found.row.user_agent),
    }


def _mending(found: Attempted) -> MendingShape | None:
    if found.row.reason is None:
        return None
    told = guidance_on(found.row.reason)
    return MendingShape(must_be_so=told.expected, causes=list(told.causes_at(found.provider)), steps=list(told.steps))
