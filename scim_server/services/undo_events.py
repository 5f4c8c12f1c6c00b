"""What an event says that was changed, aspect by aspect: the status of one user, one attribute of one team, one source
of one membership. It is how an undo reads the events (services/undo_plan.py).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from scim_server.models import Source, UserStatus
from scim_server.services.events import Action
from scim_server.services.kept import Kept, unpack
from scim_server.services.membership import heard
from scim_server.services.roles import RoleSource

STATUS, ROLE, PERMISSION, OWNER, LIFE, ATTRIBUTE, AUTHOR, MEMBER, PART = (
    "status",
    "role",
    "permission",
    "directory",
    "life",
    "attribute",
    "author",
    "member",
    "part",
)

# What the aspect `life` of a team is, once there is one.
LIVING, GONE = "living", "deleted"
_BY_DIRECTORY, _BY_MAPPING = RoleSource.DIRECTORY.value, RoleSource.MAPPING.value
# What the aspect PART is: the row of a membership, or None where there is none. This is where it is known that there is
# one, but not what is in it.
PRESENT: Kept = {}


class Told(NamedTuple):
    """As much of an event as an undo reads of it, of which there may be many thousands."""

    action: str
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    target_kind: str
    target_id: UUID
    changes: dict[str, Any]
    details: dict[str, Any]


class Aspect(NamedTuple):
    """One thing that can change: of which user or team, what, and which attribute or member of theirs.

    A membership is several: MEMBER is whether this source holds it, PART what else its row says.
    """

    kind: str
    id: UUID
    what: str
    name: str = ""
    source: int = 0


class Change(NamedTuple):
    aspect: Aspect
    before: Any
    after: Any


def is_by_mapping(event: Told) -> bool:
    """Whether it only follows from something else, that a group mapping gave or took something."""
    return event.details.get("source") == _BY_MAPPING


def concerned_by(event: Told) -> Iterator[UUID]:
    """The users and teams whom an event concerns, as far as group mappings look at them."""
    yield event.target_id
    if event.target_kind == "team":
        for ids in (*event.changes.get("members", ()), event.details.get("members", ())):
            yield from map(UUID, ids)


def changes_of(event: Told) -> Sequence[Change] | None:
    """What an event says that was changed, or None where it says nothing that we could undo."""
    return _of_team(event) if event.target_kind == "team" else _of_user(event)


def _of_user(event: Told) -> Sequence[Change] | None:
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
        case Action.USER_ROLE_CHANGED | Action.USER_ROLE_GRANTED if "grant" in event.details:
            # What hands give is an aspect of its own.
            hands = "" if event.details["source"] == _BY_DIRECTORY else event.details["source"]
            return [Change(Aspect(kind, id, ROLE, hands), *event.details["grant"])]
        case Action.USER_PERMISSION_GRANTED | Action.USER_PERMISSION_REVOKED | Action.USER_PERMISSION_RESET:
            by = "" if event.details["source"] == _BY_DIRECTORY else f"{event.details['source']} "
            row = event.details.get("row", PRESENT)
            return [
                Change(Aspect(kind, id, PERMISSION, by + key), row if before else None, PRESENT if after else None)
                for key, (before, after) in pairs.items()
            ]
        case Action.USER_ROLE_KEPT:
            return []  # nothing has changed
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


def _of_team(event: Told) -> Sequence[Change] | None:
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
        case Action.TEAM_ADOPTED | Action.TEAM_RELEASED:
            return [Change(Aspect(kind, id, OWNER), *event.changes["directory"])]
        case Action.TEAM_MEMBERS_ADDED:
            held = heard(event.details.get("source", _BY_DIRECTORY))
            return [each for member in event.changes["members"][1] for each in _joined(id, member, held)]
        case Action.TEAM_MEMBERS_REMOVED:
            rows, held = _kept_rows(event), heard(event.details.get("source", _BY_DIRECTORY))
            gone = ((member, rows.get(member, PRESENT)) for member in event.changes["members"][0])
            return [each for member, row in gone for each in _parted(id, member, row, held)]
        case Action.TEAM_MEMBERS_CHANGED:
            return _members_changed(event)
    return None


def _joined(team_id: UUID, member: str, sources: int) -> Iterator[Change]:
    yield Change(Aspect("team", team_id, PART, member), None, PRESENT)
    for source in _each(sources):
        yield Change(Aspect("team", team_id, MEMBER, member, source), False, True)


def _parted(team_id: UUID, member: str, row: Kept, sources: int) -> Iterator[Change]:
    yield Change(Aspect("team", team_id, PART, member), row, None)
    for source in _each(row.get("sources", sources)):
        yield Change(Aspect("team", team_id, MEMBER, member, source), True, False)


def _members_changed(event: Told) -> list[Change]:
    """Who does something else in a team since, and who is held there by others than before."""
    id = event.target_id
    parts = event.changes.get("parts", ((), ()))[1]
    found = [Change(Aspect("team", id, PART, member), PRESENT, PRESENT) for member in parts]
    before, after = (heard(names) for names in event.changes.get("sources", ("", "")))
    for source in _each(before ^ after):
        pair = bool(before & source), bool(after & source)
        found += [Change(Aspect("team", id, MEMBER, member, source), *pair) for member in event.details["members"]]
    return found


def _each(sources: int) -> list[int]:
    return [source.value for source in Source if source & sources]


def _attributes(event: Told) -> list[Change]:
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


def _memberships_gone(event: Told) -> list[Change]:
    """The teams that a user left by being deleted, or came back to."""
    user = str(event.target_id)
    if event.action == Action.USER_DELETED:
        rows = event.details.get("memberships", [])
        return [each for row in rows for each in _parted(UUID(row["team_id"]), user, row, 0)]
    # By which sources, the deletion said.
    back = event.changes.get("teams", ([], []))[1] if event.action == Action.USER_RESTORED else []
    return [each for team in back for each in _joined(UUID(team), user, sum(Source))]


def _kept_rows(event: Told) -> dict[str, Kept]:
    """The rows that a removal has taken away, by the members; the users come first."""
    members, subteams = event.changes["members"][0], event.details.get("subteams", [])
    rows = event.details.get("memberships", [])
    if isinstance(rows, dict):
        users = members[: len(members) - len(subteams)]
        rows = [row | {"user_id": user} for user, row in zip(users, unpack(rows, len(users)), strict=True)]
    return {row["user_id"]: row for row in rows} | {row["member_id"]: row for row in subteams}
