"""Who is in a team, row by row, and who gave it: hands, the directory, a mapping, the rule of the main team.

A membership lives as long as one of its sources holds it, and each takes back only its own. A change costs what it
changes, however large the team is.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, literal, select, true, update

from scim_server.models import Membership, Source, Team, User, UserStatus
from scim_server.models.expressions import any_of, upsert
from scim_server.models.types import Id, UtcDateTime
from scim_server.services.context import Context
from scim_server.services.events import Action, Target, record
from scim_server.services.kept import Kept, columns, keep, pack
from scim_server.services.paging import Selection

_ALL = sum(Source)


@dataclass(frozen=True, slots=True)
class Given:
    """Who is new in the team, and who was in it already and is held by one more source: those before, and after."""

    new: list[UUID] = field(default_factory=list)
    held: dict[UUID, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Who has left the team, with the rows that said so, and who stays in it because of other sources: all before,
    and after.
    """

    rows: list[Kept] = field(default_factory=list)
    kept: dict[UUID, tuple[int, int]] = field(default_factory=dict)

    @property
    def gone(self) -> list[UUID]:
        return [UUID(row["user_id"]) for row in self.rows]


def source_of(ctx: Context) -> Source:
    """Whose gift it is when whoever asks puts somebody into a team."""
    return Source.DIRECTORY if ctx.directory else Source.HAND


def lock_known_users(ctx: Context, ids: Collection[UUID]) -> set[UUID]:
    """Those of these ids that are users', who are not deleted until this transaction ends."""
    # Whoever deletes one of them waits until the membership is there to be deleted too, or has done so before.
    sought = select(User.id).where(*_living_users(ctx), any_of(User.id, ids)).order_by(User.id)
    return set(ctx.session.scalars(sought.with_for_update(read=True, key_share=True)))


def give(ctx: Context, team_id: UUID, user_ids: Collection[UUID], source: Source) -> Given:
    """Put users into a team, or note that this source holds them there too."""
    newcomers = select(
        User.org_id,
        literal(team_id, Id),
        User.id,
        true().label("is_user"),
        (~true()).label("is_supervisor"),
        literal(source.value).label("sources"),
        literal(ctx.now, UtcDateTime).label("created_at"),
    ).where(*_living_users(ctx), any_of(User.id, user_ids))
    columns = ["org_id", "team_id", "user_id", "is_user", "is_supervisor", "sources", "created_at"]
    rows = ctx.session.execute(
        upsert(ctx.session, Membership)
        .from_select(columns, newcomers)
        .on_conflict_do_update(
            index_elements=["org_id", "team_id", "user_id"],
            set_={"sources": Membership.sources.bitwise_or(source.value)},
            # Not by a look at who is in the team: PostgreSQL may look through all whom this very statement has put
            # there, for each of them.
            where=Membership.sources.bitwise_and(source.value) == 0,
        )
        .returning(Membership.user_id, Membership.sources)
    ).all()
    return Given(
        [user_id for user_id, sources in rows if sources == source],
        {user_id: (sources & ~source, sources) for user_id, sources in rows if sources != source},
    )


def take_back(ctx: Context, team: Team, selection: Selection, sources: Source) -> TakenBack:
    """Take back what these sources gave to the users of a selection; who has it from another one as well stays."""
    here = Membership.org_id == ctx.org.id, Membership.team_id == team.id, selection.condition
    leaving = (
        delete(Membership)
        .where(*here, Membership.sources.bitwise_and(_ALL & ~sources) == 0)
        .returning(*columns(Membership))
        .execution_options(synchronize_session=False)
    )
    rows = [keep(row) for row in ctx.session.execute(leaving, selection.parameters).mappings()]
    if not team.linked:
        return TakenBack(rows)
    staying = (
        select(Membership.user_id, Membership.sources)
        .where(*here, Membership.sources.bitwise_and(sources.value) != 0)
        .order_by(Membership.user_id)
        .with_for_update()
    )
    held = ctx.session.execute(staying, selection.parameters)
    kept = {user_id: (before, before & ~sources.value) for user_id, before in held}
    if kept:
        ctx.session.execute(
            update(Membership)
            .where(Membership.org_id == ctx.org.id, Membership.team_id == team.id, any_of(Membership.user_id, kept))
            .values(sources=Membership.sources.bitwise_and(_ALL & ~sources))
            .execution_options(synchronize_session=False)
        )
    return TakenBack(rows, kept)


def join_main_team(ctx: Context, user: Target) -> None:
    """Put a new user into the main team of the organization, if it has one."""
    if ctx.org.main_team_id is None:
        return
    team = ctx.session.scalar(
        update(Team)
        .where(Team.org_id == ctx.org.id, Team.id == ctx.org.main_team_id, Team.deleted_at.is_(None))
        .values(version=Team.version + 1, updated_at=ctx.now)
        .returning(Team)
        .execution_options(synchronize_session=False)
    )
    if team is not None:
        give(ctx, team.id, [user.id], Source.MAIN)
        record(ctx, Action.TEAM_MEMBERS_ADDED, team, {"members": ([], [str(user.id)])}, source=told(Source.MAIN))


def note_given(ctx: Context, team: Team, given: Given, source: int, nested: Collection[UUID] = ()) -> None:
    """Record who is in a team now, users and teams, which is another version of it, and who is held there once more."""
    if new := sorted(map(str, [*given.new, *nested])):
        team.changed(ctx.now)
        record(ctx, Action.TEAM_MEMBERS_ADDED, team, {"members": ([], new)}, source=told(source))
    note_sources(ctx, team, given.held, source)


def note_left(ctx: Context, team: Team, left: TakenBack, source: int, unnested: Sequence[Kept] = ()) -> None:
    """Record who is in a team no longer, which is another version of it, and the rows that said that they were, with
    which they can be put back in the same way; and who is held there by less than before.
    """
    rows = sorted(left.rows, key=lambda row: str(row["user_id"]))
    if gone := [row["user_id"] for row in rows] + sorted(row["member_id"] for row in unnested):
        team.changed(ctx.now)
        changes: dict[str, Any] = {"members": (gone, [])}
        packed = pack(rows, but="user_id")
        record(
            ctx, Action.TEAM_MEMBERS_REMOVED, team, changes, source=told(source), memberships=packed, subteams=unnested
        )
    note_sources(ctx, team, left.kept, source)


def note_sources(ctx: Context, team: Team, held: Mapping[UUID, tuple[int, int]], source: int) -> None:
    """Record whom other sources hold in a team than before, who are in it all the same: each pair an event."""
    alike: dict[tuple[int, int], list[str]] = defaultdict(list)
    for user_id, pair in sorted(held.items()):
        alike[pair].append(str(user_id))
    for (before, after), members in alike.items():
        changes = {"sources": (told(before), told(after))}
        record(ctx, Action.TEAM_MEMBERS_CHANGED, team, changes, source=told(source), members=members)


def told(sources: int) -> str:
    """The names of some sources, for people: hand, directory, mapping, main."""
    return ", ".join((each.name or "").lower() for each in Source if each & sources)


def heard(names: str) -> int:
    """The sources of these names, as an event tells them."""
    return sum(Source[name.upper()] for name in names.split(", ") if name)


def _living_users(ctx: Context) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return User.org_id == ctx.org.id, User.status != UserStatus.DELETED
