"""The product's own entries in the activity log: what a user did there, so that one log tells the whole story."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from scim_server.models import Event, User
from scim_server.services.context import Context
from scim_server.services.errors import EntryTaken, InvalidValue, NotFound
from scim_server.services.events import Action, event_of
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import one_line
from scim_server.services.redaction import is_secret

_KIND = re.compile(r"(?=.{1,64}$)[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_LONGEST_SENTENCE, _LONGEST_EXTERNAL_ID = 300, 200
# Bytes of JSON; objects and lists within each other.
_MOST, _DEPTH = 4096, 4
_OLDEST = timedelta(days=3653)
# Clocks of others may be ahead of ours.
_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Added:
    """`is_new` is False where the entry was there already, as the product sent it once more."""

    event: Event
    is_new: bool


def add_entry(
    ctx: Context,
    user_id: UUID,
    *,
    kind: str,
    sentence: str,
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    external_id: str | None = None,
) -> Added:
    """Write down what a user did in the product, or what happened to them there, now or `at` some time before.

    By its `external_id` the product may send an entry again: it is there once.

    Raises NotAllowed, NotFound, InvalidValue, and EntryTaken where another entry has that external id.
    """
    require(ctx, Manage.ACTIVITY_ADD)
    content = _content(kind, sentence, details or {})
    happened = _instant(ctx, at)
    name = one_line("external_id", external_id, most=_LONGEST_EXTERNAL_ID) if external_id is not None else None
    user = _hold(ctx, user_id)
    if name is not None and (there := _find(ctx, name)) is not None:
        return _once_more(there, user, content)
    try:
        with ctx.session.begin_nested():
            event = Event(
                **event_of(ctx, Action.PRODUCT_ENTRY, user, **content) | {"at": happened, "external_id": name}
            )
            ctx.session.add(event)
            ctx.session.flush()
    except IntegrityError:  # somebody else, at the same time
        there = _find(ctx, name) if name is not None else None
        if there is None:
            raise
        return _once_more(there, user, content)
    return Added(event, is_new=True)


def _content(kind: str, sentence: str, details: Mapping[str, Any]) -> dict[str, Any]:
    if not _KIND.fullmatch(kind):
        raise InvalidValue("kind", "must be up to 64 of a-z, 0-9, _ and inner dots, such as ticket.closed")
    if secret := next((name for name in _names(details, _DEPTH) if is_secret(name)), None):
        raise InvalidValue("details", f"must hold no passwords and tokens, as {secret[:100]!r} seems to be")
    try:
        written = orjson.dumps(details)
    except (orjson.JSONEncodeError, RecursionError):
        raise InvalidValue("details", "must be an object of JSON") from None
    if len(written) > _MOST:
        raise InvalidValue("details", f"are longer than {_MOST} bytes")
    text = one_line("sentence", sentence, most=_LONGEST_SENTENCE)
    return {"kind": kind, "sentence": text} | ({"data": orjson.loads(written)} if details else {})


def _names(value: Any, depth: int) -> list[str]:
    """The names of all members. Raises InvalidValue where they are nested too deep."""
    if not isinstance(value, Mapping | list):
        return []
    if depth == 0:
        raise InvalidValue("details", f"must not be nested deeper than {_DEPTH} times")
    if isinstance(value, list):
        return [name for each in value for name in _names(each, depth - 1)]
    return [*map(str, value), *(name for each in value.values() for name in _names(each, depth - 1))]


def _instant(ctx: Context, at: datetime | None) -> datetime:
    if at is None:
        return ctx.now
    if at.tzinfo is None:
        raise InvalidValue("at", "must say its time zone, such as 2026-05-01T12:00:00Z")
    if not ctx.now - _OLDEST < at < ctx.now + _AHEAD:
        raise InvalidValue("at", "must be within the last ten years, and not in the future")
    return at


def _hold(ctx: Context, user_id: UUID) -> User:
    """A user, deleted or not. Nobody purges them until this transaction ends, so that no entry outlives that."""
    user = ctx.session.scalar(
        select(User).where(User.org_id == ctx.org.id, User.id == user_id).with_for_update(read=True, key_share=True)
    )
    if user is None:
        raise NotFound("user", user_id)
    return user


def _find(ctx: Context, external_id: str) -> Event | None:
    return ctx.session.scalar(select(Event).where(Event.org_id == ctx.org.id, Event.external_id == external_id))


def _once_more(event: Event, user: User, content: dict[str, Any]) -> Added:
    if event.target_id != user.id or {name: event.details.get(name) for name in (*content, "data")} != {
        "data": None,
        **content,
    }:
        raise EntryTaken(str(event.external_id))
    return Added(event, is_new=False)
