"""Signing in while others do something else: what comes first counts, and nothing is let in between."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, select

from scim_server.config import Settings
from scim_server.db import Database, DatabaseBusy
from scim_server.models import SignIn, UserSession
from scim_server.services import guesses, lifecycle, passwords, sign_in, users
from scim_server.services.attempts import Attempt
from scim_server.services.context import Device
from scim_server.services.errors import DomainError, NotSignedIn, SignInRefused
from scim_server.services.sign_in import Next, Proven
from tests.accounts import NOW, Person, person
from tests.clients import Directory
from tests.hands import Hands
from tests.pages import everything_logged
from tests.promises.databases import contents

EMAIL, PASSWORD = "ada@example.com", "quill anvil gossip tundra"


@pytest.fixture
def ada(settings: Settings, database: Database, office: Hands, globex: Directory) -> Person:
    found = person(settings, database, {"acme": str(office.create("ada")), "globex": globex.create_user("ada").id})
    with found.acting() as about:
        passwords.set_password(about, PASSWORD)
    return found


def attempt(who: Person, now: datetime = NOW) -> Attempt:
    return Attempt(who.database, who.settings, now, "r-1", Device("192.0.2.1"))


def proven(who: Person) -> Proven:
    return sign_in.by_password(attempt(who), EMAIL, PASSWORD)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each comes to, or how it failed."""
    barrier = Barrier(len(acts))

    def act(do: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return do()
        except (DomainError, DatabaseBusy) as problem:
            return problem

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def open_sessions(who: Person, slug: str = "acme") -> list[UserSession]:
    mine = UserSession.user_id == who.user_id(slug), UserSession.ended_at.is_(None)
    with who.database.reading() as session:
        return list(session.scalars(select(UserSession).where(*mine)))


@pytest.mark.parametrize("number", range(4))
def test_a_deactivation_at_the_same_moment_leaves_no_session(office: Hands, ada: Person, number: int) -> None:
    shown = proven(ada)

    def deactivate() -> None:
        with office.acting() as ctx:
            lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, ada.user_id("acme")))

    enter = lambda: sign_in.enter(attempt(ada), shown, None)  # noqa: E731
    at_once(*([enter, deactivate] if number % 2 else [deactivate, enter]))

    assert open_sessions(ada) == []


@pytest.mark.parametrize("number", range(2))
def test_a_new_password_at_the_same_moment_leaves_no_session_with_the_old_one(ada: Person, number: int) -> None:
    shown = proven(ada)

    def change() -> None:
        with ada.acting(NOW) as about:
            passwords.set_password(about, "velvet harbor mosaic pigeon")

    at_once(lambda: sign_in.enter(attempt(ada), shown, None), change)

    assert open_sessions(ada) == []


def test_what_was_shown_is_worth_nothing_once_the_password_has_changed(ada: Person) -> None:
    shown = proven(ada)
    with ada.acting(NOW) as about:
        passwords.set_password(about, "velvet harbor mosaic pigeon")

    with pytest.raises(NotSignedIn):
        sign_in.next_step(attempt(ada), shown)
    with pytest.raises(NotSignedIn):
        sign_in.enter(attempt(ada), shown, None)


def test_several_guesses_at_once_are_several(ada: Person) -> None:
    tries = at_once(*[lambda: sign_in.by_password(attempt(ada), EMAIL, "wrong")] * 8)

    reasons = sorted(each.reason for each in tries if isinstance(each, SignInRefused))
    assert reasons == ["too_many_tries"] * 3 + ["wrong_password"] * 5


def test_a_session_in_place_of_another_ends_it_wherever_it_was(ada: Person) -> None:
    before = ada.sign_in("globex")

    sign_in.enter(
        attempt(ada),
        proven(ada),
        next(each.org.id for each in ada.places() if each.org.slug == "acme"),
        instead_of=before,
    )

    assert len(open_sessions(ada)) == 1
    assert open_sessions(ada, "globex") == []


def test_whoever_has_no_user_any_more_has_nowhere_to_go(office: Hands, ada: Person, database: Database) -> None:
    shown = proven(ada)
    with database.writing() as session:
        for place in ada.places():
            session.merge(place.user).status = "deactivated"

    assert sign_in.next_step(attempt(ada), shown).next is Next.NOWHERE
    with pytest.raises(NotSignedIn):
        sign_in.enter(attempt(ada), shown, None)


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_a_refusal_writes_as_much_for_nobody_as_for_somebody(ada: Person, email: str) -> None:
    """It counts the same, and takes the same statements; what it tells of nobody is undone."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement.split(" VALUES")[0])

    with ada.database.writing() as session:  # so that ada is a user of one organization, as nobody is of any
        session.merge(next(each.user for each in ada.places() if each.org.slug == "globex")).account_id = None
    event.listen(ada.database.engine, "before_cursor_execute", note)
    try:
        with pytest.raises(SignInRefused):
            sign_in.by_password(attempt(ada), email, "wrong")
    finally:
        event.remove(ada.database.engine, "before_cursor_execute", note)

    kinds = [each.split()[0] for each in sent]
    assert kinds.count("INSERT") == 4, "three counts, and the record"
    assert sum("INSERT INTO sign_ins" in each for each in sent) == 1
    with ada.database.reading() as session:
        assert len(session.scalars(select(SignIn)).all()) == (1 if email == EMAIL else 0)


def test_counts_go_when_their_time_is_over(ada: Person) -> None:
    with pytest.raises(SignInRefused):
        sign_in.by_password(attempt(ada), EMAIL, "wrong")
    assert len(contents(ada.database)["guesses"]) == 3

    sign_in.by_password(attempt(ada, NOW + guesses.WINDOW + timedelta(seconds=1)), EMAIL, PASSWORD)

    assert contents(ada.database)["guesses"] == []


def test_no_password_code_or_address_is_in_the_log(ada: Person, settings: Settings) -> None:
    wrong = "a wrong one that somebody has typed"
    with everything_logged(settings) as log:
        for email in (EMAIL, "nobody@example.com"):
            with pytest.raises(SignInRefused) as refused:
                sign_in.by_password(attempt(ada), email, wrong)
            assert refused.value.code in log.getvalue()
        new = sign_in.enter(attempt(ada), proven(ada), None)

    said, kept = log.getvalue(), repr(contents(ada.database))
    for secret in (wrong, PASSWORD, new.secret):
        assert secret not in said
        assert secret not in kept
    assert "nobody@example.com" not in said + kept
