"""Positions as they are shown part by part, and who holds which."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Position, Scope, User, UserStatus
from scim_server.services.context import Context
from scim_server.services.listing import Cut, Part, read_part

__all__ = ["Holder", "Scope", "read_holders", "read_positions"]


@dataclass(frozen=True, slots=True)
class Holder:
    """A user who holds a position."""

    user_id: UUID
    user_name: str
    display_name: str | None
    status: str


def read_positions(ctx: Context, cut: Cut) -> Part[Position]:
    """A part of the positions, the oldest first; each says which one it is below."""
    return read_part(ctx, select(Position).where(Position.org_id == ctx.org.id), Position.id, cut)


def read_holders(ctx: Context, position: Position, cut: Cut) -> Part[Holder]:
    """A part of the users who hold a position, the oldest first."""
    query = select(User.id, User.user_name, User.display_name, User.status).where(
        User.org_id == ctx.org.id, User.position_id == position.id, User.status != UserStatus.DELETED
    )
    found = read_part(ctx, query, User.id, cut)
    return Part([Holder(*row) for row in found.items], found.next)
