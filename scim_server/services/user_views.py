"""Users as programs and pages show them: in short in a list, in full alone, and their teams, their permissions.

Each costs the same number of queries, however many users it is asked about.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Membership, Origin, Position, Source, User, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services import directories, handmade_teams, managers, plain_fields, shown_users
from scim_server.services.authorship import of_directory
from scim_server.services.context import Context
from scim_server.services.declared import role_of
from scim_server.services.listing import Part

__all__ = [
    "Author",
    "DirectoryNamed",
    "Named",
    "Origin",
    "Person",
    "TeamOfUser",
    "UserInFull",
    "UserInShort",
    "UserStatus",
    "in_full",
    "in_short",
    "main_email",
    "people",
    "persons",
    "teams_of",
]


class Author(StrEnum):
    """Whose word a field is: the directory's, which hands do not write; a person's, or a program's for one; or what
    came with a sign-in, or from a directory that has the user no longer.
    """

    DIRECTORY = "directory"
    HAND = "hand"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Named:
    """A role, a position or a team."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class DirectoryNamed:
    id: UUID
    name: str
    provider: str


@dataclass(frozen=True, slots=True)
class Person:
    """A user by whom another one is known, such as a manager."""

    id: UUID
    user_name: str
    display_name: str


@dataclass(frozen=True, slots=True)
class TeamOfUser:
    """A team that a user is in: themselves, with their part in it and who holds them there; or, where `direct` is
    false, because a team of theirs is within it.
    """

    id: UUID
    name: str
    direct: bool
    part: handmade_teams.Part | None
    held_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInShort:
    """`email` is the main address of the profile; `directory` is the one that owns the user."""

    id: UUID
    user_name: str
    display_name: str
    email: str | None
    status: str
    role: Named
    origin: str
    directory: DirectoryNamed | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInFull(UserInShort):
    """`profile` goes by the names of services/plain_fields.py, `more` by SCIM's; `written_by` has those of both.
    `manager` is the user whom the profile means by theirs, if there is one.
    """

    owner: bool
    external_id: str | None
    has_account: bool
    availability: str
    reception_capacity: int | None
    position: Named | None
    manager: Person | None
    teams: tuple[TeamOfUser, ...]
    profile: Mapping[str, Any]
    more: Mapping[str, Any]
    written_by: Mapping[str, Author]


def in_short(ctx: Context, rows: Iterable[User]) -> Iterator[UserInShort]:
    """What a list shows of these users, one by one."""
    owners = {row.id: DirectoryNamed(row.id, row.name, row.provider) for row in directories.list_directories(ctx)}
    for row in rows:
        yield UserInShort(
            id=row.id,
            user_name=row.user_name,
            display_name=row.display_name,
            email=main_email(row),
            status=row.status,
            role=Named(row.role_id, role_of(ctx, row.role_id).name),
            origin=row.origin,
            directory=owners.get(row.directory_id) if row.directory_id else None,
            created_at=row.created_at,
            updated_at=row.updated_at,
            deleted_at=row.deleted_at,
            version=row.version,
        )


def in_full(ctx: Context, rows: Sequence[User]) -> list[UserInFull]:
    """Everything that is shown of these users, but what they may do (services/permissions.py)."""
    ids = [row.id for row in rows]
    managed = managers.managers_of(ctx, ids)
    people = persons(ctx, set(managed.values()))
    teams, positions = teams_of(ctx, ids), _positions(ctx, rows)
    return [
        _in_full(
            short,
            row,
            teams=teams[row.id],
            position=positions.get(row.position_id) if row.position_id else None,
            manager=people.get(managed[row.id]) if row.id in managed else None,
        )
        for short, row in zip(in_short(ctx, rows), rows, strict=True)
    ]


def persons(ctx: Context, user_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Who these users are, also the deleted among them."""
    if not user_ids:
        return {}
    columns = select(User.id, User.user_name, User.display_name)
    rows = ctx.session.execute(columns.where(User.org_id == ctx.org.id, any_of(User.id, user_ids)))
    return {row.id: Person(row.id, row.user_name, row.display_name) for row in rows}


def people(ctx: Context, user_ids: Sequence[UUID], limit: int) -> Part[Person]:
    """These users as a part of a list, in the same order: the first `limit` of them, behind which there are others."""
    shown = user_ids[:limit]
    found = persons(ctx, shown)
    return Part([found[id] for id in shown], shown[-1] if len(user_ids) > limit else None)


def teams_of(ctx: Context, user_ids: Collection[UUID]) -> dict[UUID, tuple[TeamOfUser, ...]]:
    """The teams of each of these users, then those that these teams are in."""
    rows = ctx.session.scalars(
        select(Membership).where(Membership.org_id == ctx.org.id, any_of(Membership.user_id, user_ids))
    )
    held = {(row.user_id, row.team_id): row for row in rows}
    return {
        user_id: tuple(_team(each, held.get((user_id, each.team_id))) for each in belongings)
        for user_id, belongings in shown_users.teams_of_users(ctx, user_ids).items()
    }


def main_email(user: User) -> str | None:
    """The primary address of a profile, or else its first, as it is written there."""
    entries = [each for each in user.document.get("emails") or () if each.get("value")]
    main = next((each for each in entries if each.get("primary") is True), entries[0] if entries else None)
    return str(main["value"]) if main else None


def _in_full(
    short: UserInShort, row: User, *, teams: tuple[TeamOfUser, ...], position: Named | None, manager: Person | None
) -> UserInFull:
    profile, more = plain_fields.shown(row.document)
    return UserInFull(
        **{field.name: getattr(short, field.name) for field in fields(short)},
        owner=row.is_owner,
        external_id=row.document.get("externalId"),
        has_account=row.account_id is not None,
        availability=row.availability,
        reception_capacity=row.reception_capacity,
        position=position,
        manager=manager,
        teams=teams,
        profile=profile,
        more=more,
        written_by=_written_by(row),
    )


def _written_by(user: User) -> dict[str, Author]:
    theirs, by_hand = of_directory(user), frozenset(user.by_hand)

    def author(name: str) -> Author:
        return Author.DIRECTORY if name in theirs else Author.HAND if name in by_hand else Author.OTHER

    return {plain_fields.PLAIN.get(name, name): author(name) for name in plain_fields.said(user.document)}


def _positions(ctx: Context, rows: Sequence[User]) -> dict[UUID, Named]:
    ids = {row.position_id for row in rows if row.position_id}
    if not ids:
        return {}
    found = ctx.session.execute(
        select(Position.id, Position.name).where(Position.org_id == ctx.org.id, any_of(Position.id, ids))
    )
    return {row.id: Named(row.id, row.name) for row in found}


def _team(belonging: shown_users.Belonging, row: Membership | None) -> TeamOfUser:
    if row is None:
        return TeamOfUser(belonging.team_id, belonging.team_name, belonging.direct, None, ())
    held_by = tuple((each.name or "").lower() for each in Source if each & row.sources)
    part = handmade_teams.part_of(row.is_user, row.is_supervisor)
    return TeamOfUser(belonging.team_id, belonging.team_name, belonging.direct, part, held_by)
