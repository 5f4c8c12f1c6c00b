"""What users may do, and why: for whoever looks after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from scim_server.models import User, UserPermission
from scim_server.models.expressions import any_of
from scim_server.services.context import Context
from scim_server.services.declared import role_of
from scim_server.services.permissions import rights_of
from scim_server.services.user_views import Named


@dataclass(frozen=True, slots=True)
class Besides:
    """A permission that was granted or revoked besides the role, by hand or by the directory."""

    permission: str
    granted: bool
    source: str
    given_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GivenRoles:
    """The role that each gives a user, if any, of which the first counts; without one, they have the default role."""

    hand: Named | None
    directory: Named | None
    mapping: Named | None


@dataclass(frozen=True, slots=True)
class RightsOfUser:
    """`permissions` is what follows from all the rest. `everything` is an admin's, of whom nothing can be revoked."""

    role: Named
    given: GivenRoles
    everything: bool
    permissions: tuple[str, ...]
    besides: tuple[Besides, ...]


def in_full(ctx: Context, rows: Sequence[User]) -> list[RightsOfUser]:
    """What these users may do, none of whom is deleted; the same number of queries, however many they are."""
    ids = [row.id for row in rows]
    rights, besides = rights_of(ctx, ids), _besides(ctx, ids)
    return [
        RightsOfUser(
            role=Named(row.role_id, role_of(ctx, row.role_id).name),
            given=GivenRoles(
                hand=_named(ctx, row.role_by_hand_id),
                directory=_named(ctx, row.role_by_directory_id),
                mapping=_named(ctx, row.role_by_mapping_id),
            ),
            everything=rights[row.id].everything,
            permissions=tuple(sorted(rights[row.id].permissions)),
            besides=tuple(besides[row.id]),
        )
        for row in rows
    ]


def _named(ctx: Context, role_id: UUID | None) -> Named | None:
    return Named(role_id, role_of(ctx, role_id).name) if role_id else None


def _besides(ctx: Context, user_ids: Sequence[UUID]) -> dict[UUID, list[Besides]]:
    rows = ctx.session.scalars(
        select(UserPermission)
        .where(UserPermission.org_id == ctx.org.id, any_of(UserPermission.user_id, user_ids))
        .order_by(UserPermission.permission, UserPermission.source)
    )
    found: dict[UUID, list[Besides]] = {user_id: [] for user_id in user_ids}
    for row in rows:
        found[row.user_id].append(Besides(row.permission, row.granted, row.source, row.given_by, row.created_at))
    return found
