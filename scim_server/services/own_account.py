"""What somebody who has signed in sees and changes of their own account, which is theirs over all organizations.

Only a session that began with the account itself may: a connection lets in the user of one organization, and whoever
runs it can let in anybody there, but is not to reach what that person signs in with elsewhere.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Account, SignIn, Way
from scim_server.services import accounts, passkeys, recovery_codes, second_factors, sessions, totp
from scim_server.services.accounts import AccountContext, Place
from scim_server.services.errors import NotAllowed
from scim_server.services.me import Me, about_me
from scim_server.services.moments import written
from scim_server.services.preferences import preferences_of
from scim_server.services.sessions import SignedIn
from scim_server.services.sign_in import Proven
from scim_server.services.totp import Enrolment

# How long ago somebody may have signed in who changes what they sign in with: a browser left open is not enough.
_RECENT = timedelta(minutes=15)
_LAST = 10


class LastFactor(Exception):
    """It would leave the person without a second factor, and an organization asks for one."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    id: UUID
    since: str
    seen: str
    user_agent: str | None
    ip: str | None
    is_this: bool


@dataclass(frozen=True, slots=True)
class LastSignIn:
    at: str
    way: str
    outcome: str
    code: str
    user_agent: str | None
    ip: str | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An organization that the person could go to, or be in."""

    id: UUID
    name: str
    is_here: bool
    is_default: bool


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors of an account, and whether it is not too long ago that the person signed in."""

    app: bool
    passkeys: tuple[tuple[UUID, str], ...]
    recovery_codes: int
    is_recent: bool


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """`organizations` and `factors` are there where the session began with the account."""

    me: Me
    sessions: tuple[OpenSession, ...]
    sign_ins: tuple[LastSignIn, ...]
    organizations: tuple[Elsewhere, ...]
    factors: Factors | None


def show(signed_in: SignedIn) -> OwnAccount:
    account = _own(signed_in)
    return OwnAccount(
        about_me(signed_in),
        tuple(_open_sessions(signed_in)),
        tuple(_last_sign_ins(signed_in)),
        tuple(_organizations(signed_in, account)) if account else (),
        _factors(signed_in, account) if account else None,
    )


def proven(signed_in: SignedIn) -> Proven:
    """What the person has shown who has signed in, as far as it lets them into another organization too.

    Raises NotAllowed where it does not.
    """
    account = _own(signed_in)
    if account is None:
        raise NotAllowed("You have signed in to this organization alone.")
    record = signed_in.ctx.session.scalar(
        select(SignIn).where(SignIn.org_id == signed_in.ctx.org.id, SignIn.session_id == signed_in.row.id).limit(1)
    )
    second = record.details.get("second_factor") if record else None
    return Proven(account.id, account.version, Way(signed_in.row.way), second)


def changing(signed_in: SignedIn) -> AccountContext:
    """A request that changes what the person signs in with, which nobody else changes meanwhile.

    Raises NotAllowed where they signed in another way, or too long ago.
    """
    account = _own(signed_in)
    if account is None or not _is_recent(signed_in):
        raise NotAllowed("To change what you sign in with, sign in again.")
    accounts.lock(accounts.about(signed_in.ctx, account))
    return accounts.about(signed_in.ctx, account)


def choose_default(signed_in: SignedIn, org_id: UUID) -> None:
    """Land in another organization from now on.

    Raises NotAllowed, NotFound.
    """
    account = _own(signed_in)
    if account is None:
        raise NotAllowed("You have signed in to this organization alone.")
    about = accounts.about(signed_in.ctx, account)
    accounts.lock(about)
    accounts.choose_default(about, org_id)


def begin_app(signed_in: SignedIn, secret: str | None) -> Enrolment:
    """What to show of an app that is to be set up: anew, or once more of the one that was begun. Raises NotAllowed."""
    about = changing(signed_in)
    return totp.enrolment(about, secret) if secret else totp.begin(about)


def confirm_app(signed_in: SignedIn, code: str) -> list[str]:
    """Take up an app; with the first second factor there are recovery codes, which are shown once.

    Raises NotAllowed, InvalidValue.
    """
    about = changing(signed_in)
    totp.confirm(about, code)
    return codes_for_first(about)


def codes_for_first(about: AccountContext) -> list[str]:
    """Recovery codes for whoever has none left, and none at all for others, who keep theirs."""
    return [] if recovery_codes.how_many_left(about) else recovery_codes.renew(about)


def remove_app(signed_in: SignedIn) -> None:
    """Raises NotAllowed, LastFactor."""
    about = changing(signed_in)
    try:
        second_factors.remove_totp(about)
    except NotAllowed:
        raise LastFactor from None


def remove_passkey(signed_in: SignedIn, passkey_id: UUID) -> None:
    """Raises NotAllowed, NotFound, LastFactor."""
    about = changing(signed_in)
    try:
        second_factors.remove_passkey(about, passkey_id)
    except NotAllowed:
        raise LastFactor from None


def renew_codes(signed_in: SignedIn) -> list[str]:
    """Raises NotAllowed, also where there is no second factor that they would stand in for."""
    about = changing(signed_in)
    if not totp.has(about) and not passkeys.how_many(about):
        raise NotAllowed("Recovery codes stand in for a second factor: set up one first.")
    return recovery_codes.renew(about)


def _own(signed_in: SignedIn) -> Account | None:
    """The account that a session began with."""
    if signed_in.row.way not in (Way.PASSWORD, Way.CODE, Way.PASSKEY) or signed_in.user.account_id is None:
        return None
    return signed_in.ctx.session.scalars(select(Account).where(Account.id == signed_in.user.account_id)).one()


def _is_recent(signed_in: SignedIn) -> bool:
    return signed_in.ctx.now - signed_in.row.created_at < _RECENT


def _open_sessions(signed_in: SignedIn) -> list[OpenSession]:
    ctx, preferences = signed_in.ctx, preferences_of(signed_in.ctx, signed_in.user)
    return [
        OpenSession(
            row.id,
            written(row.created_at, preferences),
            written(row.last_seen_at, preferences),
            row.user_agent,
            row.ip,
            row.id == signed_in.row.id,
        )
        for row in sessions.list_sessions(ctx, signed_in.user)
    ]


def _last_sign_ins(signed_in: SignedIn) -> list[LastSignIn]:
    ctx, preferences = signed_in.ctx, preferences_of(signed_in.ctx, signed_in.user)
    rows = ctx.session.scalars(
        select(SignIn)
        .where(SignIn.org_id == ctx.org.id, SignIn.user_id == signed_in.user.id)
        .order_by(SignIn.id.desc())
        .limit(_LAST)
    )
    return [
        LastSignIn(written(row.at, preferences), row.way, row.outcome, row.code, row.user_agent, row.ip) for row in rows
    ]


def _organizations(signed_in: SignedIn, account: Account) -> list[Elsewhere]:
    ctx = signed_in.ctx
    places: list[Place] = [place for place in accounts.users_of(ctx.session, account) if place.user.active]
    return [
        Elsewhere(place.org.id, place.org.name, place.org.id == ctx.org.id, place.org.id == account.default_org_id)
        for place in places
    ]


def _factors(signed_in: SignedIn, account: Account) -> Factors:
    about = accounts.about(signed_in.ctx, account)
    return Factors(
        totp.has(about),
        tuple((row.id, row.name) for row in passkeys.list_passkeys(about)),
        recovery_codes.how_many_left(about),
        _is_recent(signed_in),
    )
