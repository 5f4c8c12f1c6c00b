"""Imports are done row by row, each by whoever may, wherever one was left; and what was in them is forgotten."""

from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import update

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import ApiKey, Import, ImportState, User
from scim_server.services import (
    api_keys,
    import_apply,
    import_results,
    import_work,
    imports,
    lifecycle,
    lookup,
    retention,
    roles,
    users,
)
from scim_server.services.context import ADMIN
from scim_server.services.errors import WrongState
from scim_server.services.listing import Cut
from scim_server.services.spreadsheet_cells import safe_cell
from tests.hands import Hands
from tests.imports import became, checked, done, made, now, outcomes, planned, rows, started, why

PEOPLE = made(*({"email": f"p{number}@example.com"} for number in range(4)))


def step(office: Hands, found: Import) -> bool:
    return import_work.step(office.database, office.settings, found.id)


def test_an_import_goes_on_where_it_was_left(office: Hands) -> None:
    found = checked(office, PEOPLE)
    started(office, found)
    step(office, found)
    step(office, found)

    half = now(office, found)
    assert (half.state, half.done, half.counts) == ("running", 2, {"created": 2})
    while import_work.work(office.database, office.settings, rows=3):
        pass

    assert now(office, found).state == ImportState.FINISHED
    assert became(office, found) == planned(office, found)


