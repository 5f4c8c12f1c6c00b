"""Everybody has to come through a connection: when that can be switched on, what it closes, and to whom it does not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Event, Organization, OutgoingMail, User
from scim_server.models.base import new_id
from scim_server.services import (
    access_codes,
    connection_lifecycle,
    invitations,
    lifecycle,
    ownership,
    password_resets,
    passwords,
    roles,
    second_factors,
    sso_required,
    totp,
    users,
)
from scim_server.services.attempts import Attempt
from scim_server.services.errors import (
    BreakGlassProtected,
    InUse,
    LinkOver,
    NotAllowed,
    WrongCode,
)
from scim_server.services.senders import Channel
from scim_server.services.sso_rule import closed_to
from tests.accounts import Person, open_session, person
from tests.clients import Directory
from tests.connection_files import connected, to_change
from tests.hands import Hands
from tests.invitations import PASSWORD, secret
from tests.services.test_second_factors import code


@dataclass
class World:
    """Olga and Gus are admins, with a password and an app each; Ada is nobody special; Olga has tested."""

    office: Hands
    settings: Settings
    database: Database
    connection: UUID
    olga: UUID
    gus: UUID
    ada: UUID
    person: dict[str, Person]

    def require(self, by: UUID | None = None, break_glass: UUID | None = None, later: timedelta = timedelta()) -> None:
        with self.office.acting(by or self.olga, later=later) as ctx:
            sso_required.require_sso(ctx, users.get_user_to_change(ctx, break_glass or self.gus))

    def attempt(self) -> Attempt:
        return Attempt(self.database, self.settings, datetime.now(UTC))

    def org(self) -> Organization:
        with self.office.acting() as ctx:
            return ctx.org

    def mails(self) -> list[str]:
        with self.database.reading() as session:
            return list(session.scalars(select(OutgoingMail.text)))


@pytest.fixture
def world(office: Hands, settings: Settings, database: Database) -> World:
    connection = connected(office)
    ids, people = {}, {}
    for name, role in (("olga", "Admin"), ("gus", "Admin"), ("ada", "Agent")):
        ids[name] = office.create(name, role=role)
        people[name] = person(settings, database, {"acme": str(ids[name])}, f"{name}@acme.example")
        with people[name].acting(datetime.now(UTC)) as about:
            passwords.set_password(about, PASSWORD)
            if role == "Admin":
                totp.confirm(about, code(totp.begin(about).secret, about.now))
    with office.acting(ids["olga"]) as ctx:
        connection_lifecycle.mark_tested(ctx, to_change(ctx, connection), ids["olga"])
        ownership.make_first_owner(ctx, users.get_user(ctx, ids["olga"]))
    return World(office, settings, database, connection, ids["olga"], ids["gus"], ids["ada"], people)


RULE = [(False, False, False), (False, True, False), (True, False, True), (True, True, False)]


@pytest.mark.parametrize(("required", "named", "closed"), RULE)
def test_to_whom_other_ways_are_closed(*, required: bool, named: bool, closed: bool) -> None:
    user = User(id=new_id())
    org = Organization(
        sso_required_at=datetime.now(UTC) if required else None,
        break_glass_user_id=(user.id if named else new_id()) if required else None,
    )

    assert closed_to(org, user) is closed


def test_it_is_on_from_now_for_everybody_but_one_and_off_again(world: World) -> None:
    world.require()

    org = world.org()
    assert org.break_glass_user_id == world.gus
    with world.office.acting() as ctx:
        assert [closed_to(org, users.get_user(ctx, id)) for id in (world.olga, world.gus, world.ada)] == [
            True,
            False,
            True,
        ]
        sso_required.stop_requiring(ctx)
        assert (ctx.org.sso_required_at, ctx.org.break_glass_user_id) == (None, None)
    with world.database.reading() as session:
        told = session.scalars(select(Event.action).where(Event.action.like("organization.sso%")).order_by(Event.id))
        assert told.all() == ["organization.sso_required", "organization.sso_not_required"]


def disabled(w: World) -> None:
    with w.office.acting() as ctx:
        connection_lifecycle.disable_connection(ctx, to_change(ctx, w.connection))


def ada_has_tested(w: World) -> None:
    with w.office.acting() as ctx:
        connection_lifecycle.mark_tested(ctx, to_change(ctx, w.connection), w.ada)


def nobody_has_tested(w: World) -> None:
    with w.office.acting() as ctx:
        connection_lifecycle.mark_tested(ctx, to_change(ctx, w.connection), None)


def without_an_app(w: World) -> None:
    with w.person["gus"].acting(datetime.now(UTC)) as about:
        second_factors.remove_totp(about)


NOT_YET: dict[str, tuple[Callable[[World], None], str]] = {
    "the connection is off": (disabled, "a test sign-in that passes"),
    "somebody tested who is no admin": (ada_has_tested, "a test sign-in that passes"),
    "it is not known who tested": (nobody_has_tested, "a test sign-in that passes"),
    "the admin has no second factor": (without_an_app, "has no second factor"),
}


@pytest.mark.parametrize("why", NOT_YET)
def test_it_cannot_be_switched_on_unless_it_is_safe_not_even_by_the_operator(world: World, why: str) -> None:
    given, sentence = NOT_YET[why]
    given(world)

    with pytest.raises(NotAllowed, match=sentence):
        world.require()
    with pytest.raises(NotAllowed, match=sentence), world.office.acting() as ctx:
        sso_required.require_sso(ctx, users.get_user_to_change(ctx, world.gus))
    assert world.org().sso_required_at is None


def test_a_test_of_the_day_before_yesterday_does_not_count(world: World) -> None:
    with pytest.raises(NotAllowed, match="a test sign-in that passes"):
        world.require(later=timedelta(hours=25))


def test_the_one_who_need_not_is_an_admin_with_a_password_whom_no_directory_can_take_away(
    world: World, acme: Directory
) -> None:
    bare = world.office.create("bare", role="Admin")
    theirs = UUID(acme.create_user("dora", roles=[{"value": "Admin"}]).id)
    for who, sentence in ((world.ada, "no active admin"), (bare, "no password"), (theirs, "directory")):
        with pytest.raises(NotAllowed, match=sentence):
            world.require(break_glass=who)


def test_it_takes_an_admin(world: World) -> None:
    with world.office.acting() as ctx:
        roles.create_role(ctx, "Connector", description="", permissions=["directories.manage"])
    carl = world.office.create("carl", role="Connector")

    with pytest.raises(NotAllowed, match="Only an admin"):
        world.require(by=carl)
    world.require()
    with pytest.raises(NotAllowed, match="Only an admin"), world.office.acting(carl) as ctx:
        sso_required.stop_requiring(ctx)


@pytest.mark.parametrize(("email", "mailed"), [("ada@acme.example", False), ("gus@acme.example", True)])
def test_nobody_is_mailed_a_way_around_it_but_the_one(world: World, email: str, *, mailed: bool) -> None:
    world.require()

    password_resets.ask(world.attempt(), email)
    access_codes.ask_to_sign_in(world.attempt(), {}, Channel.EMAIL, email)

    assert bool(world.mails()) is mailed


def test_whoever_is_in_another_organization_as_well_is_mailed(world: World, globex: Directory) -> None:
    world.require()
    there = Hands(world.settings, world.database, "globex")
    both = world.office.create("bea"), there.create("bea")
    person(world.settings, world.database, {"acme": str(both[0]), "globex": str(both[1])}, "bea@acme.example")

    password_resets.ask(world.attempt(), "bea@acme.example")

    assert world.mails() == ["password_reset"]


def test_a_link_to_a_new_password_from_before_leads_nowhere(world: World) -> None:
    with world.person["ada"].acting(datetime.now(UTC)) as about:
        token = password_resets.issue(about, by_mail=False).rpartition("/")[2]
    world.require()

    with pytest.raises(WrongCode):
        password_resets.choose(world.attempt(), token, "another good long password")
    with pytest.raises(NotAllowed, match="by no password"), world.person["ada"].acting(datetime.now(UTC)) as about:
        password_resets.issue(about, by_mail=False)


def test_an_invitation_is_accepted_by_signing_in_through_the_connection(world: World) -> None:
    with world.office.acting() as ctx:
        link = invitations.invite(ctx, "eve@acme.example").link
    world.require()

    with world.database.writing() as session, pytest.raises(LinkOver, match="identity provider"):
        invitations.look_at(session, secret(link), now=datetime.now(UTC))
    with world.database.writing() as session, pytest.raises(LinkOver, match="identity provider"):
        invitations.accept(
            session, world.settings, secret(link), password=PASSWORD, now=datetime.now(UTC), request_id=""
        )


KEEPS: dict[str, Callable[[World], None]] = {}


def keeps(act: Callable[[World], None]) -> Callable[[World], None]:
    KEEPS[act.__name__] = act
    return act


@keeps
def deactivated(w: World) -> None:
    with w.office.acting() as ctx:
        lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, w.gus))


@keeps
def deleted(w: World) -> None:
    with w.office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, w.gus))


@keeps
def demoted(w: World) -> None:
    with w.office.acting() as ctx:
        roles.give_role(ctx, users.get_user_to_change(ctx, w.gus), roles.find_role(ctx, "Viewer"))


@keeps
def without_a_second_factor(w: World) -> None:
    without_an_app(w)


@pytest.mark.parametrize("what", KEEPS)
def test_the_one_who_need_not_stays_what_they_are_while_it_is_on(world: World, what: str) -> None:
    world.require()

    with pytest.raises(BreakGlassProtected if what != "without_a_second_factor" else NotAllowed):
        KEEPS[what](world)
    with world.office.acting() as ctx:
        sso_required.stop_requiring(ctx)
    KEEPS[what](world)


def test_a_directory_does_not_take_the_one_away(world: World, acme: Directory) -> None:
    world.require()

    reply = acme.patch(f"/Users/{world.gus}", {"op": "replace", "path": "active", "value": False})

    assert reply.status == 403
    assert world.office.status(world.gus) == "active"


def test_the_operator_may_reset_their_second_factor_and_then_they_need_a_new_one(world: World) -> None:
    world.require()

    with world.person["gus"].acting(datetime.now(UTC)) as about:
        second_factors.reset(about, "lost")
    with world.office.acting() as ctx:
        assert second_factors.needed(ctx, users.get_user(ctx, world.gus)) is second_factors.Need.ENROL


def test_the_only_way_in_stays_open(world: World) -> None:
    world.require()

    for act in (connection_lifecycle.disable_connection, connection_lifecycle.delete_connection):
        with world.office.acting() as ctx, pytest.raises(InUse, match="Everybody has to sign in"):
            act(ctx, to_change(ctx, world.connection))
    connected(world.office)
    with world.office.acting() as ctx:
        connection_lifecycle.disable_connection(ctx, to_change(ctx, world.connection))


def test_who_is_in_stays(world: World) -> None:
    open_session(world.settings, world.database, "acme", world.ada, datetime.now(UTC))

    world.require()

    with world.office.acting() as ctx:
        assert lifecycle.sign_out(ctx, users.get_user_to_change(ctx, world.ada)) == 1


def test_another_one_can_be_named(world: World) -> None:
    world.require()
    since = world.org().sso_required_at

    world.require(break_glass=world.olga)

    assert world.org().break_glass_user_id == world.olga
    assert world.org().sso_required_at == since
    deactivated(world)
