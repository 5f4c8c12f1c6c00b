"""Choosing a new password by a link that was mailed, or that the operator hands over."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Account, PasswordReset
from scim_server.models.base import new_id
from scim_server.sealing import keyed_hash
from scim_server.services import account_mail, accounts, passwords
from scim_server.services.accounts import AccountContext, record_everywhere
from scim_server.services.addresses import read_email
from scim_server.services.attempts import Attempt
from scim_server.services.errors import NotAllowed, WrongCode
from scim_server.services.events import Action
from scim_server.services.mail import MailText
from scim_server.services.sso_required import is_shut

LIFETIME = timedelta(hours=1)


def ask(attempt: Attempt, email: str) -> None:
    """Mail a link to an address, if it is an account's, and if it was not sent too many.

    Whoever asks is told nothing of either, and neither takes longer. Raises InvalidValue.
    """
    settings, now = attempt.settings, attempt.now
    address = read_email(email)
    address_hash = keyed_hash(settings, "address of a reset", address.key)
    with attempt.database.writing() as session:
        account = accounts.find_account(session, email)
        session.execute(select(Account.id).where(Account.id == (account.id if account else new_id())).with_for_update())
        session.execute(delete(PasswordReset).where(PasswordReset.created_at <= now - account_mail.LONGEST))
        sent = session.scalars(select(PasswordReset.created_at).where(PasswordReset.address_hash == address_hash)).all()
        if not account_mail.may_send(list(sent), now):
            return
        row, link = _new(attempt, session, account, address_hash)
        to = account.email if account else address.text  # as it was proven, not as it was typed
        account_mail.post(
            session, settings, account, to, MailText.PASSWORD_RESET, now=now, useless_at=row.expires_at, link=link
        )


def issue(about: AccountContext, *, by_mail: bool) -> str:
    """A link for whoever has asked the operator for it, and their mailbox.

    Raises NotAllowed where nobody signs in by a password in any organization of theirs.
    """
    account = about.account
    if is_shut(about.session, account):
        raise NotAllowed(f"{account.email} signs in through a connection, and by no password: it is required of them.")
    address_hash = keyed_hash(about.settings, "address of a reset", account.email_key)
    row, link = _new(about, about.session, account, address_hash)
    if by_mail:
        account_mail.post(
            about.session,
            about.settings,
            account,
            account.email,
            MailText.PASSWORD_RESET,
            now=about.now,
            useless_at=row.expires_at,
            link=link,
        )
    record_everywhere(about, Action.USER_PASSWORD_RESET_ISSUED, by_mail=by_mail)
    return link


def look_at(attempt: Attempt, token: str) -> str:
    """The address of the account that a link is for. Looking does not use it up, as scanners of mail do.

    Raises WrongCode.
    """
    good = PasswordReset.token_hash == _hash(token), PasswordReset.ended_at.is_(None)
    with attempt.database.reading() as session:
        email = session.scalar(
            select(Account.email)
            .join(PasswordReset, PasswordReset.account_id == Account.id)
            .where(*good, PasswordReset.expires_at > attempt.now)
        )
    if email is None:
        raise WrongCode("link")
    return email


def choose(attempt: Attempt, token: str, password: str) -> str:
    """Choose a new password, and return the address that it goes with.

    The link is of no use from now on, and every session of the person ends, everywhere. It signs nobody in: whoever has
    a second factor is asked for it afterwards, as always. Raises WrongCode, and InvalidValue, after which the link is
    as good as before.
    """
    with attempt.database.writing() as session:
        account_id = session.scalar(select(PasswordReset.account_id).where(PasswordReset.token_hash == _hash(token)))
        if account_id is None:
            raise WrongCode("link")
        account = accounts.get_account_to_change(session, account_id)
        if is_shut(session, account):  # the link is older than that
            raise WrongCode("link")
        # Read behind the lock: whoever else used it, or changed the password, has ended it.
        row = session.scalars(select(PasswordReset).where(PasswordReset.token_hash == _hash(token))).one()
        if row.ended_at is not None or row.expires_at <= attempt.now:
            raise WrongCode("link")
        about = AccountContext(
            session, attempt.settings, account, attempt.now, request_id=attempt.request_id, device=attempt.device
        )
        passwords.set_password(about, password)
        return account.email


def _new(
    at: Attempt | AccountContext, session: Session, account: Account | None, address_hash: bytes
) -> tuple[PasswordReset, str]:
    token = secrets.token_urlsafe(32)
    row = PasswordReset(
        id=new_id(),
        account_id=account.id if account else None,
        address_hash=address_hash,
        token_hash=_hash(token),
        created_at=at.now,
        expires_at=at.now + LIFETIME,
    )
    session.add(row)
    session.flush()
    return row, _link(at.settings, token)


def _link(settings: Settings, token: str) -> str:
    return f"{settings.base_url}/reset-password/{token}"


def _hash(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
