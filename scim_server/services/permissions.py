"""Permissions: what a user may be granted on top of what the role allows, and who may do what."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from scim_server.models import BuiltIn, User, UserStatus
from scim_server.services.context import ActorKind, Context
from scim_server.services.declared import declared
from scim_server.services.errors import NotAllowed


class Manage(StrEnum):
    """What a person may do here, as against in the product."""

    USERS = "users.manage"
    ROLES = "roles.manage"
    TEAMS = "teams.manage"
    DIRECTORIES = "directories.manage"
    SETTINGS = "settings.manage"


@dataclass(frozen=True, slots=True)
class Permission:
    """`key` is what a grant names, and never changes."""

    key: str
    name: str
    description: str


CATALOGUE = (
    Permission("tickets.view_all", "View all tickets", "See the tickets of everybody, not only one's own."),
    Permission("tickets.delete", "Delete tickets", "Delete tickets for good."),
    Permission("data.export", "Export data", "Take users, tickets and reports out of the product as files."),
    Permission("macros.manage", "Manage macros", "Create, change and delete the macros that everybody uses."),
    Permission("analytics.view", "View analytics", "See the reports on the work of everybody."),
)


def require(ctx: Context, permission: Manage) -> None:
    """Ask whether whoever acts may do that. What a directory may is asked elsewhere: it is no person.

    Raises NotAllowed.
    """
    if ctx.actor.kind is not ActorKind.USER:
        return
    role_id = ctx.session.scalar(
        select(User.role_id).where(User.org_id == ctx.org.id, User.id == ctx.actor.id, User.status == UserStatus.ACTIVE)
    )
    if role_id is None or declared(ctx).roles[role_id].built_in != BuiltIn.ADMIN:
        raise NotAllowed(f"This needs the permission {permission}, which you do not have.")
