"""Access reviews: who is on the list, what is decided of them, who signs, and that nothing changes afterwards."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from scim_server.db import Database
from scim_server.models import (
    AccessReview,
    AccessReviewLine,
    Decision,
    Event,
    Outcome,
    ReviewState,
    SignIn,
    UserStatus,
    Way,
)
from scim_server.models.base import first_id
from scim_server.models.outbox import OutgoingMail
from scim_server.services import (
    access_review_decisions,
    access_review_signatures,
    access_review_times,
    access_reviews,
    grants,
    lifecycle,
    ownership,
    retention,
    roles,
    settings,
    sign_ins,
    users,
)
from scim_server.services.context import OPERATOR, SYSTEM, Actor, ActorKind, Context
from scim_server.services.errors import InvalidValue, LastAdminProtected, NotAllowed, NotFound
from scim_server.services.listing import Cut
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import contents, events, statements

KEEP, REMOVE, CHANGE_ROLE = Decision
DAY = timedelta(days=1)
PROGRAM = Actor(ActorKind.KEY, "test", scopes=frozenset({"admin"}))


def opened(office: Hands) -> UUID:
    with office.acting() as ctx:
        return access_reviews.open_review(ctx).id


def lines(office: Hands, review: UUID) -> dict[str, AccessReviewLine]:
    with office.acting() as ctx:
        return {line.user_name: line for line in access_reviews.list_lines(ctx, review, cut=Cut(200)).items}


def decide(office: Hands, review: UUID, user: UUID | str, decision: Decision, **more: Any) -> AccessReviewLine:
    with office.acting(more.pop("by", OPERATOR)) as ctx:
        if isinstance(more.get("role"), str):
            more["role"] = roles.find_role(ctx, more["role"])
        return access_review_decisions.decide(ctx, review, UUID(str(user)), decision, **more)


def admins(office: Hands) -> tuple[UUID, UUID]:
    """The owner, and another admin."""
    olga, grace = office.create("olga", role="Admin"), office.create("grace", role="Admin")
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, users.get_user_to_change(ctx, olga))
    return olga, grace


def signed(office: Hands, review: UUID, by: UUID) -> AccessReview:
    with office.acting(by) as ctx:
        access_review_decisions.keep_the_rest(ctx, review)
        return access_review_signatures.sign_off(ctx, review)


def test_everybody_who_is_active_is_on_the_list_as_they_are(office: Hands, acme: Directory) -> None:
    olga, _ = admins(office)
    ada = office.create("ada", role="Viewer")
    dora = acme.create_user("dora", displayName="Dora D.")
    for status in (UserStatus.INVITED, UserStatus.DEACTIVATED):
        office.create(status.value, status=status)
    with office.acting() as ctx:
        user = users.get_user_to_change(ctx, ada)
        grants.grant(ctx, user, "data.export")
        grants.revoke(ctx, user, "contacts.view")
        for _ in range(2):
            sign_ins.record_sign_in(ctx, Outcome.SIGNED_IN, sign_ins.Trace(Way.PASSWORD), user=user)
        now = ctx.now

    found = lines(office, opened(office))

    assert found.keys() == {"olga", "grace", "ada", "dora"}
    line = found["ada"]
    assert (line.user_id, line.role, line.is_admin, line.is_owner) == (ada, "Viewer", False, False)
    assert (line.origin, line.directory, line.last_sign_in_at, line.sign_ins_lately) == ("hand", None, now, 2)
    assert line.permissions == {"granted": ["data.export"], "revoked": ["contacts.view"]}
    assert (found["olga"].user_id, found["olga"].is_admin, found["olga"].is_owner) == (olga, True, True)
    assert (found["grace"].is_admin, found["grace"].is_owner, found["grace"].permissions) == (True, False, {})
    shown = found["dora"]
    assert (str(shown.user_id), shown.display_name, shown.origin, shown.directory) == (
        dora.id,
        "Dora D.",
        "scim",
        "generic",
    )
    assert (shown.last_sign_in_at, shown.sign_ins_lately, shown.decision) == (None, 0, None)
    assert len({line.salt for line in found.values()}) == len(found)


def test_what_lies_longer_back_than_lately_is_the_last_use_and_counts_no_more(office: Hands) -> None:
    ada = office.create("ada")
    with office.acting(SYSTEM, later=-90 * DAY) as ctx:
        user = users.get_user_to_change(ctx, ada)
        sign_ins.record_sign_in(ctx, Outcome.SIGNED_IN, sign_ins.Trace(Way.PASSWORD), user=user)
        ctx.session.execute(update(SignIn).values(id=first_id(ctx.now)))
        then = ctx.now

    line = lines(office, opened(office))["ada"]

    assert (line.last_sign_in_at, line.sign_ins_lately) == (then, 0)


def test_a_review_costs_the_same_few_statements_however_many_users_there_are(
    office: Hands, rivals: Hands, database: Database
) -> None:
    for hands, count in ((office, 1), (rivals, 30)):
        for n in range(count):
            hands.create(f"user{n}")
    costs = []
    for hands in (office, rivals):
        with statements(database) as sent:
            opened(hands)
        costs.append(len(sent))

    assert costs[0] == costs[1] <= 9


def test_one_review_at_a_time_is_open_and_an_empty_one_is_none(office: Hands, database: Database) -> None:
    before = contents(database)
    with pytest.raises(NotAllowed, match="nobody"):
        opened(office)
    assert contents(database) == before
    office.create("ada")
    opened(office)

    with pytest.raises(NotAllowed, match="open"):
        opened(office)


def test_what_is_decided_is_done_at_once_and_says_who_and_why(office: Hands, database: Database) -> None:
    olga, grace = admins(office)
    ada, bob = office.create("ada"), office.create("bob")
    review = opened(office)

    decide(office, review, grace, KEEP, by=olga)
    decide(office, review, ada, REMOVE, by=olga, note="Left in May")
    decide(office, review, bob, CHANGE_ROLE, by=olga, role="Viewer")

    assert office.status(ada) == UserStatus.DEACTIVATED
    found = lines(office, review)
    assert found["bob"].role == "Agent"
    with office.acting() as ctx:
        assert roles.find_role(ctx, "Viewer").id == users.get_user(ctx, bob).role_id
    assert [(found[name].decision, found[name].new_role, found[name].note) for name in ("grace", "ada", "bob")] == [
        ("keep", None, None),
        ("remove", None, "Left in May"),
        ("change_role", "Viewer", None),
    ]
    assert {(line.decided_by, line.decided_by_id) for line in found.values() if line.decision} == {("olga", olga)}
    assert all(line.carried_out and line.decided_at for line in found.values() if line.decision)
    told = [each.action for each in events(database, "acme")][-6:]
    assert told == [
        "review.decided",
        "user.deactivated",
        "checklist.opened",
        "review.decided",
        "user.role_changed",
        "review.decided",
    ]


def test_whom_a_directory_owns_is_removed_there_and_is_outstanding_until_then(office: Hands, acme: Directory) -> None:
    olga, _ = admins(office)
    dora, doug = acme.create_user("dora"), acme.create_user("doug")
    review = opened(office)

    for user in (dora, doug):
        assert decide(office, review, user.id, REMOVE, by=olga).carried_out is False
    assert office.status(dora.id) == UserStatus.ACTIVE
    with office.acting() as ctx:
        assert access_reviews.count_outstanding(ctx, review) == 2
    acme.patch(f"/Users/{dora.id}", {"op": "replace", "path": "active", "value": False})
    signed(office, review, olga)

    assert [lines(office, review)[name].carried_out for name in ("dora", "doug")] == [True, False]
    with office.acting() as ctx:
        assert access_reviews.count_outstanding(ctx, review) == 1
        [event] = ctx.session.scalars(select(Event).where(Event.action == "review.signed_off"))
    assert event.details == {"by": str(olga), "outstanding": 1}


def test_who_is_gone_by_now_is_decided_of_all_the_same(office: Hands) -> None:
    ada, bob, eve = (office.create(name) for name in ("ada", "bob", "eve"))
    review = opened(office)
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, ada))
        lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, bob))

    assert all(decide(office, review, id, REMOVE).carried_out for id in (ada, bob))
    assert decide(office, review, eve, KEEP).carried_out
    with office.acting() as ctx:
        assert access_reviews.count_outstanding(ctx, review) == 0


def test_another_thing_is_decided_as_long_as_nothing_was_done(office: Hands, acme: Directory) -> None:
    ada, dora = office.create("ada"), acme.create_user("dora").id
    review = opened(office)
    for decision in (REMOVE, KEEP, REMOVE):
        decide(office, review, dora, decision)

    decide(office, review, ada, KEEP)
    decide(office, review, ada, CHANGE_ROLE, role="Viewer")
    with pytest.raises(NotAllowed, match="done already"):
        decide(office, review, ada, KEEP)
    decide(office, review, ada, REMOVE)
    for decision in (KEEP, REMOVE):
        with pytest.raises(NotAllowed, match="done already"):
            decide(office, review, ada, decision)


def test_the_rest_is_kept_at_once(office: Hands, database: Database) -> None:
    olga, _ = admins(office)
    ada = office.create("ada")
    review = opened(office)
    decide(office, review, ada, REMOVE, by=olga)

    with office.acting(olga) as ctx:
        assert access_review_decisions.keep_the_rest(ctx, review, note="As ever") == 2
        assert access_reviews.count_decisions(ctx, review) == {None: 0, KEEP: 2, REMOVE: 1, CHANGE_ROLE: 0}
    before = contents(database)
    with office.acting(olga) as ctx:
        assert access_review_decisions.keep_the_rest(ctx, review) == 0

    assert contents(database) == before
    assert lines(office, review)["grace"].note == "As ever"


def test_an_admin_signs_once_everything_is_decided_and_then_nothing_changes(office: Hands, database: Database) -> None:
    olga, grace = admins(office)
    ada = office.create("ada")
    review = opened(office)
    decide(office, review, ada, KEEP)
    with office.acting(olga) as ctx, pytest.raises(NotAllowed, match="2 of 3 users"):
        access_review_signatures.sign_off(ctx, review)

    row = signed(office, review, grace)

    assert (row.state, row.signed_off_by, row.signed_off_by_id) == (ReviewState.SIGNED_OFF, "grace", grace)
    assert (row.signed_off_through, len(row.digest or "")) == (None, 64)
    before = contents(database)
    steps: list[Callable[[Context], Any]] = [
        lambda ctx: access_review_decisions.decide(ctx, review, ada, REMOVE),
        lambda ctx: access_review_decisions.keep_the_rest(ctx, review),
        lambda ctx: access_review_signatures.sign_off(ctx, review),
        lambda ctx: access_reviews.cancel_review(ctx, review, note="No"),
    ]
    for step in steps:
        with office.acting(olga) as ctx, pytest.raises(NotAllowed, match="over"):
            step(ctx)
    assert contents(database) == before
    with office.acting() as ctx:
        assert access_review_signatures.is_untouched(ctx, review)


@pytest.mark.parametrize(
    "change",
    [{"decision": "keep"}, {"role": "Viewer"}, {"note": "x"}, {"last_sign_in_at": datetime(2026, 1, 1, tzinfo=UTC)}],
)
def test_whoever_changes_a_line_behind_the_programs_back_is_found_out(office: Hands, change: dict[str, Any]) -> None:
    olga, _ = admins(office)
    ada = office.create("ada")
    review = opened(office)
    decide(office, review, ada, REMOVE, by=olga)
    signed(office, review, olga)

    with office.acting() as ctx:
        ctx.session.execute(update(AccessReviewLine).where(AccessReviewLine.user_id == ada).values(**change))
    with office.acting() as ctx:
        assert not access_review_signatures.is_untouched(ctx, review)


def test_a_line_that_is_taken_out_is_found_out_too(office: Hands) -> None:
    olga, _ = admins(office)
    review = opened(office)
    signed(office, review, olga)

    with office.acting() as ctx:
        ctx.session.delete(access_reviews.get_line(ctx, review, olga))
    with office.acting() as ctx:
        assert not access_review_signatures.is_untouched(ctx, review)


def test_a_purged_user_is_in_no_review_any_more_and_the_signature_holds(office: Hands, database: Database) -> None:
    olga, grace = admins(office)
    ada = office.create("ada", displayName="Ada L.")
    review = opened(office)
    decide(office, review, ada, REMOVE, by=grace, note="Ada has left")
    signed(office, review, grace)
    second = opened(office)
    with office.acting() as ctx:
        for id in (ada, grace):
            lifecycle.delete_user(ctx, users.get_user_to_change(ctx, id))
            ctx.session.flush()
            retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, id))

    told = f"{contents(database)['access_reviews']}{contents(database)['access_review_lines']}"
    # By itself: an id may well have "ada" within.
    assert re.search(r"\b(ada|grace)\b", told, re.IGNORECASE) is None
    with office.acting() as ctx:
        assert access_review_signatures.is_untouched(ctx, review)
        assert (
            ctx.session.scalars(
                select(AccessReviewLine.decision).where(
                    AccessReviewLine.user_id == ada, AccessReviewLine.review_id == review
                )
            ).one()
            == "remove"
        )
    signed(office, second, olga)
    with office.acting() as ctx:
        assert access_review_signatures.is_untouched(ctx, second)


def test_a_program_and_the_operator_sign_on_the_word_of_an_admin(office: Hands) -> None:
    olga, _ = admins(office)
    ada = office.create("ada")
    review = opened(office)
    with office.acting(PROGRAM) as ctx:
        access_review_decisions.keep_the_rest(ctx, review)
        with pytest.raises(InvalidValue, match="by must be given"):
            access_review_signatures.sign_off(ctx, review)
        with pytest.raises(NotAllowed, match="cannot sign"):
            access_review_signatures.sign_off(ctx, review, by=users.get_user(ctx, ada))
        row = access_review_signatures.sign_off(ctx, review, by=users.get_user(ctx, olga))

    assert (row.signed_off_by, row.signed_off_through) == ("olga", "test")


def test_nobody_signs_for_somebody_else_and_nobody_signs_who_is_no_admin(office: Hands) -> None:
    olga, grace = admins(office)
    with office.acting() as ctx:
        roles.create_role(ctx, "Host", description="", permissions=["users.manage", "settings.manage"])
    hugo, ada = office.create("hugo", role="Host"), office.create("ada")
    review = opened(office)
    decide(office, review, ada, KEEP, by=hugo)
    with office.acting(hugo) as ctx:
        access_review_decisions.keep_the_rest(ctx, review)

    with office.acting(hugo) as ctx, pytest.raises(NotAllowed, match="admin"):
        access_review_signatures.sign_off(ctx, review)
    with office.acting(hugo) as ctx, pytest.raises(NotAllowed, match="admin"):
        access_reviews.cancel_review(ctx, review, note="No")
    with office.acting(grace) as ctx, pytest.raises(InvalidValue, match="yourself"):
        access_review_signatures.sign_off(ctx, review, by=users.get_user(ctx, olga))


def test_whoever_decides_does_what_they_may_and_no_more(office: Hands, database: Database) -> None:
    olga, grace = admins(office)
    with office.acting() as ctx:
        roles.create_role(ctx, "Host", description="", permissions=["users.manage"])
    hugo, ada, victor = office.create("hugo", role="Host"), office.create("ada"), office.create("victor", role="Viewer")
    review = opened(office)
    before = contents(database)

    with pytest.raises(NotAllowed, match=r"users\.manage"):
        decide(office, review, ada, REMOVE, by=victor)
    with pytest.raises(NotAllowed, match=r"roles\.manage"):
        decide(office, review, ada, CHANGE_ROLE, by=hugo, role="Viewer")
    with pytest.raises(NotAllowed, match="owns the organization"):
        decide(office, review, olga, REMOVE, by=grace)

    assert contents(database) == before
    decide(office, review, ada, REMOVE, by=hugo)


def test_the_last_admin_stays_one(office: Hands) -> None:
    grace = office.create("grace", role="Admin")
    review = opened(office)

    with pytest.raises(LastAdminProtected):
        decide(office, review, grace, REMOVE)

    assert lines(office, review)["grace"].decision is None


def test_a_role_goes_with_its_decision_alone_and_nobody_else_is_in_the_review(office: Hands) -> None:
    ada = office.create("ada")
    review = opened(office)

    with pytest.raises(InvalidValue, match="role"):
        decide(office, review, ada, CHANGE_ROLE)
    with pytest.raises(InvalidValue, match="role"):
        decide(office, review, ada, KEEP, role="Viewer")
    with pytest.raises(NotFound):
        decide(office, review, office.create("late"), KEEP)
    with pytest.raises(NotFound):
        decide(office, uuid4(), ada, KEEP)


def test_a_review_is_cancelled_with_a_reason(office: Hands) -> None:
    olga, _ = admins(office)
    review = opened(office)
    with office.acting(olga) as ctx:
        with pytest.raises(InvalidValue):
            access_reviews.cancel_review(ctx, review, note="")
        access_reviews.cancel_review(ctx, review, note="Begun too early")

    with office.acting() as ctx:
        row = access_reviews.get_review(ctx, review)
        assert (row.state, row.note) == (ReviewState.CANCELLED, "Begun too early")
        with pytest.raises(NotAllowed, match="not signed"):
            access_review_signatures.is_untouched(ctx, review)
    assert opened(office) != review


def test_a_long_list_is_read_part_by_part(office: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [office.create(f"user{n}") for n in range(5)]
    review = opened(office)
    decide(office, review, ids[1], KEEP)
    monkeypatch.setattr(access_reviews, "_AT_ONCE", 2)

    with office.acting() as ctx:
        assert [line.user_id for line in access_reviews.each_line(ctx, review)] == ids
        first = access_reviews.list_lines(ctx, review, decided=False, cut=Cut(2))
        rest = access_reviews.list_lines(ctx, review, decided=False, cut=Cut(2, first.next))
        assert [line.user_id for line in [*first.items, *rest.items]] == [ids[0], *ids[2:]]
        assert [line.user_id for line in access_reviews.list_lines(ctx, review, decision=KEEP).items] == [ids[1]]


def test_permissions_are_noted_of_many(office: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_reviews, "_AT_ONCE", 2)
    ids = [office.create(f"user{n}") for n in range(5)]
    with office.acting() as ctx:
        for id in ids:
            grants.grant(ctx, users.get_user_to_change(ctx, id), "data.export")

    found = lines(office, opened(office))

    assert {line.permissions["granted"][0] for line in found.values()} == {"data.export"}


# What time brings


def looked(office: Hands, days: float) -> bool:
    with office.acting(SYSTEM, later=days * DAY) as ctx:
        return access_review_times.look(ctx)


def mails(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(OutgoingMail)).all())


def test_a_review_is_opened_each_quarter_and_the_admins_are_told_and_reminded(
    office: Hands, database: Database
) -> None:
    olga = office.create("olga", role="Admin", emails=[{"value": "olga@example.com", "primary": True}])
    done = [looked(office, days) for days in (80, 93, 94, 116.5, 117, 124, 131)]

    assert done == [False, True, False, True, False, True, True]
    assert mails(database) == 4
    told = [each for each in events(database, "acme") if each.target_kind == "review"]
    assert [each.action for each in told] == ["review.opened", *["review.reminded"] * 3]
    assert {each.actor_kind for each in told} == {"system"}
    with office.acting() as ctx:
        review = access_reviews.find_open(ctx)
        assert review is not None
    signed(office, review.id, olga)
    assert [looked(office, days) for days in (150, 181, 183)] == [False, False, True]


def test_whoever_wants_no_reviews_gets_none_and_whoever_wants_more_gets_more(office: Hands) -> None:
    office.create("ada")
    with office.acting() as ctx:
        settings.change_settings(ctx, access_review_every=0)
        assert access_review_times.next_review(ctx) is None
    assert not looked(office, 1000)
    with office.acting() as ctx:
        settings.change_settings(ctx, access_review_every=1)
    assert looked(office, 32)


def test_nobody_is_asked_to_review_nobody(office: Hands) -> None:
    assert not looked(office, 1000)


def test_every_organization_is_looked_at_once_however_many_look(
    office: Hands, rivals: Hands, database: Database
) -> None:
    for hands in (office, rivals):
        hands.create("ada")
    with rivals.acting() as ctx:
        settings.change_settings(ctx, access_review_every=0)
    later = datetime.now(UTC) + 100 * DAY

    assert [access_review_times.look_everywhere(database, office.settings, later) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    ("start", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2027-11-30", 3, "2028-02-29"),
        ("2026-12-01", 12, "2027-12-01"),
        ("2026-03-15", 24, "2028-03-15"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_one(start: str, months: int, then: str) -> None:
    at = datetime.fromisoformat(f"{start}T09:00+00:00")

    assert access_review_times.add_months(at, months) == datetime.fromisoformat(f"{then}T09:00+00:00")


def test_a_review_of_another_organization_is_not_there(office: Hands, rivals: Hands) -> None:
    gina = rivals.create("gina")
    review = opened(rivals)
    steps: list[Callable[[Context], Any]] = [
        lambda ctx: access_reviews.get_review(ctx, review),
        lambda ctx: access_review_decisions.decide(ctx, review, gina, KEEP),
        lambda ctx: access_review_decisions.keep_the_rest(ctx, review),
        lambda ctx: access_review_signatures.is_untouched(ctx, review),
        lambda ctx: access_reviews.cancel_review(ctx, review, note="No"),
    ]

    for step in steps:
        with office.acting() as ctx, pytest.raises(NotFound):
            step(ctx)
    with office.acting() as ctx:
        assert access_reviews.list_reviews(ctx).items == []
        assert access_reviews.list_lines(ctx, review).items == []
