"""Whose data a user may see: as a reference in Python has it, whatever the directory and the hands have made of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import BuiltIn, Position, Scope, Team, User, UserStatus
from scim_server.models.base import new_id
from scim_server.services import handmade_teams, lifecycle, organizations, positions, scope, teams, users
from scim_server.services.context import OPERATOR, Context
from scim_server.services.declared import declared
from scim_server.services.profiles import Profile
from scim_server.services.scope import DecidedBy, decide
from scim_server.services.settings import change_settings
from tests.clients import ENTERPRISE_USER
from tests.conftest import emptied
from tests.hands import Hands

SIZE = 6
# An id of a directory's own, as Entra ID has them: it looks like one of ours.
OBJECT_ID = str(uuid4())


@pytest.mark.parametrize(
    ("admin", "position", "otherwise", "expected"),
    [
        (True, Scope.OWN, Scope.OWN, (Scope.ALL, DecidedBy.ROLE)),
        (True, None, Scope.OWN, (Scope.ALL, DecidedBy.ROLE)),
        (False, Scope.TEAM, Scope.ALL, (Scope.TEAM, DecidedBy.POSITION)),
        (False, Scope.OWN, Scope.ALL, (Scope.OWN, DecidedBy.POSITION)),
        (False, None, Scope.SUBORDINATES, (Scope.SUBORDINATES, DecidedBy.SETTING)),
        (False, None, Scope.ALL, (Scope.ALL, DecidedBy.SETTING)),
    ],
)
def test_the_role_decides_before_the_position_and_that_before_the_setting(
    admin: bool, position: Scope | None, otherwise: Scope, expected: tuple[Scope, DecidedBy]
) -> None:
    decision = decide(admin=admin, position=position, otherwise=otherwise)

    assert (decision.scope, decision.by) == expected


# The reference


@dataclass(frozen=True)
class Person:
    """Somebody as Hypothesis draws them; managers, positions and teams are numbers of the lists of the world."""

    status: UserStatus
    external_id: str | None
    manager: str | int | None
    position: int | None
    admin: bool
    teams: frozenset[int]


@dataclass(frozen=True)
class Drawn:
    """`parents` of positions come before them; the second team is in the first where they are `nested`."""

    people: list[Person]
    parents: list[int | None]
    scopes: list[Scope]
    nested: bool
    otherwise: Scope


@dataclass
class World:
    """What was drawn, as rows and as the reference sees it."""

    drawn: Drawn
    users: list[User] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)

    def lives(self, number: int) -> bool:
        return self.drawn.people[number].status != UserStatus.DELETED

    def manager(self, number: int) -> int | None:
        """Who is meant: by id, else by externalId, else by userName, and only the living."""
        said = self.drawn.people[number].manager
        if said is None:
            return None
        if isinstance(said, int):
            return said if self.lives(said) else None
        living = [each for each in range(len(self.users)) if self.lives(each)]
        by_external_id = [each for each in living if self.drawn.people[each].external_id == said]
        by_name = [each for each in living if f"user{each}" == said.lower()]
        return next(iter(by_external_id + by_name), None)

    def managers(self, number: int) -> list[int]:
        found: list[int] = []
        step = self.manager(number)
        while step is not None and step not in found and step != number:
            found.append(step)
            step = self.manager(step)
        return found

    def is_below(self, position: int | None, another: int | None) -> bool:
        parent = self.drawn.parents[position] if position is not None else None
        return another is not None and parent is not None and (parent == another or self.is_below(parent, another))

    def shows(self, team: int) -> set[int]:
        return {team, 1} if team == 0 and self.drawn.nested else {team}

    def sees(self, viewer: int, other: int) -> bool:
        one, two = self.drawn.people[viewer], self.drawn.people[other]
        if one.status != UserStatus.ACTIVE:
            return False
        if viewer == other or one.admin:
            return True
        wanted = self.drawn.scopes[one.position] if one.position is not None else self.drawn.otherwise
        if wanted is Scope.TEAM:
            return any(two.teams & self.shows(team) for team in one.teams) and self.lives(other)
        if wanted is Scope.SUBORDINATES and one.position is not None:
            return self.is_below(two.position, one.position)
        if wanted is Scope.SUBORDINATES:
            return viewer in self.managers(other)
        return wanted is Scope.ALL


names = st.sampled_from([*(f"user{number}" for number in range(SIZE)), "USER0", "User1", "x", "X", OBJECT_ID, "nobody"])
people = st.builds(
    Person,
    status=st.sampled_from([*[UserStatus.ACTIVE] * 5, UserStatus.DEACTIVATED, UserStatus.DELETED]),
    external_id=st.sampled_from([None, None, "x", "X", "user0", "user2", OBJECT_ID]),
    manager=st.none() | st.integers(0, SIZE - 1) | st.integers(0, SIZE - 1) | names,
    position=st.none() | st.none() | st.integers(0, 3),
    admin=st.sampled_from([False] * 9 + [True]),
    teams=st.frozensets(st.integers(0, 1), max_size=2),
)
by_id_only = people.map(
    lambda each: Person(**{**vars(each), "manager": None if isinstance(each.manager, str) else each.manager})
)
worlds = st.builds(
    Drawn,
    people=st.lists(people, min_size=SIZE, max_size=SIZE) | st.lists(by_id_only, min_size=SIZE, max_size=SIZE),
    parents=st.tuples(st.none(), st.none() | st.just(0), st.sampled_from([None, 0, 1]), st.sampled_from([0, 1, 2])).map(
        list
    ),
    scopes=st.lists(st.sampled_from(Scope), min_size=4, max_size=4),
    nested=st.booleans(),
    otherwise=st.sampled_from([*Scope, Scope.SUBORDINATES]),
)


@contextmanager
def opened(database: Database, settings: Settings, slug: str) -> Iterator[Context]:
    with database.writing() as session:
        yield organizations.open_organization(session, settings, slug, now=datetime.now(UTC))


def build(ctx: Context, drawn: Drawn) -> World:
    world = World(drawn)
    change_settings(ctx, scope_without_position=drawn.otherwise)
    for number, parent in enumerate(drawn.parents):
        above = world.positions[parent] if parent is not None else None
        world.positions.append(positions.create_position(ctx, f"position {number}", drawn.scopes[number], parent=above))
    ids = [new_id() for _ in drawn.people]
    for number, person in enumerate(drawn.people):
        said = str(ids[person.manager]) if isinstance(person.manager, int) else person.manager
        world.users.append(users.create_user(ctx, profile(f"user{number}", person.external_id, said), id=ids[number]))
    for number in range(2):
        world.teams.append(teams.create_team(ctx, Profile({"displayName": f"{number}"}, {"displayName": f"{number}"})))
    if drawn.nested:
        teams.add_members(ctx, world.teams[0], [world.teams[1].id])
    admin = next(role for role in declared(ctx).roles.values() if role.built_in == BuiltIn.ADMIN)
    for user, person in zip(world.users, drawn.people, strict=True):
        for team in person.teams:
            teams.add_members(ctx, world.teams[team], [user.id])
        if person.position is not None:
            positions.assign_position(ctx, user, world.positions[person.position])
        if person.status == UserStatus.DELETED:
            lifecycle.delete_user(ctx, user)
        user.status = person.status
        if person.admin:
            user.role_id = admin.id
    ctx.session.flush()
    return world


def profile(name: str, external_id: str | None = None, manager: str | None = None) -> Profile:
    document = {"userName": name} | ({ENTERPRISE_USER: {"manager": {"value": manager}}} if manager else {})
    search = {"userName": name} | ({"externalId": external_id} if external_id else {})
    return Profile(document, search)


def walked(ctx: Context, viewer: User) -> list[UUID]:
    """All pages of what a user sees, by two."""
    found: list[UUID] = []
    while page := scope.visible_users(ctx, viewer, after=found[-1] if found else None, limit=2):
        found += page
    return found


@pytest.fixture(scope="module")
def populated(migrated: Database, settings: Settings) -> Database:
    database = emptied(migrated)
    with database.writing() as session:
        for slug in ("acme", "globex"):
            organizations.create_organization(session, settings, actor=OPERATOR, now=datetime.now(UTC), slug=slug)
    return database


@hypothesis_settings(max_examples=20, deadline=None)
@given(drawn=worlds, elsewhere=worlds)
def test_everybody_sees_whom_the_rules_say_and_nobody_else(
    populated: Database, settings: Settings, drawn: Drawn, elsewhere: Drawn
) -> None:
    with opened(populated, settings, "acme") as ctx:
        stranger = build(organizations.open_organization(ctx.session, settings, "globex", now=ctx.now), elsewhere)
        world = build(ctx, drawn)

        numbers = range(SIZE)
        seen = {(a, b) for a, b in product(numbers, numbers) if scope.may_see(ctx, world.users[a], world.users[b].id)}
        assert seen == {(a, b) for a, b in product(numbers, numbers) if world.sees(a, b)}
        for number, user in enumerate(world.users):
            assert walked(ctx, user) == [world.users[b].id for b in numbers if (number, b) in seen and world.lives(b)]
            if user.position_id is None:
                assert scope.chain(ctx, user) == [[world.users[each].id] for each in world.managers(number)]
                direct = [b for b in numbers if b != number and world.manager(b) == number and world.lives(b)]
                assert scope.reports(ctx, user, limit=SIZE) == [world.users[b].id for b in direct]
            other = stranger.users[number]
            assert not scope.may_see(ctx, user, other.id)
            assert not scope.may_see(ctx, other, user.id)
        ctx.session.rollback()


def test_the_main_team_shows_nobody_to_anybody(office: Hands) -> None:
    with office.acting() as ctx:
        change_settings(ctx, scope_without_position=Scope.TEAM)
        main, crew = (teams.create_team(ctx, Profile({"displayName": n}, {"displayName": n})) for n in ("all", "crew"))
        handmade_teams.set_main_team(ctx, main)
        within = teams.create_team(ctx, Profile({"displayName": "within"}, {"displayName": "within"}))
        teams.add_members(ctx, main, [within.id])
    ada, bob, carl, dora = (office.create(name) for name in ("ada", "bob", "carl", "dora"))
    with office.acting() as ctx:
        teams.add_members(ctx, teams.get_team_to_change(ctx, crew.id), [ada, bob])
        teams.add_members(ctx, teams.get_team_to_change(ctx, within.id), [dora])

    with office.acting() as ctx:
        viewer = users.get_user(ctx, ada)
        assert [scope.may_see(ctx, viewer, each) for each in (ada, bob, carl, dora)] == [True, True, False, False]
        assert scope.visible_users(ctx, viewer, limit=10) == [ada, bob]
        assert scope.visible_users(ctx, users.get_user(ctx, carl), limit=10) == [carl]
        handmade_teams.set_main_team(ctx, None)
    with office.acting() as ctx:
        assert scope.visible_users(ctx, users.get_user(ctx, carl), limit=10) == [ada, bob, carl, dora]
