"""/api/v1/users: who is in an organization, and what is written of them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from scim_server.services import hands, lookup, roles, user_views, users
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.listing import Part
from scim_server.services.lookup import Wanted
from scim_server.services.plain_fields import changes_of
from scim_server.services.user_views import Origin, UserStatus
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Change, Input, ListQuery, Page, page
from scim_server.web.api.user_shapes import (
    AvailabilityName,
    Capacity,
    NewProfile,
    OriginName,
    ProfileInput,
    UserDetailsShape,
    UserShape,
)
from scim_server.web.api.values import KEEPABLE

people = Room(
    "Users",
    "The people of the organization, but for those who are deleted. What a directory says of a user, no key writes.",
)


Sought = Annotated[str, Field(min_length=1, max_length=512, pattern=KEEPABLE)]


class UserQuery(ListQuery):
    status: Annotated[list[Literal["invited", "active", "deactivated"]], Field(default_factory=list, max_length=3)]
    search: Annotated[Sought | None, Field(description="A part of a name or of an e-mail address.")] = None
    user_name: Annotated[Sought | None, Field(description="The whole of it, in whatever case.")] = None
    email: Annotated[Sought | None, Field(description="Any of theirs, the whole of it, in whatever case.")] = None
    external_id: Annotated[Sought | None, Field(description="What the directory calls them.")] = None
    role_id: UUID | None = None
    team_id: Annotated[UUID | None, Field(description="A team that they are in themselves.")] = None
    directory_id: Annotated[UUID | None, Field(description="The directory that owns them.")] = None
    origin: Annotated[OriginName | None, Field(description="How they came.")] = None

    def wanted(self) -> Wanted:
        return Wanted(
            statuses=tuple(UserStatus(each) for each in self.status),
            text=self.search,
            user_name=self.user_name,
            email=self.email,
            external_id=self.external_id,
            role=self.role_id,
            team=self.team_id,
            directory=self.directory_id,
            origin=Origin(self.origin) if self.origin else None,
        )


class NewUser(Input):
    profile: NewProfile
    role_id: Annotated[UUID | None, Field(description="Without it, they get the default role.")] = None
    status: Annotated[
        Literal["active", "invited"],
        Field(description="Whoever is `invited` is not let in before an invitation, which is another request."),
    ] = "active"


class UserChanges(Change):
    profile: ProfileInput
    version: Annotated[
        int | None,
        Field(ge=1, le=2**31 - 1, description="The version that was read: of another one, nothing is changed."),
    ] = None


class Work(Change):
    availability: Annotated[AvailabilityName | None, Field(description="Null is as good as available.")] = None
    reception_capacity: Annotated[Capacity | None, Field(description="Null is any number.")] = None


@people.get("/users", needs=Manage.USERS_VIEW)
def list_users(ctx: Context, query: UserQuery) -> Page[UserShape]:
    """List the users, the oldest first.

    Those of whom everything that is asked for is true. `status` may be sent several times, for any of them.
    """
    found = lookup.list_users(ctx, query.wanted(), query.cut())
    return page(Part(list(user_views.in_short(ctx, found.items)), found.next), UserShape.model_validate)


@people.post("/users", needs=Manage.USERS, status=201)
def create_user(ctx: Context, body: NewUser) -> UserDetailsShape:
    """Create a user by hand.

    They take a seat, and join the main team. To give them another role than the default one also takes
    `roles.manage`, and whatever that role may.
    """
    role = roles.find_role(ctx, str(body.role_id)) if body.role_id else None
    values = changes_of({}, body.profile.said())
    return details(ctx, hands.create_user_by_hand(ctx, values, status=UserStatus(body.status), role=role))


@people.get("/users/<uuid:user_id>", needs=Manage.USERS_VIEW)
def show_user(ctx: Context, user_id: UUID) -> UserDetailsShape:
    """Show everything about a user.

    But what they may do, which is below `permissions`, and whose data they may see, below `scope`.
    """
    return details(ctx, users.get_user(ctx, user_id))


@people.patch("/users/<uuid:user_id>", needs=Manage.USERS)
def change_user(ctx: Context, user_id: UUID, body: UserChanges) -> UserDetailsShape:
    """Change the profile of a user.

    All of it is changed, or nothing. What the user's directory says (`written_by`) is changed there.
    """
    user = users.get_user_to_change(ctx, user_id)
    hands.change_profile(ctx, user, changes_of(user.document, body.profile.said()), version=body.version)
    return details(ctx, user)


@people.patch("/users/<uuid:user_id>/availability", needs=Manage.USERS)
def change_availability(ctx: Context, user_id: UUID, body: Work) -> UserDetailsShape:
    """Say whether a user takes work, and how much.

    The same as to change these two fields of the profile: the product is told.
    """
    user = users.get_user_to_change(ctx, user_id)
    hands.change_profile(ctx, user, changes_of(user.document, body.given()))
    return details(ctx, user)


def details(ctx: Context, user: Any) -> UserDetailsShape:
    [found] = user_views.in_full(ctx, [user])
    return UserDetailsShape.model_validate(found)
