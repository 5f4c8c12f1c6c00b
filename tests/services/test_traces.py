"""What others' rows say of a purged user: nothing, wherever a directory or a person has named them."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Alarm, UserPermission
from scim_server.models import Directory as DirectoryRow
from scim_server.models.base import new_id
from scim_server.services import grants, handmade_teams, invitations, lifecycle, managers, retention, users
from scim_server.services.context import Context
from tests.clients import ENTERPRISE_USER, Directory, Reply
from tests.hands import Hands
from tests.invitations import PASSWORD
from tests.promises.databases import contents, events
from tests.request_logs import logged, shown
from tests.sign_on import saml_sign_on

PERSONAL = ("augusta", "lovelace", "countess", "e-1815")


@pytest.fixture
def ada(acme: Directory) -> Reply:
    return acme.create_user(
        "augusta.lovelace@example.com",
        externalId="E-1815",
        displayName="Countess Augusta",
        name={"givenName": "Augusta", "familyName": "Lovelace"},
        emails=[{"value": "augusta@lovelace.example", "primary": True}],
    )


def reporting(acme: Directory, name: str, to: str) -> Reply:
    manager = {"value": to}
    return acme.create_user(name, **{ENTERPRISE_USER: {"manager": manager, "department": "Engines"}})


def purge(office: Hands, id: str) -> None:
    with office.acting() as ctx:
        retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, UUID(id)))


def told(app: Flask, database: Database) -> str:
    """Every row of every table, the log of requests included."""
    requests = [shown(row) for row in logged(app, database)]
    return repr((contents(database), requests)).lower()


def test_no_row_names_a_purged_user_whatever_has_named_them(
    app: Flask, office: Hands, acme: Directory, database: Database, ada: Reply
) -> None:
    named = {"bob": ada.id, "carl": "E-1815", "dora": "AUGUSTA.lovelace@example.com"}
    people = [reporting(acme, *each) for each in named.items()]
    former = reporting(acme, "erin", ada.id)
    acme.patch(f"/Users/{former.id}", {"op": "remove", "path": f"{ENTERPRISE_USER}:manager"})
    gone = reporting(acme, "frank", ada.id)
    acme.delete(f"/Users/{gone.id}")
    acme.create_group("Crew", ada, *people)
    acme.get("/Users", filter='userName eq "augusta.lovelace@example.com"')
    acme.get("/Users")
    acme.delete(f"/Users/{ada.id}")
    assert all(each in told(app, database) for each in PERSONAL)

    purge(office, ada.id)

    left = told(app, database)
    assert [each for each in PERSONAL if each in left] == []


def test_whoever_reported_to_a_purged_user_has_no_manager_and_all_else(
    acme: Directory, office: Hands, database: Database, ada: Reply
) -> None:
    people = [reporting(acme, *each) for each in (("bob", ada.id), ("carl", "E-1815"), ("dora", ada["userName"]))]
    other = reporting(acme, "gwen", people[0].id)
    acme.delete(f"/Users/{ada.id}")

    purge(office, ada.id)

    for before in people:
        after = acme.get(f"/Users/{before.id}")
        assert after[ENTERPRISE_USER] == {"department": "Engines"}
        assert after["meta"]["version"] != before["meta"]["version"]
        [event] = [each for each in events(database, "acme") if str(each.target_id) == before.id][1:]
        nobody = {"value": "a purged user"}
        had = {"manager": nobody, "department": "Engines"}
        assert (event.action, event.changes) == (
            "user.updated",
            {ENTERPRISE_USER: [had, {"department": "Engines"}]},
        )
    assert acme.get("/Users", filter=f"{ENTERPRISE_USER}:manager.value pr").user_names == ["gwen"]
    assert acme.get(f"/Users/{other.id}").json == other.json


def test_a_manager_of_the_same_name_who_lives_stays_one(
    acme: Directory, office: Hands, database: Database, ada: Reply
) -> None:
    bob, carl = reporting(acme, "bob", ada["userName"]), reporting(acme, "carl", ada.id)
    acme.delete(f"/Users/{ada.id}")
    again = acme.create_user(ada["userName"], externalId="E-1816")

    purge(office, ada.id)

    assert acme.get(f"/Users/{bob.id}").json == bob.json
    assert "manager" not in acme.get(f"/Users/{carl.id}")[ENTERPRISE_USER]
    with office.acting() as ctx:
        assert managers.chain(ctx, users.get_user(ctx, UUID(bob.id))) == [UUID(again.id)]


def test_managers_of_other_organizations_are_not_touched(
    acme: Directory, globex: Directory, office: Hands, database: Database, ada: Reply
) -> None:
    theirs = globex.create_user(ada["userName"], externalId="E-1815")
    named = {"bob": theirs.id, "carl": "E-1815", "dora": ada.id}
    reports = [reporting(globex, *each) for each in named.items()]
    acme.delete(f"/Users/{ada.id}")

    purge(office, ada.id)

    assert [globex.get(f"/Users/{each.id}").json for each in reports] == [each.json for each in reports]


def test_what_a_purged_user_gave_and_decided_was_given_and_decided_by_somebody(
    office: Hands, acme: Directory, database: Database
) -> None:
    grace, _, bob = office.create("grace", role="Admin"), office.create("joan", role="Admin"), office.create("bob")
    with office.acting(grace) as ctx:
        grants.grant(ctx, users.get_user_to_change(ctx, bob), "data.export")
    with office.acting() as ctx:
        ctx.session.add_all(_decided(ctx, by) for by in ("grace", "joan"))
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, grace))

    purge(office, str(grace))

    with database.reading() as session:
        assert [row.given_by for row in session.query(UserPermission)] == ["a purged user"]
        assert sorted(str(row.decided_by) for row in session.query(Alarm)) == ["a purged user", "joan"]
    assert "grace" not in repr(contents(database))


def _decided(ctx: Context, by: str) -> Alarm:
    """An alarm that somebody has dismissed."""
    directory_id = ctx.session.scalars(select(DirectoryRow.id).where(DirectoryRow.org_id == ctx.org.id)).one()
    alarm = Alarm(org_id=ctx.org.id, id=new_id(), directory_id=directory_id, state="dismissed", decided_by=by)
    alarm.started_at = alarm.window_start = alarm.last_at = alarm.decided_at = ctx.now
    alarm.users = alarm.of_users = 1
    return alarm


def test_the_address_that_a_purged_user_was_invited_at_is_forgotten(office: Hands, database: Database) -> None:
    with office.acting() as ctx:
        first = invitations.invite_first_admin(ctx, "joan@example.com")
    with database.writing() as session:
        secret, now = first.link.rpartition("/")[2], datetime.now(UTC)
        invitations.accept(session, office.settings, secret, password=PASSWORD, now=now, request_id="r-1")
    with office.acting() as ctx:
        made = invitations.invite(ctx, "grace.hopper@example.com")
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, made.user.id))

    purge(office, str(made.user.id))

    left = repr(contents(database)).lower()
    assert "grace" not in left
    assert "hopper" not in left


def test_where_a_purged_user_was_is_forgotten_and_where_others_were_is_not(
    app: Flask, office: Hands, acme: Directory, database: Database
) -> None:
    saml = saml_sign_on(app, office)
    with office.acting() as ctx:
        handmade_teams.set_main_team(ctx, handmade_teams.create_team(ctx, "Everybody"))
    assert saml.sign_in().status_code == 303
    acme.create_user("bob")
    [ada] = {each.target_id for each in events(database, "acme") if each.action == "user.signed_in"}
    by_connection = {each.action for each in events(database, "acme") if each.actor_kind == "connection" and each.ip}
    assert by_connection == {"user.created", "team.members_added"}
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, ada))

    purge(office, str(ada))

    assert {each.actor_kind for each in events(database, "acme") if each.ip or each.user_agent} == {"directory"}
