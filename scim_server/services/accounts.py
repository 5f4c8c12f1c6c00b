"""Accounts: what a person signs in with, over all the organizations whose user they are.

An account is of no organization, and what an organization or its directory does to a user never touches it. It changes
by what the person proves, or by the operator's hand; each organization where they are a user has that on record.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Account, Organization, User, UserStatus
from scim_server.models.base import new_id
from scim_server.services.addresses import Email, read_email, read_phone
from scim_server.services.constraints import flush
from scim_server.services.context import Actor, ActorKind, Context, Device
from scim_server.services.errors import AccountTaken, EmailTaken, NotAllowed, NotFound, PhoneTaken
from scim_server.services.events import Action, Changes, record


@dataclass(frozen=True, slots=True)
class AccountContext:
    """One request about one account, and the transaction that it runs in.

    No `actor`: it is the person themselves, whom each organization knows as its own user.
    """

    session: Session
    settings: Settings
    account: Account
    now: datetime
    actor: Actor | None = None
    request_id: str = ""
    device: Device = field(default_factory=Device)


class Place(NamedTuple):
    """An organization, and who the person is there."""

    org: Organization
    user: User


def about(ctx: Context, account: Account) -> AccountContext:
    """What the person whose account it is does in a request of an organization."""
    return AccountContext(ctx.session, ctx.settings, account, ctx.now, request_id=ctx.request_id, device=ctx.device)


def find_account(session: Session, email: str) -> Account | None:
    """The account of whoever has proven that this address is theirs. Raises InvalidValue."""
    return _of_email(session, read_email(email))


def find_account_by_phone(session: Session, phone: str) -> Account | None:
    """The account of whoever has proven that this telephone is theirs. Raises InvalidValue."""
    return session.scalar(
        select(Account).where(Account.phone == read_phone(phone), Account.phone_verified_at.is_not(None))
    )


def get_account_to_change(session: Session, account_id: UUID) -> Account:
    """An account that nobody else changes until this transaction ends, as it is now.

    Raises NotFound.
    """
    account = session.scalar(
        select(Account).where(Account.id == account_id).with_for_update().execution_options(populate_existing=True)
    )
    if account is None:
        raise NotFound("account", account_id)
    return account


def provide_account(session: Session, email: str, now: datetime) -> Account:
    """The account of an address: the one that there is, or a new one without a password.

    To be asked only where the person has just proven that the address is theirs, such as by a link that was mailed to
    it, because whoever has the account of an address is taken for its owner from then on.

    Raises InvalidValue.
    """
    address = read_email(email)
    found = _of_email(session, address)
    if found is not None:
        return found
    account = Account(
        id=new_id(),
        email=address.text,
        email_key=address.key,
        email_verified_at=now,
        version=1,
        created_at=now,
        updated_at=now,
    )
    try:
        with session.begin_nested():
            session.add(account)
            session.flush()
    except IntegrityError:  # somebody else, at the same time
        found = _of_email(session, address)
        if found is None:
            raise
        return found
    return account


def link(ctx: Context, user: User, account: Account) -> User:
    """Let a person sign in as a user, with the account that is theirs.

    Raises NotAllowed where the user has another account, AccountTaken where the account is another user here.
    """
    if user.account_id == account.id:
        return user
    if user.account_id is not None:
        raise NotAllowed("This user signs in with another account.")
    user.account_id = account.id
    flush(ctx.session, {"uq_users_account": AccountTaken(account.email)})
    if account.default_org_id is None:
        account.default_org_id = ctx.org.id
        account.changed(ctx.now)
    record(ctx, Action.USER_ACCOUNT_LINKED, user, {"account": (None, str(account.id))})
    return user


def users_of(session: Session, account: Account) -> list[Place]:
    """Every organization in which the person is a user who is not deleted, the oldest user first."""
    rows = session.execute(
        select(Organization, User)
        .join(User, User.org_id == Organization.id)
        .where(User.account_id == account.id, User.status != UserStatus.DELETED)
        .order_by(User.id)
    )
    return [Place(org, user) for org, user in rows]


def default_place(session: Session, account: Account) -> Place | None:
    """Where the person lands when they sign in: where they chose, or else where they have been for longest.

    There is none where they can sign in nowhere.
    """
    places = [place for place in users_of(session, account) if place.user.active]
    chosen = [place for place in places if place.org.id == account.default_org_id]
    return next(iter(chosen + places), None)


def choose_default(about: AccountContext, org_id: UUID) -> None:
    """Land in this organization from now on.

    Raises NotFound where the person is no user of it.
    """
    account = about.account
    if not any(place.org.id == org_id for place in users_of(about.session, account)):
        raise NotFound("organization of this account", org_id)
    if account.default_org_id != org_id:
        account.default_org_id = org_id
        account.changed(about.now)


def prove_email(about: AccountContext, email: str) -> None:
    """Make an address the person's, who has just proven that it is.

    Raises InvalidValue, EmailTaken.
    """
    address, account = read_email(email), about.account
    if account.email_verified_at is not None and account.email == address.text:
        return
    account.email, account.email_key = address.text, address.key
    account.email_verified_at = about.now
    account.changed(about.now)
    flush(about.session, {"uq_accounts_email": EmailTaken(address.text)})
    _record_changed(about, "email")


def write_phone(about: AccountContext, phone: str | None) -> None:
    """Note a telephone that the person says is theirs, or none; it is of no use before they have proven it.

    Raises InvalidValue.
    """
    account, number = about.account, read_phone(phone) if phone else None
    if number == account.phone:
        return
    account.phone, account.phone_verified_at = number, None
    account.changed(about.now)
    _record_changed(about, "phone")


def prove_phone(about: AccountContext) -> None:
    """The telephone that was noted is the person's, who has just proven it.

    Raises PhoneTaken.
    """
    account = about.account
    if account.phone is None or account.phone_verified_at is not None:
        return
    account.phone_verified_at = about.now
    account.changed(about.now)
    flush(about.session, {"uq_accounts_phone": PhoneTaken(account.phone)})
    _record_changed(about, "phoneVerified")


def forget_unused(session: Session, account_id: UUID) -> None:
    """Remove an account whose last user was purged: nobody is left whom it would sign in, and it says who they were."""
    get_account_to_change(session, account_id)
    used = select(User.id).where(User.account_id == account_id)
    session.execute(delete(Account).where(Account.id == account_id, ~used.exists()))


def record_everywhere(
    about: AccountContext, action: Action, changes: Changes | None = None, **details: Any
) -> list[Place]:
    """Write down a change of an account in each organization in which the person is a user, and return these."""
    places = users_of(about.session, about.account)
    for place in places:
        record(in_place(about, place), action, place.user, changes, **details)
    return places


def in_place(about: AccountContext, place: Place) -> Context:
    """The same request, as one of an organization."""
    actor = about.actor or Actor(ActorKind.USER, place.user.user_name, place.user.id)
    return Context(about.session, about.settings, place.org, actor, about.now, about.request_id, device=about.device)


def lock(about: AccountContext) -> None:
    """Have nobody else change the account until this transaction ends, and see it as it is now."""
    get_account_to_change(about.session, about.account.id)


def _record_changed(about: AccountContext, what: str) -> None:
    """That it changed is each organization's to know; what it is now, as of an address from another one, is not."""
    record_everywhere(about, Action.USER_ACCOUNT_UPDATED, what=what)


def _of_email(session: Session, address: Email) -> Account | None:
    return session.scalar(
        select(Account).where(Account.email_key == address.key, Account.email_verified_at.is_not(None))
    )
