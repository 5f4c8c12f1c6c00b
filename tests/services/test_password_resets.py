"""A new password by a link: once, within the hour, for its owner alone, and no word about who has an account."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import PasswordReset
from scim_server.services import outbox, password_resets, passwords
from scim_server.services.attempts import Attempt
from scim_server.services.errors import InvalidValue, WrongCode
from tests.accounts import NOW, Person, person
from tests.clients import Directory
from tests.mail import in_folder, plain
from tests.promises.databases import contents, events, statements

ADDRESS = "ada@example.com"
OLD, NEW, OTHER = "quill anvil gossip tundra", "velvet harbor mosaic pigeon", "copper lantern thicket oboe"


@pytest.fixture
def ada(settings: Settings, database: Database, acme: Directory, globex: Directory) -> Person:
    found = person(settings, database, {"acme": acme.create_user("ada").id, "globex": globex.create_user("ada").id})
    with found.acting() as about:
        passwords.set_password(about, OLD)
    return found


def attempt(who: Person, now: datetime = NOW) -> Attempt:
    return Attempt(who.database, who.settings, now, "r-1")


def asked(who: Person, now: datetime = NOW, address: str = ADDRESS) -> str:
    """The token of the link that is mailed to whoever asks."""
    password_resets.ask(attempt(who, now), address)
    outbox.deliver(who.database, who.settings, lambda: now)
    return token(plain(in_folder()[-1]))


def token(text: str) -> str:
    found = re.findall(r"^https://scim\.example\.com/reset-password/(\S{43})\r?$", text, re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


def good(who: Person, token: str, now: datetime = NOW) -> bool:
    try:
        return password_resets.look_at(attempt(who, now), token) == ADDRESS
    except WrongCode:
        return False


def chosen(who: Person, token: str, password: str = NEW, now: datetime = NOW) -> bool:
    try:
        password_resets.choose(attempt(who, now), token, password)
    except WrongCode:
        return False
    return True


def test_a_link_that_was_mailed_chooses_a_password_once_and_ends_every_session(ada: Person, database: Database) -> None:
    for slug in ("acme", "globex"):
        ada.sign_in(slug)
    link = asked(ada)

    assert chosen(ada, link)
    assert not chosen(ada, link, OTHER)

    assert passwords.is_password(ada.account(), NEW)
    assert not passwords.is_password(ada.account(), OLD)
    assert ada.ended_sessions() == ["the password was changed"] * 2
    for slug in ("acme", "globex"):
        event = events(database, slug)[-1]
        assert (event.action, event.details, event.request_id) == ("user.password_changed", {"first": False}, "r-1")


def test_of_a_link_only_a_hash_is_kept(ada: Person, database: Database) -> None:
    link = asked(ada)

    assert len(link) == 43  # 256 bits
    assert link not in repr(contents(database))


def test_a_link_is_used_by_posting_a_good_password_and_by_nothing_else(ada: Person) -> None:
    link = asked(ada)

    assert password_resets.look_at(attempt(ada), link) == ADDRESS
    with pytest.raises(InvalidValue):
        password_resets.choose(attempt(ada), link, "password")
    assert good(ada, link)
    assert chosen(ada, link)
    assert not good(ada, link)


@pytest.mark.parametrize(("minutes", "is_good"), [(59.9, True), (60, False)])
def test_a_link_is_over_after_an_hour(ada: Person, minutes: float, is_good: bool) -> None:
    link, later = asked(ada), NOW + timedelta(minutes=minutes)

    assert good(ada, link, later) is is_good
    assert chosen(ada, link, now=later) is is_good


def test_a_change_of_the_password_ends_every_link(ada: Person) -> None:
    links = [asked(ada), asked(ada, NOW + timedelta(minutes=1))]
    with ada.acting() as about:
        links.append(token(password_resets.issue(about, by_mail=False)))
        passwords.set_password(about, OTHER)

    assert [chosen(ada, each) for each in links] == [False] * 3
    assert passwords.is_password(ada.account(), OTHER)


def test_of_two_who_use_one_link_at_once_one_does(ada: Person) -> None:
    link, barrier = asked(ada), Barrier(2)

    def choose(password: str) -> bool:
        barrier.wait(timeout=10)
        return chosen(ada, link, password)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(choose, (NEW, OTHER))) == [False, True]


@pytest.mark.parametrize("guess", ["", "x" * 43, "x" * 10_000, "\ud800", "é"])
def test_what_is_no_link_is_refused(ada: Person, guess: str) -> None:
    asked(ada)

    assert not good(ada, guess)
    assert not chosen(ada, guess)


def test_who_asks_does_not_find_out_who_has_an_account(ada: Person, acme: Directory, database: Database) -> None:
    gone = person(ada.settings, database, {"acme": acme.create_user("gone").id}, email="gone@example.com")
    acme.patch(f"/Users/{gone.places()[0].user.id}", {"op": "replace", "path": "active", "value": False})
    password_resets.ask(attempt(ada), "warm@example.com")
    work = {}

    for address in (ADDRESS, "nobody@example.com", "gone@example.com"):
        with statements(database) as sent:
            password_resets.ask(attempt(ada), address)
        work[address] = [each.partition("(")[0] for each in sent if "SAVEPOINT" not in each]

    assert work[ADDRESS] == work["nobody@example.com"] == work["gone@example.com"]
    assert len([each for each in work[ADDRESS] if each.startswith("INSERT")]) == 2
    outbox.deliver(database, ada.settings, lambda: NOW)
    assert [each["To"] for each in in_folder()] == [ADDRESS]


def test_who_asks_again_and_again_fills_nobodys_mailbox(ada: Person, database: Database) -> None:
    for minutes in range(0, 30, 2):
        password_resets.ask(attempt(ada, NOW + timedelta(minutes=minutes)), "ADA@example.com")

    outbox.deliver(database, ada.settings, lambda: NOW + timedelta(hours=1))
    assert len(in_folder()) == 5


def test_what_is_over_does_not_stay_for_ever(ada: Person, database: Database) -> None:
    for days in range(3):
        password_resets.ask(attempt(ada, NOW + timedelta(days=days)), ADDRESS)

    with database.reading() as session:
        assert len(session.scalars(select(PasswordReset)).all()) == 1


def test_a_link_that_the_operator_makes_is_on_record_and_mailed_only_if_they_say_so(
    ada: Person, database: Database
) -> None:
    with ada.acting() as about:
        link = password_resets.issue(about, by_mail=False)
    outbox.deliver(database, ada.settings, lambda: NOW)
    assert in_folder() == []
    with ada.acting() as about:
        mailed = password_resets.issue(about, by_mail=True)
    outbox.deliver(database, ada.settings, lambda: NOW)

    assert [token(plain(each)) for each in in_folder()] == [token(mailed)]
    for slug in ("acme", "globex"):
        told = [each.details for each in events(database, slug) if each.action == "user.password_reset_issued"]
        assert told == [{"by_mail": False}, {"by_mail": True}]
        assert token(link) not in repr(told)
    assert chosen(ada, token(link))
