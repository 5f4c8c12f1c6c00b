"""/api/v1/teams: the teams of an organization, who is in them, and which are in which."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from scim_server.services import handmade_nesting, handmade_teams, team_views
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.handmade_teams import Part
from scim_server.services.membership import TakenBack, told
from scim_server.services.team_views import Owner
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Change, Input, ListQuery, Page, Shape, Text, page

teams = Room(
    "Teams",
    "The teams of the organization. What a directory says of its own teams, their name and who is in them, nobody "
    "else does; what they are for, and who is a supervisor in them, is said here.",
)

Name = Annotated[Text, Field(min_length=1, max_length=1000)]
Description = Annotated[Text, Field(max_length=10_000)]
UserIds = Annotated[list[UUID], Field(min_length=1, max_length=1000)]
TeamIds = Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class TeamShape(Shape):
    id: UUID
    name: str
    description: Annotated[str, Field(description="What the team is for.")]
    directory_id: Annotated[UUID | None, Field(description="The directory that owns it, or null if people do.")]
    external_id: Annotated[str | None, Field(description="What its directory calls it.")]
    is_main: Annotated[bool, Field(description="Whether every new user joins it.")]
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class TeamDetailShape(TeamShape):
    member_count: Annotated[int, Field(description="The users in it, not counting those of teams within it.")]


class TeamMemberShape(Shape):
    user_id: UUID
    user_name: str
    display_name: str | None
    status: Annotated[str, Field(description="invited, active or deactivated.")]
    part: Part
    held_by: Annotated[
        list[str],
        Field(description="Who put them there: hand, directory, mapping or main. They stay until all take it back."),
    ]
    since: datetime


class TeamsQuery(ListQuery):
    search: Annotated[Text | None, Field(max_length=200, description="A text in the name.")] = None
    owner: Annotated[Owner | None, Field(description="Whose the teams are.")] = None
    deleted: Annotated[bool, Field(description="The deleted teams instead of those that are there.")] = False


class TeamMembersQuery(ListQuery):
    part: Annotated[Part | None, Field(description="Those alone who do that part.")] = None


class NewTeam(Input):
    name: Name
    description: Description = ""


class TeamChange(Change):
    name: Name = ""
    description: Description = ""


class NewMembers(Input):
    user_ids: UserIds
    part: Annotated[
        Part | None, Field(description="What all of them do there. Without it, whoever is new is a user.")
    ] = None


class SomeUsers(Input):
    user_ids: UserIds


class PartOfUsers(Input):
    user_ids: UserIds
    part: Part


class SomeTeams(Input):
    team_ids: TeamIds


class MainTeam(Input):
    team_id: Annotated[UUID | None, Field(description="The team, or null for none.")]


class AddedMembers(Shape):
    added: Annotated[list[UUID], Field(description="The users who were not in the team before.")]


class KeptMember(Shape):
    user_id: UUID
    held_by: list[str]


class RemovedMembers(Shape):
    removed: Annotated[list[UUID], Field(description="The users who are in the team no longer.")]
    kept: Annotated[list[KeptMember], Field(description="Those who stay, because a directory or a mapping says so.")]


class PartOfMembers(Shape):
    members: Annotated[list[UUID], Field(description="Those of the users who are in the team, and have that part now.")]


class AddedTeams(Shape):
    added: Annotated[list[UUID], Field(description="The teams that were not in the team before.")]


class RemovedTeams(Shape):
    removed: Annotated[list[UUID], Field(description="The teams that are in the team no longer.")]


@teams.get("/teams", needs=Manage.TEAMS_VIEW)
def list_teams(ctx: Context, query: TeamsQuery) -> Page[TeamShape]:
    """List the teams, the oldest first."""
    part = team_views.list_teams(ctx, query.cut(), text=query.search, owner=query.owner, deleted=query.deleted)
    return page(part, TeamShape.model_validate)


@teams.post("/teams", needs=Manage.TEAMS, status=201)
def create_team(ctx: Context, body: NewTeam) -> TeamShape:
    """Make a team without members, which no directory owns."""
    team = handmade_teams.create_team(ctx, body.name, description=body.description)
    return TeamShape.model_validate(team_views.view(ctx, team))


@teams.get("/teams/<uuid:team_id>", needs=Manage.TEAMS_VIEW)
def show_team(ctx: Context, team_id: UUID) -> TeamDetailShape:
    """Show a team."""
    team = handmade_teams.get_team(ctx, team_id)
    shown = TeamShape.model_validate(team_views.view(ctx, team))
    return TeamDetailShape(**shown.model_dump(), member_count=team_views.count_members(ctx, team))


@teams.patch("/teams/<uuid:team_id>", needs=Manage.TEAMS)
def change_team(ctx: Context, team_id: UUID, body: TeamChange) -> TeamShape:
    """Rename a team, or say what it is for.

    What is left out stays. A team of a directory is renamed there; what it is for is said here, whoever owns it.
    """
    team, given = handmade_teams.get_team_to_change(ctx, team_id), body.given()
    if "name" in given:
        handmade_teams.rename_team(ctx, team, body.name)
    if "description" in given:
        handmade_teams.describe_team(ctx, team, body.description)
    return TeamShape.model_validate(team_views.view(ctx, team))


@teams.delete("/teams/<uuid:team_id>", needs=Manage.TEAMS)
def delete_team(ctx: Context, team_id: UUID) -> None:
    """Delete a team, which can be restored.

    It must be no directory's, and not the main team. Its name is free again.
    """
    handmade_teams.delete_team(ctx, handmade_teams.get_team_to_change(ctx, team_id))


@teams.post("/teams/<uuid:team_id>/restore", needs=Manage.TEAMS)
def restore_team(ctx: Context, team_id: UUID) -> TeamShape:
    """Bring back a deleted team, with its members and to where it was.

    One that is not deleted stays as it is. A team of a directory comes back there.
    """
    return TeamShape.model_validate(team_views.view(ctx, handmade_teams.restore_team(ctx, team_id)))


@teams.get("/teams/<uuid:team_id>/members", needs=Manage.TEAMS_VIEW)
def list_team_members(ctx: Context, team_id: UUID, query: TeamMembersQuery) -> Page[TeamMemberShape]:
    """List the users in a team, and what they do there.

    A supervisor acts on others' conversations, and is given none; a user is given some; both do both. Those of teams
    within it are not listed.
    """
    part = team_views.list_members(ctx, handmade_teams.get_team(ctx, team_id), query.cut(), part=query.part)
    return page(part, TeamMemberShape.model_validate)


@teams.post("/teams/<uuid:team_id>/members", needs=Manage.TEAMS)
def add_team_members(ctx: Context, team_id: UUID, body: NewMembers) -> AddedMembers:
    """Put users into a team, up to 1,000 at once: all of them, or none.

    The team must be no directory's. Whoever is in it already stays, with the part if one is given.
    """
    team = handmade_teams.get_team_to_change(ctx, team_id)
    return AddedMembers(added=sorted(handmade_teams.add_mates(ctx, team, body.user_ids, part=body.part)))


@teams.post("/teams/<uuid:team_id>/members/remove", needs=Manage.TEAMS)
def remove_team_members(ctx: Context, team_id: UUID, body: SomeUsers) -> RemovedMembers:
    """Take users out of a team, up to 1,000 at once.

    Whoever is there by a directory or a mapping as well stays, and is told of in `kept`. Whoever is not in the team is
    told of in neither.
    """
    found = handmade_teams.remove_mates(ctx, handmade_teams.get_team_to_change(ctx, team_id), body.user_ids)
    return _removed(found)


@teams.put("/teams/<uuid:team_id>/members/part", needs=Manage.TEAMS)
def set_part_of_team_members(ctx: Context, team_id: UUID, body: PartOfUsers) -> PartOfMembers:
    """Say what members do in a team, whoever owns it, up to 1,000 at once.

    Whoever is not in the team is left out.
    """
    team = handmade_teams.get_team_to_change(ctx, team_id)
    return PartOfMembers(members=handmade_teams.set_part(ctx, team, body.user_ids, body.part))


@teams.get("/teams/<uuid:team_id>/subteams", needs=Manage.TEAMS_VIEW)
def list_subteams(ctx: Context, team_id: UUID, query: ListQuery) -> Page[TeamShape]:
    """List the teams in a team, not those within them."""
    team = handmade_teams.get_team(ctx, team_id)
    return page(team_views.list_subteams(ctx, team, query.cut()), TeamShape.model_validate)


@teams.post("/teams/<uuid:team_id>/subteams", needs=Manage.TEAMS)
def add_subteams(ctx: Context, team_id: UUID, body: SomeTeams) -> AddedTeams:
    """Put teams into a team, up to 1,000 at once: all of them, or none.

    The team that they come into must be no directory's, and within none of a directory's. No team comes to be within
    itself.
    """
    team = handmade_teams.get_team_to_change(ctx, team_id)
    return AddedTeams(added=sorted(handmade_nesting.nest_teams(ctx, team, body.team_ids)))


@teams.post("/teams/<uuid:team_id>/subteams/remove", needs=Manage.TEAMS)
def remove_subteams(ctx: Context, team_id: UUID, body: SomeTeams) -> RemovedTeams:
    """Take teams out of a team, up to 1,000 at once.

    The team must be no directory's.
    """
    team = handmade_teams.get_team_to_change(ctx, team_id)
    return RemovedTeams(removed=sorted(handmade_nesting.unnest_teams(ctx, team, body.team_ids)))


@teams.get("/teams/<uuid:team_id>/parents", needs=Manage.TEAMS_VIEW)
def list_parents_of_team(ctx: Context, team_id: UUID, query: ListQuery) -> Page[TeamShape]:
    """List the teams that a team is in, not those that they are in."""
    team = handmade_teams.get_team(ctx, team_id)
    return page(team_views.list_parents(ctx, team, query.cut()), TeamShape.model_validate)


@teams.put("/organization/main-team", needs=Manage.TEAMS)
def set_main_team(ctx: Context, body: MainTeam) -> None:
    """Say which team every new user joins from now on.

    Whoever is there already is not moved.
    """
    team = handmade_teams.get_team_to_change(ctx, body.team_id) if body.team_id is not None else None
    handmade_teams.set_main_team(ctx, team)


def _removed(found: TakenBack) -> RemovedMembers:
    kept = [KeptMember(user_id=id, held_by=told(after).split(", ")) for id, (_, after) in sorted(found.kept.items())]
    return RemovedMembers(removed=sorted(found.gone), kept=kept)
