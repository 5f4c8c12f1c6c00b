"""Teams in teams.

`subteams` says which team is in which. What follows from it, `team_ancestors`, is made anew where it may have changed:
for the teams that moved and those below them, by three statements, however many these are. Users change none of it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, delete, insert, literal, or_, select, update
from sqlalchemy.orm import aliased

from scim_server.models import Organization, Subteam, Team, TeamAncestor
from scim_server.models.expressions import any_of, any_of_parameter
from scim_server.models.types import Id, UtcDateTime
from scim_server.prepared import fetch
from scim_server.services.context import Context
from scim_server.services.errors import CircularNesting
from scim_server.services.kept import Kept, columns, keep
from scim_server.services.paging import Selection
from scim_server.services.team_rows import Changing

# Not FOR UPDATE: every row that is inserted for an organization looks whether it is there, and would wait.
_LOCK = select(Organization.id).where(Organization.id == bindparam("org_id")).with_for_update(key_share=True)
_NESTED = (
    select(literal(1))
    .where(
        Subteam.org_id == bindparam("org_id"),
        or_(Subteam.team_id == bindparam("team_id"), Subteam.member_id == bindparam("team_id")),
    )
    .limit(1)
)


def _leaving(condition: ColumnElement[bool]) -> Any:
    # A deleted team is nobody's member; when it comes back, it comes back to where it was.
    living = select(Team.id).where(Team.org_id == bindparam("org_id"), Team.deleted_at.is_(None))
    here = Subteam.org_id == bindparam("org_id"), Subteam.team_id == bindparam("team_id")
    return delete(Subteam).where(*here, Subteam.member_id.in_(living), condition).returning(*columns(Subteam))


_THESE = any_of_parameter(Subteam.member_id, "member_ids")
_LEAVING, _OTHERS_LEAVING = _leaving(_THESE), _leaving(~_THESE)


class Nested(NamedTuple):
    """What came of putting teams into a team: which are new in it, and which ids are a team's at all."""

    new: list[UUID]
    known: set[UUID]


def nest(ctx: Context, team: Changing, ids: Collection[UUID]) -> Nested:
    """Put the teams with these ids into a team, if they are not in it yet.

    Raises CircularNesting where the team is one of them, or within one of them.
    """
    known = set(ctx.session.scalars(select(Team.id).where(*living(ctx, Team), any_of(Team.id, ids))))
    if not known:
        return Nested([], known)
    if team.id in known:
        raise CircularNesting(member=team.display_name, container=team.display_name)
    current = aliased(Subteam)
    newcomers = select(
        Team.org_id, literal(team.id, Id), Team.id, literal(ctx.now, UtcDateTime).label("created_at")
    ).where(
        *living(ctx, Team),
        any_of(Team.id, known),
        ~select(current.member_id)
        .where(current.org_id == Team.org_id, current.team_id == team.id, current.member_id == Team.id)
        .exists(),
    )
    new = list(
        ctx.session.scalars(
            insert(Subteam)
            .from_select(["org_id", "team_id", "member_id", "created_at"], newcomers)
            .returning(Subteam.member_id)
        )
    )
    if new:
        lock(ctx)
        _refuse_circle(ctx, team, new)
        refresh(ctx, new)
    return Nested(new, known)


def unnest(ctx: Context, team: Changing, ids: Collection[UUID]) -> list[Kept]:
    """Take the teams with these ids out of a team, and return the rows that said so."""
    return _unnest(ctx, team, _LEAVING, {"member_ids": ids})


def unnest_others(ctx: Context, team: Changing, ids: Collection[UUID]) -> list[Kept]:
    """As `unnest`, of all teams but those with these ids."""
    return _unnest(ctx, team, _OTHERS_LEAVING, {"member_ids": ids})


def unnest_selected(ctx: Context, team: Changing, selection: Selection) -> list[Kept]:
    """As `unnest`, of the teams of a selection."""
    return _unnest(ctx, team, _leaving(selection.condition), selection.parameters)


def _unnest(ctx: Context, team: Changing, leaving: Any, parameters: Mapping[str, Any]) -> list[Kept]:
    asked = {**parameters, "org_id": ctx.org.id, "team_id": team.id}
    gone = [keep(row) for row in ctx.session.connection().execute(leaving, asked).mappings()]
    if gone:
        lock(ctx)
        refresh(ctx, [UUID(each["member_id"]) for each in gone])
    return gone


def leave(ctx: Context, team: Changing) -> list[UUID]:
    """What the end of a team means to those around it. The teams that it was in have changed, and are returned."""
    lock(ctx)
    if not fetch(ctx.session.connection(), _NESTED, {"org_id": ctx.org.id, "team_id": team.id}):
        return []
    containing = select(Subteam.team_id).where(Subteam.org_id == ctx.org.id, Subteam.member_id == team.id)
    left = ctx.session.scalars(
        update(Team)
        .where(*living(ctx, Team), Team.id.in_(containing))
        .values(version=Team.version + 1, updated_at=ctx.now)
        .returning(Team.id)
        .execution_options(synchronize_session=False)
    ).all()
    refresh(ctx, [team.id])
    return list(left)


