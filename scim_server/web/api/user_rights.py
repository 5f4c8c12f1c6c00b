"""/api/v1/users/…/role, permissions and position: what users may do, and whose data they may see."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from scim_server.services import grants, positions, roles, scope, user_rights, user_views, users
from scim_server.services.built_in import KEY, Manage
from scim_server.services.context import Context
from scim_server.services.errors import NotFound
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, page
from scim_server.web.api.user_shapes import NamedShape, PersonShape

rights = Room(
    "Rights of users",
    "What users may do: their role, and what was granted or revoked besides. Nobody gives what they may not do "
    "themselves, a key neither.",
)
sight = Room("Who sees whom", "Who reports to whom, and whose data a user may see: for the product to ask.")


class BesidesShape(Shape):
    permission: str
    granted: Annotated[bool, Field(description="False where it was revoked.")]
    source: Annotated[Literal["hand", "directory"], Field(description="A sync takes back its own, and nothing else.")]
    given_by: str
    created_at: datetime


class GivenRolesShape(Shape):
    hand: NamedShape | None
    directory: NamedShape | None
    mapping: NamedShape | None


class RightsShape(Shape):
    role: NamedShape
    given: Annotated[GivenRolesShape, Field(description="The roles they were given, of which the first counts.")]
    everything: Annotated[bool, Field(description="Whether they are an admin, of whom nothing can be revoked.")]
    permissions: Annotated[list[str], Field(description="All that follows: what they may do.")]
    besides: Annotated[list[BesidesShape], Field(description="What was granted or revoked besides the role.")]


class NewRole(Input):
    role_id: UUID


class NewGrant(Input):
    granted: Annotated[bool, Field(description="True whatever the role says, false in spite of what it says.")]


class NewPosition(Input):
    position_id: Annotated[UUID | None, Field(description="Null for none.")]


class ScopeShape(Shape):
    scope: Literal["own", "team", "subordinates", "all"]
    by: Annotated[
        Literal["role", "position", "setting"], Field(description="What it comes from: admins see everybody.")
    ]


class ChainShape(Shape):
    levels: Annotated[list[list[PersonShape]], Field(description="From the nearest up; several hold one position.")]


class SightShape(Shape):
    visible: bool


@rights.get("/users/<uuid:user_id>/permissions", needs=Manage.ROLES_VIEW)
def show_permissions(ctx: Context, user_id: UUID) -> RightsShape:
    """Show what a user may do, and why."""
    [found] = user_rights.in_full(ctx, [users.get_user(ctx, user_id)])
    return RightsShape.model_validate(found)


@rights.put("/users/<uuid:user_id>/permissions/<permission>", needs=Manage.ROLES)
def set_permission(ctx: Context, user_id: UUID, permission: str, body: NewGrant) -> None:
    """Grant or revoke a permission of one user.

    It holds whatever their role says. Nobody grants what they may not do themselves.
    """
    user, key = users.get_user_to_change(ctx, user_id), _key(permission)
    if body.granted:
        grants.grant(ctx, user, key)
    else:
        grants.revoke(ctx, user, key)


@rights.delete("/users/<uuid:user_id>/permissions/<permission>", needs=Manage.ROLES)
def reset_permission(ctx: Context, user_id: UUID, permission: str) -> None:
    """Leave a permission to a user's role again.

    What was granted or revoked by hand is forgotten; what the directory grants stays.
    """
    grants.reset(ctx, users.get_user_to_change(ctx, user_id), _key(permission))


@rights.put("/users/<uuid:user_id>/role", needs=Manage.ROLES)
def set_role(ctx: Context, user_id: UUID, body: NewRole) -> None:
    """Give a user another role, by hand.

    Only what may do everything makes somebody an admin, and the last admin stays one.
    """
    role = roles.find_role(ctx, str(body.role_id))
    roles.give_role(ctx, users.get_user_to_change(ctx, user_id), role)


@sight.put("/users/<uuid:user_id>/position", needs=(Manage.USERS, Manage.POSITIONS))
def set_position(ctx: Context, user_id: UUID, body: NewPosition) -> None:
    """Give a user a position in place of the one that they hold, or none."""
    position = positions.get_position(ctx, body.position_id) if body.position_id else None
    positions.assign_position(ctx, users.get_user_to_change(ctx, user_id), position)


@sight.get("/users/<uuid:user_id>/scope", needs=Manage.POSITIONS_VIEW)
def show_scope(ctx: Context, user_id: UUID) -> ScopeShape:
    """Show whose data a user may see, and what it comes from."""
    return ScopeShape.model_validate(scope.scope_of(ctx, users.get_user(ctx, user_id)))


@sight.get("/users/<uuid:user_id>/visible-users", needs=Manage.POSITIONS_VIEW)
def list_visible_users(ctx: Context, user_id: UUID, query: ListQuery) -> Page[PersonShape]:
    """List the users whose data a user may see, themselves among them, the oldest first.

    Whoever is not active sees nobody, not even themselves.
    """
    cut = query.cut()
    ids = scope.visible_users(ctx, users.get_user(ctx, user_id), after=cut.after, limit=cut.limit + 1)
    return page(user_views.people(ctx, ids, cut.limit), PersonShape.model_validate)


@sight.get("/users/<uuid:user_id>/visible-users/<uuid:other_id>", needs=Manage.POSITIONS_VIEW)
def show_whether_visible(ctx: Context, user_id: UUID, other_id: UUID) -> SightShape:
    """Show whether a user may see another's data, be that one active, deactivated or deleted."""
    viewer = users.get_user(ctx, user_id)
    if not users.user_names(ctx, [other_id]):
        raise NotFound("user", other_id)
    return SightShape(visible=scope.may_see(ctx, viewer, other_id))


@sight.get("/users/<uuid:user_id>/reports", needs=Manage.POSITIONS_VIEW)
def list_reports(ctx: Context, user_id: UUID, query: ListQuery) -> Page[PersonShape]:
    """List who reports to a user directly, by the positions or by the directory, the oldest first."""
    cut = query.cut()
    ids = scope.reports(ctx, users.get_user(ctx, user_id), after=cut.after, limit=cut.limit + 1)
    return page(user_views.people(ctx, ids, cut.limit), PersonShape.model_validate)


@sight.get("/users/<uuid:user_id>/chain", needs=Manage.POSITIONS_VIEW)
def show_chain(ctx: Context, user_id: UUID) -> ChainShape:
    """Show whom a user reports to, from the nearest up.

    The holders of each position above theirs, or where they hold none, one manager each.
    """
    levels = scope.chain(ctx, users.get_user(ctx, user_id))
    found = user_views.persons(ctx, {id for level in levels for id in level})
    return ChainShape(levels=[[PersonShape.model_validate(found[id]) for id in level] for level in levels])


def _key(permission: str) -> str:
    """Raises NotFound on what no permission is called."""
    if not KEY.fullmatch(permission):
        raise NotFound("permission", permission)
    return permission
