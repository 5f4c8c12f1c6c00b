"""Access codes: six digits that go to a mailbox or a telephone, to sign in, or to prove that it is one's own.

A code is good once, for ten minutes and five tries, each of which counts whatever becomes of the request
(services/attempts.py). A new one ends the one before it.
"""

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import AccessCode, Account
from scim_server.models.base import new_id
from scim_server.sealing import keyed_hash
from scim_server.services import account_mail, accounts
from scim_server.services.addresses import read_email, read_phone
from scim_server.services.attempts import MOST_TRIES, Attempt
from scim_server.services.errors import TooManyTries, WrongCode
from scim_server.services.languages import Language
from scim_server.services.mail import MailText
from scim_server.services.passkeys import relying_party
from scim_server.services.senders import Channel, Sender, Senders

log = structlog.get_logger(__name__)

_DIGITS = 6
LIFETIME = timedelta(minutes=10)

# The last line is for telephones that fill in a code for the site that it is from, and for no other (WICG
# sms-one-time-codes).
_TEXTS = {
    Language.EN: "{code} is your access code, good for ten minutes. Give it to nobody.\n\n@{host} #{code}",
    Language.PT_BR: "{code} é seu código de acesso, que vale dez minutos. Não o informe a ninguém.\n\n@{host} #{code}",
}


class Purpose(StrEnum):
    SIGN_IN = "sign-in"
    PROVE = "prove"


def ask_to_sign_in(attempt: Attempt, senders: Senders, channel: Channel, address: str) -> None:
    """Send a code to an address, if somebody has proven that it is theirs, and if it was not sent too many.

    Whoever asks is told nothing of either. Raises InvalidValue.
    """
    with attempt.database.writing() as session:
        account = _owner(session, channel, address)
        deliver = _issue(session, attempt, senders, channel, address, Purpose.SIGN_IN, account)
    if deliver is not None:
        deliver()


def sign_in(attempt: Attempt, channel: Channel, address: str, code: str) -> UUID:
    """The id of the account whose owner has the code that was sent to an address.

    Raises WrongCode, InvalidValue.
    """
    account_id = _use(attempt, channel, address, Purpose.SIGN_IN, code, None)
    with attempt.database.reading() as session:
        owner = _owner(session, channel, address)
    if owner is None or owner.id != account_id:  # the address has changed hands meanwhile
        raise WrongCode
    return account_id


def ask_to_prove(attempt: Attempt, senders: Senders, account_id: UUID, channel: Channel, address: str) -> None:
    """Send a code to an address that a person says is theirs; a telephone is noted with the account.

    Raises InvalidValue, TooManyTries.
    """
    with attempt.acting(account_id) as about:
        if channel is not Channel.EMAIL:
            accounts.write_phone(about, address)
        deliver = _issue(about.session, attempt, senders, channel, address, Purpose.PROVE, about.account)
        if deliver is None:
            raise TooManyTries
    deliver()


def prove(attempt: Attempt, account_id: UUID, channel: Channel, address: str, code: str) -> None:
    """Make an address the person's, who has the code that was sent to it.

    Raises WrongCode, InvalidValue, EmailTaken, PhoneTaken.
    """
    _use(attempt, channel, address, Purpose.PROVE, code, account_id)
    with attempt.acting(account_id) as about:
        if channel is Channel.EMAIL:
            accounts.prove_email(about, address)
        elif about.account.phone == read_phone(address):
            accounts.prove_phone(about)
        else:  # the person has noted another one meanwhile
            raise WrongCode


def _owner(session: Session, channel: Channel, address: str) -> Account | None:
    if channel is Channel.EMAIL:
        return accounts.find_account(session, address)
    return accounts.find_account_by_phone(session, address)


