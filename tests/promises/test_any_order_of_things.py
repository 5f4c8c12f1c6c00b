"""Whatever happens, in whatever order: what must hold of an organization holds after each step.

A machine drives random sequences of what directories send, what people do by hand, and sign-in. A step may be refused,
in the words of the domain or with a 4xx, and then nothing of it is there; what it must not do is fail, or leave one of
the invariants broken.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import func, select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import (
    BuiltIn,
    Event,
    Membership,
    Overage,
    Role,
    ScimToken,
    User,
    UserSession,
    UserStatus,
)
from scim_server.services import (
    adoption,
    directories,
    lifecycle,
    ownership,
    retention,
    roles,
    sessions,
    users,
)
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import DomainError
from scim_server.services.organizations import Plan, change_organization
from tests.clients import Reply, founded
from tests.conftest import emptied
from tests.hands import Hands
from tests.promises.databases import contents, id_of

NAMES = ("ada", "ADA", "bob", "eve", "grace@example.com")
ROLES = ("Admin", "Agent", "Viewer")
HOUR = timedelta(hours=1)

names = st.sampled_from(NAMES)
role_names = st.sampled_from(ROLES)
actives = st.booleans()


class Organization(RuleBasedStateMachine):
    """One organization, to which things happen, and another, to which nothing does."""

    app: Flask
    settings: Settings
    database: Database

    people = Bundle("people")
    crews = Bundle("crews")

    def __init__(self) -> None:
        super().__init__()
        emptied(self.database)
        self.acme = founded(self.app, self.settings, self.database, "acme")
        self.globex = founded(self.app, self.settings, self.database, "globex")
        self.globex.create_group("Crew", self.globex.create_user("ada"))
        self.office = Hands(self.settings, self.database, "acme")
        self.globex_id = id_of(self.database, "globex")
        self.elsewhere = contents(self.database, self.globex_id)
        self.used = self.admins = 0

    # What a directory sends

    @rule(target=people, name=names, active=actives, role=st.none() | role_names)
    def scim_creates_a_user(self, name: str, active: bool, role: str | None) -> Any:
        attributes = {"roles": [{"value": role}]} if role else {}
        return created(self.acme.post("/Users", {"userName": name, "active": active, **attributes}))

    @rule(person=people, active=actives)
    def scim_sets_active(self, person: str, active: bool) -> None:
        answered(self.acme.patch(f"/Users/{person}", {"op": "replace", "path": "active", "value": active}))

    @rule(person=people, name=names, active=st.none() | actives, role=st.none() | role_names)
    def scim_replaces_a_user(self, person: str, name: str, active: bool | None, role: str | None) -> None:
        said: dict[str, Any] = {"active": active, "roles": [{"value": role}] if role else None}
        said = {key: value for key, value in said.items() if value is not None}
        answered(self.acme.put(f"/Users/{person}", {"userName": name, **said}))

    @rule(person=people)
    def scim_deletes_a_user(self, person: str) -> None:
        answered(self.acme.delete(f"/Users/{person}"))

    @rule(target=crews, name=st.sampled_from(["Crew", "Watch"]), members=st.lists(people, max_size=3))
    def scim_creates_a_group(self, name: str, members: list[str]) -> Any:
        body = {"displayName": name, "members": [{"value": member} for member in members]}
        return created(self.acme.post("/Groups", body))

    @rule(crew=crews, op=st.sampled_from(["add", "remove", "replace"]), members=st.lists(people, max_size=3))
    def scim_changes_members(self, crew: str, op: str, members: list[str]) -> None:
        value = [{"value": member} for member in members]
        answered(self.acme.patch(f"/Groups/{crew}", {"op": op, "path": "members", "value": value}))

    @rule(crew=crews)
    def scim_deletes_a_group(self, crew: str) -> None:
        answered(self.acme.delete(f"/Groups/{crew}"))

    # What people do by hand

    @rule(target=people, name=names, role=role_names, status=st.sampled_from([UserStatus.ACTIVE, UserStatus.INVITED]))
    def hands_create_a_user(self, name: str, role: str, status: UserStatus) -> Any:
        with suppress(DomainError):
            return str(self.office.create(name, role=role, status=status))
        return multiple()

    @rule(
        person=people,
        step=st.sampled_from([lifecycle.activate_user, lifecycle.deactivate_user, lifecycle.delete_user]),
    )
    def hands_change_the_state(self, person: str, step: Callable[[Context, User], object]) -> None:
        with suppress(DomainError), self.office.acting() as ctx:
            step(ctx, users.get_user_to_change(ctx, UUID(person)))

    @rule(person=people)
    def hands_restore(self, person: str) -> None:
        with suppress(DomainError), self.office.acting() as ctx:
            lifecycle.restore_user(ctx, users.get_deleted_user_to_change(ctx, UUID(person)))

    @rule(person=people)
    def hands_purge(self, person: str) -> None:
        with suppress(DomainError), self.office.acting() as ctx:
            retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, UUID(person)))

    @rule(person=people)
    def hands_release(self, person: str) -> None:
        with suppress(DomainError), self.office.acting() as ctx:
            adoption.release_user(ctx, users.get_user_to_change(ctx, UUID(person)))

    @rule(person=people, role=role_names)
    def hands_assign_a_role(self, person: str, role: str) -> None:
        with suppress(DomainError), self.office.acting() as ctx:
            found = declared(ctx).role(role)
            assert found is not None
            roles.assign_role(ctx, users.get_user_to_change(ctx, UUID(person)), found)

    @rule(person=people)
    def ownership_goes_to(self, person: str) -> None:
        with suppress(DomainError), self.office.acting() as ctx:
            user = users.get_user_to_change(ctx, UUID(person))
            if not ownership.make_first_owner(ctx, user):
                ownership.transfer_ownership(ctx, user, confirmation="acme")

    @rule(seats=st.none() | st.integers(1, 4), overage=st.sampled_from(Overage))
    def the_plan_changes(self, seats: int | None, overage: Overage) -> None:
        with self.office.acting() as ctx:
            change_organization(ctx, plan=Plan(seats, overage))

    # Coming in

    @rule(person=people)
    def somebody_signs_in(self, person: str) -> None:
        with suppress(DomainError), self.office.acting() as ctx:
            sessions.open_session(ctx, users.get_user_to_change(ctx, UUID(person)), lifetime=HOUR)

    @rule(person=people)
    def somebody_gets_a_token(self, person: str) -> None:
        with suppress(DomainError), self.office.acting() as ctx:
            user = users.get_user_to_change(ctx, UUID(person))
            if user.active:
                directories.create_user_token(ctx, user)

    @rule(person=people)
    def somebody_accepts(self, person: str) -> None:
        with suppress(DomainError), self.office.acting() as ctx:
            lifecycle.admit_invited_user(ctx, users.get_user_to_change(ctx, UUID(person)))

    # What holds

    @invariant()
    def nobody_is_admitted_beyond_a_plan_that_blocks(self) -> None:
        with self.office.acting() as ctx:
            counted = select(func.count()).where(
                User.org_id == ctx.org.id, User.status.in_([UserStatus.ACTIVE, UserStatus.INVITED])
            )
            used = ctx.session.scalar(counted) or 0
            if ctx.org.seats is not None and ctx.org.overage == Overage.BLOCK:
                assert used <= max(ctx.org.seats, self.used)
        self.used = used

    @invariant()
    def there_is_one_owner_who_is_an_active_admin_and_an_admin_once_there_was_one(self) -> None:
        with self.office.acting() as ctx:
            admins = select(User).join(Role, (Role.org_id == User.org_id) & (Role.id == User.role_id))
            active = admins.where(User.org_id == ctx.org.id, User.status == UserStatus.ACTIVE)
            found = set(ctx.session.scalars(active.where(Role.built_in == BuiltIn.ADMIN)))
            owners = set(ctx.session.scalars(select(User).where(User.org_id == ctx.org.id, User.is_owner)))
        assert len(owners) <= 1
        assert owners <= found
        assert found or not self.admins
        self.admins = len(found)

    @invariant()
    def no_two_living_users_have_one_name(self) -> None:
        with self.office.acting() as ctx:
            living = select(User.user_name_key).where(User.org_id == ctx.org.id, User.status != UserStatus.DELETED)
            keys = list(ctx.session.scalars(living))
        assert len(keys) == len(set(keys))

    @invariant()
    def whoever_is_not_active_has_nothing_to_come_in_with(self) -> None:
        inactive = User.status != UserStatus.ACTIVE
        with self.office.acting() as ctx:
            for table, ended in ((UserSession, UserSession.ended_at), (ScimToken, ScimToken.revoked_at)):
                theirs = (User.org_id == table.org_id) & (User.id == table.user_id)
                assert not ctx.session.scalars(
                    select(table.id).join(User, theirs).where(inactive, ended.is_(None))
                ).all()

    @invariant()
    def a_deleted_user_is_in_no_team(self) -> None:
        with self.office.acting() as ctx:
            theirs = (User.org_id == Membership.org_id) & (User.id == Membership.user_id)
            gone = select(Membership.user_id).join(User, theirs).where(User.status == UserStatus.DELETED)
            assert not ctx.session.scalars(gone).all()

    @invariant()
    def the_events_tell_of_every_state_that_somebody_is_in(self) -> None:
        with self.office.acting() as ctx:
            told: dict[UUID, str] = {}
            for event in ctx.session.scalars(select(Event).where(Event.org_id == ctx.org.id).order_by(Event.id)):
                if "status" in event.changes:
                    before, after = event.changes["status"]
                    assert told.get(event.target_id) == before
                    told[event.target_id] = after
                elif event.action == "user.purged":
                    assert told.pop(event.target_id) == UserStatus.DELETED
            rows = ctx.session.execute(select(User.id, User.status).where(User.org_id == ctx.org.id))
            assert told == {row.id: row.status for row in rows}

    @invariant()
    def what_scim_shows_is_what_there_is(self) -> None:
        with self.office.acting() as ctx:
            living = select(User.id, User.status).where(User.org_id == ctx.org.id, User.status != UserStatus.DELETED)
            rows = {str(row.id): row.status == UserStatus.ACTIVE for row in ctx.session.execute(living)}
        # A PATCH may have removed `active`, but here none does.
        assert {each["id"]: each["active"] for each in self.acme.get("/Users").json.get("Resources", [])} == rows

    @invariant()
    def nothing_happens_elsewhere(self) -> None:
        assert contents(self.database, self.globex_id) == self.elsewhere


def answered(reply: Reply) -> Reply:
    assert reply.status < 500, reply.json
    return reply


def created(reply: Reply) -> Any:
    return answered(reply).id if reply.status == 201 else multiple()


def test_in_any_order_of_things_what_must_hold_holds(app: Flask, settings: Settings, database: Database) -> None:
    machine = type("OneOrganization", (Organization,), {"app": app, "settings": settings, "database": database})

    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=15, stateful_step_count=25, deadline=None, derandomize=True, database=None
        ),
    )
