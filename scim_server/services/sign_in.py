"""Signing in without an identity provider: by password or access code, then the second factor, then the organization.

What somebody has shown so far is a `Proven`, which whoever calls keeps for them, sealed, until `enter` opens the
session. It asks everything anew, of rows that nobody else changes meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.models import Account, Organization, Outcome, Way
from scim_server.models.base import new_id
from scim_server.services import access_codes, accounts, guesses, passwords, second_factors, sessions
from scim_server.services.accounts import AccountContext, Place, in_place
from scim_server.services.addresses import read_email, read_phone
from scim_server.services.attempts import Attempt
from scim_server.services.context import SYSTEM, Context
from scim_server.services.errors import NotAllowed, NotSignedIn, SignInRefused, WrongCode
from scim_server.services.guesses import Guess, Heard
from scim_server.services.home_realms import WayIn, ways_in
from scim_server.services.second_factors import Need
from scim_server.services.senders import Channel
from scim_server.services.sessions import NewSession, Proof
from scim_server.services.sign_ins import Trace, new_code, record_sign_in
from scim_server.services.sso_rule import closed_to

log = structlog.get_logger(__name__)


class Reason(StrEnum):
    """Why an attempt was refused."""

    WRONG_PASSWORD = "wrong_password"  # noqa: S105
    WRONG_CODE = "wrong_code"
    WRONG_SECOND_FACTOR = "wrong_second_factor"
    TOO_MANY_TRIES = "too_many_tries"
    NO_ACTIVE_USER = "no_active_user"
    SSO_REQUIRED = "sso_required"


class Next(StrEnum):
    """What somebody who has proven one factor has to do."""

    SECOND_FACTOR = "second_factor"
    CHOOSE = "choose"
    SSO = "sso"
    ENROL = "enrol"
    ENTER = "enter"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Proven:
    """Whose account somebody has shown to have, as it was then (`version`), and by which second factor."""

    account_id: UUID
    version: int
    way: Way
    second: str | None = None


def read_proven(content: Mapping[str, Any]) -> Proven:
    """A `Proven` that was written as JSON."""
    return Proven(UUID(content["account_id"]), content["version"], Way(content["way"]), content["second"])


@dataclass(frozen=True, slots=True)
class Landing:
    """An organization that the person is an active user of. `ways` are how it has them come in, where it insists."""

    id: UUID
    name: str
    ways: tuple[WayIn, ...] | None


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next, where `landing` leads to, and where else the person could go."""

    next: Next
    landing: Landing | None
    landings: tuple[Landing, ...]


def by_password(attempt: Attempt, email: str, password: str) -> Proven:
    """Take a password. It takes as long, and says the same, whether there is an account of that address or not.

    Raises SignInRefused, InvalidValue.
    """
    guess = Guess(attempt, Way.PASSWORD, read_email(email).key)
    with attempt.database.reading() as session:
        account = accounts.find_account(session, email)
    _check_heard(guess, account)
    if not passwords.is_password(account, password) or account is None:
        raise refusal(attempt, account, Way.PASSWORD, Reason.WRONG_PASSWORD, guess)
    guesses.was_right(guess)
    with attempt.acting(account.id) as about:
        if about.account.version == account.version:
            passwords.improve_hash(about, password)
    return Proven(account.id, account.version, Way.PASSWORD)


def by_code(attempt: Attempt, channel: Channel, address: str, code: str) -> Proven:
    """Take the access code that was sent to an address.

    Raises SignInRefused, InvalidValue.
    """
    is_email = channel is Channel.EMAIL
    guess = Guess(attempt, Way.CODE, read_email(address).key if is_email else read_phone(address))
    with attempt.database.reading() as session:
        find = accounts.find_account if is_email else accounts.find_account_by_phone
        account = find(session, address)
    _check_heard(guess, account)
    try:
        account_id = access_codes.sign_in(attempt, channel, address, code)
    except WrongCode:
        raise refusal(attempt, account, Way.CODE, Reason.WRONG_CODE, guess) from None
    guesses.was_right(guess)
    with attempt.acting(account_id) as about:
        return Proven(account_id, about.account.version, Way.CODE)


def next_step(attempt: Attempt, proven: Proven, org_id: UUID | None = None) -> Step:
    """What comes next on the way in, to an organization if the person has chosen one.

    Raises NotSignedIn where the account has changed since.
    """
    with attempt.database.reading() as session:
        step, _ = _step(still(session, attempt, proven), proven, org_id)
        return step


def enter(attempt: Attempt, proven: Proven, org_id: UUID | None, *, instead_of: str | None = None) -> NewSession:
    """Open the session of whoever has shown all that is needed, in place of the one that their browser had.

    Raises NotSignedIn where something has changed since, SignInRefused where they are let in no more.
    """
    try:
        with attempt.database.writing() as session:
            accounts.lock(still(session, attempt, proven))
            about = still(session, attempt, proven)
            step, place = _step(about, proven, org_id)
            if step.next is not Next.ENTER or place is None:
                raise NotSignedIn
            return _open(about, place, proven, instead_of)
    except NotAllowed:  # deactivated at this very moment
        raise refuse(attempt, proven, Reason.NO_ACTIVE_USER) from None


