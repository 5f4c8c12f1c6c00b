"""Recovery codes: ten to print, each good once, for whoever has lost their authenticator app and their passkeys."""

import secrets
from uuid import UUID

from sqlalchemy import delete, func, select, update

from scim_server.config import Settings
from scim_server.models import RecoveryCode
from scim_server.models.base import new_id
from scim_server.sealing import keyed_hash
from scim_server.services import accounts
from scim_server.services.accounts import AccountContext, record_everywhere
from scim_server.services.attempts import Attempt, count, refuse_too_many
from scim_server.services.errors import WrongCode
from scim_server.services.events import Action

HOW_MANY = 10

# Without those that look like each other: 49 bits in ten of them.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 10


def renew(about: AccountContext) -> list[str]:
    """Ten new codes, which are shown once and kept nowhere; those that there were are good no more."""
    accounts.lock(about)
    forget(about)
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(HOW_MANY)]
    about.session.add_all(
        RecoveryCode(
            id=new_id(),
            account_id=about.account.id,
            code_hash=_hash(about.settings, about.account.id, code),
            created_at=about.now,
        )
        for code in codes
    )
    about.account.changed(about.now)
    about.session.flush()
    record_everywhere(about, Action.USER_RECOVERY_CODES_RENEWED)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def use(attempt: Attempt, account_id: UUID, code: str) -> int:
    """Take a code instead of another second factor, and return how many are left.

    Raises WrongCode, TooManyTries.
    """
    with attempt.acting(account_id) as about:
        refuse_too_many(about)
        used = about.session.scalar(
            update(RecoveryCode)
            .where(
                RecoveryCode.account_id == account_id,
                RecoveryCode.code_hash == _hash(attempt.settings, account_id, code),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=attempt.now)
            .returning(RecoveryCode.id)
        )
        right = count(about, right=used is not None)
        left = how_many_left(about)
        if right:
            record_everywhere(about, Action.USER_RECOVERY_CODE_USED, left=left)
    if not right:
        raise WrongCode
    return left


def how_many_left(about: AccountContext) -> int:
    return (
        about.session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.account_id == about.account.id, RecoveryCode.used_at.is_(None))
        )
        or 0
    )


def forget(about: AccountContext) -> None:
    """Have no code be good any more."""
    about.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == about.account.id))


def _hash(settings: Settings, account_id: UUID, code: str) -> bytes:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return keyed_hash(settings, "recovery code", f"{account_id} {plain}")
