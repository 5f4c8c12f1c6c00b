"""Many users at once: each is told of, in the order asked, and no rule for one is another for many."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from scim_server.db import Database
from scim_server.models import Invitation, OutgoingMail, Overage, Source, User, UserStatus
from scim_server.models.base import new_id
from scim_server.services import bulk_teams, bulk_users, handmade_teams, lifecycle, mapping, ownership, roles, users
from scim_server.services.bulk_acts import MOST, Report, Verdict
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import InvalidValue, NoOwnerYet, NotAllowed, NotFound, OwnedByDirectory
from scim_server.services.handmade_teams import Part
from scim_server.services.organizations import Plan, change_organization
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import contents, events, statements
from tests.services.test_mapping import SAML

DONE, UNCHANGED, REFUSED, NOT_DONE = Verdict


def verdicts(report: Report) -> list[Verdict]:
    return [each.verdict for each in report.results]


def codes(report: Report) -> list[str | None]:
    return [type(each.error).__name__ if each.error else None for each in report.results]


@pytest.fixture
def owned(office: Hands) -> Hands:
    """An organization with an owner, so that others can be invited."""
    olga = office.create("olga", role="Admin")
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, users.get_user(ctx, olga))
    return office


def deactivate(office: Hands, named: Sequence[object], *, only_if_all: bool = False) -> Report:
    with office.acting() as ctx:
        return bulk_users.deactivate_many(ctx, [str(each) for each in named], only_if_all=only_if_all)


def test_each_is_done_or_told_why_not_in_the_order_asked(
    acme: Directory, owned: Hands, rivals: Hands, database: Database
) -> None:
    ada, bob = owned.create("ada", emails=[{"value": "ada@example.com"}]), owned.create("bob")
    out = owned.create("out", status=UserStatus.DEACTIVATED)
    doug = acme.create_user("doug")
    gina = rivals.create("gina")
    before = len(events(database, "acme"))

    report = deactivate(owned, [bob, "nobody", "olga", "ADA", out, doug.id, gina, "bad\x00name", bob, uuid4()])

    assert verdicts(report) == [DONE, REFUSED, REFUSED, DONE, UNCHANGED, REFUSED, REFUSED, REFUSED, UNCHANGED, REFUSED]
    assert codes(report)[1:3] == ["NotFound", "OwnerProtected"]
    assert codes(report)[5:] == ["OwnedByDirectory", "NotFound", "NotFound", None, "NotFound"]
    assert [each.user_id for each in report.results[:4]] == [
        bob,
        None,
        owned.user(report.results[2].user_id or "").id,
        ada,
    ]
    assert report.results[8].sentence == "bob is named twice, first as number 1."
    assert report.results[1].sentence == "There is no user nobody."
    assert [owned.status(id) for id in (ada, bob, doug.id)] == ["deactivated", "deactivated", "active"]
    assert rivals.status(gina) == "active"
    new = events(database, "acme")[before:]
    deactivated = [each.target_id for each in new if each.action == "user.deactivated"]
    assert deactivated == [bob, ada]
    assert {each.details["bulk"] for each in new} == {str(report.id)}


def test_all_or_none_does_nothing_where_one_is_refused_and_tells_of_all(owned: Hands, database: Database) -> None:
    ada, bob = owned.create("ada"), owned.create("bob")
    before = contents(database)

    report = deactivate(owned, [ada, "olga", bob, "nobody"], only_if_all=True)

    assert verdicts(report) == [NOT_DONE, REFUSED, NOT_DONE, REFUSED]
    assert contents(database) == before
    assert verdicts(deactivate(owned, [ada, bob], only_if_all=True)) == [DONE, DONE]
    assert owned.status(bob) == "deactivated"


def test_a_person_is_asked_first_and_nobody_is_told_who_there_is(owned: Hands, database: Database) -> None:
    vera = owned.create("vera", role="Viewer")
    with owned.acting() as ctx:
        watch = handmade_teams.create_team(ctx, "Watch").id
    before = contents(database)

    def refused(act: Callable[[Context], Report]) -> None:
        with pytest.raises(NotAllowed, match="needs the permission"), owned.acting(vera) as ctx:
            act(ctx)

    refused(lambda ctx: bulk_users.deactivate_many(ctx, ["olga", "nobody"]))
    refused(lambda ctx: bulk_users.reactivate_many(ctx, ["olga"]))
    refused(lambda ctx: bulk_users.restore_many(ctx, ["olga"]))
    refused(lambda ctx: bulk_users.change_role_of_many(ctx, ["olga"], declared(ctx).default_role))
    refused(lambda ctx: bulk_users.invite_many(ctx, ["eve@example.com"]))
    refused(lambda ctx: bulk_teams.add_many_to_team(ctx, handmade_teams.find_team(ctx, str(watch)), ["vera"]))
    refused(lambda ctx: bulk_teams.remove_many_from_team(ctx, handmade_teams.find_team(ctx, str(watch)), ["vera"]))
    assert contents(database) == before


def test_nobody_and_too_many_are_refused_as_a_whole(owned: Hands) -> None:
    with pytest.raises(InvalidValue, match="somebody"):
        deactivate(owned, [])
    with pytest.raises(InvalidValue, match=r"1001: at most 1000"):
        deactivate(owned, [new_id() for _ in range(MOST + 1)])


def test_an_address_of_several_people_is_no_answer(owned: Hands) -> None:
    shared = [{"value": "desk@example.com"}]
    ada, _ = owned.create("ada", emails=shared), owned.create("bob", emails=shared)

    report = deactivate(owned, ["desk@example.com"])

    assert codes(report) == ["InvalidValue"]
    assert str(ada) in str(report.results[0].sentence)


def test_the_last_admin_stays_also_of_several_who_are_named(owned: Hands, database: Database) -> None:
    max_ = owned.create("max", role="Admin")
    with owned.acting() as ctx:
        role = roles.find_role(ctx, "Viewer")
        report = bulk_users.change_role_of_many(ctx, [str(max_), "olga"], role)

    assert codes(report) == [None, "OwnerProtected"]
    assert verdicts(report) == [DONE, REFUSED]


def test_roles_are_given_by_the_rules_for_one(owned: Hands) -> None:
    ada, bob = owned.create("ada"), owned.create("bob", role="Viewer")
    max_ = owned.create("max", role="Admin")
    with owned.acting() as ctx:
        roles.create_role(
            ctx, "Manager", description="", permissions=["roles.manage", *declared(ctx).default_role.permissions]
        )
    mia = owned.create("mia", role="Manager")

    with owned.acting(mia) as ctx, pytest.raises(NotAllowed, match="Only an admin"):
        bulk_users.change_role_of_many(ctx, [str(ada)], roles.find_role(ctx, "Admin"))
    with owned.acting() as ctx:
        report = bulk_users.change_role_of_many(ctx, [str(bob), str(ada)], roles.find_role(ctx, "Viewer"))
    assert verdicts(report) == [UNCHANGED, DONE]
    with owned.acting(mia) as ctx:
        report = bulk_users.change_role_of_many(ctx, [str(max_)], roles.find_role(ctx, "Agent"))
    assert "may do more than you" in str(report.results[0].sentence)


def test_reactivation_takes_seats_in_the_order_asked(owned: Hands) -> None:
    people = [owned.create(f"p{number}", status=UserStatus.DEACTIVATED) for number in range(3)]
    invited = owned.create("ivan", status=UserStatus.INVITED)
    with owned.acting() as ctx:
        change_organization(ctx, plan=Plan(seats=4, overage=Overage.BLOCK))

    with owned.acting() as ctx:
        named = [str(invited), str(people[2]), "olga", str(people[0]), str(people[1])]
        report = bulk_users.reactivate_many(ctx, named)

    assert verdicts(report) == [REFUSED, DONE, UNCHANGED, DONE, REFUSED]
    assert codes(report)[-1] == "NoSeatLeft"


def test_whoever_was_deleted_comes_back(owned: Hands) -> None:
    ada, bob = owned.create("ada"), owned.create("bob")
    for id in (ada, bob):
        with owned.acting() as ctx:
            lifecycle.delete_user(ctx, users.get_user_to_change(ctx, id))
    new_bob = owned.create("bob")

    with owned.acting() as ctx:
        report = bulk_users.restore_many(ctx, ["ada", str(bob), str(new_bob)])

    assert verdicts(report) == [DONE, REFUSED, REFUSED]
    assert codes(report)[1:] == ["UserNameTaken", "NotFound"]
    assert owned.status(ada) == "active"


# Invitations


def test_many_are_invited_into_teams(owned: Hands, acme: Directory, database: Database) -> None:
    owned.create("known", emails=[{"value": "known@example.com"}])
    with owned.acting() as ctx:
        watch = handmade_teams.create_team(ctx, "Watch").id
        viewer = roles.find_role(ctx, "Viewer")

    with owned.acting() as ctx:
        named = ["eve@example.com", "no address", "known@example.com", "Eve@Example.com ", "ivan@example.com"]
        report = bulk_users.invite_many(ctx, named, role=viewer, team_ids=[watch])

    assert verdicts(report) == [DONE, REFUSED, REFUSED, UNCHANGED, DONE]
    assert codes(report) == [None, "InvalidValue", "UserNameTaken", None, None]
    with owned.acting() as ctx:
        team = handmade_teams.find_team(ctx, str(watch))
        assert [mate.user_name for mate in handmade_teams.list_mates(ctx, team)] == [
            "eve@example.com",
            "ivan@example.com",
        ]
        assert ctx.session.scalar(select(func.count()).select_from(OutgoingMail)) == 2
    told = [each for each in events(database, "acme") if each.details.get("bulk") == str(report.id)]
    assert sorted({each.action for each in told}) == ["invitation.created", "team.members_added", "user.created"]


def test_nobody_is_invited_and_no_mail_leaves_where_all_were_to_be(owned: Hands, database: Database) -> None:
    before = contents(database)

    with owned.acting() as ctx:
        report = bulk_users.invite_many(ctx, ["eve@example.com", "no address"], only_if_all=True)

    assert verdicts(report) == [NOT_DONE, REFUSED]
    assert contents(database) == before


def test_what_would_be_refused_of_everybody_is_refused_at_once(acme: Directory, office: Hands) -> None:
    crew = acme.create_group("Crew")
    with office.acting() as ctx, pytest.raises(NoOwnerYet):
        bulk_users.invite_many(ctx, ["eve@example.com"])
    olga = office.create("olga", role="Admin")
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, users.get_user(ctx, olga))
    with office.acting() as ctx, pytest.raises(OwnedByDirectory):
        bulk_users.invite_many(ctx, ["eve@example.com"], team_ids=[UUID(crew.id)])
    with office.acting() as ctx, pytest.raises(NotFound):
        bulk_users.invite_many(ctx, ["eve@example.com"], team_ids=[new_id()])


# Teams


def test_many_join_a_team_in_one_event(owned: Hands, acme: Directory, rivals: Hands, database: Database) -> None:
    ada, bob = owned.create("ada"), owned.create("bob")
    gina = rivals.create("gina")
    with owned.acting() as ctx:
        team = handmade_teams.create_team(ctx, "Watch")
        handmade_teams.add_mates(ctx, team, [ada])
    before = len(events(database, "acme"))

    with owned.acting() as ctx:
        named = ["bob", str(gina), str(ada), "nobody", str(bob)]
        report = bulk_teams.add_many_to_team(ctx, handmade_teams.find_team(ctx, "Watch"), named)

    assert verdicts(report) == [DONE, REFUSED, UNCHANGED, REFUSED, UNCHANGED]
    [event] = events(database, "acme")[before:]
    assert (event.action, event.changes["members"]) == ("team.members_added", [[], [str(bob)]])
    assert event.details["bulk"] == str(report.id)
    with owned.acting() as ctx:
        found = handmade_teams.find_team(ctx, "Watch")
        report = bulk_teams.add_many_to_team(ctx, found, ["ada", "bob"], part=Part.SUPERVISOR)
    assert verdicts(report) == [DONE, DONE]
    crew = acme.create_group("Crew")
    with owned.acting() as ctx, pytest.raises(OwnedByDirectory):
        bulk_teams.add_many_to_team(ctx, handmade_teams.find_team(ctx, crew.id), ["ada"])


def test_many_leave_a_team_unless_others_hold_them_there(owned: Hands, database: Database) -> None:
    ada, bob, eve, _ = (owned.create(name) for name in ("ada", "bob", "eve", "out"))
    with owned.acting() as ctx:
        team = handmade_teams.create_team(ctx, "Watch")
        handmade_teams.add_mates(ctx, team, [ada, bob])
        mapping.enable_mapping(ctx, mapping.map_claim(ctx, SAML, "staff", team=team))
    for id in (bob, eve):
        with owned.acting() as ctx:
            mapping.apply_claims(ctx, users.get_user_to_change(ctx, id), {SAML: ["staff"]})

    def leave(ctx: Context, *, only_if_all: bool) -> Report:
        watch = handmade_teams.find_team(ctx, "Watch")
        return bulk_teams.remove_many_from_team(ctx, watch, ["ada", "bob", "eve", "out"], only_if_all=only_if_all)

    before = contents(database)
    with owned.acting() as ctx:
        assert verdicts(leave(ctx, only_if_all=True)) == [NOT_DONE, NOT_DONE, REFUSED, UNCHANGED]
    assert contents(database) == before
    with owned.acting() as ctx:
        report = leave(ctx, only_if_all=False)

    assert verdicts(report) == [DONE, DONE, REFUSED, UNCHANGED]
    assert report.results[1].sentence == "bob stays in 'Watch' by a group mapping."
    assert "by a group mapping: change the mapping" in str(report.results[2].sentence)
    with owned.acting() as ctx:
        mates = handmade_teams.list_mates(ctx, handmade_teams.find_team(ctx, "Watch"))
        assert [(mate.user_name, mate.sources) for mate in mates] == [("bob", Source.MAPPING), ("eve", Source.MAPPING)]


# What it costs


COSTS: dict[str, tuple[int, Callable[[Context, list[str]], Report]]] = {
    "deactivate": (5, bulk_users.deactivate_many),
    "give a role": (4, lambda ctx, named: bulk_users.change_role_of_many(ctx, named, roles.find_role(ctx, "Viewer"))),
    "invite": (11, lambda ctx, named: bulk_users.invite_many(ctx, [f"{each}@example.com" for each in named])),
    "add to a team": (
        0,
        lambda ctx, named: bulk_teams.add_many_to_team(ctx, handmade_teams.find_team(ctx, "Watch"), named),
    ),
}


@pytest.mark.parametrize("what", COSTS)
def test_a_user_more_costs_few_statements(owned: Hands, database: Database, what: str) -> None:
    most, act = COSTS[what]
    named = [f"p{number}" for number in range(12)]
    for each in named:
        owned.create(each)
    with owned.acting() as ctx:
        handmade_teams.create_team(ctx, "Watch")

    def cost(few: list[str]) -> int:
        with owned.acting() as ctx, statements(database) as sent:
            act(ctx, few)
            ctx.session.rollback()
        return len(sent)

    assert (cost(named) - cost(named[:2])) / 10 == most


def test_two_who_act_on_the_same_users_in_another_order_both_come_to_an_end(owned: Hands) -> None:
    people = [str(owned.create(f"p{number}")) for number in range(20)]

    def act(named: list[str]) -> Report:
        return deactivate(owned, named)

    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            reports = list(pool.map(act, [people, people[::-1]]))
        done = [report.count(DONE) for report in reports]
        assert sorted(done) == [0, 20]
        with owned.acting() as ctx:
            bulk_users.reactivate_many(ctx, people)


def test_an_invitation_is_one_row_for_each(owned: Hands) -> None:
    with owned.acting() as ctx:
        bulk_users.invite_many(ctx, [f"p{number}@example.com" for number in range(30)])
    with owned.acting() as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(Invitation)) == 30
        assert ctx.session.scalar(select(func.count()).select_from(User).where(User.status == "invited")) == 30
