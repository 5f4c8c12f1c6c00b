"""/api/v1/positions: the tree of positions, which says whose data users may see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from scim_server.services import position_views, positions
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.position_views import Scope
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Change, Input, ListQuery, Page, Shape, Text, page

rooms = Room(
    "Positions",
    "The tree of positions. A role says which features somebody has, a position whose data they have them for: their "
    "own, their team's, their subordinates', or everybody's.",
)

Name = Annotated[Text, Field(min_length=1, max_length=200)]


class PositionShape(Shape):
    id: UUID
    name: str
    scope: Annotated[Scope, Field(description="Whose data its holders may see.")]
    parent_id: Annotated[UUID | None, Field(description="The position that it is below, or null at the top.")]
    created_at: datetime
    updated_at: datetime


class HolderShape(Shape):
    user_id: UUID
    user_name: str
    display_name: str | None
    status: Annotated[str, Field(description="invited, active or deactivated.")]


class NewPosition(Input):
    name: Name
    scope: Annotated[Scope, Field(description="Whose data its holders may see.")] = Scope.OWN
    parent_id: Annotated[UUID | None, Field(description="The position that it is below, or null at the top.")] = None


class PositionChange(Change):
    name: Name = ""
    scope: Scope = Scope.OWN
    parent_id: Annotated[
        UUID | None, Field(description="The position that it is to be below, with all that is below it; null for none.")
    ] = None


@rooms.get("/positions", needs=Manage.POSITIONS_VIEW)
def list_positions(ctx: Context, query: ListQuery) -> Page[PositionShape]:
    """List the positions, the oldest first.

    Each names the one that it is below: together they are the tree.
    """
    return page(position_views.read_positions(ctx, query.cut()), PositionShape.model_validate)


@rooms.post("/positions", needs=Manage.POSITIONS, status=201)
def create_position(ctx: Context, body: NewPosition) -> PositionShape:
    """Make a position, at the top of the tree or below another one."""
    parent = positions.get_position(ctx, body.parent_id) if body.parent_id is not None else None
    return PositionShape.model_validate(positions.create_position(ctx, body.name, body.scope, parent=parent))


@rooms.get("/positions/<uuid:position_id>", needs=Manage.POSITIONS_VIEW)
def show_position(ctx: Context, position_id: UUID) -> PositionShape:
    """Show a position."""
    return PositionShape.model_validate(positions.get_position(ctx, position_id))


@rooms.patch("/positions/<uuid:position_id>", needs=Manage.POSITIONS)
def change_position(ctx: Context, position_id: UUID, body: PositionChange) -> PositionShape:
    """Rename a position, say whose data its holders see, or move it, with all that is below it.

    What is left out stays.
    """
    position, given = positions.get_position(ctx, position_id), body.given()
    if "parent_id" in given:
        parent = positions.get_position(ctx, body.parent_id) if body.parent_id is not None else None
        positions.move_position(ctx, position, parent)
    if "name" in given:
        positions.rename_position(ctx, position, body.name)
    if "scope" in given:
        positions.set_scope(ctx, position, body.scope)
    return PositionShape.model_validate(position)


@rooms.delete("/positions/<uuid:position_id>", needs=Manage.POSITIONS)
def delete_position(ctx: Context, position_id: UUID) -> None:
    """Delete a position that nobody holds, and that has no others below it."""
    positions.delete_position(ctx, positions.get_position(ctx, position_id))


@rooms.get("/positions/<uuid:position_id>/holders", needs=Manage.POSITIONS_VIEW)
def list_holders(ctx: Context, position_id: UUID, query: ListQuery) -> Page[HolderShape]:
    """List the users who hold a position, the oldest first."""
    position = positions.get_position(ctx, position_id)
    return page(position_views.read_holders(ctx, position, query.cut()), HolderShape.model_validate)
