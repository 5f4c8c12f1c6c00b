"""Second factors together: whether somebody needs one, and taking them away."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import exists, select

from scim_server.models import Organization, Passkey, TotpSecret, User
from scim_server.services import accounts, passkeys, passwords, recovery_codes, totp
from scim_server.services.accounts import AccountContext, record_everywhere, users_of
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed
from scim_server.services.events import Action
from scim_server.services.settings import OrganizationSettings
from scim_server.services.sso_rule import is_break_glass


class Need(StrEnum):
    """What a person who has proven one factor has to do before they are let in."""

    NONE = "none"
    ENROL = "enrol"
    VERIFY = "verify"


def needed(ctx: Context, user: User) -> Need:
    """What the organization asks of a user. Whoever has a second factor is always asked for it."""
    if user.account_id is not None and has_any(ctx, user.account_id):
        return Need.VERIFY
    return Need.ENROL if _is_required(ctx.org, user) else Need.NONE


def remove_totp(about: AccountContext) -> None:
    """Forget the authenticator app.

    Raises NotAllowed where it is the last second factor, and an organization asks for one.
    """
    if totp.remove(about):
        _removed(about, kind="totp")


def remove_passkey(about: AccountContext, passkey_id: UUID) -> None:
    """Forget a passkey.

    Raises NotFound; NotAllowed where it is the last second factor, and an organization asks for one.
    """
    passkeys.remove(about, passkey_id)
    _removed(about, kind="passkey")


def reset(about: AccountContext, why: str) -> None:
    """Forget every second factor of somebody who has lost them all, and end their sessions.

    Where an organization asks for one, they set up new ones when they next sign in.
    """
    accounts.lock(about)
    totp.remove(about)
    passkeys.forget(about)
    recovery_codes.forget(about)
    about.account.changed(about.now)
    passwords.end_sessions(about, why)
    record_everywhere(about, Action.USER_SECOND_FACTORS_RESET)


def kinds(about: AccountContext) -> dict[str, int]:
    """How many there are of each kind, and of recovery codes that nobody has used."""
    return {
        "totp": int(totp.has(about)),
        "passkeys": passkeys.how_many(about),
        "recovery_codes": recovery_codes.how_many_left(about),
    }


def _removed(about: AccountContext, *, kind: str) -> None:
    if not totp.has(about) and not passkeys.how_many(about):
        asking = [place.org for place in users_of(about.session, about.account) if _is_required(*place)]
        if asking:
            raise NotAllowed(f"{asking[0].name} asks you for a second factor: set up another one first.")
        recovery_codes.forget(about)
    about.account.changed(about.now)
    record_everywhere(about, Action.USER_SECOND_FACTOR_REMOVED, kind=kind)


def has_any(ctx: Context, account_id: UUID) -> bool:
    """Whether an account has a second factor that can be asked for."""
    app = exists().where(TotpSecret.account_id == account_id, TotpSecret.confirmed_at.is_not(None))
    key = exists().where(Passkey.account_id == account_id)
    return bool(ctx.session.scalar(select(app | key)))


def _is_required(org: Organization, user: User) -> bool:
    # Whoever need not come through the connection keeps what makes up for it (services/sso_required.py).
    return OrganizationSettings.model_validate(org.settings).require_second_factor or is_break_glass(org, user)
