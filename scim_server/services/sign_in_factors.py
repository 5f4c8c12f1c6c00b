"""The second step of signing in: showing the second factor that somebody has, or setting up the first one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from scim_server.services import accounts, passkeys, recovery_codes, second_factors, sign_in, totp
from scim_server.services.attempts import Attempt
from scim_server.services.errors import SignInRefused, TooManyTries, WrongCode
from scim_server.services.sign_in import Next, Proven, Reason
from scim_server.services.totp import Enrolment


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody can show as a second factor: an app, a passkey that answers this challenge, a recovery code."""

    app: bool
    challenge_id: UUID | None
    options: dict[str, Any] | None
    recovery_codes: bool


def ask(attempt: Attempt, proven: Proven) -> Asked:
    """Ask for a second factor that the person has.

    Raises NotSignedIn where the account has changed since.
    """
    with attempt.database.writing() as session:
        about = sign_in.still(session, attempt, proven)
        has = second_factors.kinds(about)
        challenge_id, options = passkeys.begin_verification(about) if has["passkeys"] else (None, None)
        return Asked(bool(has["totp"]), challenge_id, options, bool(has["recovery_codes"]))


def by_app(attempt: Attempt, proven: Proven, code: str) -> Proven:
    """Take a code of the authenticator app.

    Raises SignInRefused, NotSignedIn.
    """
    with _refused(attempt, proven):
        totp.verify(attempt, proven.account_id, code)
    return replace(proven, second="totp")


def by_recovery_code(attempt: Attempt, proven: Proven, code: str) -> Proven:
    """Take a recovery code.

    Raises SignInRefused, NotSignedIn.
    """
    with _refused(attempt, proven):
        recovery_codes.use(attempt, proven.account_id, code)
    return replace(proven, second="recovery_code")


def by_passkey(attempt: Attempt, proven: Proven, challenge_id: UUID, credential: dict[str, Any]) -> Proven:
    """Take what a passkey answers to a challenge.

    Raises SignInRefused, NotSignedIn.
    """
    with _refused(attempt, proven):
        passkeys.verify(attempt, proven.account_id, challenge_id, credential)
    return replace(proven, second="passkey")


def begin_app(attempt: Attempt, proven: Proven, secret: str | None) -> Enrolment:
    """What to show of an authenticator app that is to be set up: anew, or once more of the one that was begun.

    Raises NotSignedIn where the account has changed since.
    """
    with attempt.database.writing() as session:
        about = sign_in.still(session, attempt, proven)
        return totp.enrolment(about, secret) if secret else totp.begin(about)


def confirm_app(attempt: Attempt, proven: Proven, org_id: UUID | None, code: str) -> tuple[Proven, list[str]]:
    """Take up the app that the person is asked to set up, and return the recovery codes, which are shown once.

    Raises NotSignedIn where they are not asked, InvalidValue.
    """
    with attempt.database.writing() as session:
        accounts.lock(sign_in.still(session, attempt, proven))
        about = sign_in.still(session, attempt, proven)
        sign_in.check_next(about, proven, org_id, Next.ENROL)
        totp.confirm(about, code)
        codes = recovery_codes.renew(about)
        return replace(proven, second="totp", version=about.account.version), codes


@contextmanager
def _refused(attempt: Attempt, proven: Proven) -> Iterator[None]:
    """Raises SignInRefused in place of what is wrong, once that is written down."""
    with attempt.database.reading() as session:
        sign_in.still(session, attempt, proven)
    try:
        yield
    except (WrongCode, TooManyTries) as problem:
        reason = Reason.TOO_MANY_TRIES if isinstance(problem, TooManyTries) else Reason.WRONG_SECOND_FACTOR
        refused: SignInRefused = sign_in.refuse(attempt, proven, reason)
        raise refused from None
