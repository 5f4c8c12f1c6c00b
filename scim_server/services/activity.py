"""The activity log: who did what to whom, when and from where, what it was before, and what it is after.

It is read out of the events, which nobody changes. A list shows of many members or of a long text only the beginning;
an entry by itself has all of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, literal, or_, select, tuple_, type_coerce, union
from sqlalchemy.types import Text

from scim_server.models import Event
from scim_server.services.activity_names import names_of
from scim_server.services.activity_words import actor_words, sentence, short
from scim_server.services.context import ActorKind, Context
from scim_server.services.devices import device_name
from scim_server.services.errors import InvalidValue, NotFound
from scim_server.services.events import Action
from scim_server.services.listing import Cut, Part
from scim_server.services.permissions import Manage, require
from scim_server.services.redaction import REDACTED, is_secret

# What a list may be narrowed to: each action, and all of a kind.
ACTIONS = tuple(sorted({*Action, *(f"{action.partition('.')[0]}." for action in Action)}))
# As they are read at once by who walks through all of them.
_CHUNK = 500
# What a list shows of a list of members, or of a text.
_MOST, _LONGEST = 20, 1000
# What an undo keeps for itself (services/undo_events.py).
_FOR_UNDO = frozenset({"memberships", "subteams", "grant", "row"})
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries somebody looks for; None leaves it open.

    `user` is what they did, and what was done to them. An action that ends in a dot is all that begin so: "user.".
    `text` stands in the name of whoever acted, or in what was changed, in any case.
    """

    user: UUID | None = None
    actor: UUID | None = None
    actor_kind: ActorKind | None = None
    target: UUID | None = None
    target_kind: str | None = None
    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    request_id: str | None = None
    text: str | None = None


class Named(NamedTuple):
    """Whoever acted, or what it was about. There is no id of the operator and of the system."""

    kind: str
    id: UUID | None
    name: str


class Change(NamedTuple):
    """An id of something that the organization has stands as an object: {"id": …, "name": …}."""

    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `ip`, `user_agent` and `device` are where whoever acted was; nobody knows that of the operator."""

    id: UUID
    at: datetime
    action: str
    sentence: str
    actor: Named
    target: Named
    changes: Mapping[str, Change]
    details: Mapping[str, Any]
    ip: str | None
    user_agent: str | None
    device: str | None
    request_id: str | None
    external_id: str | None


def list_activity(ctx: Context, wanted: Wanted, cut: Cut) -> Part[Entry]:
    """A part of the log, the newest first.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.ACTIVITY_VIEW)
    return _part(ctx, wanted, cut)


