"""Who may write what of a profile by hand, and what a directory and people each keep of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import BuiltIn, Origin, User, UserStatus
from scim_server.services import hands, organizations, users
from scim_server.services.authorship import of_directory
from scim_server.services.context import Actor, ActorKind, Context
from scim_server.services.declared import declared
from scim_server.services.errors import InvalidValue, NotAllowed, OwnedByDirectory, UserNameTaken
from scim_server.services.profiles import ENTERPRISE_USER, PRODUCT_USER, folded
from tests.clients import USER, Directory, Reply, assert_error
from tests.promises.databases import contents, events
from tests.scim.test_me import token_for
from tests.services.test_concurrency import at_once

DEPARTMENT = f"{ENTERPRISE_USER}:department"
MANAGER = f"{ENTERPRISE_USER}:manager"
AVAILABILITY = f"{PRODUCT_USER}:availability"
CAPACITY = f"{PRODUCT_USER}:receptionCapacity"
NICKNAME = f"{PRODUCT_USER}:nickname"


class Hands:
    """People who change the users of one organization."""

    def __init__(self, settings: Settings, database: Database, slug: str = "acme") -> None:
        self.settings, self.database, self.slug = settings, database, slug

    @contextmanager
    def of(self, actor: str | None = None) -> Iterator[Context]:
        """The context of a user, or of the operator."""
        with self.database.writing() as session:
            ctx = organizations.open_organization(session, self.settings, self.slug, now=datetime.now(UTC))
            if actor is None:
                yield ctx
            else:
                user = users.find_user(ctx, actor, folded(actor))
                yield replace(ctx, actor=Actor(ActorKind.USER, user.user_name, user.id))

    def create(self, user_name: str, actor: str | None = None, **values: Any) -> UUID:
        with self.of(actor) as ctx:
            return hands.create_user_by_hand(ctx, {"userName": user_name, **values}).id

    def create_admin(self, user_name: str) -> UUID:
        with self.of() as ctx:
            admin = next(role for role in declared(ctx).roles.values() if role.built_in == BuiltIn.ADMIN)
            return hands.create_user_by_hand(ctx, {"userName": user_name}, role=admin).id

    def change(self, user_name: str, changes: dict[str, Any], actor: str | None = None) -> None:
        with self.of(actor) as ctx:
            hands.change_profile(ctx, _to_change(ctx, user_name), changes)

    def by_hand(self, user_name: str) -> list[str]:
        with self.of() as ctx:
            return users.find_user(ctx, user_name, folded(user_name)).by_hand


def _to_change(ctx: Context, user_name: str) -> User:
    return users.get_user_to_change(ctx, users.find_user(ctx, user_name, folded(user_name)).id)


@pytest.fixture
def people(settings: Settings, database: Database, acme: Directory, globex: Directory) -> Hands:
    return Hands(settings, database)


# Creating


def test_a_user_made_by_hand_is_found_and_shown_as_any_other(people: Hands, acme: Directory, globex: Directory) -> None:
    id = people.create("Ada", emails=[{"value": "Ada@Example.com", "type": "work"}], **{DEPARTMENT: "Engines"})

    shown = acme.get(f"/Users/{id}")
    assert shown["emails"] == [{"value": "Ada@example.com", "type": "work"}]
    assert shown["schemas"] == [USER, ENTERPRISE_USER]
    assert shown["active"] is True
    for found in ('userName eq "ADA"', 'emails.value eq "ADA@example.com"', f'{DEPARTMENT} eq "ENGINES"'):
        assert acme.search(found).user_names == ["Ada"]
        assert globex.search(found).user_names == []


def test_a_user_made_by_hand_says_how_they_came(people: Hands, database: Database) -> None:
    with people.of() as ctx:
        imported = hands.create_user_by_hand(
            ctx, {"userName": "ada"}, status=UserStatus.DEACTIVATED, origin=Origin.IMPORT
        )
        assert (imported.origin, imported.status, imported.directory_id) == ("import", "deactivated", None)

    last = events(database, "acme")[-1]
    assert (last.action, last.actor_kind) == ("user.created", "operator")


def test_a_name_that_is_taken_is_refused_to_hands_too(people: Hands, acme: Directory, database: Database) -> None:
    acme.create_user("ada")
    before = contents(database)

    with pytest.raises(UserNameTaken):
        people.create("ADA")
    with pytest.raises(InvalidValue, match="userName must not be empty"):
        people.create("")

    assert contents(database) == before


# Who may


ALLOWED: list[tuple[str | None, str, Any, bool]] = [
    # who acts (None: the operator), what of bob, and whether they may
    (None, "title", "Countess", True),
    ("admin", "title", "Countess", True),
    ("admin", "displayName", "Bob", True),
    ("admin", "userName", "robert", True),
    ("admin", CAPACITY, 3, True),
    ("admin", AVAILABILITY, "away", True),
    ("bob", "displayName", "Bob", True),
    ("bob", "phoneNumbers", [{"value": "+442079460000"}], True),
    ("bob", AVAILABILITY, "away", True),
    ("bob", NICKNAME, "", True),
    ("bob", "title", "Countess", False),
    ("bob", "userName", "robert", False),
    ("bob", "emails", [{"value": "bob@example.com"}], False),
    ("bob", CAPACITY, 3, False),
    ("bob", DEPARTMENT, "Engines", False),
    ("bob", "active", False, False),
    ("eve", "displayName", "Bob", False),
    ("eve", "title", "Countess", False),
]


@pytest.mark.parametrize(("actor", "name", "value", "may"), ALLOWED)
def test_people_write_what_is_theirs_and_admins_everything(
    people: Hands, database: Database, actor: str | None, name: str, value: Any, may: bool
) -> None:
    people.create("bob")
    people.create("eve")
    people.create_admin("admin")
    before = contents(database)

    if may:
        people.change("bob", {name: value}, actor)
        last = [each for each in events(database, "acme") if each.action == "user.updated"][-1]
        assert last.actor_name == (actor or "the operator, on the command line")
    else:
        with pytest.raises(NotAllowed):
            people.change("bob", {"nickName": "B", name: value}, actor)
        assert contents(database) == before


def test_only_whoever_may_creates_users(people: Hands, database: Database) -> None:
    people.create("bob")
    people.create_admin("admin")
    people.create("carl", actor="admin")
    before = contents(database)

    with pytest.raises(NotAllowed):
        people.create("eve", actor="bob")

    assert contents(database) == before


def test_absent_null_and_empty_are_three_things(people: Hands, acme: Directory) -> None:
    id = people.create("ada", nickName="A", title="Countess", **{NICKNAME: "Ada"})

    people.change("ada", {NICKNAME: ""})
    assert acme.get(f"/Users/{id}")[PRODUCT_USER] == {"nickname": ""}
    with pytest.raises(InvalidValue, match="title must not be empty; null takes it away"):
        people.change("ada", {"nickName": None, "title": ""})
    assert acme.get(f"/Users/{id}")["nickName"] == "A"
    people.change("ada", {"nickName": None, NICKNAME: None})

    shown = acme.get(f"/Users/{id}")
    assert shown["title"] == "Countess"
    assert not {"nickName", PRODUCT_USER} & shown.json.keys()
    assert shown["schemas"] == [USER]


def test_a_manager_picked_by_hand_is_somebody_who_is_there(people: Hands, acme: Directory, globex: Directory) -> None:
    ada, gina = people.create("ada"), globex.create_user("gina").id
    people.create("bob")
    gone = acme.create_user("gone").id
    acme.delete(f"/Users/{gone}")

    people.change("bob", {MANAGER: {"value": str(ada)}})
    assert acme.search(f'{MANAGER}.value eq "{ada}"').user_names == ["bob"]
    for nobody in ("ada", gina, gone):
        with pytest.raises(InvalidValue, match="manager must be the id of a user of the organization"):
            people.change("bob", {MANAGER: {"value": nobody}})
    with pytest.raises(InvalidValue, match="manager cannot be the user themselves"):
        people.change("ada", {MANAGER: {"value": str(ada)}})


# What a directory owns


@pytest.fixture
def owned(acme: Directory, people: Hands) -> Reply:
    """A user of a directory, which says their title and their department."""
    ada = acme.create_user("ada", title="Countess", **{ENTERPRISE_USER: {"department": "Engines"}})
    people.create_admin("admin")
    return ada


def put(acme: Directory, ada: Reply, **attributes: Any) -> Reply:
    return acme.put(f"/Users/{ada.id}", {"schemas": [USER], "userName": "ada", "title": "Countess", **attributes})


@pytest.mark.parametrize("actor", [None, "admin"])
@pytest.mark.parametrize(("name", "value"), [("title", "Queen"), ("title", None), ("userName", "a"), (DEPARTMENT, "X")])
def test_what_the_directory_says_no_hand_writes(
    people: Hands, owned: Reply, database: Database, actor: str | None, name: str, value: Any
) -> None:
    before = contents(database)

    with pytest.raises(OwnedByDirectory, match=f"ada is provisioned by a directory: .* {name}"):
        people.change("ada", {"nickName": "A", name: value}, actor)

    assert contents(database) == before


def test_what_the_directory_does_not_say_hands_write_and_it_stays(
    people: Hands, acme: Directory, owned: Reply, database: Database
) -> None:
    people.change("ada", {"nickName": "A", NICKNAME: "Ada", f"{ENTERPRISE_USER}:division": "North"}, "admin")

    answers = [
        put(acme, owned, displayName="Ada", **{ENTERPRISE_USER: {"department": "Engines"}}),
        put(acme, owned, displayName="Ada", nickName=None, phoneNumbers=[]),
        acme.patch(f"/Users/{owned.id}", {"op": "replace", "path": "title", "value": "Queen"}),
    ]

    assert [reply.status for reply in answers] == [200, 200, 200]
    for shown in (*answers, acme.get(f"/Users/{owned.id}")):
        assert (shown["nickName"], shown[PRODUCT_USER]) == ("A", {"nickname": "Ada"})
        assert shown[ENTERPRISE_USER]["division"] == "North"
        assert shown["schemas"] == [USER, ENTERPRISE_USER, PRODUCT_USER]
    assert "department" not in answers[1][ENTERPRISE_USER]
    assert acme.search('nickName eq "a"').user_names == ["ada"]
    assert acme.search(f'{ENTERPRISE_USER}:division eq "north"').user_names == ["ada"]
    people.change("ada", {"nickName": "B"}, "admin")


@pytest.mark.parametrize("sent", ["A", "Other"])
def test_what_the_directory_begins_to_say_is_the_directorys(
    people: Hands, acme: Directory, owned: Reply, database: Database, sent: str
) -> None:
    people.change("ada", {"nickName": "A"})
    put(acme, owned)
    assert people.by_hand("ada") == ["nickName"]

    put(acme, owned, nickName=sent)

    assert people.by_hand("ada") == []
    last = events(database, "acme")[-1]
    assert (last.action, last.details) == ("user.updated", {"taken_over": ["nickName"]})
    with pytest.raises(OwnedByDirectory):
        people.change("ada", {"nickName": "B"})
    assert "nickName" not in put(acme, owned).json
    people.change("ada", {"nickName": "B"})


def test_a_put_that_says_nothing_new_changes_nothing(
    people: Hands, acme: Directory, owned: Reply, database: Database
) -> None:
    people.change("ada", {"nickName": "A"})
    put(acme, owned)
    before = contents(database)

    put(acme, owned)

    assert contents(database) == before


@pytest.mark.parametrize(
    "operation",
    [{"op": "remove", "path": "nickName"}, {"op": "replace", "path": "nickName", "value": None}],
)
def test_a_directory_may_take_away_what_a_person_wrote_when_it_says_so(
    people: Hands, acme: Directory, owned: Reply, operation: dict[str, Any]
) -> None:
    people.change("ada", {"nickName": "A"})

    assert "nickName" not in acme.patch(f"/Users/{owned.id}", operation).json

    assert people.by_hand("ada") == []
    people.change("ada", {"nickName": "B"})


def test_what_a_directory_changes_is_the_directorys(people: Hands, acme: Directory, owned: Reply) -> None:
    people.change("ada", {"nickName": "A", "locale": "en"})

    acme.patch(f"/Users/{owned.id}", {"op": "replace", "path": "nickName", "value": "Other"})

    assert people.by_hand("ada") == ["locale"]
    with pytest.raises(OwnedByDirectory):
        people.change("ada", {"nickName": "B"})


def test_a_user_who_was_made_by_hand_keeps_what_the_directory_that_has_them_now_does_not_say(
    people: Hands, acme: Directory
) -> None:
    id = people.create("ada", title="Countess", nickName="A")
    with people.of() as ctx:
        assert of_directory(_to_change(ctx, "ada")) == set()

    acme.put(f"/Users/{id}", {"schemas": [USER], "userName": "ada", "title": "Queen"})

    assert people.by_hand("ada") == ["nickName"]
    shown = acme.get(f"/Users/{id}")
    assert (shown["title"], shown["nickName"]) == ("Queen", "A")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "NICKNAME", "value": "A"},
        {"op": "add", "value": {"nickName": "A", "shoeSize": 7}},
        {"op": "replace", "value": {USER: {"nickName": "A"}}},
    ],
)
def test_a_directory_that_says_the_same_has_said_it(
    people: Hands, acme: Directory, owned: Reply, database: Database, operation: dict[str, Any]
) -> None:
    people.change("ada", {"nickName": "A", f"{ENTERPRISE_USER}:division": "North"})
    etag = acme.get(f"/Users/{owned.id}").headers["etag"]

    assert acme.patch(f"/Users/{owned.id}", operation).headers["etag"] == etag
    assert people.by_hand("ada") == [f"{ENTERPRISE_USER}:division"]
    acme.patch(f"/Users/{owned.id}", {"op": "replace", "value": {ENTERPRISE_USER: {"division": "North"}}})

    assert people.by_hand("ada") == []
    last = events(database, "acme")[-1]
    assert (last.changes, last.details) == ({}, {"taken_over": [f"{ENTERPRISE_USER}:division"]})


def test_a_person_and_a_directory_at_once_lose_nothing(
    people: Hands, acme: Directory, owned: Reply, settings: Settings, database: Database
) -> None:
    me = Directory(acme.app, "acme", token_for(settings, database, "acme", "ada"))

    replies = at_once(
        lambda: me.patch("/Me", {"op": "replace", "path": "nickName", "value": "A"}),
        lambda: put(acme, owned, locale="en"),
        lambda: me.patch("/Me", {"op": "replace", "path": "timezone", "value": "Europe/London"}),
    )

    assert [reply.status for reply in replies] == [200, 200, 200]
    shown = acme.get(f"/Users/{owned.id}")
    assert (shown["nickName"], shown["locale"], shown["timezone"]) == ("A", "en", "Europe/London")
    assert people.by_hand("ada") == ["nickName", "timezone"]


# Availability


def test_the_product_is_told_who_is_away_and_how_much_they_take(
    people: Hands, acme: Directory, database: Database
) -> None:
    ada = acme.create_user("ada")
    people.create("admin")

    people.change("ada", {AVAILABILITY: "away", CAPACITY: 3})
    people.change("ada", {AVAILABILITY: "away"})
    acme.patch(
        f"/Users/{ada.id}",
        {"op": "replace", "path": AVAILABILITY, "value": "available"},
        {"op": "remove", "path": CAPACITY},
    )

    told = [each.changes for each in events(database, "acme") if each.action == "user.availability_changed"]
    assert told == [
        {"availability": ["available", "away"], "receptionCapacity": [None, 3]},
        {"availability": ["away", "available"], "receptionCapacity": [3, None]},
    ]


def test_a_number_that_no_column_holds_is_refused(people: Hands, database: Database) -> None:
    people.create("ada")
    before = contents(database)

    with pytest.raises(InvalidValue, match="receptionCapacity must be from 0 to 2147483647"):
        people.change("ada", {CAPACITY: 2**31})

    assert contents(database) == before


# Through /Me


def test_at_me_a_value_is_held_to_the_same_rules(
    people: Hands, acme: Directory, owned: Reply, settings: Settings, database: Database
) -> None:
    me = Directory(acme.app, "acme", token_for(settings, database, "acme", "ada"))

    assert_error(me.patch("/Me", {"op": "replace", "path": "locale", "value": "klingon"}), 400, "invalidValue")
    assert_error(me.patch("/Me", {"op": "replace", "path": CAPACITY, "value": 9}), 403)
    assert_error(me.patch("/Me", {"op": "replace", "path": "title", "value": "Queen"}), 403)
    away = me.patch("/Me", {"op": "replace", "path": AVAILABILITY, "value": "away"})

    assert away[PRODUCT_USER] == {"availability": "away"}
    assert people.by_hand("ada") == [AVAILABILITY]