def come_back(ctx: Context, team: Team) -> bool:
    """What it means to those around it that a team is there again, and whether it is within itself now."""
    lock(ctx)
    containing = select(Subteam.team_id).where(Subteam.org_id == ctx.org.id, Subteam.member_id == team.id)
    ctx.session.execute(
        update(Team)
        .where(*living(ctx, Team), Team.id.in_(containing))
        .values(version=Team.version + 1, updated_at=ctx.now)
        .execution_options(synchronize_session=False)
    )
    refresh(ctx, [team.id])
    circle = select(TeamAncestor.team_id).where(
        TeamAncestor.org_id == ctx.org.id, TeamAncestor.team_id == team.id, TeamAncestor.ancestor_id == team.id
    )
    return ctx.session.scalar(circle) is None


def put_back(ctx: Context, team: Team, rows: Sequence[dict[str, Any]]) -> None:
    """Put teams back into a team, by the rows that said so.

    Raises CircularNesting.
    """
    ctx.session.execute(insert(Subteam), rows)
    members = [row["member_id"] for row in rows]
    lock(ctx)
    _refuse_circle(ctx, team, members)
    refresh(ctx, members)


def lock(ctx: Context) -> None:
    """Have this transaction be the only one that changes the nesting of the organization's teams, until it ends.

    Two that each put one team into the other would not see what the other does, and close a circle together. Rows of
    teams are locked before this one, never after it, so that nobody waits for somebody who waits for them.
    """
    ctx.session.connection().execute(_LOCK, {"org_id": ctx.org.id})


def refresh(ctx: Context, ids: Collection[UUID]) -> None:
    """Make the ancestors of these teams, and of all teams below them, what follows from the subteams.

    It is for whoever holds the lock, and serves a team that was put somewhere, taken out, deleted or brought back.
    """
    ctx.session.flush()
    # Told by their ids, a few teams are found by an index. PostgreSQL takes a recursion for ten times what it began
    # with, and reads all teams of the organization for it.
    moved = ctx.session.scalars(_below(ctx, ids)).all()
    ctx.session.execute(
        delete(TeamAncestor)
        .where(TeamAncestor.org_id == ctx.org.id, any_of(TeamAncestor.team_id, moved))
        .execution_options(synchronize_session=False)
    )
    ctx.session.execute(insert(TeamAncestor).from_select(["org_id", "team_id", "ancestor_id"], _ancestors(ctx, moved)))


def _below(ctx: Context, ids: Collection[UUID]) -> Select[UUID]:
    """These teams, dead or alive, and the living ones within them, at any depth."""
    member = aliased(Team)
    found = select(Team.id).where(Team.org_id == ctx.org.id, any_of(Team.id, ids)).cte("below", recursive=True)
    within = (
        select(member.id)
        .join(Subteam, (Subteam.org_id == member.org_id) & (Subteam.member_id == member.id))
        .join(found, found.c.id == Subteam.team_id)
        .where(*living(ctx, member))
    )
    return select(found.union(within).c.id)  # and not UNION ALL: what is reached on two ways is one


def _ancestors(ctx: Context, ids: Collection[UUID]) -> Select[UUID, UUID, UUID]:
    """The living ones of these teams, each with the living teams that it is in, at any depth, as rows of the table."""
    member, container, further = aliased(Team), aliased(Team), aliased(Team)
    found = (
        select(Subteam.org_id, Subteam.member_id.label("team_id"), Subteam.team_id.label("ancestor_id"))
        .join(member, (member.org_id == Subteam.org_id) & (member.id == Subteam.member_id))
        .join(container, (container.org_id == Subteam.org_id) & (container.id == Subteam.team_id))
        .where(
            Subteam.org_id == ctx.org.id,
            any_of(Subteam.member_id, ids),
            *living(ctx, member),
            *living(ctx, container),
        )
        .cte("above", recursive=True)
    )
    upwards = (
        select(found.c.org_id, found.c.team_id, further.id)
        .join(Subteam, (Subteam.org_id == found.c.org_id) & (Subteam.member_id == found.c.ancestor_id))
        .join(further, (further.org_id == Subteam.org_id) & (further.id == Subteam.team_id))
        .where(*living(ctx, further))
    )
    every = found.union(upwards)
    return select(every.c.org_id, every.c.team_id, every.c.ancestor_id)


def _refuse_circle(ctx: Context, team: Changing, members: Collection[UUID]) -> None:
    """Raises CircularNesting where a team is within one of its new members."""
    name = ctx.session.scalar(
        select(Team.display_name)
        .join(TeamAncestor, (TeamAncestor.org_id == Team.org_id) & (TeamAncestor.ancestor_id == Team.id))
        .where(*living(ctx, Team), TeamAncestor.team_id == team.id, any_of(Team.id, members))
        .order_by(Team.id)
        .limit(1)
    )
    if name is not None:
        raise CircularNesting(member=name, container=team.display_name)


def living(ctx: Context, team: type[Team]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return team.org_id == ctx.org.id, team.deleted_at.is_(None)
