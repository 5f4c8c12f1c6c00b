"""The end of a user: nothing that says who they were is left, and what happened is."""

from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from scim_server.db import Database
from scim_server.models import LoggedRequest, User, UserStatus
from scim_server.services import directories, lifecycle, retention, sessions, settings, users
from scim_server.services.errors import NotAllowed
from tests.clients import Directory, Reply
from tests.hands import Hands
from tests.promises.databases import contents, events

PERSONAL = ("lovelace", "countess", "+44 20 7946 0000")


@pytest.fixture
def ada(acme: Directory) -> Reply:
    """A user of whom there is a history."""
    ada = acme.create_user(
        "ada.lovelace",
        title="Countess",
        emails=[{"value": "ada.lovelace@example.com"}],
        phoneNumbers=[{"value": "+44 20 7946 0000"}],
        password="of lovelace",
    )
    acme.create_group("Crew", ada)
    acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "displayName", "value": "A. Lovelace"})
    acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False})
    return ada


def purge(office: Hands, id: str) -> None:
    with office.acting() as ctx:
        retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, UUID(id)))


def test_a_purged_user_leaves_no_trace_of_who_they_were(
    office: Hands, acme: Directory, database: Database, ada: Reply
) -> None:
    acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": True})
    with office.acting() as ctx:
        user = users.get_user_to_change(ctx, UUID(ada.id))
        sessions.open_session(ctx, user, lifetime=timedelta(hours=1))
        directories.create_user_token(ctx, user, name="ada.lovelace's")
    acme.delete(f"/Users/{ada.id}")

    purge(office, ada.id)

    left = repr(contents(database)).lower()
    assert [each for each in PERSONAL if each in left] == []
    with office.acting() as ctx:
        kept = "".join(
            f"{row.path}{row.request_body}{row.answer_body}"
            for row in ctx.session.query(LoggedRequest).filter_by(target_id=UUID(ada.id))
        )
    assert kept == ""


def test_what_happened_is_told_of_the_id_of_a_purged_user(
    office: Hands, acme: Directory, database: Database, ada: Reply
) -> None:
    acme.delete(f"/Users/{ada.id}")
    before = [each.action for each in events(database, "acme")]

    purge(office, ada.id)

    told = events(database, "acme")
    assert [each.action for each in told] == [*before, "user.purged"]
    theirs = {each.action: each.changes for each in told if str(each.target_id) == ada.id}
    assert theirs["user.updated"] == {"displayName": [None, "a purged user"]}
    assert theirs["user.deactivated"] == {"status": ["active", "deactivated"]}
    assert theirs["user.created"]["userName"] == [None, "a purged user"]
    assert theirs["user.purged"] == {}


def test_what_a_purged_user_did_themselves_is_told_of_somebody(office: Hands, database: Database) -> None:
    grace, _ = office.create("grace", role="Admin"), office.create("joan", role="Admin")
    bob = office.create("bob")
    with office.acting(grace) as ctx:
        lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, bob))
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, grace))

    purge(office, str(grace))

    [told] = [each for each in events(database, "acme") if each.action == "user.deactivated"]
    assert (told.actor_id, told.actor_name) == (grace, "a purged user")


@pytest.mark.parametrize("status", [UserStatus.ACTIVE, UserStatus.DEACTIVATED, UserStatus.INVITED])
def test_only_a_deleted_user_is_purged(office: Hands, database: Database, status: UserStatus) -> None:
    ada = office.user(office.create("ada", status=status))
    before = contents(database)

    with pytest.raises(NotAllowed), office.acting() as ctx:
        retention.purge_user(ctx, ada)

    assert contents(database) == before


def test_whose_time_is_over_is_purged_and_nobody_else(office: Hands, globex: Directory, database: Database) -> None:
    with office.acting() as ctx:
        settings.change_settings(ctx, retention_days=7)
    early, late, living = (office.create(name) for name in ("early", "late", "living"))
    other = globex.create_user("other")
    globex.delete(f"/Users/{other.id}")
    for id, when in ((early, timedelta()), (late, timedelta(days=2))):
        with office.acting(later=when) as ctx:
            lifecycle.delete_user(ctx, users.get_user_to_change(ctx, id))

    def expire(days: int) -> int:
        with office.acting(later=timedelta(days=days)) as ctx:
            return retention.purge_expired(ctx, limit=10)

    assert [expire(6), expire(8), expire(8)] == [0, 1, 0]
    with database.reading() as session:
        assert {user.id for user in session.query(User)} == {late, living, UUID(other.id)}
        found = [org.slug for org in retention.organizations_with_deleted_users(session)]
    assert found == ["acme", "globex"]


def test_a_name_of_a_purged_user_is_in_no_event_as_json(office: Hands, database: Database) -> None:
    ada = office.create("ada.lovelace")
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, ada))

    purge(office, str(ada))

    told = orjson.dumps([[each.changes, each.details] for each in events(database, "acme")])
    assert b"lovelace" not in told.lower()
