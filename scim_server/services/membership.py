"""Who is in a team, row by row, and who gave it: hands, the directory, a mapping, the rule of the main team.

A membership lives as long as one of its sources holds it, and each takes back only its own. A change costs what it
changes, however large the team is.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Integer, Select, bindparam, delete, select, true, update

from scim_server.models import Membership, Source, Team, User, UserStatus
from scim_server.models.expressions import any_of, any_of_parameter, upsert
from scim_server.models.types import Id, UtcDateTime
from scim_server.prepared import fetch, first
from scim_server.services import team_rows
from scim_server.services.context import Context
from scim_server.services.events import Action, Target, record
from scim_server.services.kept import Kept, columns, keep, pack
from scim_server.services.paging import Selection
from scim_server.services.team_rows import Changing

_ALL = sum(Source)

# What a change of members asks is put together once, as in services/shown_users.py: that takes longer than the answers.
_CHANGED_MAIN = (
    update(Team)
    .where(Team.org_id == bindparam("of_org"), Team.id == bindparam("of_team"), Team.deleted_at.is_(None))
    .values(version=Team.version + 1, updated_at=bindparam("now"))
    .returning(Team.id)
)
_HERE = Membership.org_id == bindparam("org_id"), Membership.team_id == bindparam("team_id")
_THESE = any_of_parameter(Membership.user_id, "user_ids")


def _known() -> Select[UUID]:
    # Whoever deletes one of them waits until the membership is there to be deleted too, or has done so before.
    living = User.org_id == bindparam("of_org"), User.status != UserStatus.DELETED
    sought = select(User.id).where(*living, any_of_parameter(User.id, "user_ids")).order_by(User.id)
    return sought.with_for_update(read=True, key_share=True)


_KNOWN = _known()


@cache
def _giving(dialect: str) -> Any:
    newcomers = _KNOWN.with_only_columns(
        User.org_id,
        bindparam("of_team", type_=Id()),
        User.id,
        true(),
        ~true(),
        bindparam("source", type_=Integer()),
        bindparam("now", type_=UtcDateTime()),
    )
    columns = ["org_id", "team_id", "user_id", "is_user", "is_supervisor", "sources", "created_at"]
    held = Membership.sources.bitwise_and(bindparam("source"))
    return (
        upsert(dialect, Membership)
        .from_select(columns, newcomers)
        .on_conflict_do_update(
            index_elements=["org_id", "team_id", "user_id"],
            set_={"sources": Membership.sources.bitwise_or(bindparam("source"))},
            # Not by a look at who is in the team: PostgreSQL may look through all whom this very statement has put
            # there, for each of them.
            where=held == 0,
        )
        .returning(Membership.user_id, Membership.sources)
    )


def _leaving(condition: ColumnElement[bool]) -> Any:
    alone = Membership.sources.bitwise_and(bindparam("other_sources")) == 0
    return delete(Membership).where(*_HERE, condition, alone).returning(*columns(Membership))


def _staying(condition: ColumnElement[bool]) -> Select[UUID, int]:
    held = Membership.sources.bitwise_and(bindparam("sources")) != 0
    sought = select(Membership.user_id, Membership.sources).where(*_HERE, condition, held)
    return sought.order_by(Membership.user_id).with_for_update()


_TAKING_BACK = _leaving(_THESE), _staying(_THESE)
_TAKING_BACK_OTHERS = _leaving(~_THESE), _staying(~_THESE)


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
    parameters = {"of_org": ctx.org.id, "user_ids": ids}
    return {id for (id,) in fetch(ctx.session.connection(), _KNOWN, parameters)}


def give(ctx: Context, team_id: UUID, user_ids: Collection[UUID], source: Source) -> Given:
    """Put users into a team, or note that this source holds them there too; an id that is no living user's is passed
    over. As with `lock_known_users`, nobody deletes them until this transaction ends.
    """
    connection = ctx.session.connection()
    parameters = {"of_org": ctx.org.id, "of_team": team_id, "user_ids": user_ids, "now": ctx.now}
    rows = fetch(connection, _giving(connection.dialect.name), {**parameters, "source": source.value})
    return Given(
        [user_id for user_id, sources in rows if sources == source],
        {user_id: (sources & ~source, sources) for user_id, sources in rows if sources != source},
    )


def take_back(ctx: Context, team: Changing, user_ids: Collection[UUID], sources: Source) -> TakenBack:
    """Take back what these sources gave to these users; who has it from another one as well stays."""
    return _take_back(ctx, team, _TAKING_BACK, {"user_ids": user_ids}, sources)


def take_back_others(ctx: Context, team: Changing, user_ids: Collection[UUID], sources: Source) -> TakenBack:
    """As `take_back`, of all users but these."""
    return _take_back(ctx, team, _TAKING_BACK_OTHERS, {"user_ids": user_ids}, sources)


def take_back_selected(ctx: Context, team: Changing, selection: Selection, sources: Source) -> TakenBack:
    """As `take_back`, of the users of a selection."""
    asked = _leaving(selection.condition), _staying(selection.condition)
    return _take_back(ctx, team, asked, selection.parameters, sources, _ask_once)


def _ask_once(connection: Connection, statement: Any, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """As `fetch`, a statement of this request alone."""
    return connection.execute(statement, parameters).all()


def _take_back(
    ctx: Context,
    team: Changing,
    asked: tuple[Any, Select[UUID, int]],
    parameters: Mapping[str, Any],
    sources: Source,
    ask: Callable[[Connection, Any, Mapping[str, Any]], Sequence[Any]] = fetch,
) -> TakenBack:
    leaving, staying = asked
    connection = ctx.session.connection()
    of_team = {**parameters, "org_id": ctx.org.id, "team_id": team.id}
    gone = ask(connection, leaving, {**of_team, "other_sources": _ALL & ~sources})
    rows = [keep(row._asdict()) for row in gone]
    if not team.linked:
        return TakenBack(rows)
    held = ask(connection, staying, {**of_team, "sources": sources.value})
    kept = {user_id: (before, before & ~sources.value) for user_id, before in held}
    if kept:
        connection.execute(
            update(Membership)
            .where(Membership.org_id == ctx.org.id, Membership.team_id == team.id, any_of(Membership.user_id, kept))
            .values(sources=Membership.sources.bitwise_and(_ALL & ~sources))
        )
    return TakenBack(rows, kept)


def join_main_team(ctx: Context, user: Target) -> None:
    """Put a new user into the main team of the organization, if it has one."""
    if ctx.org.main_team_id is None:
        return
    parameters = {"of_org": ctx.org.id, "of_team": ctx.org.main_team_id, "now": ctx.now}
    team = first(ctx.session.connection(), _CHANGED_MAIN, parameters)
    if team is not None:
        give(ctx, team.id, [user.id], Source.MAIN)
        record(ctx, Action.TEAM_MEMBERS_ADDED, team, {"members": ([], [str(user.id)])}, source=told(Source.MAIN))


def note_given(ctx: Context, team: Changing, given: Given, source: int, nested: Collection[UUID] = ()) -> None:
    """Record who is in a team now, users and teams, which is another version of it, and who is held there once more."""
    if new := sorted(map(str, [*given.new, *nested])):
        team_rows.change(ctx, team)
        record(ctx, Action.TEAM_MEMBERS_ADDED, team, {"members": ([], new)}, source=told(source))
    note_sources(ctx, team, given.held, source)


def note_left(ctx: Context, team: Changing, left: TakenBack, source: int, unnested: Sequence[Kept] = ()) -> None:
    """Record who is in a team no longer, which is another version of it, and the rows that said that they were, with
    which they can be put back in the same way; and who is held there by less than before.
    """
    rows = sorted(left.rows, key=lambda row: str(row["user_id"]))
    if gone := [row["user_id"] for row in rows] + sorted(row["member_id"] for row in unnested):
        team_rows.change(ctx, team)
        changes: dict[str, Any] = {"members": (gone, [])}
        packed = pack(rows, but="user_id")
        record(
            ctx, Action.TEAM_MEMBERS_REMOVED, team, changes, source=told(source), memberships=packed, subteams=unnested
        )
    note_sources(ctx, team, left.kept, source)


def note_sources(ctx: Context, team: Changing, held: Mapping[UUID, tuple[int, int]], source: int) -> None:
    """Record whom other sources hold in a team than before, who are in it all the same: each pair an event."""
    alike: dict[tuple[int, int], list[str]] = defaultdict(list)
    for user_id, pair in sorted(held.items()):
        alike[pair].append(str(user_id))
    for (before, after), members in alike.items():
        changes = {"sources": (told(before), told(after))}
        record(ctx, Action.TEAM_MEMBERS_CHANGED, team, changes, source=told(source), members=members)


@cache
def told(sources: int) -> str:
    """The names of some sources, for people: hand, directory, mapping, main."""
    return ", ".join((each.name or "").lower() for each in Source if each & sources)


def heard(names: str) -> int:
    """The sources of these names, as an event tells them."""
    return sum(Source[name.upper()] for name in names.split(", ") if name)
