"""The end of a user: nothing that says who they were is left, and what happened is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import orjson
import pytest

from scim_server import jobs
from scim_server.config import Settings
from scim_server.db import Database, connect
from scim_server.models import LoggedRequest, Organization, User, UserStatus, Way
from scim_server.services import directories, invitations, lifecycle, retention, sessions, settings, users
from scim_server.services.errors import NotAllowed
from tests.clients import Directory, Reply
from tests.hands import Hands
from tests.processes import wait_until
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
        sessions.open_session(ctx, user, sessions.Proof(Way.PASSWORD))
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


def test_the_address_that_a_purged_user_was_invited_at_is_in_no_event(
    office: Hands, acme: Directory, database: Database
) -> None:
    with office.acting() as ctx:
        made = invitations.invite_first_admin(ctx, "ada.lovelace@example.com")
        invitations.invite_first_admin(ctx, "ada.lovelace@example.com")
        invitations.revoke(ctx, invitations.find_pending(ctx, "ada.lovelace@example.com"))

    purge(office, str(made.user.id))

    assert "lovelace" not in repr(contents(database)).lower()
    assert {"invitation.created", "invitation.resent", "invitation.revoked"} < {
        each.action for each in events(database, "acme")
    }


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


# The job


def deleted(office: Hands, *names: str, days: int = 31) -> list[UUID]:
    """Users who were deleted that long ago."""
    ids = [office.create(name) for name in names]
    with office.acting(later=timedelta(days=-days)) as ctx:
        for id in ids:
            lifecycle.delete_user(ctx, users.get_user_to_change(ctx, id))
    return ids


def left(database: Database) -> set[UUID]:
    with database.reading() as session:
        return {user.id for user in session.query(User)}


def purges(database: Database, slug: str) -> list[tuple[UUID, str, str]]:
    return [
        (each.target_id, each.actor_kind, each.actor_name)
        for each in events(database, slug)
        if each.action == "user.purged"
    ]


def test_time_purges_in_every_organization_and_the_system_is_who_did_it(
    office: Hands, globex: Directory, settings: Settings, database: Database
) -> None:
    globex_office = Hands(settings, database, "globex")
    ours, theirs = deleted(office, "ada", "bob"), deleted(globex_office, "gina")
    [recent] = deleted(office, "late", days=29)
    living = office.create("living")

    assert retention.purge_everywhere(database, settings, datetime.now(UTC)) == 3
    assert retention.purge_everywhere(database, settings, datetime.now(UTC)) == 0

    assert left(database) == {recent, living}
    assert sorted(purges(database, "acme")) == sorted((id, "system", "scim-server") for id in ours)
    assert purges(database, "globex") == [(theirs[0], "system", "scim-server")]


def test_several_processes_that_purge_at_once_purge_each_user_once(
    office: Hands, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 4)
    gone, living, barrier = deleted(office, *(f"user{n}" for n in range(30))), office.create("living"), Barrier(2)

    def process() -> int:
        own = connect(settings)
        try:
            barrier.wait(timeout=10)
            return retention.purge_everywhere(own, settings, datetime.now(UTC))
        finally:
            own.engine.dispose()

    with ThreadPoolExecutor(2) as pool:
        counts = [each.result() for each in [pool.submit(process) for _ in range(2)]]
    counts.append(retention.purge_everywhere(database, settings, datetime.now(UTC)))

    assert sum(counts) == len(gone)
    assert left(database) == {living}
    assert sorted(id for id, _, _ in purges(database, "acme")) == sorted(gone)


def test_one_organization_that_cannot_be_purged_keeps_no_other_from_it(
    office: Hands, globex: Directory, settings: Settings, database: Database
) -> None:
    [stays], [_] = deleted(office, "ada"), deleted(Hands(settings, database, "globex"), "gina")
    with database.writing() as session:
        session.query(Organization).filter_by(slug="acme").one().settings = {"retention_days": "for ever"}

    assert retention.purge_everywhere(database, settings, datetime.now(UTC)) == 1
    assert left(database) == {stays}


def test_a_server_purges_those_whose_time_is_over(office: Hands, settings: Settings, database: Database) -> None:
    [gone] = deleted(office, "ada")
    own = connect(settings)
    try:
        jobs.start(own, settings)
        wait_until(lambda: gone not in left(database), "the job purges")
    finally:
        jobs.close_all()
        own.engine.dispose()
