"""One account over several organizations: whose it is, where it leads, and what reaches it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Account, User
from scim_server.models.base import new_id
from scim_server.services import accounts, lifecycle, organizations, retention
from scim_server.services.addresses import read_phone
from scim_server.services.context import OPERATOR
from scim_server.services.errors import AccountTaken, EmailTaken, InvalidValue, NotAllowed, NotFound, PhoneTaken
from tests.accounts import NOW, Person, person, user_row
from tests.clients import Directory
from tests.promises.databases import contents, events, id_of


@pytest.fixture
def ada(settings: Settings, database: Database, acme: Directory, globex: Directory) -> Person:
    """A user of two organizations, with one account."""
    ids = {"acme": acme.create_user("ada").id, "globex": globex.create_user("lovelace").id}
    return person(settings, database, ids)


def test_one_account_is_a_user_of_several_organizations(ada: Person, database: Database) -> None:
    assert [(place.org.slug, place.user.user_name) for place in ada.places()] == [
        ("acme", "ada"),
        ("globex", "lovelace"),
    ]
    with database.reading() as session:
        found = accounts.find_account(session, "ADA@EXAMPLE.com")
    assert found is not None
    assert found.id == ada.id
    for slug in ("acme", "globex"):
        event = events(database, slug)[-1]
        assert (event.action, event.changes) == ("user.account_linked", {"account": [None, str(ada.id)]})


def test_a_directory_never_changes_an_account(
    ada: Person, acme: Directory, globex: Directory, database: Database
) -> None:
    before, theirs = ada.account(), contents(database, id_of(database, "globex"))
    [user] = [place.user for place in ada.places() if place.org.slug == "acme"]

    acme.put(
        f"/Users/{user.id}",
        {"userName": "eve@example.com", "password": "a new password", "emails": [{"value": "eve@example.com"}]},
    )
    acme.patch(f"/Users/{user.id}", {"op": "replace", "path": "active", "value": False})
    acme.delete(f"/Users/{user.id}")

    after = ada.account()
    assert {column.key: getattr(after, column.key) for column in Account.__table__.columns} == {
        column.key: getattr(before, column.key) for column in Account.__table__.columns
    }
    assert contents(database, id_of(database, "globex")) == theirs
    assert [place.org.slug for place in ada.places()] == ["globex"]


def test_an_address_that_nobody_has_proven_keeps_nobody_from_proving_it(ada: Person, database: Database) -> None:
    with database.writing() as session:
        for _ in range(2):
            row = Account(email="bob@example.com", email_key="bob@example.com", created_at=NOW, updated_at=NOW)
            session.add(row)
    with database.writing() as session:
        assert accounts.find_account(session, "bob@example.com") is None
        bob = accounts.provide_account(session, "Bob@example.com", NOW)
        assert accounts.find_account(session, "bob@example.com") is bob

    with pytest.raises(EmailTaken), ada.acting() as about:
        accounts.prove_email(about, "bob@example.com")


def test_of_two_who_make_an_account_at_once_both_get_the_same_one(database: Database, acme: Directory) -> None:
    barrier = Barrier(2)

    def provide(_: int) -> UUID:
        barrier.wait(timeout=10)
        with database.writing() as session:
            return accounts.provide_account(session, "ada@example.com", NOW).id

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(provide, range(2)))

    assert found[0] == found[1]


def test_an_account_is_one_user_of_an_organization(
    ada: Person, acme: Directory, settings: Settings, database: Database
) -> None:
    [old] = [place.user for place in ada.places() if place.org.slug == "acme"]
    other = acme.create_user("other").id
    with pytest.raises(AccountTaken):
        person(settings, database, {"acme": other})
    with pytest.raises(NotAllowed):
        person(settings, database, {"acme": str(old.id)}, email="eve@example.com")

    acme.delete(f"/Users/{old.id}")
    person(settings, database, {"acme": other})

    assert user_row(database, other).account_id == ada.id


def test_a_person_lands_where_they_chose_or_where_they_still_can(ada: Person, globex: Directory) -> None:
    globex_user, places = ada.places()[1].user, {place.org.slug: place.org.id for place in ada.places()}

    def lands() -> str:
        with ada.acting() as about:
            place = accounts.default_place(about.session, about.account)
            return place.org.slug if place else "nowhere"

    assert lands() == "acme"
    with ada.acting() as about:
        accounts.choose_default(about, places["globex"])
    assert lands() == "globex"
    globex.patch(f"/Users/{globex_user.id}", {"op": "replace", "path": "active", "value": False})
    assert lands() == "acme"
    with pytest.raises(NotFound), ada.acting() as about:
        accounts.choose_default(about, uuid4())


def test_nobody_chooses_an_organization_whose_user_they_are_not(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    bob = person(settings, database, {"acme": acme.create_user("bob").id}, email="bob@example.com")

    with pytest.raises(NotFound), bob.acting() as about:
        accounts.choose_default(about, id_of(database, "globex"))


def test_a_change_of_an_account_is_on_record_in_each_of_its_organizations_and_in_no_other(
    ada: Person, settings: Settings, database: Database
) -> None:
    with database.writing() as session:
        organizations.create_organization(session, settings, actor=OPERATOR, now=NOW, slug="initech")
    known = {slug: len(events(database, slug)) for slug in ("acme", "globex", "initech")}

    with ada.acting() as about:
        accounts.prove_email(about, "ada@lovelace.example")

    for place in ada.places():
        [event] = events(database, place.org.slug)[known[place.org.slug] :]
        assert (event.action, event.target_kind, event.target_id) == ("user.account_updated", "user", place.user.id)
        assert (event.actor_kind, event.actor_name) == ("user", place.user.user_name)
        # Which address she uses elsewhere is no business of this organization's.
        assert (event.changes, event.details) == ({}, {"what": "email"})
    assert len(events(database, "initech")) == known["initech"]


def test_a_telephone_is_of_use_once_it_is_proven_and_then_of_one_account_only(ada: Person, database: Database) -> None:
    number = "+55 11 96123-4567"
    with database.writing() as session:
        bob = Person(ada.settings, database, accounts.provide_account(session, "bob@example.com", NOW).id)
    for who in (ada, bob):
        with who.acting() as about:
            accounts.write_phone(about, number)

    with database.reading() as session:
        assert accounts.find_account_by_phone(session, number) is None
    with bob.acting() as about:
        accounts.prove_phone(about)
    with database.reading() as session:
        found = accounts.find_account_by_phone(session, "+5511961234567")
    assert found is not None
    assert found.id == bob.id
    with pytest.raises(PhoneTaken), ada.acting() as about:
        accounts.prove_phone(about)
    with bob.acting() as about:
        accounts.write_phone(about, "+55 11 96123-4568")
    assert bob.account().phone_verified_at is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ada@Example.com", "ada@example.COM", True),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", True),
        ("ada+1@example.com", "ada@example.com", False),
        ("\u0131rene@example.com", "irene@example.com", False),  # whose upper case is I
        ("\uff41da@example.com", "ada@example.com", False),
        ("ada@mail.example.com", "ada@example.com", False),
    ],
)
def test_two_ways_to_write_one_mailbox_are_one_and_two_mailboxes_are_two(
    database: Database, one: str, other: str, same: bool
) -> None:
    with database.writing() as session:
        account = accounts.provide_account(session, one, NOW)

        assert (accounts.provide_account(session, other, NOW) is account) is same


# The last one has a kelvin sign, whose lower case is k.
@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "a b@example.com",
        "ada@example.com\nBcc: x@y.z",
        "mi\u212ae@example.com",
    ],
)
def test_what_is_no_address_is_refused(database: Database, text: str) -> None:
    with pytest.raises(InvalidValue), database.writing() as session:
        accounts.provide_account(session, text, NOW)


@pytest.mark.parametrize("text", ["", "11 96123-4567", "+55", "+55 1", "+1 555 0100", "call me", "+999 123456789"])
def test_what_is_no_telephone_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        read_phone(text)


def test_an_account_of_a_user_who_is_gone_is_still_there_for_the_next_one(
    ada: Person, acme: Directory, globex: Directory, database: Database
) -> None:
    for directory, place in zip((acme, globex), ada.places(), strict=True):
        directory.delete(f"/Users/{place.user.id}")

    with ada.acting() as about:
        assert accounts.default_place(about.session, about.account) is None
        assert accounts.provide_account(about.session, "ada@example.com", NOW).id == ada.id
    with database.reading() as session:
        assert session.scalars(select(Account.id)).all() == [ada.id]


def test_an_unknown_account_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound), database.writing() as session:
        accounts.get_account_to_change(session, new_id())


def purge(settings: Settings, database: Database, slug: str, user_id: UUID) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=NOW)
        user = session.scalars(select(User).where(User.org_id == ctx.org.id, User.id == user_id)).one()
        retention.purge_user(ctx, user)


def test_an_account_goes_with_the_last_user_that_is_purged(
    ada: Person, acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    left = []
    for directory, place in zip((acme, globex), ada.places(), strict=True):
        directory.delete(f"/Users/{place.user.id}")
        purge(settings, database, place.org.slug, place.user.id)
        with database.reading() as session:
            left.append(len(session.scalars(select(Account)).all()))

    assert left == [1, 0]


def test_a_user_whose_account_is_another_user_by_now_is_not_restored(
    ada: Person, acme: Directory, settings: Settings, database: Database
) -> None:
    old = ada.places()[0].user.id
    acme.delete(f"/Users/{old}")
    person(settings, database, {"acme": acme.create_user("newcomer").id})

    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=NOW)
        user = session.scalars(select(User).where(User.org_id == ctx.org.id, User.id == old)).one()
        with pytest.raises(AccountTaken):
            lifecycle.restore_user(ctx, user)
        session.rollback()