def refuse(attempt: Attempt, proven: Proven, reason: Reason) -> SignInRefused:
    """Write down that somebody who has proven who they are is not let in, and return what they are told."""
    with attempt.database.reading() as session:
        account = session.scalars(select(Account).where(Account.id == proven.account_id)).one_or_none()
    return refusal(attempt, account, proven.way, reason)


def refusal(
    attempt: Attempt, account: Account | None, way: Way, reason: Reason, guess: Guess | None = None
) -> SignInRefused:
    """Write down an attempt that was refused, in each organization whose user the person is, and return what they are
    told. All of it is done for nobody, too, and then undone.
    """
    code, trace = new_code(), Trace(way, reason=reason)
    with attempt.database.writing() as session:
        if guess is not None:
            guesses.was_wrong(session, guess)
        anywhere = session.scalars(select(Organization).order_by(Organization.id).limit(1)).all()
        places = accounts.users_of(session, account or Account(id=new_id()))
        with session.begin_nested() as savepoint:
            for org, user in places if account else [(org, None) for org in anywhere]:
                ctx = Context(
                    session, attempt.settings, org, SYSTEM, attempt.now, attempt.request_id, device=attempt.device
                )
                record_sign_in(ctx, Outcome.REFUSED, trace, user=user, code=code)
            if account is None:
                savepoint.rollback()
    log.info("sign-in refused", way=way.value, reason=reason.value, code=code)
    return SignInRefused(reason, code)


def still(session: Session, attempt: Attempt, proven: Proven) -> AccountContext:
    """A request about the account that somebody has shown to have.

    Raises NotSignedIn where it has changed since: the password, a second factor, or that it is there at all.
    """
    account = session.scalar(
        select(Account).where(Account.id == proven.account_id).execution_options(populate_existing=True)
    )
    if account is None or account.version != proven.version:
        raise NotSignedIn
    return AccountContext(
        session, attempt.settings, account, attempt.now, request_id=attempt.request_id, device=attempt.device
    )


def check_next(about: AccountContext, proven: Proven, org_id: UUID | None, wanted: Next) -> None:
    """Raises NotSignedIn where something else is next."""
    step, _ = _step(about, proven, org_id)
    if step.next is not wanted:
        raise NotSignedIn


def _check_heard(guess: Guess, account: Account | None) -> None:
    heard = guesses.begin(guess)
    if heard is Heard.NO_LONGER:
        raise refusal(guess.attempt, account, guess.way, Reason.TOO_MANY_TRIES)
    if heard is Heard.NO:
        code = new_code()
        log.info("sign-in refused", way=guess.way.value, reason=Reason.TOO_MANY_TRIES.value, code=code)
        raise SignInRefused(Reason.TOO_MANY_TRIES, code)


def _step(about: AccountContext, proven: Proven, org_id: UUID | None) -> tuple[Step, Place | None]:
    places = [place for place in accounts.users_of(about.session, about.account) if place.user.active]
    if not places:
        return Step(Next.NOWHERE, None, ()), None
    # Asked first: where somebody is a user is for who has proven all of who they are.
    if proven.second is None and second_factors.needed(in_place(about, places[0]), places[0].user) is Need.VERIFY:
        return Step(Next.SECOND_FACTOR, None, ()), None
    landings = tuple(_landing(about, place) for place in places)
    wanted = org_id or about.account.default_org_id
    chosen = places[0] if len(places) == 1 else next((each for each in places if each.org.id == wanted), None)
    if chosen is None:
        return Step(Next.CHOOSE, None, landings), None
    landing = landings[places.index(chosen)]
    if landing.ways is not None:
        return Step(Next.SSO, landing, landings), None
    if proven.second is None and second_factors.needed(in_place(about, chosen), chosen.user) is Need.ENROL:
        return Step(Next.ENROL, landing, landings), None
    return Step(Next.ENTER, landing, landings), chosen


def _landing(about: AccountContext, place: Place) -> Landing:
    insists = closed_to(place.org, place.user)
    return Landing(place.org.id, place.org.name, ways_in(about.session, place.org) if insists else None)


def _open(about: AccountContext, place: Place, proven: Proven, instead_of: str | None) -> NewSession:
    # As they are now, and stay until this is over: whoever deactivates them comes before, or ends this session.
    about.session.refresh(place.user, with_for_update=True)
    about.session.refresh(place.org)
    if closed_to(place.org, place.user) or place.user.account_id != proven.account_id:
        raise NotSignedIn
    ctx = in_place(about, place)
    if instead_of is not None:
        sessions.leave(
            about.session,
            about.settings,
            instead_of,
            about.now,
            "signed in again",
            request_id=about.request_id,
            device=about.device,
        )
    new = sessions.open_session(ctx, place.user, Proof(proven.way))
    trace = Trace(proven.way, details={"second_factor": proven.second} if proven.second else {})
    record_sign_in(ctx, Outcome.SIGNED_IN, trace, user=place.user, session_id=new.row.id)
    return new
