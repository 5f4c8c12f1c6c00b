"""/api/v1/invitations: who is invited, and has not accepted yet."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from scim_server.services import invitations, pending_invitations, roles
from scim_server.services.built_in import Manage
from scim_server.services.context import ADMIN, Context
from scim_server.services.languages import Language
from scim_server.services.plain_fields import changes_of
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, page
from scim_server.web.api.user_shapes import Mailbox, NamedShape, ProfileInput

invited = Room(
    "Invitations",
    "Links by mail, good for seven days and for one acceptance. No answer has the link: that somebody has it is the "
    "proof that the address is theirs.",
)


class InvitationShape(Shape):
    id: UUID
    email: str
    user_id: UUID
    role: NamedShape
    language: str
    created_at: datetime
    expires_at: datetime
    expired: Annotated[bool, Field(description="Whether the link is too old, and has to be sent again.")]


class InvitationWithLinkShape(InvitationShape):
    link: Annotated[str, Field(description="Nothing is mailed: give it to whoever reads mail at that address.")]


class NewInvitation(Input):
    email: Mailbox
    role_id: Annotated[UUID | None, Field(description="Without it, they get the default role.")] = None
    team_ids: Annotated[list[UUID], Field(max_length=100, description="Teams to join.")] = Field(default_factory=list)
    language: Annotated[Language, Field(description="That of the message.")] = Language.EN
    profile: Annotated[ProfileInput | None, Field(description="What else is known of somebody who is no user yet.")] = (
        None
    )


class FirstAdmin(Input):
    email: Mailbox
    language: Language = Language.EN


@invited.get("/invitations", needs=Manage.USERS)
def list_invitations(ctx: Context, query: ListQuery) -> Page[InvitationShape]:
    """List the invitations that nobody has accepted yet, those that are too old among them, the oldest first."""
    return page(pending_invitations.list_part(ctx, query.cut()), lambda each: _shown(ctx, each))


@invited.post("/invitations", needs=Manage.USERS, status=201)
def invite_user(ctx: Context, body: NewInvitation) -> InvitationShape:
    """Invite somebody by mail.

    Somebody who is no user yet, or one who was never invited, such as one who was imported. To give them another role
    than the default one also takes `roles.manage`, to have them join a team `teams.manage`.
    """
    role = roles.find_role(ctx, str(body.role_id)) if body.role_id else None
    fields = changes_of({}, body.profile.said()) if body.profile else {}
    made = invitations.invite(ctx, body.email, role=role, team_ids=body.team_ids, language=body.language, fields=fields)
    return _shown(ctx, made)


@invited.get("/invitations/<uuid:invitation_id>", needs=Manage.USERS)
def show_invitation(ctx: Context, invitation_id: UUID) -> InvitationShape:
    """Show an invitation that nobody has accepted yet."""
    return _shown(ctx, pending_invitations.get_pending(ctx, invitation_id))


@invited.post("/invitations/<uuid:invitation_id>/resend", needs=Manage.USERS)
def resend_invitation(ctx: Context, invitation_id: UUID) -> InvitationShape:
    """Send a new link, which ends the earlier one.

    What is answered is the new invitation, which has another id.
    """
    return _shown(ctx, invitations.resend(ctx, pending_invitations.get_pending_to_change(ctx, invitation_id)))


@invited.delete("/invitations/<uuid:invitation_id>", needs=Manage.USERS)
def revoke_invitation(ctx: Context, invitation_id: UUID) -> None:
    """Withdraw an invitation.

    The link ends at once, and with it the user who was to come of it.
    """
    invitations.revoke(ctx, pending_invitations.get_pending_to_change(ctx, invitation_id))


@invited.post("/first-admin", needs=ADMIN)
def invite_first_admin(ctx: Context, body: FirstAdmin) -> InvitationWithLinkShape:
    """Make the one-time link that makes somebody an admin.

    Of an organization that has no owner, the first one who accepts is the owner. Whoever runs the server vouches for
    the address: it takes a key of the whole installation. Another call for the same address ends the earlier link.
    """
    made = invitations.invite_first_admin(ctx, body.email, language=body.language)
    return InvitationWithLinkShape(**_shown(ctx, made).model_dump(), link=made.link)


def _shown(ctx: Context, found: Any) -> InvitationShape:
    return InvitationShape.model_validate(pending_invitations.told(ctx, found))
