"""The product's own entries: what they may be, that each is there once, and that none outlives whom it is about."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import UserStatus
from scim_server.services import lifecycle, retention, users
from scim_server.services.context import Actor, ActorKind
from scim_server.services.errors import EntryTaken, InvalidValue, NotAllowed, NotFound
from scim_server.services.product_entries import add_entry
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import contents, events

PRODUCT = Actor(ActorKind.KEY, "Help desk", uuid4(), frozenset({"activity.add"}))
CLOSED: dict[str, Any] = {"kind": "ticket.closed", "sentence": "Ada closed the ticket 4711"}


@pytest.fixture
def ada(office: Hands) -> UUID:
    return office.create("ada")


def added(office: Hands, user: UUID, actor: Actor | UUID = PRODUCT, **said: Any) -> bool:
    with office.acting(actor) as ctx:
        return add_entry(ctx, user, **{**CLOSED, **said}).is_new


def test_an_entry_says_what_was_done_by_whom_it_is_said_and_when(office: Hands, ada: UUID, database: Database) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)

    assert added(office, ada, details={"ticket": 4711, "tags": ["billing"]}, at=yesterday, external_id="t-4711")

    event = events(database, "acme")[-1]
    assert (event.action, event.target_kind, event.target_id) == ("product.entry", "user", ada)
    assert (event.actor_kind, event.actor_name, event.external_id) == ("key", "Help desk", "t-4711")
    assert event.at == yesterday
    assert event.details == {**CLOSED, "data": {"ticket": 4711, "tags": ["billing"]}}


def test_an_entry_that_is_sent_again_is_there_once(office: Hands, ada: UUID, database: Database) -> None:
    said: dict[str, Any] = {"external_id": "t-1", "details": {"ticket": 1}}

    assert [added(office, ada, **said) for _ in range(3)] == [True, False, False]
    assert [added(office, ada), added(office, ada)] == [True, True], "without an external id, each is one of its own"

    assert len([each for each in events(database, "acme") if each.action == "product.entry"]) == 3


def test_many_who_send_it_at_once_write_it_once(office: Hands, ada: UUID, database: Database) -> None:
    together = Barrier(8)

    def send(_: int) -> bool:
        together.wait()
        return added(office, ada, external_id="t-1")

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(8))) == [False] * 7 + [True]
    assert len([each for each in events(database, "acme") if each.external_id == "t-1"]) == 1


def test_an_external_id_is_that_of_one_entry(office: Hands, ada: UUID, globex: Directory, settings: Settings) -> None:
    bob = office.create("bob")
    added(office, ada, external_id="t-1")

    for user, said in ((bob, {}), (ada, {"sentence": "Ada slept"}), (ada, {"details": {"x": 1}})):
        with pytest.raises(EntryTaken):
            added(office, user, external_id="t-1", **said)
    theirs = Hands(settings, office.database, "globex")
    assert added(theirs, theirs.create("gina"), external_id="t-1"), "what another organization has is no matter"


def deep(levels: int) -> Any:
    return {"within": deep(levels - 1)} if levels else 1


WRONG: dict[str, dict[str, Any]] = {
    "no kind": {"kind": ""},
    "a kind with capitals": {"kind": "Ticket.Closed"},
    "a kind with an empty part": {"kind": "ticket."},
    "a long kind": {"kind": "x" * 65},
    "no sentence": {"sentence": " \t"},
    "a long sentence": {"sentence": "x" * 301},
    "two lines": {"sentence": "Ada\nslept"},
    "what a terminal obeys": {"sentence": "Ada \x1b[2J"},
    "a NUL": {"sentence": "Ada\x00"},
    "much": {"details": {"x": "y" * 5000}},
    "what is nested deep": {"details": deep(5)},
    "what is nested very deep": {"details": deep(400)},
    "half a character": {"details": {"x": "\ud800"}},
    "a great number": {"details": {"x": 2**70}},
    "a password": {"details": {"login": {"password": "hunter2"}}},
    "a token": {"details": {"list": [{"accessToken": "x"}]}},
    "an instant without a zone": {"at": datetime(2026, 1, 1)},  # noqa: DTZ001
    "the future": {"at": datetime.now(UTC) + timedelta(days=1)},
    "long ago": {"at": datetime(1970, 1, 1, tzinfo=UTC)},
    "an empty external id": {"external_id": ""},
    "a long external id": {"external_id": "x" * 201},
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_no_entry_is_refused_and_leaves_nothing(
    office: Hands, ada: UUID, database: Database, said: str
) -> None:
    before = contents(database)

    with pytest.raises(InvalidValue):
        added(office, ada, **WRONG[said])

    assert contents(database) == before


def test_only_whoever_may_adds_an_entry_and_only_about_a_user_of_the_organization(
    office: Hands, ada: UUID, globex: Directory
) -> None:
    gina = UUID(globex.create_user("gina").id)
    admin, viewer = office.create("olga", role="Admin"), office.create("vera", role="Viewer")
    other = Actor(ActorKind.KEY, "Reports", uuid4(), frozenset({"activity.view", "users.manage"}))

    assert added(office, ada, admin)
    for actor in (viewer, ada, other):
        with pytest.raises(NotAllowed):
            added(office, ada, actor)
    for nobody in (gina, uuid4()):
        with pytest.raises(NotFound):
            added(office, nobody)


def purge(office: Hands, user: UUID) -> None:
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, user))
    with office.acting() as ctx:
        retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, user))


def test_a_deleted_user_can_still_have_done_something_and_a_purged_one_cannot(office: Hands, ada: UUID) -> None:
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, ada))
    assert office.status(ada) == UserStatus.DELETED

    assert added(office, ada)

    with office.acting() as ctx:
        retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, ada))
    with pytest.raises(NotFound):
        added(office, ada)


def test_of_a_purged_user_an_entry_says_that_there_was_one(office: Hands, database: Database) -> None:
    ada = office.create("ada.lovelace", emails=[{"value": "ada@lovelace.example", "primary": True}])
    bob = office.create("bob")
    added(office, ada, details={"customer": "Babbage"}, external_id="ada-1")
    added(office, bob, kind="ticket.moved", sentence="Bob took the ticket 1 from ADA@lovelace.example")
    added(office, bob, kind="ticket.noted", sentence="Bob took a note", details={"of": "ada.lovelace"})
    added(office, bob, sentence="Bob closed the ticket 3", external_id="bob-3")

    purge(office, ada)

    left = [each for each in events(database, "acme") if each.action == "product.entry"]
    assert [each.details["kind"] for each in left] == ["ticket.closed", "ticket.moved", "ticket.noted", "ticket.closed"]
    assert left[-1].details["sentence"] == "Bob closed the ticket 3"
    assert left[-1].external_id == "bob-3"
    told = repr(contents(database)).lower()
    assert [each for each in ("lovelace", "babbage", "ada-1") if each in told] == []