def walk(ctx: Context, wanted: Wanted) -> Iterator[Entry]:
    """All of it, the newest first, read as it is asked for.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.ACTIVITY_VIEW)
    after: UUID | None = None
    while True:
        part = _part(ctx, wanted, Cut(_CHUNK, after))
        yield from part.items
        if part.next is None:
            return
        after = part.next


def get_entry(ctx: Context, entry_id: UUID) -> Entry:
    """One entry, with all that was changed.

    Raises NotAllowed, NotFound.
    """
    require(ctx, Manage.ACTIVITY_VIEW)
    event = ctx.session.scalar(select(Event).where(Event.org_id == ctx.org.id, Event.id == entry_id))
    if event is None:
        raise NotFound("entry of the activity log", entry_id)
    return next(_entries(ctx, [event], _Shown(most=None, longest=None)))


def _part(ctx: Context, wanted: Wanted, cut: Cut) -> Part[Entry]:
    query = select(Event).where(Event.org_id == ctx.org.id)
    conditions = [*_conditions(wanted), *_behind(ctx, cut.after)]
    sides, actions = _sides(wanted), _actions(wanted.actions)
    if sides or len(actions) == 1:
        conditions += [Event.action.in_(actions)] if actions else []
    else:
        sides = [Event.action == action for action in actions]
    if sides:
        query = query.where(Event.id.in_(_newest(ctx, sides, conditions, cut.limit + 1)))
    else:
        query = query.where(*conditions)
    found = ctx.session.scalars(query.order_by(Event.at.desc(), Event.id.desc()).limit(cut.limit + 1)).all()
    events = found[: cut.limit]
    last = events[-1].id if len(found) > cut.limit else None
    return Part(list(_entries(ctx, events, _Shown(_MOST, _LONGEST))), last)


def _sides(wanted: Wanted) -> list[ColumnElement[bool]]:
    """What somebody did, and what was done to them."""
    if wanted.user is None:
        return []
    return [Event.target_id == wanted.user, and_(Event.actor_id.is_not(None), Event.actor_id == wanted.user)]


def _newest(
    ctx: Context, sides: Sequence[ColumnElement[bool]], conditions: Sequence[ColumnElement[bool]], limit: int
) -> Select[UUID]:
    """The ids of the newest on each side, each of which an index has in order: no side is long because of another."""
    halves = [
        select(Event.id)
        .where(Event.org_id == ctx.org.id, side, *conditions)
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(limit)
        .subquery()
        for side in sides
    ]
    either = union(*(select(half.c.id) for half in halves)).subquery()
    return select(either.c.id)


def _behind(ctx: Context, after: UUID | None) -> Iterator[ColumnElement[bool]]:
    """Raises InvalidValue."""
    if after is None:
        return
    at = ctx.session.scalar(select(Event.at).where(Event.org_id == ctx.org.id, Event.id == after))
    if at is None:
        raise InvalidValue("cursor", "is not one that we gave: take the `next` of the part before")
    yield tuple_(Event.at, Event.id) < tuple_(literal(at, Event.at.type), literal(after, Event.id.type))


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.actor is not None:
        yield and_(Event.actor_id.is_not(None), Event.actor_id == wanted.actor)
    if wanted.actor_kind is not None:
        yield Event.actor_kind == wanted.actor_kind
    if wanted.target is not None:
        yield Event.target_id == wanted.target
    if wanted.target_kind is not None:
        yield Event.target_kind == wanted.target_kind
    if wanted.since is not None:
        yield Event.at >= wanted.since
    if wanted.until is not None:
        yield Event.at < wanted.until
    if wanted.request_id is not None:
        yield Event.request_id == wanted.request_id
    if wanted.text is not None:
        places = (Event.actor_name, type_coerce(Event.changes, Text), type_coerce(Event.details, Text))
        yield or_(*(place.icontains(wanted.text, autoescape=True) for place in places))


def _actions(wanted: Iterable[str]) -> list[Action]:
    """Raises InvalidValue where there is no such action."""
    found: dict[Action, None] = {}
    for each in wanted:
        known = [action for action in Action if action == each or (each.endswith(".") and action.startswith(each))]
        if not known:
            raise InvalidValue("action", f"cannot be {short(each)!r}: take one such as user.deactivated, or user.")
        found |= dict.fromkeys(known)
    return [*found]


@dataclass(frozen=True, slots=True)
class _Shown:
    """How much of a list and of a text is shown; None is all of it."""

    most: int | None
    longest: int | None

    def ids(self, value: Any) -> Iterator[UUID]:
        """The ids that are mentioned in what is shown of a value."""
        if isinstance(value, str) and _ID.fullmatch(value):
            yield UUID(value)
        elif isinstance(value, dict):
            for each in value.values():
                yield from self.ids(each)
        elif isinstance(value, list):
            for each in value[: self.most]:
                yield from self.ids(each)

    def value(self, value: Any, names: Mapping[UUID, str]) -> Any:
        if isinstance(value, str):
            return self._text(value, names)
        if isinstance(value, dict):
            return {name: self.member(name, each, names) for name, each in value.items()}
        if isinstance(value, list):
            shown = [self.value(each, names) for each in value[: self.most]]
            more = len(value) - len(shown)
            return [*shown, f"… and {more} more"] if more else shown
        return value

    def member(self, name: str, value: Any, names: Mapping[UUID, str]) -> Any:
        is_content = isinstance(value, str | dict | list) and bool(value)
        return REDACTED if is_content and is_secret(name) else self.value(value, names)

    def _text(self, text: str, names: Mapping[UUID, str]) -> Any:
        if _ID.fullmatch(text) and (name := names.get(UUID(text))):
            return {"id": text, "name": name}
        return f"{text[: self.longest]}…" if self.longest and len(text) > self.longest else text


def _entries(ctx: Context, events: Sequence[Event], shown: _Shown) -> Iterator[Entry]:
    told = [(event, _details(event)) for event in events]
    mentioned = {id for event, details in told for id in (*shown.ids(event.changes), *shown.ids(details))}
    names = names_of(ctx, events, mentioned)
    by_text = {str(id): name for id, name in names.items()}
    for event, details in told:
        actor = Named(event.actor_kind, event.actor_id, _actor_name(event, names))
        target = Named(event.target_kind, event.target_id, names.get(event.target_id, str(event.target_id)))
        yield Entry(
            id=event.id,
            at=event.at,
            action=event.action,
            sentence=sentence(event, actor_words(event, short(actor.name)), short(target.name), by_text),
            actor=actor,
            target=target,
            changes={
                name: Change(shown.member(name, before, names), shown.member(name, after, names))
                for name, (before, after) in event.changes.items()
            },
            details={name: shown.member(name, value, names) for name, value in details.items()},
            ip=event.ip,
            user_agent=event.user_agent,
            device=device_name(event.user_agent),
            request_id=event.request_id or None,
            external_id=event.external_id,
        )


def _actor_name(event: Event, names: Mapping[UUID, str]) -> str:
    """As whoever acted is called now; and who is purged, as the event has it."""
    if event.actor_id is None:
        return event.actor_name
    return names.get(event.actor_id, event.actor_name)


def _details(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event.details.items() if name not in _FOR_UNDO}
