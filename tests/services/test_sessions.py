"""Sessions: who has one is let in until it is over, and then nowhere, on any worker."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import UserSession, Way
from scim_server.services import lifecycle, organizations, sessions, users
from scim_server.services.errors import NotAllowed, NotFound, NotSignedIn
from scim_server.services.sessions import Proof, SignedIn
from scim_server.services.settings import change_settings
from tests.accounts import NOW, Person, person
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import contents

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
CONNECTION = uuid4()


@pytest.fixture
def ada(settings: Settings, database: Database, office: Hands, globex: Directory) -> Person:
    return person(settings, database, {"acme": str(office.create("ada")), "globex": globex.create_user("ada").id})


@pytest.fixture
def bob(settings: Settings, database: Database, office: Hands) -> Person:
    return person(settings, database, {"acme": str(office.create("bob"))}, email="bob@example.com")


def find(who: Person, secret: str, now: datetime = NOW) -> SignedIn:
    with who.database.reading() as session:
        return sessions.find_session(session, who.settings, secret, now)


def seen(who: Person, secret: str, now: datetime) -> None:
    sessions.note_seen(who.database, find(who, secret, now).row, now)


def is_over(who: Person, secret: str, now: datetime = NOW) -> bool:
    try:
        find(who, secret, now)
    except NotSignedIn:
        return True
    return False


def choose(who: Person, **chosen: int) -> None:
    with who.database.writing() as session:
        change_settings(organizations.open_organization(session, who.settings, "acme", now=NOW), **chosen)


def rows(who: Person) -> dict[UUID, UserSession]:
    with who.database.reading() as session:
        return {row.id: row for row in session.scalars(select(UserSession))}


# Finding


def test_whoever_has_the_secret_is_the_user_of_that_organization(ada: Person) -> None:
    here, there = find(ada, ada.sign_in("acme")), find(ada, ada.sign_in("globex"))

    assert (here.ctx.org.slug, here.user.id) == ("acme", ada.user_id("acme"))
    assert (there.ctx.org.slug, there.user.id) == ("globex", ada.user_id("globex"))
    assert (here.ctx.actor.kind, here.ctx.actor.id) == ("user", here.user.id)


@pytest.mark.parametrize("secret", ["", "x", "\udcff", "a" * 5000])
def test_any_other_secret_is_nobodys(ada: Person, secret: str) -> None:
    ada.sign_in("acme")

    assert is_over(ada, secret)


def test_only_a_hash_of_the_secret_is_kept(ada: Person) -> None:
    secret = ada.sign_in("acme")

    assert secret not in repr(contents(ada.database))
    assert is_over(ada, next(iter(rows(ada).values())).secret_hash.hex())


# Life times


def test_a_session_that_nobody_uses_is_over(ada: Person) -> None:
    choose(ada, session_idle_minutes=30)
    secret = ada.sign_in("acme")

    assert not is_over(ada, secret, NOW + 30 * MINUTE - SECOND)
    assert is_over(ada, secret, NOW + 30 * MINUTE)


def test_a_session_that_is_used_goes_on_until_its_time_is_over(ada: Person) -> None:
    choose(ada, session_idle_minutes=30, session_hours=2)
    secret = ada.sign_in("acme")

    for minutes in range(0, 120, 20):
        seen(ada, secret, NOW + minutes * MINUTE)

    assert not is_over(ada, secret, NOW + 2 * HOUR - SECOND)
    assert is_over(ada, secret, NOW + 2 * HOUR)


def test_shorter_times_count_for_those_who_have_signed_in_already(ada: Person) -> None:
    secret, later = ada.sign_in("acme"), NOW + 3 * HOUR
    assert not is_over(ada, secret, later)

    choose(ada, session_hours=2)

    assert is_over(ada, secret, later)


def test_longer_times_count_from_the_next_sign_in_on(ada: Person) -> None:
    choose(ada, session_hours=2)
    secret = ada.sign_in("acme")
    choose(ada, session_hours=48, session_idle_minutes=2880)

    assert is_over(ada, secret, NOW + 2 * HOUR)
    assert not is_over(ada, ada.sign_in("acme"), NOW + 2 * HOUR)


def test_the_last_use_is_written_once_a_minute(ada: Person) -> None:
    secret = ada.sign_in("acme")
    before = contents(ada.database)

    seen(ada, secret, NOW + MINUTE - SECOND)
    assert contents(ada.database) == before

    seen(ada, secret, NOW + MINUTE)
    assert [row.last_seen_at for row in rows(ada).values()] == [NOW + MINUTE]


def test_a_late_note_neither_turns_back_the_clock_nor_wakes_a_session_that_ended(ada: Person) -> None:
    secret = ada.sign_in("acme")
    early, late = find(ada, secret, NOW + 2 * MINUTE), find(ada, secret, NOW + 3 * MINUTE)
    sessions.note_seen(ada.database, late.row, NOW + 3 * MINUTE)
    sessions.note_seen(ada.database, early.row, NOW + 2 * MINUTE)
    assert [row.last_seen_at for row in rows(ada).values()] == [NOW + 3 * MINUTE]

    end_own(ada, secret)
    sessions.note_seen(ada.database, early.row, NOW + 9 * MINUTE)
    assert [row.last_seen_at for row in rows(ada).values()] == [NOW + 3 * MINUTE]


# Ending


def end_own(who: Person, secret: str, *, others: bool = False) -> None:
    with who.database.writing() as session:
        mine = sessions.find_session(session, who.settings, secret, NOW)
        if others:
            sessions.end_others(mine.ctx, mine.row, "signed out elsewhere")
        else:
            sessions.end_session(mine.ctx, mine.row, "signed out")


def test_whoever_signs_out_is_out_here_and_nowhere_else(ada: Person) -> None:
    here, elsewhere, there = ada.sign_in("acme"), ada.sign_in("acme"), ada.sign_in("globex")

    end_own(ada, here)

    assert is_over(ada, here)
    assert not is_over(ada, elsewhere)
    assert not is_over(ada, there)


def test_everywhere_else_is_every_session_of_the_user_but_this_one(ada: Person, bob: Person) -> None:
    here, elsewhere, somebody_else = ada.sign_in("acme"), ada.sign_in("acme"), bob.sign_in("acme")

    end_own(ada, here, others=True)

    assert [is_over(ada, each) for each in (here, elsewhere, somebody_else)] == [False, True, False]


@pytest.mark.parametrize("how", ["deactivated", "deleted", "signed out"])
def test_a_session_ends_at_once_with_its_user(office: Hands, ada: Person, how: str) -> None:
    secret, there = ada.sign_in("acme"), ada.sign_in("globex")
    with office.acting() as ctx:
        user = users.get_user_to_change(ctx, ada.user_id("acme"))
        match how:
            case "deactivated":
                lifecycle.deactivate_user(ctx, user)
            case "deleted":
                lifecycle.delete_user(ctx, user)
            case _:
                lifecycle.sign_out(ctx, user)

    assert is_over(ada, secret)
    assert not is_over(ada, there), "another organization's users are its own"


def test_a_user_who_is_not_active_is_let_in_by_no_session(office: Hands, ada: Person) -> None:
    secret = ada.sign_in("acme")
    with office.acting() as ctx:  # past every use case of ours
        users.get_user(ctx, ada.user_id("acme")).status = "deactivated"

    assert is_over(ada, secret)


def test_a_person_sees_and_ends_their_own_sessions_and_an_admin_anybodys(
    office: Hands, ada: Person, bob: Person
) -> None:
    secret = ada.sign_in("acme")
    [row] = rows(ada).values()
    admin, agent = office.create("olga", role="Admin"), bob.user_id("acme")

    with office.acting(agent) as ctx, pytest.raises(NotAllowed):
        sessions.list_sessions(ctx, users.get_user(ctx, ada.user_id("acme")))
    with pytest.raises(NotAllowed), office.acting(agent) as ctx:
        sessions.end_session(ctx, sessions.get_session(ctx, row.id), "by a stranger")
    assert not is_over(ada, secret)

    with office.acting(admin) as ctx:
        assert sessions.end_session(ctx, sessions.get_session(ctx, row.id), "ended by an admin")
    assert is_over(ada, secret)
    with office.acting(admin) as ctx, pytest.raises(NotFound):
        sessions.get_session(ctx, row.id)


def test_no_session_of_another_organization_is_found_or_ended(office: Hands, ada: Person) -> None:
    secret = ada.sign_in("globex")
    [row] = rows(ada).values()

    with office.acting() as ctx:
        with pytest.raises(NotFound):
            sessions.get_session(ctx, row.id)
        assert sessions.list_sessions(ctx, users.get_user(ctx, ada.user_id("acme"))) == []
        assert not sessions.end_session(ctx, row, "by another organization")
    assert not is_over(ada, secret)


def test_only_what_is_open_is_listed(ada: Person) -> None:
    choose(ada, session_hours=2)
    old, ended, here = ada.sign_in("acme", NOW - 3 * HOUR), ada.sign_in("acme"), ada.sign_in("acme")
    end_own(ada, ended)

    assert is_over(ada, old)
    with ada.database.reading() as session:
        mine = sessions.find_session(session, ada.settings, here, NOW)
        assert [row.id for row in sessions.list_sessions(mine.ctx, mine.user)] == [mine.row.id]


# What an identity provider says is over


@pytest.mark.parametrize(
    ("subject", "idp_session", "over"),
    [
        ("ada@idp", None, "phone laptop unknown"),
        ("ada@idp", "s-1", "phone unknown"),
        (None, "s-1", "phone stranger"),
        ("nobody@idp", None, ""),
        ("ADA@idp", None, ""),
        (None, "s-9", ""),
    ],
)
def test_a_provider_ends_what_began_there_as_far_as_it_says(
    office: Hands, ada: Person, bob: Person, subject: str | None, idp_session: str | None, over: str
) -> None:
    def at(subject: str, idp_session: str | None, connection: UUID = CONNECTION) -> Proof:
        return Proof(Way.SAML, connection, subject, idp_session)

    open_ones = {
        "phone": ada.sign_in("acme", proof=at("ada@idp", "s-1")),
        "laptop": ada.sign_in("acme", proof=at("ada@idp", "s-2")),
        "unknown": ada.sign_in("acme", proof=at("ada@idp", None)),
        "stranger": bob.sign_in("acme", proof=at("bob@idp", "s-1")),
        "another connection": ada.sign_in("acme", proof=at("ada@idp", "s-1", uuid4())),
        "another organization": ada.sign_in("globex", proof=at("ada@idp", "s-1")),
        "password": ada.sign_in("acme"),
    }

    with office.acting() as ctx:
        ended = sessions.end_by_subject(ctx, CONNECTION, subject, idp_session, "signed out there")

    assert {name for name, secret in open_ones.items() if is_over(ada, secret)} == set(over.split())
    assert ended == len(over.split())


def test_a_session_that_was_over_long_ago_is_forgotten_and_no_other(ada: Person, settings: Settings) -> None:
    long_ago = NOW - timedelta(days=settings.sign_in_log_days, hours=1)
    ada.sign_in("acme", long_ago)
    ada.sign_in("acme", NOW - timedelta(days=30))
    ada.sign_in("acme")

    assert sessions.purge(ada.database, settings, NOW) == 1
    assert sessions.purge(ada.database, settings, NOW) == 0
    assert {row.created_at for row in rows(ada).values()} == {NOW - timedelta(days=30), NOW}