def _issue(
    session: Session,
    attempt: Attempt,
    senders: Senders,
    channel: Channel,
    address: str,
    purpose: Purpose,
    account: Account | None,
) -> Callable[[], None] | None:
    """Keep a new code, and return what delivers it once the transaction is over; or nothing, where it is one too many.

    Without an account the same is done, and nothing is delivered.
    """
    account_id = account.id if account else new_id()
    session.execute(select(Account.id).where(Account.id == account_id).with_for_update())
    address_hash = _address_hash(attempt.settings, channel, address)
    if not _may_send(session, attempt.now, purpose, account_id, address_hash):
        return None
    session.execute(
        update(AccessCode)
        .where(AccessCode.account_id == account_id, AccessCode.purpose == purpose, AccessCode.ended_at.is_(None))
        .values(ended_at=attempt.now)
        .execution_options(synchronize_session=False)
    )
    code = _keep(session, attempt, purpose, account, address_hash)
    if channel is Channel.EMAIL:
        # What is asked for in the name of an account goes to the address of the account, not to how it was typed.
        to = account.email if account and purpose is Purpose.SIGN_IN else read_email(address).text
        _post(session, attempt, account, to, code)
        return _nothing
    language = account_mail.language_of(session, account) if account else None
    if language is None:
        return _nothing
    text = _TEXTS[language].format(code=code, host=relying_party(attempt.settings)[0])
    return partial(_deliver, senders[channel], read_phone(address), text)


def _may_send(session: Session, now: datetime, purpose: Purpose, account_id: UUID, address_hash: bytes) -> bool:
    session.execute(delete(AccessCode).where(AccessCode.created_at <= now - account_mail.LONGEST))
    sent = session.scalars(
        select(AccessCode.created_at).where(
            or_(AccessCode.address_hash == address_hash, AccessCode.account_id == account_id),
            AccessCode.purpose == purpose,
        )
    )
    return account_mail.may_send(list(sent), now)


def _keep(session: Session, attempt: Attempt, purpose: Purpose, account: Account | None, address_hash: bytes) -> str:
    """A new code, of which only a hash is kept."""
    id, code = new_id(), f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    row = AccessCode(
        id=id,
        account_id=account.id if account else None,
        purpose=purpose,
        address_hash=address_hash,
        code_hash=_code_hash(attempt.settings, id, code),
        created_at=attempt.now,
        expires_at=attempt.now + LIFETIME,
    )
    session.add(row)
    session.flush()
    return code


def _post(session: Session, attempt: Attempt, account: Account | None, to: str, code: str) -> None:
    now = attempt.now
    account_mail.post(
        session,
        attempt.settings,
        account,
        to,
        MailText.ACCESS_CODE,
        now=now,
        useless_at=now + LIFETIME,
        code=code,
    )


def _use(
    attempt: Attempt, channel: Channel, address: str, purpose: Purpose, code: str, account_id: UUID | None
) -> UUID:
    """The account that a code was sent for, which is of no use from now on. Raises WrongCode, InvalidValue."""
    wanted = [AccessCode.account_id == account_id] if account_id else []
    address_hash = _address_hash(attempt.settings, channel, address)
    with attempt.database.writing() as session:
        row = session.scalar(
            select(AccessCode)
            .where(AccessCode.address_hash == address_hash, AccessCode.purpose == purpose, *wanted)
            .where(AccessCode.ended_at.is_(None))
            .order_by(AccessCode.id.desc())
            .limit(1)
            .with_for_update()
        )
        right = row is not None and _is_right(attempt, row, code)
    if row is None or not right or row.account_id is None:
        raise WrongCode
    return row.account_id


def _is_right(attempt: Attempt, row: AccessCode, code: str) -> bool:
    """Count one more try."""
    row.tries += 1
    typed = "".join(letter for letter in code if not letter.isspace())
    right = (
        row.expires_at > attempt.now
        and typed.isascii()
        and hmac.compare_digest(row.code_hash, _code_hash(attempt.settings, row.id, typed))
    )
    if right or row.tries >= MOST_TRIES:
        row.ended_at = attempt.now
    return right


def _address_hash(settings: Settings, channel: Channel, address: str) -> bytes:
    """One for a telephone, whichever way its texts go."""
    key = read_email(address).key if channel is Channel.EMAIL else read_phone(address)
    return keyed_hash(settings, "address of a code", key)


def _code_hash(settings: Settings, id: UUID, code: str) -> bytes:
    return keyed_hash(settings, "access code", f"{id} {code}")


def _deliver(sender: Sender, number: str, text: str) -> None:
    try:
        sender(number, text)
    except Exception as error:  # noqa: BLE001 (who asks must not find out by it that there was something to send)
        log.warning("text not sent", kind=type(error).__name__)


def _nothing() -> None:
    """What is to be done where mail is in the outbox, or where there is nobody."""
