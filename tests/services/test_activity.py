"""The activity log: who did what to whom, from where, before and after; each in words, and nobody else's."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from scim_server.config import Settings
from scim_server.models import Provider, Scope
from scim_server.services import (
    activity,
    connection_lifecycle,
    connections,
    directories,
    grants,
    handmade_teams,
    lifecycle,
    positions,
    retention,
    roles,
    users,
)
from scim_server.services.activity import Change, Entry, Wanted
from scim_server.services.context import ActorKind, Context, Device
from scim_server.services.errors import InvalidValue, NotAllowed, NotFound
from scim_server.services.events import Action, record
from scim_server.services.listing import Cut
from scim_server.services.product_entries import add_entry
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import statements
from tests.sign_ins import a_connection

HOUR = timedelta(hours=1)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


@dataclass(frozen=True)
class Anything:
    id: UUID


def log(office: Hands, limit: int = 200, after: UUID | None = None, **wanted: Any) -> list[Entry]:
    with office.acting() as ctx:
        return list(activity.list_activity(ctx, Wanted(**wanted), Cut(limit, after)).items)


def told(office: Hands, **wanted: Any) -> list[str]:
    return [each.sentence for each in log(office, **wanted)]


def last(office: Hands, **wanted: Any) -> Entry:
    return log(office, **wanted)[0]


@pytest.fixture
def ann(office: Hands) -> UUID:
    return office.create("ann", role="Admin", displayName="Ann Lee")


@pytest.fixture
def bob(office: Hands) -> UUID:
    return office.create("bob")


# What an entry says


def test_an_entry_says_who_did_what_to_whom_and_from_where(office: Hands, ann: UUID, bob: UUID) -> None:
    with office.acting(ann) as ctx:
        ctx = replace(ctx, device=Device("192.0.2.7", CHROME), request_id="r-7")
        lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, bob))
        now = ctx.now

    entry = last(office, target=bob)

    assert entry.sentence == "Ann Lee deactivated Bob"
    assert entry.action == "user.deactivated"
    assert (entry.actor, entry.target) == (("user", ann, "Ann Lee"), ("user", bob, "Bob"))
    assert entry.changes["status"] == Change("active", "deactivated")
    assert (entry.ip, entry.user_agent, entry.device) == ("192.0.2.7", CHROME, "Chrome 120 on Linux")
    assert (entry.at, entry.request_id) == (now, "r-7")


def test_whoever_acts_is_called_by_what_they_are(office: Hands, acme: Directory, ann: UUID) -> None:
    dora = acme.create_user("dora", displayName="Dora")
    with office.acting() as ctx:
        directory = directories.find_directory(ctx, Provider.GENERIC).name
    assert last(office, target=UUID(dora.id)).sentence == f"The directory {directory} created Dora"
    assert last(office, target=ann).sentence == "The operator created Ann Lee"
    assert last(office, target=ann).actor == ("operator", None, "the operator, on the command line")


def test_what_somebody_does_to_themselves_is_said_so(office: Hands, bob: UUID) -> None:
    with office.acting(bob) as ctx:
        record(ctx, Action.USER_SIGNED_IN, users.get_user(ctx, bob), way="password", session=str(uuid4()))
        record(ctx, Action.USER_PASSWORD_CHANGED, users.get_user(ctx, bob))

    assert told(office, actor=bob) == ["Bob changed their password", "Bob signed in"]


def test_ids_have_names_beside_them(office: Hands, ann: UUID, bob: UUID) -> None:
    with office.acting(ann) as ctx:
        team = handmade_teams.create_team(ctx, "Crew")
        handmade_teams.add_mates(ctx, team, [bob, ann])
        handmade_teams.set_main_team(ctx, team)
        team_id = team.id

    chosen, joined = log(office, actor=ann)[:2]

    assert chosen.changes["main_team"] == Change(None, {"id": str(team_id), "name": "Crew"})
    people = [{"id": str(id), "name": name} for id, name in sorted([(bob, "Bob"), (ann, "Ann Lee")])]
    assert joined.changes["members"] == Change([], people)
    assert joined.sentence in (
        "Ann Lee added Bob, Ann Lee to the team Crew",
        "Ann Lee added Ann Lee, Bob to the team Crew",
    )


def test_what_changed_is_in_the_sentence_where_it_is_short(office: Hands, ann: UUID, bob: UUID) -> None:
    with office.acting(ann) as ctx:
        user = users.get_user_to_change(ctx, bob)
        roles.give_role(ctx, user, roles.find_role(ctx, "Viewer"))
        grants.grant(ctx, user, "data.export")
        positions.assign_position(ctx, user, positions.create_position(ctx, "Clerk", Scope.OWN))

    assert told(office, target=bob)[:3] == [
        "Ann Lee gave Bob the position Clerk (before: none)",
        "Ann Lee granted Bob a permission: data.export",
        "Ann Lee changed the role of Bob from Agent to Viewer",
    ]


def test_whatever_is_called_otherwise_by_now_is_called_so(office: Hands, ann: UUID) -> None:
    with office.acting(ann) as ctx:
        position = positions.create_position(ctx, "Clerk", Scope.OWN)
        positions.rename_position(ctx, position, "Head clerk")

    assert told(office, actor=ann) == [
        "Ann Lee changed the position Head clerk",
        "Ann Lee created the position Head clerk",
    ]


def test_what_is_gone_is_called_as_it_was(office: Hands, ann: UUID) -> None:
    okta = a_connection(office)
    with office.acting(ann) as ctx:
        role = roles.create_role(ctx, "Desk", description="", permissions=[])
        roles.delete_role(ctx, roles.get_role_to_change(ctx, role.id))
        position = positions.create_position(ctx, "Clerk", Scope.OWN)
        positions.delete_position(ctx, position)
        connection = connections.get_connection_to_change(ctx, okta)
        record(ctx, Action.CONNECTION_TESTED, connection)
        connection_lifecycle.delete_connection(ctx, connection)

    assert told(office, actor=ann) == [
        "Ann Lee deleted the connection Okta",
        "Ann Lee tested the connection Okta",
        "Ann Lee deleted the position Clerk",
        "Ann Lee created the position Clerk",
        "Ann Lee deleted the role Desk",
        "Ann Lee created the role Desk",
    ]


def test_of_a_purged_user_the_log_knows_no_name_and_no_place(office: Hands, ann: UUID, bob: UUID) -> None:
    with office.acting(bob) as ctx:
        ctx = replace(ctx, device=Device("192.0.2.9", CHROME))
        record(ctx, Action.USER_SIGNED_IN, users.get_user(ctx, bob), way="password")
    with office.acting(ann) as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, bob))
    with office.acting(ann) as ctx:
        retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, bob))

    found = log(office, user=bob)

    assert [each.sentence for each in found] == [
        "Ann Lee removed a purged user for good",
        "Ann Lee deleted a purged user",
        "a purged user signed in",
        "The operator created a purged user",
    ]
    assert {(each.ip, each.device) for each in found} == {(None, None)}


def test_the_products_entry_is_in_the_same_log(office: Hands, bob: UUID) -> None:
    with office.acting() as ctx:
        add_entry(ctx, bob, kind="ticket.closed", sentence="Bob closed {the} ticket 4711", details={"ticket": 4711})

    entry = last(office, user=bob)

    assert entry.sentence == "Bob closed {the} ticket 4711"
    assert entry.details == {"kind": "ticket.closed", "sentence": entry.sentence, "data": {"ticket": 4711}}
    assert entry.target == ("user", bob, "Bob")


def test_secrets_are_not_shown_whoever_wrote_them_down(office: Hands, bob: UUID) -> None:
    with office.acting() as ctx:
        user = users.get_user(ctx, bob)
        record(
            ctx, Action.USER_UPDATED, user, {"password": ("old1", "new1"), "x": (None, {"apiKey": "k1"})}, token="t1"
        )

    entry = last(office)

    assert entry.changes == {
        "password": Change("[redacted]", "[redacted]"),
        "x": Change(None, {"apiKey": "[redacted]"}),
    }
    assert entry.details == {"token": "[redacted]"}


def test_a_list_shows_the_beginning_of_much_and_an_entry_shows_all(office: Hands, ann: UUID) -> None:
    people = [office.create(f"user{n:02}") for n in range(30)]
    with office.acting(ann) as ctx:
        handmade_teams.add_mates(ctx, handmade_teams.create_team(ctx, "Crew"), people)
        record(ctx, Action.USER_UPDATED, users.get_user(ctx, people[0]), {"photo": (None, "x" * 5000)})

    photo, joined = log(office, actor=ann)[:2]

    assert len(joined.changes["members"].after) == 21
    assert joined.changes["members"].after[-1] == "… and 10 more"
    assert joined.sentence.endswith("User02 and 27 more to the team Crew")
    assert len(photo.changes["photo"].after) == 1001
    with office.acting(ann) as ctx:
        assert len(activity.get_entry(ctx, joined.id).changes["members"].after) == 30
        assert len(activity.get_entry(ctx, photo.id).changes["photo"].after) == 5000


def test_what_an_undo_keeps_for_itself_is_not_shown(office: Hands, acme: Directory) -> None:
    dora = acme.create_user("dora")
    acme.create_group("Crew", dora)
    acme.delete(f"/Users/{dora.id}")

    [entry] = log(office, actions=("user.deleted",))

    assert "memberships" not in entry.details
    assert [each["name"] for each in entry.changes["teams"].before] == ["Crew"]


# Finding


def happened(office: Hands, user: UUID, *, later: timedelta, actor: Any = None) -> None:
    with office.acting(actor or user, later=later) as ctx:
        record(ctx, Action.USER_UPDATED, users.get_user(ctx, user), {"n": (None, str(later))})


def test_the_newest_comes_first_whenever_it_was_written_down(office: Hands, bob: UUID) -> None:
    for hours in (1, 3, 2, -1):
        happened(office, bob, later=hours * HOUR)

    assert [each.changes["n"].after for each in log(office, actor=bob)] == ["3:00:00", "2:00:00", "1:00:00", str(-HOUR)]


@pytest.mark.parametrize("wanted", [{}, {"actor": True}, {"target": True}, {"user": True}, {"actions": ("user.",)}])
def test_a_walk_part_by_part_sees_each_entry_once(office: Hands, bob: UUID, wanted: dict[str, Any]) -> None:
    wanted = {name: bob if value is True else value for name, value in wanted.items()}
    for number in range(7):
        happened(office, bob, later=HOUR * (number // 3))  # several at the same instant, but for microseconds
    whole = [each.id for each in log(office, **wanted)]

    seen: list[UUID] = []
    after: UUID | None = None
    for _ in range(len(whole)):
        with office.acting() as ctx:
            part = activity.list_activity(ctx, Wanted(**wanted), Cut(2, after))
        seen += [each.id for each in part.items]
        happened(office, bob, later=10 * HOUR)  # what comes meanwhile comes before
        after = part.next
        if after is None:
            break

    assert seen == whole
    assert len(set(seen)) == len(seen) >= 7


def test_a_walk_through_all_of_it_is_the_list(office: Hands, bob: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "_CHUNK", 3)
    for number in range(10):
        happened(office, bob, later=HOUR * number)

    with office.acting() as ctx:
        walked = [each.id for each in activity.walk(ctx, Wanted(target=bob))]

    assert walked == [each.id for each in log(office, target=bob)]


def test_entries_are_found_by_what_is_known_of_them(office: Hands, ann: UUID, bob: UUID, acme: Directory) -> None:
    with office.acting(ann) as ctx:
        ctx = replace(ctx, request_id="r-42")
        grants.grant(ctx, users.get_user_to_change(ctx, bob), "data.export")
    happened(office, bob, later=HOUR)
    crew = acme.create_group("Crew")
    now = datetime.now(UTC)

    assert told(office, request_id="r-42") == ["Ann Lee granted Bob a permission: data.export"]
    assert told(office, actor=bob) == ["Bob changed their own profile"]
    assert told(office, user=ann) == ["Ann Lee granted Bob a permission: data.export", "The operator created Ann Lee"]
    assert told(office, user=bob) == [
        "Bob changed their own profile",
        "Ann Lee granted Bob a permission: data.export",
        "The operator created Bob",
    ]
    assert told(office, target_kind="team") == [last(office, target=UUID(crew.id)).sentence]
    assert told(office, actions=("user.permission_granted",)) == ["Ann Lee granted Bob a permission: data.export"]
    assert len(told(office, actions=("user.", "team.created"))) == 5
    assert told(office, since=now + HOUR / 2) == ["Bob changed their own profile"]
    assert told(office, target=bob, until=now + HOUR / 2)[0] == "Ann Lee granted Bob a permission: data.export"
    assert told(office, text="DATA.EXPORT", target=bob) == ["Ann Lee granted Bob a permission: data.export"]
    assert told(office, text="50%") == []
    assert {each.actor.kind for each in log(office, actor_kind=ActorKind.DIRECTORY)} == {"directory"}
    assert told(office, user=uuid4()) == []


@pytest.mark.parametrize("action", ["", ".", "user", "user.flew", "users.", "%", "x" * 10_000])
def test_an_action_that_there_is_not_is_refused(office: Hands, action: str) -> None:
    with pytest.raises(InvalidValue, match="action"):
        log(office, actions=(action,))


def test_a_cursor_that_is_nobodys_is_refused(office: Hands, globex: Directory, settings: Settings) -> None:
    theirs = Hands(settings, office.database, "globex")
    for foreign in (uuid4(), log(theirs)[0].id):
        with pytest.raises(InvalidValue, match="cursor"):
            log(office, after=foreign)


# Who may, and whose it is


def test_the_log_is_for_whoever_may_view_it(office: Hands, ann: UUID, bob: UUID) -> None:
    entry = log(office)[0].id
    looks: list[Callable[[Context], Any]] = [
        lambda ctx: activity.list_activity(ctx, Wanted(), Cut()),
        lambda ctx: list(activity.walk(ctx, Wanted())),
        lambda ctx: activity.get_entry(ctx, entry),
    ]
    for look in looks:
        with office.acting(ann) as ctx:
            look(ctx)
        with office.acting(bob) as ctx, pytest.raises(NotAllowed):
            look(ctx)


def test_no_name_and_no_entry_crosses_organizations(
    office: Hands, bob: UUID, globex: Directory, settings: Settings
) -> None:
    theirs = Hands(settings, office.database, "globex")
    gina = UUID(globex.create_user("gina").id)
    crew = globex.create_group("Secret crew")
    with office.acting() as ctx:
        # Whatever a directory may have sent: their ids are only ids here.
        user = users.get_user(ctx, bob)
        record(ctx, Action.USER_UPDATED, user, {"manager": (str(gina), crew.id)}, by=str(gina))

    about_bob = last(office)

    assert about_bob.changes["manager"] == Change(str(gina), crew.id)
    assert about_bob.details == {"by": str(gina)}
    assert [each for each in ("gina", "secret") if each in repr(log(office)).lower()] == []
    with theirs.acting() as ctx, pytest.raises(NotFound):
        activity.get_entry(ctx, about_bob.id)
    assert told(theirs, user=bob) == []


# What it costs


def populated(office: Hands, many: int) -> None:
    with office.acting() as ctx:
        team = handmade_teams.create_team(ctx, "Crew")
        role = roles.create_role(ctx, "Desk", description="", permissions=[])
        record(ctx, Action.ROLE_DELETED, Anything(uuid4()), {"name": ("Gone", None)})
        for number in range(many):
            record(ctx, Action.INVITATION_CREATED, Anything(uuid4()), {"email": (None, f"{number}@example.com")})
            record(ctx, Action.TEAM_MEMBERS_ADDED, team, {"members": ([], [str(role.id)] * 5)})


def cost(office: Hands, limit: int) -> list[str]:
    with office.acting() as ctx:
        with statements(office.database) as sent:
            found = activity.list_activity(ctx, Wanted(), Cut(limit))
        assert len(found.items) == limit
    return sent


def test_fifty_entries_cost_as_many_statements_as_one(office: Hands) -> None:
    populated(office, 60)

    one, fifty = cost(office, 2), cost(office, 50)

    # The entries, what they name, and what is gone of it.
    assert len(one) == len(fifty) == 3