def test_several_processes_do_no_row_twice(office: Hands, database: Database, settings: Settings) -> None:
    found = checked(office, made(*({"email": f"p{number}@example.com"} for number in range(20))))
    started(office, found)

    def work() -> None:
        while now(office, found).state == ImportState.RUNNING:
            import_work.step(database, settings, found.id)

    workers = [Thread(target=work) for _ in range(3)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(60)

    finished = now(office, found)
    assert (finished.done, finished.counts) == (20, {"created": 20})
    with office.acting() as ctx:
        assert users.count_users(ctx) == 20


def test_imports_of_several_organizations_go_on_side_by_side(office: Hands, rivals: Hands) -> None:
    ours, theirs = checked(office, PEOPLE), checked(rivals, PEOPLE)
    started(office, ours)
    started(rivals, theirs)

    import_work.work(office.database, office.settings, rows=4)

    assert (now(office, ours).done, now(rivals, theirs).done) == (2, 2)


def test_whoever_loses_the_permission_stops_their_import_and_another_goes_on(office: Hands) -> None:
    with office.acting() as ctx:
        roles.create_role(ctx, "Host", description="", permissions=["users.manage"])
    hugo = office.create("hugo", role="Host")
    found = checked(office, PEOPLE, by=hugo)
    started(office, found, by=hugo)
    step(office, found)
    with office.acting() as ctx:
        roles.give_role(ctx, users.get_user_to_change(ctx, hugo), roles.find_role(ctx, "Viewer"))

    step(office, found)

    stopped = now(office, found)
    assert (stopped.state, stopped.done) == ("stopped", 1)
    assert (stopped.why or "").startswith("hugo may not import users any more: This needs the permission users.manage")
    assert done(office, found).counts == {"created": 4}


@pytest.mark.parametrize("of_installation", [False, True])
def test_a_key_that_is_revoked_stops_its_import(office: Hands, database: Database, of_installation: bool) -> None:
    at = datetime.now(UTC)
    with office.acting() as ctx:
        if of_installation:
            key = api_keys.create_installation_key(ctx.session, "product", [ADMIN], by="x", now=at).row
        else:
            key = api_keys.create_key(ctx, "program", ["users.manage"]).row
        actor = api_keys.Holder(key, None if of_installation else ctx.org).actor
    found = checked(office, PEOPLE, by=actor)
    started(office, found, by=actor)
    step(office, found)
    with database.writing() as session:
        session.execute(update(ApiKey).values(revoked_at=at))

    step(office, found)

    stopped = now(office, found)
    assert (stopped.state, stopped.done) == ("stopped", 1)
    assert "The API key is revoked, or has expired" in (stopped.why or "")


def test_an_import_is_cancelled_where_it_is(office: Hands) -> None:
    found = checked(office, PEOPLE)
    started(office, found)
    step(office, found)
    with office.acting() as ctx:
        imports.cancel(ctx, found.id)

    assert not step(office, found)

    assert (now(office, found).state, now(office, found).done) == ("cancelled", 1)
    for change in (imports.start, imports.cancel):
        with pytest.raises(WrongState), office.acting() as ctx:
            change(ctx, found.id)


def test_an_import_is_started_once(office: Hands) -> None:
    found = checked(office, PEOPLE)
    started(office, found)

    with pytest.raises(WrongState, match="This import is running"):
        started(office, found)


def test_a_row_that_breaks_on_our_side_does_not_hold_up_the_others(
    office: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one thing that is put in place of ours: what breaks so is not known, or it would be mended."""
    found = checked(office, PEOPLE)
    whole = import_apply._create

    def breaks(ctx: Any, order: Any, work: Any) -> User:
        if work.values["email"] == "p1@example.com":
            whole(ctx, order, work)
            raise KeyError("p1")
        return whole(ctx, order, work)

    monkeypatch.setattr(import_apply, "_create", breaks)
    finished = done(office, found)

    assert finished.state == "finished"
    assert outcomes(office, found) == ["created", "failed", "created", "created"]
    assert "no fault of the row" in why(office, found)[1]
    with office.acting() as ctx:
        assert users.count_users(ctx) == 3


def test_rows_are_forgotten_after_some_days_and_the_import_is_not(
    office: Hands, database: Database, settings: Settings
) -> None:
    found = checked(office, PEOPLE)
    other = done(office, checked(office, PEOPLE))
    at = datetime.now(UTC)

    import_work.purge(database, settings, at + timedelta(days=settings.import_days - 1))
    assert len(rows(office, found)) == 4
    import_work.purge(database, settings, at + timedelta(days=settings.import_days + 1))

    assert rows(office, found) == rows(office, other) == []
    assert now(office, other).counts == {"created": 4}
    with pytest.raises(WrongState, match="not kept any more"):
        started(office, found)


def test_whoever_is_purged_is_in_no_import_any_more(office: Hands, database: Database) -> None:
    olga = office.create("olga", role="Admin")
    boss = office.create("boss", role="Admin")
    found = checked(office, made({"email": "ada@example.com", "title": "Countess"}, {"email": "b@c.d"}), by=boss)
    done(office, found, by=boss)
    with office.acting(olga) as ctx:
        for name in ("ada@example.com", "boss"):
            user = lookup.find_to_change(ctx, name)
            lifecycle.delete_user(ctx, user)
            retention.purge_user(ctx, user)

    first, second = rows(office, found)
    assert first.values == {}
    assert "ada" not in repr((first.planned, first.result)).lower()
    assert second.values == {"email": "b@c.d", "title": ""}
    assert (now(office, found).creator_name, now(office, found).starter_name) == ("a purged user", "a purged user")


def test_the_result_is_a_file_that_no_program_runs(office: Hands) -> None:
    found = checked(office, made({"email": "ada@example.com", "title": "'=cmd()", "given_name": "@Ada"}))

    with office.acting() as ctx:
        header, line = import_results.as_csv(ctx, imports.get_import(ctx, found.id)).splitlines()

    assert header == "row,who,outcome,why,changes,notes"
    assert line.startswith("2,ada@example.com,created,,")
    assert "=cmd()" in line
    assert all(safe_cell(cell) == cell for cell in line.split(","))


def test_nothing_of_another_organization_is_found(office: Hands, rivals: Hands) -> None:
    found = checked(office, PEOPLE)

    with rivals.acting() as ctx:
        assert imports.list_imports(ctx, Cut()).items == []
        assert imports.list_rows(ctx, found) == []
