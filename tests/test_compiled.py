"""What is kept of statements: found by the very statement, and by one that is like it, and by no other."""

from typing import Any

from sqlalchemy import bindparam, select

from scim_server.compiled import Compiled
from scim_server.db import Database
from scim_server.models import Organization
from tests.clients import Directory

NAME = select(Organization.name).where(Organization.slug == bindparam("slug"))


def test_what_is_made_of_a_constant_is_another_statement(
    acme: Directory, globex: Directory, database: Database
) -> None:
    def ask(statement: Any, **parameters: Any) -> list[str]:
        with database.asking() as session:
            return list(session.connection().execute(statement, parameters).scalars())

    [name] = ask(NAME, slug=acme.slug)
    for _ in range(2):
        assert ask(NAME, slug=acme.slug) == [name]
        assert ask(NAME.where(Organization.name != name), slug=acme.slug) == []
        assert ask(NAME.where(Organization.name != "x"), slug=acme.slug) == [name]
        assert ask(NAME.with_only_columns(Organization.slug), slug=globex.slug) == [globex.slug]


def test_a_statement_is_found_by_itself_and_by_one_like_it() -> None:
    compiled, parts, like = Compiled(), ("select", 1), ("select", int("1"))
    assert parts is not like

    compiled["dialect", parts, ("slug",), False, False] = "made"

    assert compiled.get(("dialect", parts, ("slug",), False, False)) == "made"
    assert compiled.get(("dialect", like, ("slug",), False, False)) == "made"
    assert compiled.get(("dialect", ("select", 2), ("slug",), False, False)) is None
    assert compiled.get(("dialect", parts, ("name",), False, False)) is None


def test_no_more_is_kept_than_there_is_room_for() -> None:
    compiled = Compiled()
    for number in range(5000):
        compiled["dialect", ("select", number), (), False, False] = number
        assert compiled.get(("dialect", ("select", number), (), False, False)) == number

    assert len(compiled) <= 1500
