"""Sign-ins: the record of each attempt to come in, good or bad, and its trace."""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, select, true

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Connection, Organization, SignIn, User, Way
from scim_server.models import Outcome as Outcome
from scim_server.models.base import first_id, new_id
from scim_server.models.expressions import any_of
from scim_server.services.context import ActorKind, Context
from scim_server.services.errors import NotFound
from scim_server.services.listing import Cut, Part
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import KEY_LENGTH
from scim_server.services.refusals import DoorRefusal
from scim_server.services.sign_in_details import kept, one_line, told, whereabouts

# What a person reads to somebody over the telephone: of what looks alike, one is in it, and the others mean that one.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", " ": None, "-": None})
_CODE_LENGTH = 8
# An e-mail address, or a telephone number.
_ADDRESS = re.compile(r"\S@\S|^\s*\+[\d\s().-]{6,30}$")
_NO_ADDRESS = "(not kept: it is no address)"

# Refused attempts through one connection that have a trace of their own: whoever sends rubbish fills no database.
MOST_REFUSED = 60
WITHIN = timedelta(minutes=1)
# And of one organization, over all the time that they are kept.
MOST_REFUSED_IN_ALL = 100_000
_BATCH = 500


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


@dataclass(frozen=True, slots=True)
class Attempted:
    """An attempt as somebody looks at it later: who it was, and the connection, if it is still there."""

    row: SignIn
    user_name: str | None
    connection: str | None
    provider: str | None


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
    gone with all that it wrote. Beyond so many refused ones a minute, one entry counts them all.

    An attempt that is told to several organizations has one `code` in all of them, and an entry of its own:
    services/guesses.py bounds those, and a code that others have too would tell that there is such an account.
    """
    if outcome is Outcome.REFUSED and code is None and _is_crowded(ctx, connection):
        return _count(ctx, trace, connection)
    row = _row(ctx, outcome, trace, connection, code)
    row.user_id, row.session_id = user.id if user else None, session_id
    row.claimed = _claimed(trace)
    row.details = kept({"expected": trace.expected, "came": trace.came, **trace.details})
    ctx.session.add(row)
    ctx.session.flush()
    return row


def new_code() -> str:
    """A short id for an attempt."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))


def list_sign_ins(
    ctx: Context,
    *,
    user: UUID | None = None,
    outcome: Outcome | None = None,
    connection: UUID | None = None,
    since: datetime | None = None,
    limit: int = 50,
    before: UUID | None = None,
) -> list[Attempted]:
    """Attempts, the newest first; `before` is the id of the last one seen. Everybody may see their own.

    Raises NotAllowed.
    """
    if user is None or not _is_self(ctx, user):
        require(ctx, Manage.ACTIVITY_VIEW)
    wanted = (
        SignIn.id < before if before else true(),
        and_(SignIn.user_id.is_not(None), SignIn.user_id == user) if user else true(),
        SignIn.outcome == outcome if outcome else true(),
        and_(SignIn.connection_id.is_not(None), SignIn.connection_id == connection) if connection else true(),
        SignIn.at >= since if since else true(),
    )
    return list(_found(ctx, _attempted(ctx).where(*wanted).order_by(SignIn.id.desc()).limit(limit)))


def read_sign_ins(
    ctx: Context,
    cut: Cut,
    *,
    user: UUID | None = None,
    outcome: Outcome | None = None,
    connection: UUID | None = None,
    since: datetime | None = None,
) -> Part[Attempted]:
    """A part of what `list_sign_ins` lists. Raises NotAllowed."""
    found = list_sign_ins(
        ctx, user=user, outcome=outcome, connection=connection, since=since, limit=cut.limit + 1, before=cut.after
    )
    items = found[: cut.limit]
    return Part(items, items[-1].row.id if len(found) > cut.limit else None)


def find_trace(ctx: Context, code: str) -> Attempted:
    """The attempt whose short id this is, however it was written down, or whose id. Everybody may see their own.

    Raises NotAllowed, NotFound.
    """
    plain = code.upper().translate(_ALIKE)
    which = SignIn.code == plain if _is_code(plain) else SignIn.id == _id(code)
    found = next(_found(ctx, _attempted(ctx).where(which)), None)
    if found is None or found.row.user_id is None or not _is_self(ctx, found.row.user_id):
        require(ctx, Manage.ACTIVITY_VIEW)
    if found is None:
        raise NotFound("sign-in", one_line(code, 20))
    return found


def purge(database: Database, settings: Settings, now: datetime) -> int:
    """Delete what is older than it shall be kept, and the oldest refused attempts of an organization that has too many.

    Several may do so at once: what one is about to delete, the others leave to it.
    """
    oldest = now - timedelta(days=settings.sign_in_log_days)
    with database.reading() as session:
        org_ids = session.scalars(select(Organization.id).order_by(Organization.id)).all()
    return sum(_purge_organization(database, org_id, oldest) for org_id in org_ids)


