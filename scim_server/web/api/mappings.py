"""/api/v1/group-mappings: what being in a group of a directory gives."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from scim_server.services import connections, handmade_teams, mapping_views, roles
from scim_server.services import mapping as mappings
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.mapping import ClaimSource
from scim_server.services.mapping_effects import Change as Effect
from scim_server.services.mapping_views import GroupSource
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Change, Input, ListQuery, Page, Shape, Text, cursor_of, page

rooms = Room(
    "Group mappings",
    "What being in a group of a directory gives: a role, a team, or both. A mapping gives nothing before it is "
    "enabled, and can be previewed until then. Nobody maps a role that they could not give by hand.",
)

Priority = Annotated[
    int, Field(ge=0, le=1_000_000, description="The lowest comes first, and of two alike the older mapping.")
]
VIEW = (Manage.ROLES_VIEW, Manage.TEAMS_VIEW)
CHANGE = (Manage.ROLES, Manage.TEAMS)


class MappingShape(Shape):
    id: UUID
    enabled: bool
    priority: int
    source: Annotated[str, Field(description="Who tells of the group: scim, saml or oidc.")]
    group_id: Annotated[UUID | None, Field(description="The group, as a team, of a mapping of a pushed group.")]
    connection: Annotated[str | None, Field(description="The id of the connection that tells of the group.")]
    value: Annotated[str | None, Field(description="What the connection calls the group.")]
    role_id: Annotated[UUID | None, Field(description="The role that it gives.")]
    team_id: Annotated[UUID | None, Field(description="The team that it gives.")]
    may_give_admin: Annotated[bool, Field(description="Whether it is meant to give the role Admin.")]
    created_at: datetime
    updated_at: datetime


def _say_what_is_needed(schema: dict[str, Any]) -> None:
    schema["allOf"] = [
        {
            "oneOf": [
                {"required": ["group_id"], "properties": {"connection_id": False, "value": False}},
                {"required": ["connection_id", "value"], "properties": {"group_id": False}},
            ]
        },
        {"anyOf": [{"required": ["role_id"]}, {"required": ["team_id"]}]},
    ]
    for each in ("group_id", "connection_id", "value", "role_id", "team_id"):
        schema["properties"][each].pop("default", None)


_NOBODY = UUID(int=0)


class NewMapping(Input):
    """Either a pushed group or one that a connection tells of, and a role or a team, or both."""

    model_config = ConfigDict(json_schema_extra=_say_what_is_needed)

    group_id: Annotated[UUID, Field(description="A group that a directory pushes.")] = _NOBODY
    connection_id: Annotated[UUID, Field(description="The connection that tells of the group.")] = _NOBODY
    value: Annotated[Text, Field(min_length=1, max_length=512, description="What it calls the group.")] = ""
    role_id: Annotated[UUID, Field(description="The role that it gives.")] = _NOBODY
    team_id: Annotated[UUID, Field(description="The team that it gives, which must be no directory's.")] = _NOBODY
    priority: Priority = 100
    may_give_admin: Annotated[bool, Field(description="Say that it is meant to give the role Admin.")] = False

    @model_validator(mode="after")
    def _check(self) -> "NewMapping":
        given = self.model_fields_set
        if given & {"group_id", "connection_id", "value"} not in ({"group_id"}, {"connection_id", "value"}):
            raise ValueError("Give group_id, or connection_id and value")
        if not given & {"role_id", "team_id"}:
            raise ValueError("Give role_id or team_id, or both")
        return self


class MappingChange(Change):
    priority: Priority = 100


class RolesChanging(Shape):
    before: str
    after: str
    users: int


class UserChanging(Shape):
    user_id: UUID
    user_name: str
    role_before: str
    role_after: str
    keeps_role: Annotated[bool, Field(description="Whether they keep their role as the owner, or the last admin.")]
    joins: Annotated[list[UUID], Field(description="Teams that they would come into.")]
    leaves: Annotated[list[UUID], Field(description="Teams that they would leave.")]


class PreviewShape(Page[UserChanging]):
    users_in_group: int
    users_changing: int
    roles: Annotated[list[RolesChanging], Field(description="How many users would have which role instead of which.")]
    joining_team: Annotated[int, Field(description="How many users would come into a team.")]
    leaving_team: Annotated[int, Field(description="How many users would leave a team.")]
    keeping_role: Annotated[int, Field(description="How many would keep their role, as the owner or the last admin.")]


@rooms.get("/group-mappings", needs=VIEW)
def list_group_mappings(ctx: Context, query: ListQuery) -> Page[MappingShape]:
    """List the mappings, those that come first at the top."""
    return page(mapping_views.read_mappings(ctx, query.cut()), MappingShape.model_validate)


@rooms.post("/group-mappings", needs=CHANGE, status=201)
def create_group_mapping(ctx: Context, body: NewMapping) -> MappingShape:
    """Make a mapping, which gives nothing before it is enabled.

    It is about a group that a directory pushes (`group_id`), or one that a connection tells of at sign-in
    (`connection_id`, `value`), and gives a role, a team, or both.
    """
    given = body.given()
    gives: dict[str, Any] = {
        "role": roles.get_declared_role(ctx, body.role_id) if "role_id" in given else None,
        "team": handmade_teams.get_team(ctx, body.team_id) if "team_id" in given else None,
        "priority": body.priority,
        "may_give_admin": body.may_give_admin,
    }
    if "group_id" in given:
        made = mappings.map_pushed_group(ctx, handmade_teams.get_team(ctx, body.group_id), **gives)
    else:
        connection = connections.get_connection(ctx, body.connection_id)
        claim = ClaimSource(GroupSource(connection.type), str(connection.id))
        made = mappings.map_claim(ctx, claim, body.value, **gives)
    return MappingShape.model_validate(made)


@rooms.get("/group-mappings/<uuid:mapping_id>", needs=VIEW)
def show_group_mapping(ctx: Context, mapping_id: UUID) -> MappingShape:
    """Show a mapping."""
    return MappingShape.model_validate(mapping_views.get_mapping(ctx, mapping_id))


@rooms.get("/group-mappings/<uuid:mapping_id>/preview", needs=CHANGE)
def preview_group_mapping(ctx: Context, mapping_id: UUID, query: ListQuery) -> PreviewShape:
    """Show what a mapping would change if it were enabled.

    Nothing is changed. The numbers are of all users whose role or teams would be others, the items a part of them.
    """
    cut = query.cut()
    found = mappings.preview(ctx, mapping_views.get_mapping(ctx, mapping_id), after=cut.after, limit=cut.limit)
    return PreviewShape(
        users_in_group=found.users,
        users_changing=found.total,
        roles=[RolesChanging(before=a, after=b, users=n) for (a, b), n in found.roles.items()],
        joining_team=found.joining,
        leaving_team=found.leaving,
        keeping_role=found.kept,
        items=[_changing(ctx, each) for each in found.rows],
        next=cursor_of(found.next) if found.next else None,
    )


@rooms.post("/group-mappings/<uuid:mapping_id>/enable", needs=CHANGE)
def enable_group_mapping(ctx: Context, mapping_id: UUID) -> MappingShape:
    """Enable a mapping: whoever is in its group gets what it gives, at once."""
    found = mappings.find_mapping(ctx, str(mapping_id))
    mappings.enable_mapping(ctx, found)
    return MappingShape.model_validate(found)


@rooms.post("/group-mappings/<uuid:mapping_id>/disable", needs=CHANGE)
def disable_group_mapping(ctx: Context, mapping_id: UUID) -> MappingShape:
    """Disable a mapping: whoever has something by it alone loses that, and has what they had before."""
    found = mappings.find_mapping(ctx, str(mapping_id))
    mappings.disable_mapping(ctx, found)
    return MappingShape.model_validate(found)


@rooms.patch("/group-mappings/<uuid:mapping_id>", needs=CHANGE)
def change_group_mapping(ctx: Context, mapping_id: UUID, body: MappingChange) -> MappingShape:
    """Have a mapping come sooner or later than the others.

    What it is about and what it gives stays: for anything else, make another one.
    """
    found = mappings.find_mapping(ctx, str(mapping_id))
    if "priority" in body.given():
        mappings.change_priority(ctx, found, body.priority)
    return MappingShape.model_validate(found)


@rooms.delete("/group-mappings/<uuid:mapping_id>", needs=CHANGE)
def delete_group_mapping(ctx: Context, mapping_id: UUID) -> None:
    """Take a mapping away, and with it all that it alone gave."""
    mappings.remove_mapping(ctx, mappings.find_mapping(ctx, str(mapping_id)))


def _changing(ctx: Context, change: Effect) -> UserChanging:
    names = declared(ctx).roles
    return UserChanging(
        user_id=change.person.id,
        user_name=change.person.user_name,
        role_before=names[change.person.role_id].name,
        role_after=names[change.role_after].name,
        keeps_role=change.kept,
        joins=sorted(change.joins),
        leaves=sorted(change.leaves),
    )
