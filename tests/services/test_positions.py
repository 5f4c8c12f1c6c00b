"""The tree of positions, and what becomes of a manager whom a directory names."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Scope
from scim_server.models.base import new_id
from scim_server.services import lifecycle, organizations, positions, users
from scim_server.services.context import Actor, ActorKind, Context
from scim_server.services.errors import (
    CircularPositions,
    DomainError,
    InvalidValue,
    NotAllowed,
    NotFound,
    PositionInUse,
    PositionNameTaken,
)
from tests.clients import Directory
from tests.promises.databases import events
from tests.services.test_concurrency import at_once
from tests.services.test_scope import opened, profile

Change = Callable[[Context], Any]


def find(ctx: Context, name: str) -> Any:
    return positions.find_position(ctx, name)


@pytest.fixture
def company(database: Database, settings: Settings, acme: Directory, globex: Directory) -> Database:
    """Head > Lead > Agent, and Aside, in acme; ada is a Lead. globex has a Head too."""
    with opened(database, settings, "acme") as ctx:
        head = positions.create_position(ctx, "Head", Scope.SUBORDINATES)
        lead = positions.create_position(ctx, "Lead", Scope.SUBORDINATES, parent=head)
        positions.create_position(ctx, "Agent", Scope.OWN, parent=lead)
        positions.create_position(ctx, "Aside", Scope.OWN)
        positions.assign_position(ctx, users.create_user(ctx, profile("ada")), lead)
    with opened(database, settings, "globex") as ctx:
        positions.create_position(ctx, "Head", Scope.ALL)
    return database


def delete_with_its_holder(ctx: Context) -> None:
    lifecycle.delete_user(ctx, users.find_user(ctx, "ada", "ada"))
    delete_with_a_holder(ctx)


def delete_with_a_holder(ctx: Context) -> None:
    positions.move_position(ctx, find(ctx, "Agent"), None)
    positions.delete_position(ctx, find(ctx, "Lead"))


def leave_everything(ctx: Context) -> None:
    positions.rename_position(ctx, find(ctx, "Head"), "Head")
    positions.set_scope(ctx, find(ctx, "Head"), Scope.SUBORDINATES)
    positions.move_position(ctx, find(ctx, "Lead"), find(ctx, "Head"))
    positions.assign_position(ctx, users.find_user(ctx, "ada", "ada"), find(ctx, "Lead"))


CHANGES: dict[str, tuple[Change, list[tuple[str, dict[str, Any]]]]] = {
    "created": (
        lambda ctx: positions.create_position(ctx, "Sales", Scope.TEAM, parent=find(ctx, "HEAD")),
        [("position.created", {"name": [None, "Sales"], "scope": [None, "team"], "parent": [None, "Head"]})],
    ),
    "renamed": (
        lambda ctx: positions.rename_position(ctx, find(ctx, "head"), "Boss"),
        [("position.updated", {"name": ["Head", "Boss"]})],
    ),
    "given another scope": (
        lambda ctx: positions.set_scope(ctx, find(ctx, "Lead"), Scope.ALL),
        [("position.updated", {"scope": ["subordinates", "all"]})],
    ),
    "moved": (
        lambda ctx: positions.move_position(ctx, find(ctx, "Agent"), find(ctx, "Aside")),
        [("position.moved", {"parent": ["Lead", "Aside"]})],
    ),
    "moved to the top": (
        lambda ctx: positions.move_position(ctx, find(ctx, "Lead"), None),
        [("position.moved", {"parent": ["Head", None]})],
    ),
    "deleted": (
        lambda ctx: positions.delete_position(ctx, find(ctx, "Agent")),
        [("position.deleted", {"name": ["Agent", None], "scope": ["own", None]})],
    ),
    "assigned": (
        lambda ctx: positions.assign_position(ctx, users.find_user(ctx, "ada", "ada"), find(ctx, "Agent")),
        [("user.position_changed", {"position": ["Lead", "Agent"]})],
    ),
    "taken": (
        lambda ctx: positions.assign_position(ctx, users.find_user(ctx, "ada", "ada"), None),
        [("user.position_changed", {"position": ["Lead", None]})],
    ),
    "deleted once its holder is": (
        delete_with_its_holder,
        [
            ("user.deleted", {}),
            ("checklist.opened", {"kind": [None, "leaver"]}),
            ("position.moved", {"parent": ["Lead", None]}),
            ("position.deleted", {"name": ["Lead", None], "scope": ["subordinates", None]}),
        ],
    ),
    "what it is already": (
        leave_everything,
        [],
    ),
}

REFUSED: dict[str, tuple[Change, type[DomainError], str]] = {
    "itself": (
        lambda ctx: positions.move_position(ctx, find(ctx, "Head"), find(ctx, "Head")),
        CircularPositions,
        "below itself",
    ),
    "what is far below": (
        lambda ctx: positions.move_position(ctx, find(ctx, "Head"), find(ctx, "Agent")),
        CircularPositions,
        "'Agent', which is below it",
    ),
    "a parent": (lambda ctx: positions.delete_position(ctx, find(ctx, "Head")), PositionInUse, "positions below it"),
    "a held one": (
        delete_with_a_holder,
        PositionInUse,
        "users who hold it",
    ),
    "a taken name": (
        lambda ctx: positions.create_position(ctx, "HEAD", Scope.OWN),
        PositionNameTaken,
        "already a position",
    ),
    "a name taken by renaming": (
        lambda ctx: positions.rename_position(ctx, find(ctx, "Lead"), "head"),
        PositionNameTaken,
        "already a position",
    ),
    "no name": (lambda ctx: positions.create_position(ctx, " ", Scope.OWN), InvalidValue, "empty"),
    "a long name": (lambda ctx: positions.create_position(ctx, "x" * 513, Scope.OWN), InvalidValue, "longer"),
    "nothing": (lambda ctx: find(ctx, "Nobody"), NotFound, "no position Nobody"),
    "an id of nobody": (lambda ctx: positions.get_position(ctx, new_id()), NotFound, "no position"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_tree_writes_exactly_its_events(company: Database, settings: Settings, change: str) -> None:
    make, expected = CHANGES[change]
    before = len(events(company, "acme"))

    with opened(company, settings, "acme") as ctx:
        make(ctx)

    told = [(each.action, dict(each.changes)) for each in events(company, "acme")[before:]]
    assert [(action, {} if action == "user.deleted" else changes) for action, changes in told] == expected


@pytest.mark.parametrize("change", REFUSED)
def test_what_would_break_the_tree_is_refused(company: Database, settings: Settings, change: str) -> None:
    make, error, sentence = REFUSED[change]
    before = len(events(company, "acme"))

    with pytest.raises(error, match=sentence), opened(company, settings, "acme") as ctx:
        make(ctx)

    assert len(events(company, "acme")) == before


def test_only_an_admin_changes_the_tree(company: Database, settings: Settings) -> None:
    with opened(company, settings, "acme") as ctx:
        ada = users.find_user(ctx, "ada", "ada")
        hand = Context(ctx.session, settings, ctx.org, Actor(ActorKind.USER, "ada", ada.id), ctx.now, "")
        head = find(ctx, "Head")
        for change in (
            lambda: positions.create_position(hand, "Sales", Scope.OWN),
            lambda: positions.rename_position(hand, head, "Boss"),
            lambda: positions.set_scope(hand, head, Scope.ALL),
            lambda: positions.move_position(hand, head, None),
            lambda: positions.delete_position(hand, head),
            lambda: positions.assign_position(hand, ada, head),
        ):
            with pytest.raises(NotAllowed):
                change()


def test_moves_at_once_close_no_circle_together(database: Database, settings: Settings, acme: Directory) -> None:
    for attempt in range(5):
        one, two = f"one {attempt}", f"two {attempt}"
        with opened(database, settings, "acme") as ctx:
            for name in (one, two):
                positions.create_position(ctx, name, Scope.OWN)

        def move(low: str, high: str) -> Any:
            try:
                with database.writing() as session:
                    ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
                    positions.move_position(ctx, find(ctx, low), find(ctx, high))
            except CircularPositions as error:
                return error
            return None

        outcomes = at_once(lambda: move(one, two), lambda: move(two, one))  # noqa: B023

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CircularPositions", "NoneType"]
