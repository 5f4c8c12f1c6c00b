"""/api/v1/users/…/deactivate and its like, and /api/v1/deleted-users: what becomes of users."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from scim_server.services import adoption, lifecycle, lookup, ownership, retention, user_views, users
from scim_server.services.built_in import Manage
from scim_server.services.context import ADMIN, Context
from scim_server.services.listing import Part
from scim_server.services.lookup import Wanted
from scim_server.services.user_views import UserStatus
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, page
from scim_server.web.api.user_shapes import UserDetailsShape, UserShape
from scim_server.web.api.users import details, people

deleted = Room(
    "Deleted users",
    "Whoever was deleted is kept until the retention period is over, can be restored, or be purged before.",
)


class Deactivation(Input):
    successor_id: Annotated[
        UUID | None, Field(description="Another active user, who takes over their work: the product is told.")
    ] = None


class Handover(Input):
    confirmation: Annotated[
        str, Field(max_length=100, description="The slug of the organization, typed by a person who means it.")
    ]


@people.post("/users/<uuid:user_id>/activate", needs=Manage.USERS)
def activate_user(ctx: Context, user_id: UUID) -> UserShape:
    """Let a user sign in who is deactivated or invited.

    It takes a seat where they had none.
    """
    return _shown(ctx, lifecycle.activate_user(ctx, users.get_user_to_change(ctx, user_id)))


@people.post("/users/<uuid:user_id>/deactivate", needs=Manage.USERS)
def deactivate_user(ctx: Context, user_id: UUID, body: Deactivation) -> UserShape:
    """Bar a user from signing in.

    Their sessions and tokens end at once, their seat is free, and their history stays.
    """
    follows = users.get_user_to_change(ctx, body.successor_id) if body.successor_id else None
    return _shown(ctx, lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, user_id), successor=follows))


@people.delete("/users/<uuid:user_id>", needs=Manage.USERS)
def delete_user(ctx: Context, user_id: UUID) -> None:
    """Delete a user.

    They are out of every list and every team, and among the deleted ones, where they can be restored.
    """
    lifecycle.delete_user(ctx, users.get_user_to_change(ctx, user_id))


@people.post("/users/<uuid:user_id>/release", needs=Manage.DIRECTORIES)
def release_user(ctx: Context, user_id: UUID) -> None:
    """Take a user from their directory.

    They are then changed by hand, unless the directory takes them over again.
    """
    adoption.release_user(ctx, users.get_user_to_change(ctx, user_id))


@people.post("/users/<uuid:user_id>/make-owner", needs=ADMIN)
def transfer_ownership(ctx: Context, user_id: UUID, body: Handover) -> None:
    """Hand the organization over to another admin, on the owner's word.

    The owner does so themselves. Of programs, only the product itself does: it takes a key of the whole installation
    that may do everything.
    """
    ownership.transfer_ownership(ctx, users.get_user_to_change(ctx, user_id), confirmation=body.confirmation)


@deleted.get("/deleted-users", needs=Manage.USERS_VIEW)
def list_deleted_users(ctx: Context, query: ListQuery) -> Page[UserShape]:
    """List the users who are deleted and not purged yet, in the order in which they were created."""
    found = lookup.list_users(ctx, Wanted(statuses=(UserStatus.DELETED,)), query.cut())
    return page(Part(list(user_views.in_short(ctx, found.items)), found.next), UserShape.model_validate)


@deleted.get("/deleted-users/<uuid:user_id>", needs=Manage.USERS_VIEW)
def show_deleted_user(ctx: Context, user_id: UUID) -> UserDetailsShape:
    """Show everything about a deleted user."""
    return details(ctx, users.get_deleted_user(ctx, user_id))


@deleted.post("/deleted-users/<uuid:user_id>/restore", needs=Manage.USERS)
def restore_user(ctx: Context, user_id: UUID) -> UserShape:
    """Bring back a deleted user as they were.

    With the state that they had, and the teams that are still there. Their name may be taken by now.
    """
    return _shown(ctx, lifecycle.restore_user(ctx, users.get_deleted_user_to_change(ctx, user_id)))


@deleted.delete("/deleted-users/<uuid:user_id>", needs=Manage.USERS)
def purge_user(ctx: Context, user_id: UUID) -> None:
    """Remove a deleted user for good.

    Nothing brings them back. What happened stays on record, told of an id.
    """
    retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, user_id))


def _shown(ctx: Context, user: Any) -> UserShape:
    [found] = user_views.in_short(ctx, [user])
    return UserShape.model_validate(found)
