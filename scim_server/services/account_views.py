"""Accounts as whoever runs the server sees them: what somebody signs in with, and where, but no secret."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.models import Account
from scim_server.services import accounts, second_factors
from scim_server.services.accounts import AccountContext
from scim_server.services.errors import NotFound


@dataclass(frozen=True, slots=True)
class UserElsewhere:
    """Who the person is in an organization."""

    id: UUID
    user_name: str
    status: str
    organization_id: UUID
    organization: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class AccountInFull:
    """`second_factors` is how many there are of each kind; `users` are the person's, the oldest first."""

    id: UUID
    email: str
    phone: str | None
    phone_verified: bool
    has_password: bool
    password_changed_at: datetime | None
    second_factors: dict[str, int]
    users: tuple[UserElsewhere, ...]
    created_at: datetime


def get_account(session: Session, account_id: UUID) -> Account:
    """Raises NotFound."""
    account = session.scalar(select(Account).where(Account.id == account_id))
    if account is None:
        raise NotFound("account", account_id)
    return account


def in_full(about: AccountContext) -> AccountInFull:
    """Everything that is shown of an account."""
    account = about.account
    return AccountInFull(
        id=account.id,
        email=account.email,
        phone=account.phone,
        phone_verified=account.phone_verified_at is not None,
        has_password=account.password_hash is not None,
        password_changed_at=account.password_changed_at,
        second_factors=second_factors.kinds(about),
        users=tuple(
            UserElsewhere(
                id=user.id,
                user_name=user.user_name,
                status=user.status,
                organization_id=org.id,
                organization=org.slug,
                is_default=org.id == account.default_org_id,
            )
            for org, user in accounts.users_of(about.session, account)
        ),
        created_at=account.created_at,
    )