def _purge_organization(database: Database, org_id: UUID, oldest: datetime) -> int:
    refused = SignIn.org_id == org_id, SignIn.outcome == Outcome.REFUSED
    with database.reading() as session:
        # The newest of those that are too many; ids are in order of creation.
        last = session.scalar(
            select(SignIn.id).where(*refused).order_by(SignIn.id.desc()).offset(MOST_REFUSED_IN_ALL).limit(1)
        )
    deleted = _delete(database, org_id, SignIn.id < first_id(oldest))
    return deleted + (_delete(database, org_id, SignIn.id <= last, refused[1]) if last else 0)


def _delete(database: Database, org_id: UUID, *which: ColumnElement[bool]) -> int:
    some = select(SignIn.id).where(SignIn.org_id == org_id, *which).order_by(SignIn.id).limit(_BATCH)
    deleted = 0
    while True:
        with database.writing() as session:
            gone = session.scalars(some.with_for_update(skip_locked=True)).all()
            session.execute(
                delete(SignIn)
                .where(SignIn.org_id == org_id, any_of(SignIn.id, gone))
                .execution_options(synchronize_session=False)
            )
        deleted += len(gone)
        if len(gone) < _BATCH:
            return deleted
        database.give_way()


def _row(
    ctx: Context, outcome: Outcome, trace: Trace, connection: Connection | None, code: str | None = None
) -> SignIn:
    ip, user_agent = whereabouts(ctx.device)
    return SignIn(
        org_id=ctx.org.id,
        id=new_id(),
        at=ctx.now,
        code=code or _new_code(ctx),
        way=trace.way,
        outcome=outcome,
        reason=trace.reason,
        connection_id=connection.id if connection else None,
        ip=ip,
        user_agent=user_agent,
        request_id=ctx.request_id,
    )


def _claimed(trace: Trace) -> str | None:
    """Who it was to be. Whoever types may type the password in the wrong field, so what is no address is not kept."""
    if not trace.claimed:
        return None
    typed = trace.way in (Way.PASSWORD, Way.CODE)
    return _NO_ADDRESS if typed and not _ADDRESS.search(trace.claimed) else told(trace.claimed, KEY_LENGTH - 1)


def _new_code(ctx: Context) -> str:
    while True:
        code = new_code()
        if ctx.session.scalar(select(SignIn.id).where(SignIn.org_id == ctx.org.id, SignIn.code == code)) is None:
            return code


def _is_code(plain: str) -> bool:
    return len(plain) == _CODE_LENGTH and set(plain) <= set(_LETTERS)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _refused_just_now(ctx: Context, connection: Connection | None) -> tuple[ColumnElement[bool], ...]:
    return (
        SignIn.org_id == ctx.org.id,
        # What was written since has an id of since, so that nothing older is looked at.
        SignIn.id >= first_id(ctx.now - WITHIN),
        SignIn.at > ctx.now - WITHIN,
        SignIn.outcome == Outcome.REFUSED,
        SignIn.connection_id == connection.id if connection else SignIn.connection_id.is_(None),
    )


def _is_crowded(ctx: Context, connection: Connection | None) -> bool:
    some = select(SignIn.id).where(*_refused_just_now(ctx, connection)).limit(MOST_REFUSED).subquery()
    return (ctx.session.scalar(select(func.count()).select_from(some)) or 0) >= MOST_REFUSED


def _count(ctx: Context, trace: Trace, connection: Connection | None) -> SignIn:
    """Add an attempt to the entry that counts those of this minute, which several at once may have made several of."""
    row = ctx.session.scalar(
        select(SignIn)
        .where(*_refused_just_now(ctx, connection), SignIn.reason == DoorRefusal.COLLAPSED)
        .order_by(SignIn.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        row = _row(ctx, Outcome.REFUSED, Trace(trace.way, DoorRefusal.COLLAPSED), connection)
        row.details = {"count": 0, "reasons": {}}
        ctx.session.add(row)
    reasons = dict(row.details["reasons"])
    reason = str(trace.reason)
    reasons[reason] = reasons.get(reason, 0) + 1
    row.details = {"count": row.details["count"] + 1, "reasons": reasons, "until": ctx.now.isoformat()}
    ctx.session.flush()
    return row


def _is_self(ctx: Context, user_id: UUID) -> bool:
    return ctx.actor.kind is ActorKind.USER and ctx.actor.id == user_id


def _attempted(ctx: Context) -> Select[SignIn, str, str, str]:
    return (
        select(SignIn, User.user_name, Connection.name, Connection.provider)
        .outerjoin(User, (User.org_id == SignIn.org_id) & (User.id == SignIn.user_id))
        .outerjoin(Connection, (Connection.org_id == SignIn.org_id) & (Connection.id == SignIn.connection_id))
        .where(SignIn.org_id == ctx.org.id)
    )


def _found(ctx: Context, query: Select[SignIn, str, str, str]) -> Iterator[Attempted]:
    for row, user_name, connection, provider in ctx.session.execute(query):
        yield Attempted(row, user_name, connection, provider)
