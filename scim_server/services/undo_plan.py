"""What has to be undone, read out of the events: nothing here changes anything.

What a directory did is taken apart into aspects: the status of one user, one attribute of one team, one source of one
membership. Of each aspect only the changes count that nobody else has changed after; it goes back to what it was before
the first of these. So whatever a person did after the directory stays, and what the directory did over it afterwards
does not.

What group mappings did in the wake of it is no aspect of a user: their role by a mapping is found anew in the end, of
everybody whom this concerns. Of a membership it is one, so that the row comes back with all that it said.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Alarm, Event, Source, UserStatus
from scim_server.models.base import first_id
from scim_server.services.context import ActorKind, Context
from scim_server.services.kept import Kept
from scim_server.services.undo_events import (
    ATTRIBUTE,
    AUTHOR,
    GONE,
    LIFE,
    MEMBER,
    PART,
    STATUS,
    Aspect,
    Change,
    Told,
    changes_of,
    concerned_by,
    is_by_mapping,
)


@dataclass(slots=True)
class Seat:
    """What becomes of one membership: the sources that are to hold it no more, and again, and the row that it was."""

    drops: int = 0
    holds: int = 0
    row: Kept | None = None

    @property
    def comes_back(self) -> bool:
        return bool(self.holds) or self.row is not None


@dataclass(slots=True)
class Undo:
    """What becomes of one user or team: each aspect with what it is to be, and what the directory made of it; and of
    the members of a team.
    """

    kind: str
    id: UUID
    changes: dict[tuple[str, str], tuple[Any, Any]] = field(default_factory=dict)
    seats: dict[UUID, Seat] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Whether the directory made it: then it goes."""
        return any(self.changes.get((what, ""), (0,))[0] is None for what in (STATUS, LIFE))

    @property
    def is_renamed(self) -> bool:
        """Whether it takes a name that somebody else may have by now."""
        name = "userName" if self.kind == "user" else "displayName"
        return (ATTRIBUTE, name) in self.changes

    @property
    def given_back(self) -> list[str]:
        """What a person had written last, which the directory took over."""
        return sorted(name for (what, name), (before, _) in self.changes.items() if (what, before) == (AUTHOR, "hand"))

    def members(self, *, back: bool) -> dict[UUID, Seat]:
        """Who is to be a member again, or as before, or else whom the directory is to hold no more."""
        return {id: seat for id, seat in self.seats.items() if seat.comes_back == back}


class Left(NamedTuple):
    """Something that the directory changed and that is not undone, and why."""

    kind: str
    id: UUID
    what: str
    why: str


@dataclass(slots=True)
class Plan:
    """What is to be undone, what is left, and whom all of it concerns: users and teams, by their ids."""

    undos: list[Undo]
    left: list[Left]
    concerned: set[UUID]


@dataclass(slots=True)
class Result:
    """What came of one user or team: what is undone, each with what it was and what it is again; what is left, and
    why.
    """

    kind: str
    id: UUID
    name: str | None = None
    undone: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)


def make_plan(ctx: Context, alarm: Alarm) -> Plan:
    """What has to be undone of everything that the directory has done since the window of its alarm began."""
    found = _Findings()
    for event in _events(ctx, alarm.window_start):
        by_directory = event.actor_kind == ActorKind.DIRECTORY and event.actor_id == alarm.directory_id
        is_ours = event.details.get("undo") == str(alarm.id)
        if (by_directory or is_ours) and event.target_kind in ("user", "team"):
            found.concerned.update(concerned_by(event))
        changes = changes_of(event)
        if changes is None:
            if by_directory and event.target_kind in ("user", "team"):
                why = f"{event.action} cannot be undone"
                found.left.append(Left(event.target_kind, event.target_id, event.action, why))
            continue
        for change in changes:
            if by_directory:
                found.by_directory(change)
            elif is_ours:
                found.by_us(change)
            elif is_by_mapping(event):
                found.by_mapping(change)
            else:
                found.by_somebody_else(change, event.actor_name)
    return found.plan()


