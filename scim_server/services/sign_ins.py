"""Sign-ins: the record of each attempt to come in, good or bad, and its trace."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from scim_server.models import Connection, Outcome, SignIn, User, Way
from scim_server.models.base import new_id
from scim_server.services.context import Context
from scim_server.services.profiles import KEY_LENGTH

# What a person reads to somebody over the telephone: nothing that looks like something else.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Trace:
    """What an admin wants to know of an attempt: typed `reason`, what was `expected` and what `came`, redacted.

    `claimed` is who it was to be, as far as anybody said; `details` is what else there is to tell, without secrets.
    """

    way: Way
    reason: str | None = None
    expected: str | None = None
    came: str | None = None
    claimed: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def record_sign_in(
    ctx: Context,
    outcome: Outcome,
    trace: Trace,
    *,
    user: User | None = None,
    connection: Connection | None = None,
    session_id: UUID | None = None,
    code: str | None = None,
) -> SignIn:
    """Write down an attempt. One that was refused is written in a transaction of its own: that which was refused is
    gone with all that it wrote. An attempt that is told to several organizations has one `code` in all of them.
    """
    told = {"expected": trace.expected, "came": trace.came, **trace.details}
    row = SignIn(
        org_id=ctx.org.id,
        id=new_id(),
        at=ctx.now,
        code=code or new_code(),
        way=trace.way,
        outcome=outcome,
        reason=trace.reason,
        user_id=user.id if user else None,
        claimed=trace.claimed[:KEY_LENGTH] if trace.claimed else None,
        connection_id=connection.id if connection else None,
        session_id=session_id,
        ip=ctx.device.ip,
        user_agent=ctx.device.user_agent,
        details={name: value for name, value in told.items() if value is not None},
        request_id=ctx.request_id,
    )
    ctx.session.add(row)
    ctx.session.flush()
    return row


def new_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
