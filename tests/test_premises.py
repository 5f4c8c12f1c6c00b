"""What a transaction takes for granted: it holds, or nothing of the transaction has happened."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from scim_server.db import Database
from scim_server.models import Organization, User
from scim_server.premises import IT_HOLDS, Premise, PremiseChanged, ask
from tests.clients import Directory

_NAME = select(Organization.id, Organization.name, Organization.seats).where(
    Organization.slug == bindparam("premise_slug")
)


@pytest.fixture
def premise(acme: Directory, database: Database) -> Premise:
    """That the organization is as it is now."""
    with database.asking() as session:
        found = ask(session.connection(), _NAME, {"premise_slug": "acme"})
    assert found is not None
    return found


def rename(database: Database) -> None:
    with database.writing() as session:
        session.execute(update(Organization).where(Organization.slug == "acme").values(name="Other"))


def find_users(session: Session) -> Any:
    return session.connection().execute(select(User.user_name).order_by(User.user_name)).scalars().all()


def find_nobody(session: Session) -> Any:
    return session.connection().execute(select(User.id).where(User.user_name == bindparam("name")), {"name": "?"}).all()


def find_object(session: Session) -> Any:
    return session.scalars(select(User).where(User.user_name == "ada").with_for_update()).one()


def count(session: Session) -> Any:
    return session.connection().exec_driver_sql("SELECT count(*) FROM users WHERE user_name LIKE 'a%%'").scalar()


def find_by_number(session: Session) -> Any:
    """With parameters by their places, as a driver takes them."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    query = "SELECT user_name FROM users WHERE user_name = " + ("?" if is_sqlite else "%s")  # noqa: S608
    return session.connection().exec_driver_sql(query, ("ada",)).scalars().all()


def change(session: Session) -> None:
    session.execute(update(User).values(user_name="changed"))


def change_if_it_holds(session: Session) -> None:
    session.connection().execute(update(User).where(IT_HOLDS).values(user_name=bindparam("name")), {"name": "changed"})


def change_nothing(session: Session) -> None:
    session.connection().execute(
        update(User).where(User.user_name == bindparam("old"), IT_HOLDS).values(user_name="changed"), {"old": "?"}
    )


def change_many(session: Session) -> None:
    rows = [{"its_id": each, "name": f"changed {each}"} for each in ("1", "2")]
    session.connection().execute(
        update(User).where(User.user_name != bindparam("its_id")).values(user_name=bindparam("name")), rows
    )


def change_in_savepoint(session: Session) -> None:
    with session.begin_nested():
        change(session)


def fail(_session: Session) -> None:
    raise ValueError


def fail_in_sql(session: Session) -> None:
    session.connection().exec_driver_sql("SELECT 1 / (count(*) - count(*)) FROM users")


def do_nothing(_session: Session) -> None:
    pass


READS = [find_users, find_nobody, find_by_number, count, do_nothing]
WRITES = [
    find_users,
    find_nobody,
    find_by_number,
    find_object,
    count,
    change,
    change_if_it_holds,
    change_nothing,
    change_many,
    change_in_savepoint,
    do_nothing,
]
FAILURES = [fail, fail_in_sql]
Step = Callable[[Session], Any]


@pytest.mark.parametrize("step", READS)
def test_whoever_asks_is_answered_as_ever_where_the_premise_holds(
    acme: Directory, premise: Premise, database: Database, step: Step
) -> None:
    acme.create_user("ada")
    with database.asking() as session:
        expected = step(session)

    with database.asking(premise) as session:
        assert step(session) == expected
        assert find_users(session) == ["ada"]


@pytest.mark.parametrize("step", WRITES)
def test_whoever_writes_writes_where_the_premise_holds(
    acme: Directory, premise: Premise, database: Database, step: Step
) -> None:
    acme.create_user("ada")

    with database.writing(premise) as session:
        step(session)
        change(session)

    with database.reading() as session:
        assert find_users(session) == ["changed"]


@pytest.mark.parametrize("step", [*READS, *FAILURES])
def test_nobody_is_answered_where_it_does_not_hold(
    acme: Directory, premise: Premise, database: Database, step: Step
) -> None:
    acme.create_user("ada")
    rename(database)
    answered = []

    def answer() -> None:
        with database.asking(premise) as session:
            step(session)
            answered.append(find_users(session))

    with pytest.raises(PremiseChanged):
        answer()
    assert answered == []


@pytest.mark.parametrize("step", [*WRITES, *FAILURES])
def test_nothing_is_written_where_it_does_not_hold(
    acme: Directory, premise: Premise, database: Database, step: Step
) -> None:
    acme.create_user("ada")
    rename(database)

    def write() -> None:
        with database.writing(premise) as session:
            step(session)
            change(session)

    with pytest.raises(PremiseChanged):
        write()
    with database.reading() as session:
        assert find_users(session) == ["ada"]


@pytest.mark.parametrize("opened", ["asking", "writing"])
def test_a_block_that_asks_nothing_is_not_believed_either(
    acme: Directory, premise: Premise, database: Database, opened: str
) -> None:
    rename(database)

    with pytest.raises(PremiseChanged), getattr(database, opened)(premise):
        pass


def test_what_was_taken_for_granted_by_one_block_is_nothing_to_the_next(
    acme: Directory, premise: Premise, database: Database
) -> None:
    rename(database)

    def give_up() -> None:
        with database.writing(premise) as session:
            session.connection()
            raise ValueError

    for _ in range(3):
        with pytest.raises(PremiseChanged):
            give_up()
    with database.writing() as session:
        assert find_users(session) == []
    with database.asking() as session:
        assert find_users(session) == []


def test_a_premise_tells_nothing_from_empty(acme: Directory, database: Database) -> None:
    def asked() -> Premise:
        with database.asking() as session:
            found = ask(session.connection(), _NAME, {"premise_slug": "acme"})
        assert found is not None
        return found

    def set_to(name: str, seats: int | None) -> None:
        with database.writing() as session:
            session.execute(update(Organization).values(name=name, seats=seats))

    seen = []
    for name, seats in (("", None), ("", 0), (",", None), ("0", None), ('"', 1), ("(1)", 1), ("1", 1)):
        set_to(name, seats)
        seen.append(asked().row)

    assert len(set(seen)) == len(seen)


def test_there_is_no_premise_where_nothing_is_found(database: Database) -> None:
    with database.asking() as session:
        assert ask(session.connection(), _NAME, {"premise_slug": "nobody"}) is None
