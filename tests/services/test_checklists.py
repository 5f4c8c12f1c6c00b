"""Checklists: when they open and end by themselves, who ticks what, and what an admin may put on them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Checklist, ChecklistKind, ChecklistState, Event, ForWhom, UserStatus
from scim_server.services import (
    checklist_templates,
    checklists,
    hands,
    invitations,
    lifecycle,
    ownership,
    preferences,
    retention,
    roles,
    settings,
    users,
)
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue, NotAllowed, NotFound
from scim_server.services.listing import Cut
from tests.clients import ENTERPRISE_USER, Directory
from tests.hands import Hands
from tests.promises.databases import contents, events, statements

LEAVER, NEWCOMER = ChecklistKind.LEAVER, ChecklistKind.NEWCOMER
NAMED: dict[str, Any] = {
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
}


def lists(office: Hands, user: UUID | str, kind: ChecklistKind | None = None) -> list[Checklist]:
    """The lists of somebody, the oldest first."""
    with office.acting() as ctx:
        found = checklists.list_checklists(ctx, user=UUID(str(user)), kind=kind).items
        return [each.row for each in reversed(found)]


def ticked(row: Checklist) -> dict[str, Any]:
    return {item["key"]: item["ticked"]["kind"] for item in row.content["items"] if item["ticked"]}


def newcomers(office: Hands) -> None:
    with office.acting() as ctx:
        settings.change_settings(ctx, newcomer_checklists=True)


def deactivate(ctx: Context, id: UUID | str) -> None:
    lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, UUID(str(id))))


def delete(ctx: Context, id: UUID | str) -> None:
    lifecycle.delete_user(ctx, users.get_user_to_change(ctx, UUID(str(id))))


def opened(ctx: Context, id: UUID) -> checklists.OfSomebody:
    [found] = checklists.list_checklists(ctx, user=id, state=ChecklistState.OPEN).items
    return checklists.get_checklist_to_change(ctx, found.row.id)


def told(database: Database, kind: str = "checklist") -> list[str]:
    return [each.action for each in events(database, "acme") if each.target_kind == kind]


@pytest.mark.parametrize("step", [deactivate, delete])
def test_who_leaves_by_hand_has_a_list_on_which_the_account_is_closed(
    office: Hands, step: Callable[[Context, UUID], None], database: Database
) -> None:
    ada = office.create("ada")

    with office.acting() as ctx:
        step(ctx, ada)

    [row] = lists(office, ada)
    assert (row.kind, row.state) == (LEAVER, ChecklistState.OPEN)
    assert [item["key"] for item in row.content["items"]] == [
        "work_handed_over",
        "ownership_transferred",
        "account_closed",
        "data_reviewed",
    ]
    assert ticked(row) == {"account_closed": "system"}
    assert told(database) == ["checklist.opened"]


@pytest.mark.parametrize("path", ["PATCH", "PUT", "DELETE", "Bulk"])
def test_who_leaves_by_scim_has_a_list(acme: Directory, office: Hands, path: str) -> None:
    ada = acme.create_user("ada")
    off = {"op": "replace", "path": "active", "value": False}
    match path:
        case "PATCH":
            acme.patch(f"/Users/{ada.id}", off)
        case "PUT":
            acme.put(f"/Users/{ada.id}", {"userName": "ada", "active": False})
        case "DELETE":
            acme.delete(f"/Users/{ada.id}")
        case _:
            operation = {"method": "PATCH", "path": f"/Users/{ada.id}", "data": {"Operations": [off]}}
            assert acme.post("/Bulk", {"Operations": [operation]}).status == 200

    [row] = lists(office, ada.id)
    assert ticked(row) == {"account_closed": "system"}


def test_who_is_deactivated_and_then_deleted_has_one_list(acme: Directory, office: Hands) -> None:
    ada = acme.create_user("ada")
    acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False})
    acme.delete(f"/Users/{ada.id}")

    assert len(lists(office, ada.id)) == 1


def test_who_was_never_in_does_not_leave(office: Hands, acme: Directory) -> None:
    invited = office.create("ada", status=UserStatus.INVITED)
    inactive = acme.create_user("bob", active=False)
    with office.acting() as ctx:
        deactivate(ctx, invited)
    acme.delete(f"/Users/{inactive.id}")

    assert lists(office, invited) == lists(office, inactive.id) == []


def test_an_organization_that_wants_no_lists_has_none(office: Hands) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        settings.change_settings(ctx, leaver_checklists=False)
        deactivate(ctx, ada)

    assert lists(office, ada) == []


def test_whoever_names_a_successor_has_handed_the_work_over(office: Hands) -> None:
    grace, ada, bob = office.create("grace", role="Admin"), office.create("ada"), office.create("bob")
    with office.acting(grace) as ctx:
        user = users.get_user_to_change(ctx, ada)
        lifecycle.deactivate_user(ctx, user, successor=users.get_user(ctx, bob))

    [row] = lists(office, ada)
    with office.acting() as ctx:
        items = {item["key"]: item["ticked"] for item in checklists.shown_items(ctx, [row])[row.id]}
    assert (items["work_handed_over"]["by"], items["work_handed_over"]["to"]) == ("grace", "bob")


@pytest.mark.parametrize("path", ["hand", "SCIM", "restored"])
def test_the_list_of_who_comes_back_is_over(office: Hands, acme: Directory, path: str, database: Database) -> None:
    ada = acme.create_user("ada").id if path == "SCIM" else str(office.create("ada"))
    off, on = ({"op": "replace", "path": "active", "value": value} for value in (False, True))
    if path == "SCIM":
        acme.patch(f"/Users/{ada}", off)
        acme.patch(f"/Users/{ada}", on)
    else:
        with office.acting() as ctx:
            (delete if path == "restored" else deactivate)(ctx, ada)
        with office.acting() as ctx:
            if path == "restored":
                lifecycle.restore_user(ctx, users.get_deleted_user_to_change(ctx, UUID(ada)))
            else:
                lifecycle.activate_user(ctx, users.get_user_to_change(ctx, UUID(ada)))

    [row] = lists(office, ada)
    assert (row.state, row.note) == (ChecklistState.CANCELLED, "They came back.")
    assert told(database) == ["checklist.opened", "checklist.cancelled"]
    with office.acting() as ctx, pytest.raises(NotAllowed, match="over"):
        checklists.tick(ctx, checklists.get_checklist_to_change(ctx, row.id), "data_reviewed")


def test_who_leaves_a_second_time_has_a_second_list(office: Hands) -> None:
    ada = office.create("ada")
    for _ in range(2):
        with office.acting() as ctx:
            deactivate(ctx, ada)
        with office.acting() as ctx:
            lifecycle.activate_user(ctx, users.get_user_to_change(ctx, ada))
    with office.acting() as ctx:
        deactivate(ctx, ada)

    assert [row.state for row in lists(office, ada)] == ["cancelled", "cancelled", "open"]


def test_a_list_that_was_prepared_goes_on_when_the_day_comes(office: Hands) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        row = checklists.open_checklist(ctx, users.get_user_to_change(ctx, ada), LEAVER)
        checklists.tick(ctx, checklists.get_checklist_to_change(ctx, row.id), "work_handed_over", note="To Bob")
        with pytest.raises(NotAllowed, match="already"):
            checklists.open_checklist(ctx, users.get_user_to_change(ctx, ada), LEAVER)
    with office.acting() as ctx:
        deactivate(ctx, ada)

    [row] = lists(office, ada)
    assert ticked(row) == {"work_handed_over": "operator", "account_closed": "system"}


def test_nobody_has_a_newcomers_list_unless_the_organization_wants_it(office: Hands, acme: Directory) -> None:
    assert lists(office, office.create("ada")) == lists(office, acme.create_user("bob").id) == []


def test_who_comes_by_whatever_path_has_a_list_and_what_is_known_is_ticked(office: Hands, acme: Directory) -> None:
    newcomers(office)

    by_scim, by_hand = acme.create_user("bob", **NAMED), office.create("eve")
    invited = office.create("ivan", status=UserStatus.INVITED)

    [row] = lists(office, by_scim.id)
    assert [item["key"] for item in row.content["items"]] == ["accepted", "profile", "notifications", "training"]
    assert ticked(row) == {"accepted": "system", "profile": "system"}
    assert [ticked(row) for id in (by_hand, invited) for row in lists(office, id)] == [{"accepted": "system"}, {}]


def test_a_newcomers_list_costs_a_directory_one_statement_and_nothing_where_nobody_wants_it(
    office: Hands, acme: Directory, database: Database
) -> None:
    acme.come_in()
    with statements(database) as without:
        acme.create_user("ada")
    newcomers(office)
    acme.create_user("second")
    with statements(database) as with_list:
        acme.create_user("bob")

    assert len(with_list) == len(without) + 1
    assert not [sql for sql in without if "checklist" in sql]


def test_what_a_newcomer_does_is_ticked_as_they_do_it(office: Hands, database: Database) -> None:
    newcomers(office)
    olga = office.create("olga", role="Admin")
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, users.get_user_to_change(ctx, olga))
        user_id = invitations.invite(ctx, "ada@example.com").user.id
    done: list[set[str]] = []

    with office.acting() as ctx:
        invitations.accept_by_sign_in(ctx, users.get_user_to_change(ctx, user_id))
    done.append(set(ticked(lists(office, user_id)[0])))
    with office.acting(user_id) as ctx:
        hands.change_profile(ctx, users.get_user_to_change(ctx, user_id), {"name": NAMED["name"]})
    done.append(set(ticked(lists(office, user_id)[0])))
    with office.acting(user_id) as ctx:
        preferences.choose(ctx, users.get_user_to_change(ctx, user_id), notifications={"assigned": ["email"]})
    done.append(set(ticked(lists(office, user_id)[0])))
    assert lists(office, user_id)[0].state == ChecklistState.OPEN
    with office.acting(olga) as ctx:
        checklists.tick(ctx, opened(ctx, user_id), "training")

    assert done == [{"accepted"}, {"accepted", "profile"}, {"accepted", "profile", "notifications"}]
    [row] = lists(office, user_id)
    assert (row.state, row.ended_at is not None) == (ChecklistState.COMPLETED, True)
    assert told(database)[-5:] == [*["checklist.item_ticked"] * 4, "checklist.completed"]


def test_a_newcomers_list_is_over_when_they_go(office: Hands) -> None:
    newcomers(office)
    ada = office.create("ada")
    with office.acting() as ctx:
        deactivate(ctx, ada)

    assert [(row.kind, row.state) for row in lists(office, ada)] == [("newcomer", "cancelled"), ("leaver", "open")]


def test_a_tick_says_who_and_when_and_why_and_can_be_taken_back(office: Hands, database: Database) -> None:
    grace, ada = office.create("grace", role="Admin"), office.create("ada")
    with office.acting() as ctx:
        deactivate(ctx, ada)
    with office.acting(grace) as ctx:
        found = opened(ctx, ada)
        for key in ("work_handed_over", "ownership_transferred"):
            checklists.tick(ctx, found, key)
        checklists.tick(ctx, found, "data_reviewed", note="Nothing was left")
        [item] = [each for each in checklists.shown_items(ctx, [found.row])[found.row.id] if each["ticked"]["note"]]
        assert item["ticked"] | {"key": item["key"]} == {
            "at": ctx.now.isoformat(),
            "by": "grace",
            "kind": "user",
            "to": None,
            "note": "Nothing was left",
            "key": "data_reviewed",
        }
    assert lists(office, ada)[0].state == ChecklistState.COMPLETED

    with office.acting(grace) as ctx:
        checklists.untick(ctx, checklists.get_checklist_to_change(ctx, found.row.id), "data_reviewed")

    [row] = lists(office, ada)
    assert (row.state, row.ended_at, "data_reviewed" in ticked(row)) == (ChecklistState.OPEN, None, False)
    assert events(database, "acme")[-1].changes == {
        "item": ["Data reviewed", None],
        "note": ["Nothing was left", None],
    }


def test_a_tick_that_is_there_stays_and_one_that_is_not_is_not_taken_back(office: Hands, database: Database) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        deactivate(ctx, ada)
    before = contents(database)

    with office.acting() as ctx:
        checklists.tick(ctx, opened(ctx, ada), "account_closed", note="I")
        checklists.untick(ctx, opened(ctx, ada), "data_reviewed")

    assert contents(database) == before
    with office.acting() as ctx, pytest.raises(NotFound):
        checklists.tick(ctx, opened(ctx, ada), "nothing")


def test_the_person_ticks_what_is_theirs_their_manager_what_is_a_managers_and_nobody_else_anything(
    office: Hands, acme: Directory
) -> None:
    newcomers(office)
    bob, mia = office.create("bob"), office.create("mia")
    host = UUID(acme.create_user("ada", **{ENTERPRISE_USER: {"manager": {"value": str(mia)}}}).id)
    allowed = {}
    for who, id in (("ada", host), ("mia", mia), ("bob", bob)):
        with office.acting(id) as ctx:
            found = opened(ctx, host)
            items = found.row.content["items"]
            allowed[who] = {item["key"] for item in items if checklists.may_tick(ctx, found, item)}
            for item in items:
                if item["key"] not in allowed[who]:
                    with pytest.raises(NotAllowed):
                        checklists.tick(ctx, found, item["key"])

    assert allowed == {"ada": {"accepted", "profile", "notifications"}, "mia": {"training"}, "bob": set()}


def test_a_leaver_ticks_nothing_of_their_own_list(office: Hands) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        checklist_templates.add_item(ctx, LEAVER, "Give back the badge", for_whom=ForWhom.PERSON)
        checklists.open_checklist(ctx, users.get_user_to_change(ctx, ada), LEAVER)
    with office.acting(ada) as ctx:
        found = opened(ctx, ada)
        assert not any(checklists.may_tick(ctx, found, item) for item in found.row.content["items"])


def test_a_change_of_the_template_is_for_the_lists_from_then_on(office: Hands) -> None:
    first, second = office.create("ada"), office.create("bob")
    with office.acting() as ctx:
        deactivate(ctx, first)
        checklists.tick(ctx, opened(ctx, first), "data_reviewed")
    before = lists(office, first)[0].content

    with office.acting() as ctx:
        badge, _ = checklist_templates.add_item(ctx, LEAVER, "Badge", description="At the desk.", due_days=3, at=1)
        checklist_templates.remove_item(ctx, LEAVER, "ownership_transferred")
        checklist_templates.change_item(ctx, LEAVER, "account_closed", title="Locked out")
        checklist_templates.move_item(ctx, LEAVER, "data_reviewed", 2)
    with office.acting() as ctx:
        deactivate(ctx, second)

    assert lists(office, first)[0].content == before
    [row] = lists(office, second)
    assert [item["title"] for item in row.content["items"]] == [
        "Badge",
        "Data reviewed",
        "Work handed over",
        "Locked out",
    ]
    due = (row.created_at + timedelta(days=3)).date().isoformat()
    assert [item["due_on"] for item in row.content["items"]] == [due, None, None, None]
    assert ticked(row) == {"account_closed": "system"}
    with office.acting() as ctx:
        assert checklist_templates.change_item(ctx, LEAVER, badge.key, due_days=None)[0].due_days is None
        assert next(item.key for item in checklist_templates.reset_template(ctx, LEAVER)) == "work_handed_over"


REFUSED: dict[str, Callable[[Context], Any]] = {
    "no title": lambda ctx: checklist_templates.add_item(ctx, LEAVER, " "),
    "a place beyond the end": lambda ctx: checklist_templates.add_item(ctx, LEAVER, "Badge", at=6),
    "no place": lambda ctx: checklist_templates.move_item(ctx, LEAVER, "data_reviewed", 0),
    "two lines": lambda ctx: checklist_templates.change_item(ctx, LEAVER, "data_reviewed", description="a\nb"),
    "yesterday": lambda ctx: checklist_templates.change_item(ctx, LEAVER, "data_reviewed", due_days=-1),
    "another list's item": lambda ctx: checklist_templates.remove_item(ctx, LEAVER, "training"),
    "too many": lambda ctx: [checklist_templates.add_item(ctx, LEAVER, f"Item {n}") for n in range(60)],
    "none at all": lambda ctx: [
        checklist_templates.remove_item(ctx, LEAVER, item.key)
        for item in checklist_templates.read_template(ctx, LEAVER)
    ],
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_template_that_makes_no_sense_is_refused(office: Hands, database: Database, what: str) -> None:
    before = contents(database)

    with pytest.raises((InvalidValue, NotFound)), office.acting() as ctx:
        REFUSED[what](ctx)

    assert contents(database) == before


def test_only_who_manages_settings_says_what_is_on_a_list(office: Hands, database: Database) -> None:
    with office.acting() as ctx:
        roles.create_role(ctx, "Host", description="", permissions=["users.manage"])
    hugo = office.create("hugo", role="Host")

    with office.acting(hugo) as ctx, pytest.raises(NotAllowed):
        checklist_templates.add_item(ctx, LEAVER, "Badge")


def test_a_list_is_cancelled_with_a_reason(office: Hands) -> None:
    ada, bob = office.create("ada"), office.create("bob")
    with office.acting() as ctx:
        checklists.open_checklist(ctx, users.get_user_to_change(ctx, ada), LEAVER)
    with office.acting(bob) as ctx, pytest.raises(NotAllowed):
        checklists.cancel_checklist(ctx, opened(ctx, ada), note="No")
    with office.acting() as ctx:
        found = opened(ctx, ada)
        with pytest.raises(InvalidValue):
            checklists.cancel_checklist(ctx, found, note="")
        checklists.cancel_checklist(ctx, found, note="They stay")

    [row] = lists(office, ada)
    assert (row.state, row.note) == (ChecklistState.CANCELLED, "They stay")


def test_nothing_tells_who_a_purged_user_was(office: Hands, database: Database) -> None:
    grace, ada, bob = office.create("grace", role="Admin"), office.create("ada"), office.create("bob")
    office.create("olga", role="Admin")
    with office.acting() as ctx:
        deactivate(ctx, bob)
        deactivate(ctx, ada)
    with office.acting(grace) as ctx:
        for id, note in ((ada, "Ada was here"), (bob, None)):
            checklists.tick(ctx, opened(ctx, id), "data_reviewed", note=note)
    with office.acting() as ctx:
        for id in (ada, grace):
            delete(ctx, id)
            ctx.session.flush()
            retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, id))

    assert lists(office, ada) == []
    with office.acting() as ctx:
        [row] = [each.row for each in checklists.list_checklists(ctx, user=bob).items]
        by = {item["ticked"]["by"] for item in checklists.shown_items(ctx, [row])[row.id] if item["ticked"]}
        told = ctx.session.scalars(select(Event).where(Event.target_kind == "checklist")).all()
    assert by == {"scim-server", "a purged user"}
    assert not [each for each in told if "Ada was here" in f"{each.changes}" or each.actor_name == "grace"]


def test_lists_are_read_page_by_page_and_by_kind(office: Hands) -> None:
    ids = [office.create(name) for name in ("ada", "bob", "eve")]
    with office.acting() as ctx:
        for id in ids:
            deactivate(ctx, id)
    with office.acting() as ctx:
        first = checklists.list_checklists(ctx, kind=LEAVER, cut=Cut(2))
        rest = checklists.list_checklists(ctx, cut=Cut(2, first.next))
        assert [each.user.id for each in [*first.items, *rest.items]] == ids[::-1]
        assert (rest.next, checklists.list_checklists(ctx, kind=NEWCOMER).items) == (None, [])
        assert checklists.count_open(ctx, LEAVER) == 3


def test_a_list_of_another_organization_is_not_there(office: Hands, rivals: Hands) -> None:
    gina = rivals.create("gina")
    with rivals.acting() as ctx:
        deactivate(ctx, gina)
        [theirs] = checklists.list_checklists(ctx).items

    with office.acting() as ctx:
        assert checklists.list_checklists(ctx, user=gina).items == []
        for get in (checklists.get_checklist, checklists.get_checklist_to_change):
            with pytest.raises(NotFound):
                get(ctx, theirs.row.id)