@dataclass(slots=True)
class _Findings:
    """What the events have told so far: `running` are the aspects that the directory has changed last, each with what
    it was and what it is; `taken_over` those that somebody else has changed after it.
    """

    running: dict[Aspect, tuple[Any, Any]] = field(default_factory=dict)
    taken_over: dict[Aspect, str] = field(default_factory=dict)
    touched: dict[tuple[str, UUID], str] = field(default_factory=dict)
    ended: set[tuple[str, UUID]] = field(default_factory=set)
    concerned: set[UUID] = field(default_factory=set)
    left: list[Left] = field(default_factory=list)

    def by_directory(self, change: Change) -> None:
        aspect, before, after = change
        self.running[aspect] = self.running.get(aspect, (before,))[0], after
        self.taken_over.pop(aspect, None)

    def by_us(self, change: Change) -> None:
        aspect, _, after = change
        self.running.pop(aspect, None)
        if aspect.what in (STATUS, LIFE) and after in (UserStatus.DELETED, GONE):
            # What the directory said of whom it made is nobody's any more.
            self.ended.add((aspect.kind, aspect.id))

    def by_mapping(self, change: Change) -> None:
        """What followed from something that somebody else did; what follows from it in the end is found anew."""
        if change.aspect.what == MEMBER:
            self.running.pop(change.aspect, None)

    def by_somebody_else(self, change: Change, name: str) -> None:
        aspect = change.aspect
        was = self.running.pop(aspect, None)
        if was is not None:
            self.taken_over[aspect] = name
        self.touched[aspect.kind, aspect.id] = name
        if aspect.what not in (MEMBER, PART):
            return
        self.touched["user", UUID(aspect.name)] = self.touched["team", UUID(aspect.name)] = name
        if aspect.what == PART and was is not None and was[0] is None:
            # Somebody has given a part to whom the directory has put there: so they stay.
            for source in Source:
                if self.running.pop(held := aspect._replace(what=MEMBER, source=source.value), None):
                    self.taken_over[held] = name

    def plan(self) -> Plan:
        left = self.left + [_left(aspect, f"changed since by {name}") for aspect, name in self.taken_over.items()]
        living = {each: pair for each, pair in self.running.items() if (each.kind, each.id) not in self.ended}
        undos = _by_target(living)
        kept = {key for key, each in undos.items() if each.is_new and key in self.touched}
        left += [Left(*key, "created", f"changed since by {self.touched[key]}") for key in sorted(kept)]
        for kind, id in kept:
            if kind == "user":
                _stay_in_main_team(undos, id)
        return Plan([each for key, each in undos.items() if key not in kept], left, self.concerned)


def _by_target(running: dict[Aspect, tuple[Any, Any]]) -> dict[tuple[str, UUID], Undo]:
    """What is to be undone, without what came to nothing in the end."""
    undos: dict[tuple[str, UUID], Undo] = {}
    for aspect, (before, after) in running.items():
        if before == after or (aspect.what == PART and before is None):
            continue  # nothing has changed in the end; or a row is new, which goes with the last of its sources
        undo = undos.setdefault((aspect.kind, aspect.id), Undo(aspect.kind, aspect.id))
        if aspect.what not in (MEMBER, PART):
            undo.changes[aspect.what, aspect.name] = before, after
        else:
            _sit(undo.seats.setdefault(UUID(aspect.name), Seat()), aspect, before)
    # Whoever was made and is gone again is as before; what was said of them in between is nobody's.
    dead = [key for key, each in undos.items() if each.is_new and _is_gone(each)]
    for key in dead:
        del undos[key]
    return undos


def _stay_in_main_team(undos: dict[tuple[str, UUID], Undo], user_id: UUID) -> None:
    """Whoever was made by the directory and is kept has joined the main team as all have who are new."""
    for undo in undos.values():
        if seat := undo.seats.get(user_id):
            seat.drops &= ~Source.MAIN


def _sit(seat: Seat, aspect: Aspect, before: Any) -> None:
    if aspect.what == PART:
        seat.row = before
    elif before:
        seat.holds |= aspect.source
    else:
        seat.drops |= aspect.source


def _is_gone(undo: Undo) -> bool:
    ends = (undo.changes.get((STATUS, ""), (0, 0))[1], undo.changes.get((LIFE, ""), (0, 0))[1])
    return UserStatus.DELETED in ends or GONE in ends


def _events(ctx: Context, since: datetime) -> Iterator[Told]:
    """The events since then, in the order in which they happened: the primary key has them in that order."""
    rows = ctx.session.execute(
        select(*(getattr(Event, name) for name in Told._fields))
        .where(Event.org_id == ctx.org.id, Event.id >= first_id(since))
        .order_by(Event.id)
        .execution_options(yield_per=1000)
    )
    for row in rows:
        yield Told(*row)


def _left(aspect: Aspect, why: str) -> Left:
    return Left(aspect.kind, aspect.id, f"{aspect.what} {aspect.name}".strip(), why)
