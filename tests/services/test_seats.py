"""Seats: nobody is admitted beyond the plan, or everybody is and the organization is told what it owes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from scim_server.db import Database
from scim_server.models import Overage, UserStatus
from scim_server.services import lifecycle, settings, users
from scim_server.services.errors import InvalidValue, NoSeatLeft, NotAllowed
from scim_server.services.organizations import Plan, change_organization
from scim_server.services.seats import Seats, seats
from tests.clients import Directory, assert_error
from tests.hands import Hands
from tests.promises.databases import contents, events

INVITED, ACTIVE, DEACTIVATED, _ = UserStatus


def set_plan(office: Hands, number: int | None, overage: Overage = Overage.BLOCK) -> None:
    with office.acting() as ctx:
        change_organization(ctx, plan=Plan(number, overage))


def taken(office: Hands) -> Seats:
    with office.acting() as ctx:
        return seats(ctx)


def test_a_directory_is_told_that_the_seats_are_taken_and_nothing_is_created(
    office: Hands, acme: Directory, database: Database
) -> None:
    set_plan(office, 1)
    acme.create_user("ada")
    before = contents(database)

    refused = acme.post("/Users", {"userName": "bob"})

    assert_error(refused, 403)
    assert refused["detail"] == (
        "All 1 seats of the organization's plan are taken: deactivate somebody, or get more seats."
    )
    assert contents(database) == before


def test_an_inactive_user_takes_no_seat_until_they_are_activated(office: Hands, acme: Directory) -> None:
    set_plan(office, 1)
    ada, bob = acme.create_user("ada"), acme.create_user("bob", active=False)
    activate = {"op": "replace", "path": "active", "value": True}

    assert_error(acme.patch(f"/Users/{bob.id}", activate), 403)
    acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False})

    assert acme.patch(f"/Users/{bob.id}", activate).status == 200
    assert taken(office) == Seats(1, 1)


def test_a_deleted_user_leaves_their_seat(office: Hands, acme: Directory) -> None:
    set_plan(office, 1)
    acme.delete(f"/Users/{acme.create_user('ada').id}")

    acme.create_user("bob")


@pytest.mark.parametrize("counted", [True, False])
def test_whether_an_invited_user_takes_a_seat_is_the_organizations_choice(office: Hands, counted: bool) -> None:
    set_plan(office, 1)
    with office.acting() as ctx:
        settings.change_settings(ctx, invited_users_take_seats=counted)
    ada = office.create("ada", status=INVITED)

    if counted:
        with pytest.raises(NoSeatLeft):
            office.create("bob")
    else:
        office.create("bob")
        with pytest.raises(NoSeatLeft), office.acting() as ctx:
            lifecycle.admit_invited_user(ctx, users.get_user_to_change(ctx, ada))

    assert taken(office).used == 1


def test_a_plan_that_is_billed_admits_everybody_and_reports_what_is_over(
    office: Hands, acme: Directory, database: Database
) -> None:
    set_plan(office, 1, Overage.BILL)

    for name in ("ada", "bob", "eve"):
        acme.create_user(name)

    assert taken(office) == Seats(1, 3)
    assert taken(office).over == 2
    told = [each for each in events(database, "acme") if each.action == "organization.seats_exceeded"]
    assert [(each.changes, each.details) for each in told] == [
        ({"used": [1, 2]}, {"seats": 1}),
        ({"used": [2, 3]}, {"seats": 1}),
    ]


def test_a_bulk_request_fills_the_seats_in_its_order_and_says_which_were_left(office: Hands, acme: Directory) -> None:
    set_plan(office, 2)
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": name, "data": {"userName": name}} for name in ("a", "b", "c")
    ]

    reply = acme.post("/Bulk", {"schemas": [], "Operations": operations})

    assert [each["status"] for each in reply["Operations"]] == ["201", "201", "403"]


def test_two_requests_at_once_do_not_take_the_last_seat_twice(office: Hands, acme: Directory) -> None:
    set_plan(office, 1)
    barrier = Barrier(4)

    def create(name: str) -> int:
        barrier.wait(timeout=10)
        return acme.post("/Users", {"userName": name}).status

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(create, ("ada", "bob", "eve", "joe")))

    assert sorted(statuses) == [201, 403, 403, 403]
    assert taken(office) == Seats(1, 1)


def test_a_plan_below_what_is_taken_bars_nobody_who_is_in(office: Hands, acme: Directory) -> None:
    ada = acme.create_user("ada")
    acme.create_user("bob")

    set_plan(office, 1)

    assert taken(office).over == 1
    assert acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "title", "value": "Dr."}).status == 200


def _no_seats(office: Hands) -> None:
    set_plan(office, 0)


def _by_an_admin(office: Hands) -> None:
    grace = office.create("grace", role="Admin")
    with office.acting(grace) as ctx:
        change_organization(ctx, plan=Plan(1000, Overage.BILL))


@pytest.mark.parametrize(("change", "error"), [(_no_seats, InvalidValue), (_by_an_admin, NotAllowed)])
def test_a_plan_is_the_operators_to_change_and_has_a_seat(
    office: Hands, change: Callable[[Hands], None], error: type[Exception]
) -> None:
    with pytest.raises(error):
        change(office)

    assert taken(office).plan is None


def test_a_user_who_has_a_seat_keeps_it_whatever_they_become(office: Hands) -> None:
    ada = office.create("ada", status=INVITED)
    set_plan(office, 1)

    with office.acting() as ctx:
        lifecycle.admit_invited_user(ctx, users.get_user_to_change(ctx, UUID(str(ada))))

    assert office.status(ada) == ACTIVE
