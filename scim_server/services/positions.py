"""Positions: their tree, and who holds which."""

from uuid import UUID

from sqlalchemy import CTE, ColumnElement, ScalarSelect, Select, exists, literal, select, update
from sqlalchemy.orm import aliased

from scim_server.models import Organization, Position, Scope, User, UserStatus
from scim_server.models.base import new_id
from scim_server.services.constraints import flush
from scim_server.services.context import Context
from scim_server.services.errors import CircularPositions, NotFound, PositionInUse, PositionNameTaken
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import folded, indexed, required


def get_position(ctx: Context, position_id: UUID) -> Position:
    """Raises NotFound."""
    return _found(ctx, position_id, Position.id == position_id)


def find_position(ctx: Context, name: str) -> Position:
    """The position of a name, however it is written.

    Raises NotFound.
    """
    return _found(ctx, name, Position.name_key == folded(name))


def list_positions(ctx: Context) -> list[Position]:
    return list(ctx.session.scalars(select(Position).where(Position.org_id == ctx.org.id).order_by(Position.id)))


def create_position(ctx: Context, name: str, scope: Scope, *, parent: Position | None = None) -> Position:
    """Create a position, at the top of the tree or below another.

    Raises InvalidValue, PositionNameTaken, NotAllowed, NotFound where the parent is deleted meanwhile.
    """
    require(ctx, Manage.POSITIONS)
    _lock(ctx, parent)
    position = Position(
        org_id=ctx.org.id,
        id=new_id(),
        parent_id=parent.id if parent else None,
        scope=scope,
        version=1,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    _name(position, name)
    ctx.session.add(position)
    _flush(ctx, position)
    changes = {"name": (None, position.name), "scope": (None, scope), "parent": (None, _name_of(parent))}
    record(ctx, Action.POSITION_CREATED, position, changes)
    return position


def rename_position(ctx: Context, position: Position, name: str) -> Position:
    """Raises InvalidValue, PositionNameTaken, NotAllowed."""
    require(ctx, Manage.POSITIONS)
    before = position.name
    if name != before:
        _name(position, name)
        position.changed(ctx.now)
        _flush(ctx, position)
        record(ctx, Action.POSITION_UPDATED, position, {"name": (before, name)})
    return position


def set_scope(ctx: Context, position: Position, scope: Scope) -> Position:
    """Say whose data the holders of a position may see.

    Raises NotAllowed.
    """
    require(ctx, Manage.POSITIONS)
    before = position.scope
    if scope != before:
        position.scope = scope
        position.changed(ctx.now)
        record(ctx, Action.POSITION_UPDATED, position, {"scope": (before, scope)})
    return position


def move_position(ctx: Context, position: Position, parent: Position | None) -> Position:
    """Put a position, with all that is below it, below another, or at the top.

    Raises CircularPositions where that one is below it, NotAllowed, NotFound where either is deleted meanwhile.
    """
    require(ctx, Manage.POSITIONS)
    _lock(ctx, position, parent)
    if parent is not None and _is_within(ctx, parent, position):
        raise CircularPositions(position=position.name, parent=parent.name)
    before = get_position(ctx, position.parent_id) if position.parent_id else None
    if position.parent_id != (parent.id if parent else None):
        position.parent_id = parent.id if parent else None
        position.changed(ctx.now)
        record(ctx, Action.POSITION_MOVED, position, {"parent": (_name_of(before), _name_of(parent))})
    return position


def delete_position(ctx: Context, position: Position) -> None:
    """Delete a position that has nobody and nothing in it: to move either up would show them more than they saw.

    Raises PositionInUse, NotAllowed, NotFound.
    """
    require(ctx, Manage.POSITIONS)
    _lock(ctx, position)
    child = select(Position.id).where(Position.org_id == ctx.org.id, Position.parent_id == position.id)
    if ctx.session.scalar(child.limit(1)) is not None:
        raise PositionInUse(position.name, "there are positions below it")
    held = User.org_id == ctx.org.id, User.position_id == position.id
    holder = select(User.id).where(*held, User.status != UserStatus.DELETED)
    if ctx.session.scalar(holder.limit(1)) is not None:
        raise PositionInUse(position.name, "there are users who hold it")
    # Deleted users do not stand in the way; who is restored has no position then.
    ctx.session.execute(update(User).where(*held).values(position_id=None))
    ctx.session.delete(position)
    ctx.session.flush()
    record(ctx, Action.POSITION_DELETED, position, {"name": (position.name, None), "scope": (position.scope, None)})


def assign_position(ctx: Context, user: User, position: Position | None) -> None:
    """Give a user this position in place of the one that they hold, or none.

    Raises NotAllowed, NotFound where the position is deleted meanwhile.
    """
    require(ctx, Manage.USERS)
    require(ctx, Manage.POSITIONS)  # else whoever manages users could have themselves see everybody's data
    if position is not None:
        # Whoever would delete it waits until this transaction ends, and sees the new holder.
        _found(ctx, position.id, Position.id == position.id, share=True)
    before = get_position(ctx, user.position_id) if user.position_id else None
    if before is not position:
        user.position_id = position.id if position else None
        ctx.session.flush()
        record(ctx, Action.USER_POSITION_CHANGED, user, {"position": (_name_of(before), _name_of(position))})


def above(ctx: Context, position_id: ScalarSelect[UUID | None] | UUID) -> CTE:
    """A position and all that it is below: `id`, `parent_id`, and `depth`, the number of steps up to it."""
    first, parent = aliased(Position), aliased(Position)
    line = (
        select(first.id, first.parent_id, literal(0).label("depth"))
        .where(first.org_id == ctx.org.id, first.id == position_id)
        .cte("positions_above", recursive=True)
    )
    return line.union_all(
        select(parent.id, parent.parent_id, line.c.depth + 1)
        .join(line, line.c.parent_id == parent.id)
        .where(parent.org_id == ctx.org.id)
    )


def below(ctx: Context, position_id: UUID) -> CTE:
    """What is below a position, at any depth: `id`."""
    child, further = aliased(Position), aliased(Position)
    found = (
        select(child.id)
        .where(child.org_id == ctx.org.id, child.parent_id == position_id)
        .cte("positions_below", recursive=True)
    )
    return found.union_all(
        select(further.id).join(found, found.c.id == further.parent_id).where(further.org_id == ctx.org.id)
    )


def holders_of(ctx: Context, positions: Select[UUID]) -> Select[UUID]:
    """The ids of the living holders of positions."""
    return select(User.id).where(
        User.org_id == ctx.org.id, User.position_id.in_(positions), User.status != UserStatus.DELETED
    )


def _found(ctx: Context, told: UUID | str, condition: ColumnElement[bool], *, share: bool = False) -> Position:
    query = select(Position).where(Position.org_id == ctx.org.id, condition)
    position = ctx.session.scalar(query.with_for_update(read=True, key_share=True) if share else query)
    if position is None:
        raise NotFound("position", told)
    return position


def _lock(ctx: Context, *positions: Position | None) -> None:
    """Have this transaction be the only one that changes the tree of the organization, until it ends.

    Two that each put one position below the other would not see what the other does, and close a circle together.

    Raises NotFound where one of the positions is not there any more.
    """
    # Not FOR UPDATE, as in services/nesting.py.
    ctx.session.execute(select(Organization.id).where(Organization.id == ctx.org.id).with_for_update(key_share=True))
    for position in positions:
        if position is not None:
            query = select(Position).where(Position.org_id == ctx.org.id, Position.id == position.id).with_for_update()
            if ctx.session.scalar(query.execution_options(populate_existing=True)) is None:
                raise NotFound("position", position.name)


def _is_within(ctx: Context, position: Position, another: Position) -> bool:
    """Whether a position is the other one, or below it."""
    ctx.session.flush()
    line = above(ctx, position.id)
    return bool(ctx.session.scalar(select(exists().where(line.c.id == another.id))))


def _name(position: Position, name: str) -> None:
    position.name = required("name", name)
    position.name_key = required("name", indexed("name", folded(name)))


def _name_of(position: Position | None) -> str | None:
    return position.name if position else None


def _flush(ctx: Context, position: Position) -> None:
    flush(ctx.session, {"uq_positions_name": PositionNameTaken(position.name)})
