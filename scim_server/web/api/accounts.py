"""/api/v1/accounts: what people sign in with, over all their organizations, for whoever runs the server."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from scim_server.services import account_views, password_resets, second_factors
from scim_server.services import accounts as persons
from scim_server.services.accounts import AccountContext
from scim_server.services.context import ADMIN
from scim_server.web.api.callers import Installation
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, Page, Shape
from scim_server.web.api.user_shapes import Mailbox

accounts = Room(
    "Accounts",
    "What people sign in with. One account is of a person, not of an organization, so that this takes a key of the "
    "whole installation.",
)


class UserElsewhereShape(Shape):
    id: UUID
    user_name: str
    status: str
    organization_id: UUID
    organization: Annotated[str, Field(description="Its slug.")]
    is_default: Annotated[bool, Field(description="Whether they land there when they sign in.")]


class AccountShape(Shape):
    id: UUID
    email: str
    phone: str | None
    phone_verified: bool
    has_password: bool
    password_changed_at: datetime | None
    second_factors: Annotated[dict[str, int], Field(description="How many there are of each kind.")]
    users: list[UserElsewhereShape]
    created_at: datetime


class AccountQuery(Input):
    email: Annotated[Mailbox, Field(description="An address that its owner has proven.")]


class PasswordReset(Input):
    send: Annotated[bool, Field(description="Whether the link is mailed to them as well.")] = False


class LinkShape(Shape):
    link: Annotated[str, Field(description="Good once and for an hour: hand it to nobody else.")]


class Default(Input):
    organization_id: UUID


@accounts.get("/accounts", needs=ADMIN)
def find_account(here: Installation, query: AccountQuery) -> Page[AccountShape]:
    """Find the account of an e-mail address."""
    found = persons.find_account(here.session, query.email)
    return Page(items=[_shown(here, found)] if found else [], next=None)


@accounts.get("/accounts/<uuid:account_id>", needs=ADMIN)
def show_account(here: Installation, account_id: UUID) -> AccountShape:
    """Show an account: where its owner is a user, and what they sign in with, but no secret."""
    return _shown(here, account_views.get_account(here.session, account_id))


@accounts.post("/accounts/<uuid:account_id>/reset-second-factors", needs=ADMIN)
def reset_second_factors(here: Installation, account_id: UUID) -> None:
    """Forget the second factors of somebody who has lost them all.

    Make sure that it is them who asks. Their sessions end, in every organization.
    """
    second_factors.reset(_changing(here, account_id), "the operator reset the second factors")


@accounts.post("/accounts/<uuid:account_id>/reset-password", needs=ADMIN)
def reset_password(here: Installation, account_id: UUID, body: PasswordReset) -> LinkShape:
    """Make a link to choose a new password.

    Until it is used, nothing changes.
    """
    return LinkShape(link=password_resets.issue(_changing(here, account_id), by_mail=body.send))


@accounts.put("/accounts/<uuid:account_id>/default-organization", needs=ADMIN)
def choose_default_organization(here: Installation, account_id: UUID, body: Default) -> AccountShape:
    """Choose where somebody lands when they sign in; they can switch there."""
    about = _changing(here, account_id)
    persons.choose_default(about, body.organization_id)
    return AccountShape.model_validate(account_views.in_full(about))


def _changing(here: Installation, account_id: UUID) -> AccountContext:
    return _about(here, persons.get_account_to_change(here.session, account_id))


def _about(here: Installation, account: Any) -> AccountContext:
    return AccountContext(
        here.session, here.settings, account, here.now, here.actor, here.request_id, device=here.device
    )


def _shown(here: Installation, account: Any) -> AccountShape:
    return AccountShape.model_validate(account_views.in_full(_about(here, account)))
