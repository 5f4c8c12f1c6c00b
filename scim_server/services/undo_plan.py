"""What has to be undone, read out of the events: nothing here changes anything.

What a directory did is taken apart into aspects: the status of one user, one attribute of one team, one membership. Of
each aspect only the changes count that nobody else has changed after; it goes back to what it was before the first of
these. So whatever a person did after the directory stays, and what the directory did over it afterwards does not.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Alarm, Event, UserStatus
from scim_server.services.context import ActorKind, Context
from scim_server.services.events import Action
from scim_server.services.kept import Kept

STATUS, ROLE, OWNER, LIFE, ATTRIBUTE, AUTHOR, MEMBER = (
    "status",
    "role",
    "directory",
    "life",
    "attribute",
    "author",
    "member",
)

# What the aspect `life` of a team is, once there is one.
LIVING, GONE = "living", "deleted"
# What the aspect MEMBER is: the rows that say so, of which there may be several, or None where there is none. This is
# where it is known that there are some, but not what is in them.
PRESENT: list[Kept] = []


class Aspect(NamedTuple):
    """One thing that can change: of which user or team, what, and which attribute or member of theirs."""

    kind: str
    id: UUID
    what: str
    name: str = ""


class Change(NamedTuple):
    aspect: Aspect
    before: Any
    after: Any


@dataclass(slots=True)
class Undo:
    """What becomes of one user or team: each aspect with what it is to be, and what the directory made of it."""

    kind: str
    id: UUID
    changes: dict[tuple[str, str], tuple[Any, Any]] = field(default_factory=dict)

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

    def members(self, *, back: bool) -> dict[UUID, list[Kept] | None]:
        """Who is to be a member again, with the rows that said so, or else who is to be none any more."""
        found = {UUID(name): pair[0] for (what, name), pair in self.changes.items() if what == MEMBER}
        return {id: rows for id, rows in found.items() if (rows is not None) == back}


class Left(NamedTuple):
    """Something that the directory changed and that is not undone, and why."""

    kind: str
    id: UUID
    what: str
    why: str


@dataclass(slots=True)
class Plan:
    undos: list[Undo]
    left: list[Left]


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
    running: dict[Aspect, tuple[Any, Any]] = {}
    taken_over: dict[Aspect, str] = {}
    touched: dict[tuple[str, UUID], str] = {}
    ended: set[tuple[str, UUID]] = set()
    left: list[Left] = []
    for event in _events(ctx, alarm.window_start):
        by_directory = event.actor_kind == ActorKind.DIRECTORY and event.actor_id == alarm.directory_id
        is_ours = event.details.get("undo") == str(alarm.id)
        changes = _changes(event)
        if changes is None:
            if by_directory and event.target_kind in ("user", "team"):
                why = f"{event.action} cannot be undone"
                left.append(Left(event.target_kind, event.target_id, event.action, why))
            continue
        for aspect, before, after in changes:
            if by_directory:
                running[aspect] = running.get(aspect, (before,))[0], after
                taken_over.pop(aspect, None)
                continue
            was_running = running.pop(aspect, None) is not None
            if is_ours:
                if aspect.what in (STATUS, LIFE) and after in (UserStatus.DELETED, GONE):
                    ended.add((aspect.kind, aspect.id))  # what the directory said of whom it made is nobody's any more
                continue
            touched[aspect.kind, aspect.id] = event.actor_name
            if aspect.what == MEMBER:
                touched["user", UUID(aspect.name)] = touched["team", UUID(aspect.name)] = event.actor_name
            if was_running:
                taken_over[aspect] = event.actor_name
    left += [_left(aspect, f"changed since by {name}") for aspect, name in taken_over.items()]
    undos = _by_target({aspect: pair for aspect, pair in running.items() if (aspect.kind, aspect.id) not in ended})
    kept = {key for key, each in undos.items() if each.is_new and key in touched}
    left += [Left(*key, "created", f"changed since by {touched[key]}") for key in sorted(kept)]
    return Plan([each for key, each in undos.items() if key not in kept], left)


def _by_target(running: dict[Aspect, tuple[Any, Any]]) -> dict[tuple[str, UUID], Undo]:
    """What is to be undone, without what came to nothing in the end."""
    undos: dict[tuple[str, UUID], Undo] = {}
    for aspect, (before, after) in running.items():
        if before == after:
            continue
        undo = undos.setdefault((aspect.kind, aspect.id), Undo(aspect.kind, aspect.id))
        undo.changes[aspect.what, aspect.name] = before, after
    # Whoever was made and is gone again is as before; what was said of them in between is nobody's.
    dead = [key for key, each in undos.items() if each.is_new and _is_gone(each)]
    for key in dead:
        del undos[key]
    return undos


def _is_gone(undo: Undo) -> bool:
    ends = (undo.changes.get((STATUS, ""), (0, 0))[1], undo.changes.get((LIFE, ""), (0, 0))[1])
    return UserStatus.DELETED in ends or GONE in ends


def _events(ctx: Context, since: datetime) -> Iterator[Event]:
    """The events since then, in the order in which they happened: the primary key has them in that order."""
    rows = ctx.session.scalars(
        select(Event)
        .where(Event.org_id == ctx.org.id, Event.id >= first_id(since))
        .order_by(Event.id)
        .execution_options(yield_per=1000)
    )
    for event in rows:
        ctx.session.expunge(event)
        yield event


def first_id(at: datetime) -> UUID:
    """The least UUIDv7 of an instant (RFC 9562 §5.7)."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62)


