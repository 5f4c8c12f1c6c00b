"""Second factors: the codes of an app, recovery codes, and who has to have one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import select, update

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import TotpSecret
from scim_server.sealing import Broken
from scim_server.services import organizations, passkeys, recovery_codes, second_factors, totp
from scim_server.services.attempts import MOST_TRIES, Attempt
from scim_server.services.errors import DomainError, InvalidValue, NotAllowed, TooManyTries, WrongCode
from scim_server.services.second_factors import Need
from scim_server.services.settings import change_settings
from tests.accounts import NOW, Person, person, user_row
from tests.authenticators import Authenticator
from tests.clients import Directory
from tests.promises.databases import contents, events

STEP = timedelta(seconds=30)


@pytest.fixture
def ada(settings: Settings, database: Database, acme: Directory, globex: Directory) -> Person:
    return person(settings, database, {"acme": acme.create_user("ada").id, "globex": globex.create_user("ada").id})


@pytest.fixture
def bob(settings: Settings, database: Database, acme: Directory) -> Person:
    return person(settings, database, {"acme": acme.create_user("bob").id}, email="bob@example.com")


def attempt(who: Person, now: datetime = NOW) -> Attempt:
    return Attempt(who.database, who.settings, now, "r-1")


def begin(who: Person) -> str:
    with who.acting() as about:
        return totp.begin(about).secret


def enrolled(who: Person, now: datetime = NOW) -> str:
    """The secret of an app that is set up."""
    secret = begin(who)
    with who.acting(now) as about:
        totp.confirm(about, code(secret, now))
    return secret


def code(secret: str, at: datetime) -> str:
    return pyotp.TOTP(secret).at(at)


def with_passkey(who: Person) -> Authenticator:
    phone = Authenticator()
    with who.acting() as about:
        id, options = passkeys.begin_registration(about)
    passkeys.register(attempt(who), who.id, id, phone.create(options), name="Telephone")
    return phone


def renewed(who: Person) -> list[str]:
    with who.acting() as about:
        return recovery_codes.renew(about)


def need(who: Person, slug: str) -> Need:
    [place] = [place for place in who.places() if place.org.slug == slug]
    with who.database.reading() as session:
        ctx = organizations.open_organization(session, who.settings, slug, now=NOW)
        return second_factors.needed(ctx, place.user)


def require(who: Person, slug: str, value: bool = True) -> None:
    with who.database.writing() as session:
        ctx = organizations.open_organization(session, who.settings, slug, now=NOW)
        change_settings(ctx, require_second_factor=value)


# The app


def test_an_app_counts_once_a_code_of_it_was_confirmed(ada: Person) -> None:
    secret = begin(ada)
    with pytest.raises(WrongCode):
        totp.verify(attempt(ada), ada.id, code(secret, NOW))
    with pytest.raises(InvalidValue), ada.acting() as about:
        totp.confirm(about, "000000" if code(secret, NOW) != "000000" else "000001")
    with ada.acting() as about:
        totp.confirm(about, code(secret, NOW))

    totp.verify(attempt(ada, NOW + STEP), ada.id, code(secret, NOW + STEP))


def test_what_the_app_is_shown_says_whose_code_it_is(ada: Person) -> None:
    with ada.acting() as about:
        enrolment = totp.begin(about)

    parts = urlsplit(enrolment.uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/scim.example.com:ada%40example.com"
    assert parse_qs(parts.query) == {"secret": [enrolment.secret], "issuer": ["scim.example.com"]}
    assert len(enrolment.secret) == 32  # 160 bits


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_good_one_step_early_and_one_step_late(ada: Person, steps: int, right: bool) -> None:
    secret, later = enrolled(ada), NOW + 10 * STEP

    assert passes(lambda: totp.verify(attempt(ada, later), ada.id, code(secret, later + steps * STEP))) is right


def test_a_code_is_good_once_and_none_before_it(ada: Person) -> None:
    secret, later = enrolled(ada), NOW + 10 * STEP
    assert not passes(lambda: totp.verify(attempt(ada), ada.id, code(secret, NOW)))  # it was used to confirm

    totp.verify(attempt(ada, later), ada.id, f" {code(secret, later)[:3]} {code(secret, later)[3:]} ")

    for moment in (later, later - STEP):
        with pytest.raises(WrongCode):
            totp.verify(attempt(ada, later), ada.id, code(secret, moment))
    totp.verify(attempt(ada, later), ada.id, code(secret, later + STEP))


def test_of_two_who_send_one_code_at_once_one_gets_in(ada: Person) -> None:
    secret, later, barrier = enrolled(ada), NOW + 10 * STEP, Barrier(2)

    def send(_: int) -> bool:
        barrier.wait(timeout=10)
        return passes(lambda: totp.verify(attempt(ada, later), ada.id, code(secret, later)))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == [False, True]


@pytest.mark.parametrize("guess", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\ud800", "0" * 10_000])
def test_what_is_no_code_is_refused(ada: Person, guess: str) -> None:
    enrolled(ada)

    with pytest.raises(WrongCode):
        totp.verify(attempt(ada), ada.id, guess)


def test_a_new_app_takes_the_place_of_the_old_one_once_it_works(ada: Person) -> None:
    old, later = enrolled(ada), NOW + 10 * STEP
    new = begin(ada)
    totp.verify(attempt(ada, later), ada.id, code(old, later))

    with ada.acting(later) as about:
        totp.confirm(about, code(new, later))

    later += 10 * STEP
    assert not passes(lambda: totp.verify(attempt(ada, later), ada.id, code(old, later)))
    assert passes(lambda: totp.verify(attempt(ada, later), ada.id, code(new, later)))


def test_the_secret_of_an_app_is_sealed_for_its_account(ada: Person, bob: Person, database: Database) -> None:
    secret = enrolled(ada)
    enrolled(bob)
    assert secret not in repr(contents(database))

    with database.writing() as session:
        sealed = session.scalars(select(TotpSecret.sealed).where(TotpSecret.account_id == ada.id)).one()
        session.execute(update(TotpSecret).where(TotpSecret.account_id == bob.id).values(sealed=sealed))

    with pytest.raises(Broken):
        totp.verify(attempt(bob, NOW + STEP), bob.id, code(secret, NOW + STEP))


def passes(use: Callable[[], Any]) -> bool:
    try:
        use()
    except (WrongCode, TooManyTries):
        return False
    return True


# Tries


def test_after_so_many_tries_nothing_is_looked_at_for_a_while(ada: Person) -> None:
    secret, later = enrolled(ada), NOW + timedelta(hours=1)
    [spare, *_] = renewed(ada)
    for number in range(MOST_TRIES):
        with pytest.raises(WrongCode):
            (totp.verify if number % 2 else recovery_codes.use)(attempt(ada, later), ada.id, "wrong")

    with pytest.raises(TooManyTries):
        totp.verify(attempt(ada, later), ada.id, code(secret, later))
    with pytest.raises(TooManyTries):
        recovery_codes.use(attempt(ada, later), ada.id, spare)

    later += timedelta(minutes=15)
    totp.verify(attempt(ada, later), ada.id, code(secret, later))


def test_a_right_one_makes_the_wrong_ones_forgotten(ada: Person) -> None:
    secret = enrolled(ada)
    for number in range(1, 4):
        for _ in range(MOST_TRIES - 1):
            with pytest.raises(WrongCode):
                totp.verify(attempt(ada, NOW + number * STEP), ada.id, "wrong")
        totp.verify(attempt(ada, NOW + number * STEP), ada.id, code(secret, NOW + number * STEP))


def test_tries_at_once_all_count(ada: Person) -> None:
    enrolled(ada)
    found: list[type[DomainError]] = []

    def guess(number: int) -> None:
        try:
            totp.verify(attempt(ada), ada.id, f"{number:06}x")
        except DomainError as error:
            found.append(type(error))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(guess, range(12)))

    assert sorted(each.__name__ for each in found) == ["TooManyTries"] * 7 + ["WrongCode"] * 5


def test_the_tries_of_one_are_not_those_of_another(ada: Person, bob: Person) -> None:
    enrolled(ada)
    secret = enrolled(bob)
    for _ in range(MOST_TRIES):
        with pytest.raises(WrongCode):
            totp.verify(attempt(ada), ada.id, "wrong")

    totp.verify(attempt(bob, NOW + STEP), bob.id, code(secret, NOW + STEP))


# Recovery codes


def test_each_recovery_code_is_good_once(ada: Person, bob: Person, database: Database) -> None:
    codes = renewed(ada)
    renewed(bob)

    assert len({*codes}) == recovery_codes.HOW_MANY
    assert not [
        each for each in codes if each in repr(contents(database)) or each.replace("-", "") in repr(contents(database))
    ]
    assert recovery_codes.use(attempt(ada), ada.id, codes[3].upper().replace("-", " ")) == 9
    with pytest.raises(WrongCode):
        recovery_codes.use(attempt(ada), ada.id, codes[3])
    with pytest.raises(WrongCode):
        recovery_codes.use(attempt(bob), bob.id, codes[4])
    assert recovery_codes.use(attempt(ada), ada.id, codes[4]) == 8
    for slug in ("acme", "globex"):
        told = [(each.action, each.details) for each in events(database, slug) if "recovery" in each.action]
        assert told[-1] == ("user.recovery_code_used", {"left": 8})


def test_new_recovery_codes_end_the_old_ones(ada: Person) -> None:
    old, new = renewed(ada), renewed(ada)

    with pytest.raises(WrongCode):
        recovery_codes.use(attempt(ada), ada.id, old[0])
    recovery_codes.use(attempt(ada), ada.id, new[0])


def test_of_two_who_send_one_recovery_code_at_once_one_gets_in(ada: Person) -> None:
    [spare, *_], barrier = renewed(ada), Barrier(2)

    def send(_: int) -> bool:
        barrier.wait(timeout=10)
        return passes(lambda: recovery_codes.use(attempt(ada), ada.id, spare))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == [False, True]


# Who needs one


def test_who_has_a_second_factor_is_asked_for_it_and_who_has_none_where_the_organization_asks(
    ada: Person, bob: Person, acme: Directory, database: Database
) -> None:
    require(ada, "acme")
    stranger = user_row(database, acme.create_user("without an account").id)

    assert (need(ada, "acme"), need(ada, "globex")) == (Need.ENROL, Need.NONE)
    begin(ada)
    renewed(ada)
    assert (need(ada, "acme"), need(ada, "globex")) == (Need.ENROL, Need.NONE)
    enrolled(ada)
    with_passkey(bob)
    assert (need(ada, "acme"), need(ada, "globex"), need(bob, "acme")) == (Need.VERIFY,) * 3
    require(ada, "acme", False)
    assert need(ada, "acme") is Need.VERIFY
    with database.reading() as session:
        ctx = organizations.open_organization(session, ada.settings, "acme", now=NOW)
        assert second_factors.needed(ctx, stranger) is Need.NONE


def test_the_last_second_factor_stays_where_an_organization_asks_for_one(ada: Person) -> None:
    enrolled(ada)
    with_passkey(ada)
    renewed(ada)
    require(ada, "globex")

    with ada.acting() as about:
        second_factors.remove_totp(about)
        [passkey] = passkeys.list_passkeys(about)
    with pytest.raises(NotAllowed, match="globex"), ada.acting() as about:
        second_factors.remove_passkey(about, passkey.id)
    assert need(ada, "globex") is Need.VERIFY

    require(ada, "globex", False)
    with ada.acting() as about:
        second_factors.remove_passkey(about, passkey.id)
        second_factors.remove_totp(about)  # there is none, and nothing happens
        assert second_factors.kinds(about) == {"totp": 0, "passkeys": 0, "recovery_codes": 0}
    assert need(ada, "globex") is Need.NONE


def test_second_factors_that_come_and_go_are_on_record_in_each_organization(ada: Person, database: Database) -> None:
    known = {slug: len(events(database, slug)) for slug in ("acme", "globex")}

    enrolled(ada)
    with_passkey(ada)
    renewed(ada)
    with ada.acting() as about:
        second_factors.remove_totp(about)
        second_factors.reset(about, "the operator reset the second factors")

    for place in ada.places():
        told = events(database, place.org.slug)[known[place.org.slug] :]
        assert [(each.action, each.details) for each in told] == [
            ("user.second_factor_added", {"kind": "totp"}),
            ("user.second_factor_added", {"kind": "passkey"}),
            ("user.recovery_codes_renewed", {}),
            ("user.second_factor_removed", {"kind": "totp"}),
            ("user.second_factors_reset", {}),
        ]
        assert {each.target_id for each in told} == {place.user.id}


def test_a_reset_takes_everything_and_ends_every_session(ada: Person, bob: Person) -> None:
    require(ada, "acme")
    secret, phone, [spare, *_] = enrolled(ada), with_passkey(ada), renewed(ada)
    with_passkey(bob)
    for slug in ("acme", "globex"):
        ada.sign_in(slug)
    bob.sign_in("acme")

    with ada.acting() as about:
        second_factors.reset(about, "the operator reset the second factors")

    assert need(ada, "acme") is Need.ENROL
    assert ada.ended_sessions() == ["the operator reset the second factors"] * 2
    assert (need(bob, "acme"), bob.ended_sessions()) == (Need.VERIFY, [None])
    with pytest.raises(WrongCode):
        totp.verify(attempt(ada, NOW + STEP), ada.id, code(secret, NOW + STEP))
    with pytest.raises(WrongCode):
        recovery_codes.use(attempt(ada), ada.id, spare)
    assert phone.keys
