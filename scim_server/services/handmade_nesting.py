"""Teams in teams, as people say it: of the teams that no directory owns.

What is within a directory's group can have a role by a mapping, so hands put nothing into it on the way round either:
not into a team that a directory has put there.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Source, Team, TeamAncestor
from scim_server.services import membership, nesting, team_ownership, teams
from scim_server.services.context import Context
from scim_server.services.errors import NotFound, OwnedByDirectory
from scim_server.services.permissions import Manage, require


def nest_teams(ctx: Context, team: Team, ids: Collection[UUID]) -> list[UUID]:
    """Put teams, be they a directory's or not, into a team that is no directory's, and return which are new there.

    Raises NotAllowed, OwnedByDirectory, NotFound, CircularNesting.
    """
    require(ctx, Manage.TEAMS)
    team_ownership.check_hands_may(ctx, team)
    nesting.lock(ctx)
    _refuse_within_directory(ctx, team)
    nested = nesting.nest(ctx, team, ids)
    if unknown := set(ids) - nested.known:
        raise NotFound("team", min(unknown))
    membership.note_given(ctx, team, membership.Given(), Source.HAND, nested.new)
    teams.regroup(ctx, team, [], nested.new)
    return nested.new


def unnest_teams(ctx: Context, team: Team, ids: Collection[UUID]) -> list[UUID]:
    """Take teams out of a team that is no directory's, and return which were in it.

    Raises NotAllowed, OwnedByDirectory.
    """
    require(ctx, Manage.TEAMS)
    team_ownership.check_hands_may(ctx, team)
    gone = nesting.unnest(ctx, team, ids)
    left = [UUID(row["member_id"]) for row in gone]
    membership.note_left(ctx, team, membership.TakenBack(), Source.HAND, gone)
    teams.regroup(ctx, team, [], left)
    return left


def _refuse_within_directory(ctx: Context, team: Team) -> None:
    above = select(TeamAncestor.ancestor_id).where(TeamAncestor.org_id == ctx.org.id, TeamAncestor.team_id == team.id)
    theirs = Team.org_id == ctx.org.id, Team.id.in_(above), Team.directory_id.is_not(None)
    name = ctx.session.scalar(select(Team.display_name).where(*theirs).order_by(Team.id).limit(1))
    if name is not None:
        raise OwnedByDirectory(name, f"{team.display_name} is within it, and what is in it would be there too")
