"""The brake: when it alarms, when it holds, and what it costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Alarm, AlarmState, BrakeMode, Event, Provider, User
from scim_server.services import alarms, brake, directories, organizations, outbox
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue, NotAllowed
from tests.clients import PATCH_OP, USER, Directory, Reply, assert_error
from tests.mail import in_folder, plain
from tests.promises.databases import contents, events, statements
from tests.services.test_concurrency import at_once

OFF = {"op": "replace", "path": "active", "value": False}
ON = {"op": "replace", "path": "active", "value": True}


@contextmanager
def operator(settings: Settings, database: Database, slug: str = "acme") -> Iterator[Context]:
    with database.writing() as session:
        yield organizations.open_organization(session, settings, slug, now=datetime.now(UTC))


def set_brake(settings: Settings, database: Database, **chosen: Any) -> None:
    with operator(settings, database) as ctx:
        brake.set_brake(ctx, directories.find_directory(ctx, Provider.GENERIC), **chosen)


def people(directory: Directory, count: int) -> list[Reply]:
    return [
        directory.create_user(f"user{number}", emails=[{"value": f"u{number}@x.example"}]) for number in range(count)
    ]


def raised(database: Database) -> list[Alarm]:
    with database.reading() as session:
        return list(session.scalars(select(Alarm).order_by(Alarm.id)))


def off(directory: Directory, user: Reply) -> Reply:
    return directory.patch(f"/Users/{user.id}", OFF)


def actions(database: Database) -> list[str]:
    return [event.action for event in events(database, "acme") if event.action.startswith("directory.")][1:]


def test_the_removal_that_is_one_too_many_raises_one_alarm_and_is_not_delayed(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    set_brake(settings, database, brake_users=3)
    globex.create_user("gina")
    users = people(acme, 8)

    assert [off(acme, user)["active"] for user in users[:2]] == [False, False]
    assert acme.delete(f"/Users/{users[2].id}").status == 204
    assert raised(database) == []
    assert off(acme, users[3])["active"] is False

    [alarm] = raised(database)
    assert (alarm.state, alarm.users, alarm.of_users, alarm.refused) == (AlarmState.OPEN, 4, 8, 0)
    assert off(acme, users[4])["active"] is False
    [alarm] = raised(database)
    assert (alarm.state, alarm.users) == (AlarmState.OPEN, 5)
    assert [each for each in actions(database) if "alarm" in each] == ["directory.alarm_raised"]
    [event] = [each for each in events(database, "acme") if each.action == "directory.alarm_raised"]
    assert (event.details["alarm"], event.details["users"], event.actor_kind) == (str(alarm.id), 4, "directory")


def test_a_share_counts_from_a_floor_on(acme: Directory, settings: Settings, database: Database) -> None:
    set_brake(settings, database, brake_share=50)
    users = people(acme, 20)

    for user in users[:10]:
        off(acme, user)
    assert raised(database) == []  # ten of twenty are no more than half of them, and no more than the floor
    off(acme, users[10])

    [alarm] = raised(database)
    assert (alarm.users, alarm.of_users) == (11, 20)


def test_of_three_who_are_there_all_may_go(acme: Directory, database: Database) -> None:
    for user in people(acme, 3):
        off(acme, user)
    assert raised(database) == []


def test_whoever_is_back_does_not_count(acme: Directory, settings: Settings, database: Database) -> None:
    set_brake(settings, database, brake_users=1)
    [user, other] = people(acme, 2)
    for _ in range(3):
        off(acme, user)
        acme.patch(f"/Users/{user.id}", ON)
    off(acme, other)
    assert raised(database) == []


def test_one_user_deactivated_and_deleted_is_one(acme: Directory, settings: Settings, database: Database) -> None:
    set_brake(settings, database, brake_users=1)
    [user, _] = people(acme, 2)
    off(acme, user)
    acme.delete(f"/Users/{user.id}")
    assert raised(database) == []


def test_what_was_before_the_window_does_not_count(acme: Directory, settings: Settings, database: Database) -> None:
    set_brake(settings, database, brake_users=2, brake_window=5)
    users = people(acme, 4)
    off(acme, users[0])
    off(acme, users[1])
    with database.writing() as session:
        for row in session.scalars(select(User).where(User.removed_by.is_not(None))):
            row.removed_at = datetime.now(UTC) - timedelta(minutes=6)
    off(acme, users[2])
    assert raised(database) == []


def test_held_back_is_told_so_that_it_is_sent_again_and_nothing_is_kept(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    set_brake(settings, database, brake_users=2, brake_mode=BrakeMode.HOLD)
    globex.create_user("gina")
    users = people(acme, 5)
    acme.create_group("All", *users)
    for user in users[:2]:
        off(acme, user)
    before = contents(database)

    renamed = {"op": "replace", "path": "title", "value": "x"}
    refused = [acme.patch(f"/Users/{users[2].id}", renamed, OFF), acme.delete(f"/Users/{users[2].id}")]

    for reply in refused:
        assert_error(reply, 429)
        assert int(reply.headers["retry-after"]) == 900
        assert "admin" in reply["detail"]
    after = contents(database)
    assert after["users"] == before["users"]
    assert after["memberships"] == before["memberships"]
    assert len(after["events"]) == len(before["events"]) + 1
    [alarm] = raised(database)
    assert (alarm.state, alarm.users, alarm.of_users, alarm.refused) == (AlarmState.OPEN, 2, 5, 2)
    # Everything else goes on.
    assert acme.patch(f"/Users/{users[2].id}", renamed).status == 200
    assert acme.create_user("new").status == 201


def test_a_bulk_request_is_held_back_operation_by_operation(
    acme: Directory, settings: Settings, database: Database
) -> None:
    set_brake(settings, database, brake_users=2, brake_mode=BrakeMode.HOLD)
    users = people(acme, 4)
    operations = [
        {"method": "PATCH", "path": f"/Users/{user.id}", "data": {"schemas": [PATCH_OP], "Operations": [OFF]}}
        for user in users
    ]
    operations.append({"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER], "userName": "n"}})

    answered = acme.post("/Bulk", {"Operations": operations})["Operations"]

    assert [each["status"] for each in answered] == ["200", "200", "429", "429", "201"]
    assert acme.search("active eq true")["totalResults"] == 3
    [alarm] = raised(database)
    assert (alarm.users, alarm.refused) == (2, 2)


def test_of_two_at_once_one_is_held_back(acme: Directory, settings: Settings, database: Database) -> None:
    set_brake(settings, database, brake_users=3, brake_mode=BrakeMode.HOLD)
    users = people(acme, 8)

    replies = at_once(*[lambda user=user: off(acme, user) for user in users])

    assert sorted(reply.status for reply in replies) == [200] * 3 + [429] * 5
    [alarm] = raised(database)
    assert (alarm.users, alarm.refused) == (3, 5)


def test_let_through_for_some_time_or_for_some_users(acme: Directory, settings: Settings, database: Database) -> None:
    set_brake(settings, database, brake_users=1, brake_mode=BrakeMode.HOLD)
    users = people(acme, 9)
    assert [off(acme, user).status for user in users[:2]] == [200, 429]
    [alarm] = raised(database)

    with operator(settings, database) as ctx:
        alarms.let_through(ctx, alarm.id, lifetime=timedelta(hours=1), users=3)
    assert [off(acme, user).status for user in users[1:5]] == [200, 200, 200, 429]

    with operator(settings, database) as ctx:
        with pytest.raises(NotAllowed, match="latest"):
            alarms.let_through(ctx, alarm.id, lifetime=timedelta(hours=1))
        alarms.let_through(ctx, raised(database)[-1].id, lifetime=timedelta(hours=1))
    assert [off(acme, user).status for user in users[4:]] == [200] * 5
    assert [each.state for each in raised(database)] == [AlarmState.LET_THROUGH] * 2
    assert [each for each in actions(database) if "alarm" in each] == [
        "directory.alarm_raised",
        "directory.alarm_let_through",
    ] * 2


def test_a_dismissed_alarm_has_the_directory_counted_anew(
    acme: Directory, settings: Settings, database: Database
) -> None:
    set_brake(settings, database, brake_users=2, brake_mode=BrakeMode.HOLD)
    users = people(acme, 6)
    assert [off(acme, user).status for user in users[:3]] == [200, 200, 429]

    with operator(settings, database) as ctx:
        dismissed = alarms.dismiss(ctx, raised(database)[0].id)
    assert (dismissed.state, bool(dismissed.decided_by)) == (AlarmState.DISMISSED, True)

    assert [off(acme, user).status for user in users[2:]] == [200, 200, 429, 429]
    assert [each.state for each in raised(database)] == [AlarmState.DISMISSED, AlarmState.OPEN]


def test_an_incident_after_the_one_before_has_an_alarm_of_its_own(
    acme: Directory, settings: Settings, database: Database
) -> None:
    set_brake(settings, database, brake_users=1, brake_window=5)
    users = people(acme, 6)
    for user in users[:3]:
        off(acme, user)
    long_ago = timedelta(hours=3)
    with database.writing() as session:
        for row in session.scalars(select(User).where(User.removed_at.is_not(None))):
            row.removed_at = datetime.now(UTC) - long_ago
        session.scalars(select(Alarm)).one().last_at -= long_ago

    off(acme, users[3])
    assert [each.state for each in raised(database)] == [AlarmState.OPEN]
    off(acme, users[4])
    assert [each.state for each in raised(database)] == [AlarmState.LAPSED, AlarmState.OPEN]


def test_a_brake_that_is_off_asks_nothing(acme: Directory, settings: Settings, database: Database) -> None:
    set_brake(settings, database, brake_users=1, brake_mode=BrakeMode.OFF)
    users = people(acme, 3)
    acme.get("/Users")
    with statements(database) as sent:
        assert [off(acme, user).status for user in users] == [200] * 3
    assert raised(database) == []
    assert [sql for sql in sent if "FOR NO KEY UPDATE" in sql or "count(" in sql] == []


def test_a_removal_costs_two_statements_at_most_however_many_there_are(
    acme: Directory, settings: Settings, database: Database
) -> None:
    set_brake(settings, database, brake_users=4)
    users = people(acme, 8)
    acme.come_in()
    costs = []
    for user in users:
        with statements(database) as sent:
            off(acme, user)
        costs.append(len(sent))
    assert costs[0] == costs[1] == costs[2] == costs[3] == 7
    assert costs[6] == costs[7] == 6  # as the alarm goes on


def test_what_removals_wait_for_each_other_for_comes_right_before_the_commit(
    acme: Directory, settings: Settings, database: Database
) -> None:
    set_brake(settings, database, brake_users=1)
    users = people(acme, 4)
    acme.get("/Users")
    last = []
    for user in users:
        with statements(database) as sent:
            off(acme, user)
        last.append(sent)
    assert "FROM directories" in last[0][-2]  # which locks it, and the last one counts
    assert last[3][-1].startswith("UPDATE alarms")


def test_a_removal_counts_to_an_alarm_in_the_message_that_says_what_has_happened(
    acme: Directory, settings: Settings, database: Database
) -> None:
    set_brake(settings, database, brake_users=1)
    *users, deleted = people(acme, 4)
    for user in users:
        off(acme, user)
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    assert acme.delete(f"/Users/{deleted.id}").status == 204
    event.remove(database.engine, "before_cursor_execute", note)

    assert raised(database)[0].users == 4
    if database.engine.dialect.name == "postgresql":
        assert "INSERT INTO events" in sent[-1]
        assert "UPDATE alarms" in sent[-1]
        assert len(sent) == 3  # who it is, what they become and hold, and all else


@pytest.mark.parametrize(
    "chosen", [{"brake_users": 0}, {"brake_share": 101}, {"brake_window": 0}, {"brake_window": 10_081}]
)
def test_a_limit_that_is_none_is_refused(
    acme: Directory, settings: Settings, database: Database, chosen: dict[str, int]
) -> None:
    with pytest.raises(InvalidValue, match="must be from"):
        set_brake(settings, database, **chosen)


def test_what_is_chosen_is_told(acme: Directory, settings: Settings, database: Database) -> None:
    set_brake(settings, database, brake_users=7, brake_share=20)
    event: Event = events(database, "acme")[-1]
    assert (event.action, event.changes) == ("directory.updated", {"brake_users": [50, 7]})


def test_the_admins_are_told_once_in_their_language(acme: Directory, settings: Settings, database: Database) -> None:
    set_brake(settings, database, brake_users=2)
    admin = [{"value": "Admin"}]
    for name, language in (("ana", "pt-BR"), ("ada", "en-GB")):
        emails = [{"value": f"{name}@old.example"}, {"value": f"{name}@acme.example", "primary": True}]
        acme.create_user(name, roles=admin, emails=emails, preferredLanguage=language)
    acme.create_user("nobody", roles=admin)
    acme.create_user("odd", roles=admin, emails=[{"value": "no address"}])
    for user in people(acme, 4):
        off(acme, user)

    assert outbox.deliver(database, settings) == 0

    found = {str(message["To"]): message for message in in_folder()}
    assert found.keys() == {"ana@acme.example", "ada@acme.example"}
    [alarm] = raised(database)
    for message in found.values():
        assert f"scim-server alarm undo acme {alarm.id}" in plain(message)
        assert "3" in str(message["Subject"])
        assert "generic" in plain(message)
    assert "Olá" in plain(found["ana@acme.example"])
    assert "Hello" in plain(found["ada@acme.example"])
