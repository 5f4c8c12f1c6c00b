"""The life of a user: what leads from one state to the next, who may, and what follows."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Event, Overage, User, UserSession, UserStatus, Way
from scim_server.services import (
    accounts,
    adoption,
    directories,
    handmade_teams,
    lifecycle,
    mapping,
    roles,
    sessions,
    teams,
    users,
)
from scim_server.services.context import Context
from scim_server.services.errors import (
    AccountTaken,
    InvalidValue,
    NoSeatLeft,
    NotAllowed,
    NotFound,
    OwnedByDirectory,
    UserNameTaken,
)
from scim_server.services.organizations import Plan, change_organization
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import contents, events
from tests.services.test_mapping import SAML, mapped, role_of, teams_of

Step = Callable[[Context, UUID], User | None]


def activate(ctx: Context, id: UUID) -> User:
    return lifecycle.activate_user(ctx, users.get_user_to_change(ctx, id))


def deactivate(ctx: Context, id: UUID) -> User:
    return lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, id))


def delete(ctx: Context, id: UUID) -> None:
    lifecycle.delete_user(ctx, users.get_user_to_change(ctx, id))


def restore(ctx: Context, id: UUID) -> User:
    return lifecycle.restore_user(ctx, users.get_deleted_user_to_change(ctx, id))


def admit(ctx: Context, id: UUID) -> User:
    return lifecycle.admit_invited_user(ctx, users.get_user_to_change(ctx, id))


# State → step → the state that it leads to and the event that tells of it, or why it does not.
INVITED, ACTIVE, DEACTIVATED, DELETED = UserStatus
TABLE: dict[tuple[UserStatus, Step], tuple[UserStatus, str] | type[Exception] | None] = {
    (INVITED, admit): (ACTIVE, "user.activated"),
    (INVITED, activate): (ACTIVE, "user.activated"),
    (INVITED, deactivate): (DEACTIVATED, "user.deactivated"),
    (INVITED, delete): (DELETED, "user.deleted"),
    (INVITED, restore): NotFound,
    (ACTIVE, admit): NotAllowed,
    (ACTIVE, activate): None,
    (ACTIVE, deactivate): (DEACTIVATED, "user.deactivated"),
    (ACTIVE, delete): (DELETED, "user.deleted"),
    (ACTIVE, restore): NotFound,
    (DEACTIVATED, admit): NotAllowed,
    (DEACTIVATED, activate): (ACTIVE, "user.activated"),
    (DEACTIVATED, deactivate): None,
    (DEACTIVATED, delete): (DELETED, "user.deleted"),
    (DEACTIVATED, restore): NotFound,
    (DELETED, admit): NotFound,
    (DELETED, activate): NotFound,
    (DELETED, deactivate): NotFound,
    (DELETED, delete): NotFound,
    (DELETED, restore): (ACTIVE, "user.restored"),
}


@pytest.mark.parametrize(("state", "step"), TABLE, ids=lambda each: getattr(each, "__name__", each))
def test_each_step_leads_where_the_table_says_or_is_refused_and_changes_nothing(
    office: Hands, globex: Directory, database: Database, state: UserStatus, step: Step
) -> None:
    ada = office.create("ada", status=ACTIVE if state == DELETED else state)
    if state == DELETED:
        with office.acting() as ctx:
            delete(ctx, ada)
    before, known = contents(database), len(events(database, "acme"))
    expected = TABLE[state, step]

    if isinstance(expected, type):
        with pytest.raises(expected), office.acting() as ctx:
            step(ctx, ada)
    else:
        with office.acting() as ctx:
            step(ctx, ada)

    if not isinstance(expected, tuple):
        assert contents(database) == before
        return
    after, action = expected
    assert office.status(ada) == after
    # What follows for their checklists is in test_checklists.py.
    [told] = [each for each in events(database, "acme")[known:] if each.target_kind == "user"]
    assert (told.action, told.target_id, told.changes["status"]) == (action, ada, [state.value, after.value])


def test_a_deactivation_ends_every_session_and_token_and_tells_the_product_who_takes_over(
    office: Hands, acme: Directory, database: Database
) -> None:
    ada, bob = office.create("ada"), office.create("bob")
    with office.acting() as ctx:
        user = users.get_user_to_change(ctx, ada)
        for _ in range(2):
            sessions.open_session(ctx, user, sessions.Proof(Way.PASSWORD))
        sessions.open_session(ctx, users.get_user_to_change(ctx, bob), sessions.Proof(Way.PASSWORD))
        token = directories.create_user_token(ctx, user).secret
    crew = acme.post("/Groups", {"displayName": "Crew", "members": [{"value": str(ada)}]})
    me = Directory(acme.app, "acme", token)
    assert me.get("/Me").status == 200

    with office.acting() as ctx:
        user = users.get_user_to_change(ctx, ada)
        lifecycle.deactivate_user(ctx, user, successor=users.get_user(ctx, bob))

    assert me.get("/Me").status == 401
    with office.acting() as ctx:
        ended = {
            row.user_id: (row.ended_at is not None, row.ended_why) for row in ctx.session.scalars(select(UserSession))
        }
    assert ended == {ada: (True, "user.deactivated"), bob: (False, None)}
    told = next(each for each in events(database, "acme") if each.action == "user.deactivated")
    assert told.details == {"teams": [crew.id], "sessions": 2, "tokens": 1, "successor": str(bob)}


@pytest.mark.parametrize("who", ["themselves", "somebody deactivated"])
def test_the_work_goes_to_somebody_else_who_is_there(office: Hands, who: str) -> None:
    ada, bob = office.create("ada"), office.create("bob", status=DEACTIVATED)

    successor = office.user(ada if who == "themselves" else bob)
    with pytest.raises(InvalidValue), office.acting() as ctx:
        lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, ada), successor=successor)

    assert office.status(ada) == ACTIVE


@pytest.mark.parametrize("state", [INVITED, DEACTIVATED])
def test_no_session_is_opened_for_who_is_not_active(office: Hands, state: UserStatus) -> None:
    ada = office.create("ada", status=state)

    with pytest.raises(NotAllowed), office.acting() as ctx:
        sessions.open_session(ctx, users.get_user_to_change(ctx, ada), sessions.Proof(Way.PASSWORD))


def test_whoever_is_restored_is_as_they_were(office: Hands, acme: Directory) -> None:
    ada = acme.create_user("ada", title="Countess", emails=[{"value": "ada@example.com"}], roles=[{"value": "Viewer"}])
    acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False})
    crew, old = acme.create_group("Crew", ada), acme.create_group("Old", ada)
    before = acme.get(f"/Users/{ada.id}").json
    acme.delete(f"/Users/{ada.id}")
    acme.delete(f"/Groups/{old.id}")
    assert acme.get(f"/Groups/{crew.id}").members == set()

    with office.acting() as ctx:
        restore(ctx, UUID(ada.id))

    after = acme.get(f"/Users/{ada.id}").json
    assert [group["value"] for group in after["groups"]] == [crew.id]
    for shown in (before, after):
        del shown["meta"], shown["groups"]
    assert after == before
    assert acme.get(f"/Groups/{crew.id}").members == {ada.id}
    assert acme.search('emails.value eq "ada@example.com"').user_names == ["ada"]
    assert office.user(ada.id).deleted_at is None


def test_a_name_that_somebody_else_has_by_now_is_not_restored(office: Hands, database: Database) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        delete(ctx, ada)
    office.create("ADA")
    before = contents(database)

    with pytest.raises(UserNameTaken), office.acting() as ctx:
        restore(ctx, ada)

    assert contents(database) == before


def test_whose_account_is_another_users_by_now_is_not_restored(office: Hands, database: Database) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        account = accounts.provide_account(ctx.session, "ada@example.com", ctx.now)
        accounts.link(ctx, users.get_user_to_change(ctx, ada), account)
        delete(ctx, ada)
    other = office.create("ada2")
    with office.acting() as ctx:
        account = accounts.provide_account(ctx.session, "ada@example.com", ctx.now)
        accounts.link(ctx, users.get_user_to_change(ctx, other), account)
    before = contents(database)

    with pytest.raises(AccountTaken), office.acting() as ctx:
        restore(ctx, ada)

    assert contents(database) == before


def test_whoever_is_restored_has_what_mappings_give_by_now(office: Hands, acme: Directory) -> None:
    ada = acme.create_user("ada")
    group = acme.create_group("IT", ada)
    before = mapped(office.settings, office.database, group, "Viewer", "Desk")
    acme.delete(f"/Users/{ada.id}")
    with office.acting() as ctx:
        mapping.disable_mapping(ctx, mapping.find_mapping(ctx, str(before)))
    mapped(office.settings, office.database, group, team="Shift")

    with office.acting() as ctx:
        restore(ctx, UUID(ada.id))

    assert (role_of(acme, ada), teams_of(acme, ada)) == ("Agent", {"IT", "Shift"})


def test_what_sign_in_tells_gives_nothing_while_a_directory_owns_a_user(office: Hands, acme: Directory) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        user, team = users.get_user_to_change(ctx, ada), handmade_teams.create_team(ctx, "Desk")
        roles.assign_role(ctx, user, None)
        mapping.enable_mapping(ctx, mapping.map_claim(ctx, SAML, "it", role=roles.find_role(ctx, "Viewer"), team=team))
        mapping.apply_claims(ctx, user, {SAML: ["it"]})

    owned = acme.create_user("ada")
    assert (owned.id, role_of(acme, owned), teams_of(acme, owned)) == (str(ada), "Agent", set())
    with office.acting() as ctx:
        adoption.release_user(ctx, users.get_user_to_change(ctx, ada))
    assert (role_of(acme, owned), teams_of(acme, owned)) == ("Viewer", {"Desk"})


def test_a_restored_user_needs_a_seat(office: Hands) -> None:
    ada = office.create("ada")
    with office.acting() as ctx:
        delete(ctx, ada)
        change_organization(ctx, plan=Plan(1, Overage.BLOCK))
    office.create("bob")

    with pytest.raises(NoSeatLeft), office.acting() as ctx:
        restore(ctx, ada)

    assert office.status(ada) == DELETED


@pytest.mark.parametrize("step", [activate, deactivate, delete])
def test_whom_a_directory_owns_no_hand_activates_deactivates_or_deletes(
    office: Hands, acme: Directory, database: Database, step: Step
) -> None:
    ada = acme.create_user("ada", active=step is not activate)
    before = contents(database)

    with pytest.raises(OwnedByDirectory), office.acting() as ctx:
        step(ctx, UUID(ada.id))

    assert contents(database) == before


def test_whom_a_directory_has_given_up_is_the_organizations_own_again(
    office: Hands, acme: Directory, database: Database
) -> None:
    ada = acme.create_user("ada")

    with office.acting() as ctx:
        adoption.release_user(ctx, users.get_user_to_change(ctx, UUID(ada.id)))
        deactivate(ctx, UUID(ada.id))

    assert [each.action for each in events(database, "acme")][-3:-1] == ["user.released", "user.deactivated"]


@pytest.mark.parametrize("step", [activate, deactivate, delete, restore])
def test_who_may_not_manage_users_changes_nobodys_state(office: Hands, step: Step, database: Database) -> None:
    bob = office.create("bob", role="Agent")
    ada = office.create("ada", status=DEACTIVATED if step is activate else ACTIVE)
    if step is restore:
        with office.acting() as ctx:
            delete(ctx, ada)
    before = contents(database)

    with pytest.raises(NotAllowed), office.acting(bob) as ctx:
        step(ctx, ada)

    assert contents(database) == before


def test_an_admin_manages_users(office: Hands, database: Database) -> None:
    grace, ada = office.create("grace", role="Admin"), office.create("ada")

    with office.acting(grace) as ctx:
        deactivate(ctx, ada)

    told: Event = events(database, "acme")[-1]
    assert (told.actor_kind, told.actor_id, told.actor_name) == ("user", grace, "grace")


def test_a_person_signs_themselves_out_everywhere_and_an_admin_anybody(office: Hands) -> None:
    grace, ada, bob = office.create("grace", role="Admin"), office.create("ada"), office.create("bob")

    def sign_in() -> None:
        with office.acting() as ctx:
            sessions.open_session(ctx, users.get_user_to_change(ctx, ada), sessions.Proof(Way.PASSWORD))

    for actor, allowed in ((ada, True), (grace, True), (bob, False)):
        sign_in()
        with office.acting(actor) as ctx:
            user = users.get_user_to_change(ctx, ada)
            if allowed:
                assert lifecycle.sign_out(ctx, user) == 1
            else:
                with pytest.raises(NotAllowed):
                    lifecycle.sign_out(ctx, user)

    assert office.status(ada) == ACTIVE


def test_the_teams_that_somebody_leaves_and_comes_back_to_have_changed(office: Hands, acme: Directory) -> None:
    ada = acme.create_user("ada")
    crew = acme.create_group("Crew", ada)

    def version() -> int:
        with office.acting() as ctx:
            return teams.get_team(ctx, UUID(crew.id)).version

    first = version()
    acme.delete(f"/Users/{ada.id}")
    second = version()
    with office.acting() as ctx:
        restore(ctx, UUID(ada.id))

    assert first < second < version()