def _changes(event: Event) -> Sequence[Change] | None:
    """What an event says that was changed, or None where it says nothing that we could undo."""
    return _of_team(event) if event.target_kind == "team" else _of_user(event)


def _of_user(event: Event) -> Sequence[Change] | None:
    kind, id, pairs = event.target_kind, event.target_id, event.changes
    match event.action:
        case (
            Action.USER_CREATED
            | Action.USER_ACTIVATED
            | Action.USER_DEACTIVATED
            | Action.USER_DELETED
            | Action.USER_RESTORED
        ):
            return [Change(Aspect(kind, id, STATUS), *_status(pairs)), *_memberships_gone(event)]
        case Action.USER_ROLE_CHANGED:
            return [Change(Aspect(kind, id, ROLE), *pairs["role"])]
        case Action.USER_ADOPTED | Action.USER_RELEASED:
            return [Change(Aspect(kind, id, OWNER), *pairs["directory"])]
        case Action.USER_UPDATED:
            found = _attributes(event)
            # What a person had written last, and the directory then: services/authorship.py.
            for detail, pair in (("taken_over", ("hand", "directory")), ("given_back", ("directory", "hand"))):
                found += [Change(Aspect(kind, id, AUTHOR, name), *pair) for name in event.details.get(detail, ())]
            return found
        case Action.USER_AVAILABILITY_CHANGED:
            return []  # it follows from an attribute
    return None


def _of_team(event: Event) -> Sequence[Change] | None:
    kind, id = event.target_kind, event.target_id
    match event.action:
        case Action.TEAM_CREATED:
            return [Change(Aspect(kind, id, LIFE), None, LIVING)]
        case Action.TEAM_DELETED:
            return [Change(Aspect(kind, id, LIFE), LIVING, GONE)]
        case Action.TEAM_RESTORED:
            return [Change(Aspect(kind, id, LIFE), GONE, LIVING)]
        case Action.TEAM_UPDATED:
            return _attributes(event)
        case Action.TEAM_MEMBERS_ADDED | Action.TEAM_MEMBERS_REMOVED:
            rows = _kept_rows(event)
            gone, new = event.changes["members"]
            return [
                *(Change(Aspect(kind, id, MEMBER, member), rows.get(member, PRESENT), None) for member in gone),
                *(Change(Aspect(kind, id, MEMBER, member), None, rows.get(member, PRESENT)) for member in new),
            ]
    return None


def _attributes(event: Event) -> list[Change]:
    target = event.target_kind, event.target_id
    return [Change(Aspect(*target, ATTRIBUTE, name), *pair) for name, pair in event.changes.items()]


def _status(pairs: dict[str, Any]) -> tuple[Any, Any]:
    if "status" in pairs:
        before, after = pairs["status"]
        return before, after
    # As events said it in former versions.
    named = {True: UserStatus.ACTIVE.value, False: UserStatus.DEACTIVATED.value, None: None}
    before, after = pairs["active"]
    return named[before], named[after]


def _memberships_gone(event: Event) -> list[Change]:
    """The teams that a user left by being deleted, or came back to."""
    user = str(event.target_id)
    if event.action == Action.USER_DELETED:
        rows = _grouped(event.details.get("memberships", []), "team_id")
        return [Change(Aspect("team", UUID(team), MEMBER, user), kept, None) for team, kept in rows.items()]
    back = event.changes.get("teams", ([], []))[1] if event.action == Action.USER_RESTORED else []
    return [Change(Aspect("team", UUID(team), MEMBER, user), None, PRESENT) for team in back]


def _kept_rows(event: Event) -> dict[str, list[Kept]]:
    users = _grouped(event.details.get("memberships", []), "user_id")
    return users | _grouped(event.details.get("subteams", []), "member_id")


def _grouped(rows: Iterable[Kept], name: str) -> dict[str, list[Kept]]:
    found: dict[str, list[Kept]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return found


def _left(aspect: Aspect, why: str) -> Left:
    return Left(aspect.kind, aspect.id, f"{aspect.what} {aspect.name}".strip(), why)
