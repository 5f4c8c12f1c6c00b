"""The closure of groups in groups: what follows from who is in whom, whatever happened and whoever did it at once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Subteam, Team, TeamAncestor
from scim_server.services import organizations, teams
from scim_server.services.context import OPERATOR, Context
from scim_server.services.errors import CircularNesting
from scim_server.services.profiles import Profile
from tests.clients import Directory, Reply, assert_error
from tests.conftest import emptied
from tests.promises.databases import id_of
from tests.services.test_concurrency import at_once

Pairs = set[tuple[UUID, UUID]]
SIZE = 6


def kept(session: Session, org_id: UUID) -> Pairs:
    """The closure as the database has it."""
    rows = session.execute(select(TeamAncestor.team_id, TeamAncestor.ancestor_id).where(TeamAncestor.org_id == org_id))
    return {(team_id, ancestor_id) for team_id, ancestor_id in rows}


def followed(edges: Pairs) -> Pairs:
    """The closure of edges from a team to the one that it is in."""
    found = set(edges)
    while new := {(low, high) for (low, a), (b, high) in product(found, edges) if a == b} - found:
        found |= new
    return found


def expected(session: Session, org_id: UUID) -> Pairs:
    """The closure as it follows from the rows of living teams."""
    alive = set(session.scalars(select(Team.id).where(Team.org_id == org_id, Team.deleted_at.is_(None))))
    rows = session.execute(select(Subteam.member_id, Subteam.team_id).where(Subteam.org_id == org_id))
    return followed({(member, team) for member, team in rows if {member, team} <= alive})


# Whatever happened


class Village:
    """An organization with a few groups, in a transaction that comes to nothing."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.teams = [teams.create_team(ctx, _profile(f"team {number}")) for number in range(SIZE)]
        self.edges: Pairs = set()
        self.dead: set[UUID] = set()

    def nest(self, member: int, container: int) -> None:
        low, high = self.teams[member], self.teams[container]
        if {low.id, high.id} & self.dead:
            return
        if low is high or (high.id, low.id) in followed(self.living()):
            with pytest.raises(CircularNesting), self.ctx.session.begin_nested():
                teams.add_members(self.ctx, high, [low.id])
            return
        teams.add_members(self.ctx, high, [low.id])
        self.edges.add((low.id, high.id))

    def unnest(self, member: int, container: int) -> None:
        low, high = self.teams[member].id, self.teams[container]
        if {low, high.id} & self.dead:
            return
        teams.remove_members(self.ctx, high, [low])
        self.edges.discard((low, high.id))

    def delete(self, team: int, _: int) -> None:
        if self.teams[team].id not in self.dead:
            teams.delete_team(self.ctx, self.teams[team])
            self.dead.add(self.teams[team].id)

    def living(self) -> Pairs:
        return {edge for edge in self.edges if not self.dead & set(edge)}


def _profile(name: str) -> Profile:
    return Profile({"displayName": name}, {"displayName": name})


@pytest.fixture(scope="module")
def populated(migrated: Database, settings: Settings) -> Database:
    database = emptied(migrated)
    now = datetime.now(UTC)
    with database.writing() as session:
        for slug in ("acme", "globex"):
            organizations.create_organization(session, settings, actor=OPERATOR, now=now, slug=slug)
    return database


numbers = st.integers(0, SIZE - 1)
steps = st.lists(
    st.tuples(st.sampled_from([Village.nest] * 6 + [Village.unnest] * 2 + [Village.delete]), numbers, numbers),
    max_size=12,
)


@hypothesis_settings(max_examples=40, deadline=None)
@given(steps=steps)
def test_whatever_happens_the_closure_is_what_follows_from_the_members(
    populated: Database, settings: Settings, steps: list[tuple[Callable[[Village, int, int], None], int, int]]
) -> None:
    with populated.writing() as session:
        now = datetime.now(UTC)
        elsewhere = Village(organizations.open_organization(session, settings, "globex", now=now))
        village = Village(organizations.open_organization(session, settings, "acme", now=now))
        elsewhere.nest(0, 1)
        for change, one, other in steps:
            change(village, one, other)
            assert kept(session, village.ctx.org.id) == followed(village.living())
        assert kept(session, elsewhere.ctx.org.id) == elsewhere.edges
        session.rollback()


# Whoever does it at once


@pytest.fixture
def closure_is_true(database: Database, acme: Directory, globex: Directory) -> Iterator[None]:
    globex.create_group("Fleet", globex.create_group("Crew"))
    yield
    with database.reading() as session:
        for slug in ("acme", "globex"):
            org_id = id_of(database, slug)
            assert kept(session, org_id) == expected(session, org_id)
            assert not any(low == high for low, high in kept(session, org_id))


def put(acme: Directory, member: Reply, container: Reply) -> Callable[[], Reply]:
    operation = {"op": "add", "path": "members", "value": [{"value": member.id}]}
    return lambda: acme.patch(f"/Groups/{container.id}", operation)


def take(acme: Directory, member: Reply, container: Reply) -> Callable[[], Reply]:
    operation = {"op": "remove", "path": f'members[value eq "{member.id}"]'}
    return lambda: acme.patch(f"/Groups/{container.id}", operation)


@pytest.mark.parametrize("size", [2, 3])
def test_changes_at_once_close_no_circle_together(acme: Directory, closure_is_true: None, size: int) -> None:
    for attempt in range(5):
        ring = [acme.create_group(f"{attempt}.{number}") for number in range(size)]

        replies = at_once(*[put(acme, ring[number - 1], ring[number]) for number in range(size)])

        refused = [reply for reply in replies if reply.status != 200]
        assert len(refused) == 1, [reply.json for reply in refused]
        assert_error(refused[0], 409)
        assert "cannot be a member of" in refused[0]["detail"]


def test_a_chain_that_is_made_at_once_is_whole(acme: Directory, closure_is_true: None, database: Database) -> None:
    chain = [acme.create_group(f"{number}") for number in range(6)]

    replies = at_once(*[put(acme, low, high) for low, high in pairwise(chain)])

    assert {reply.status for reply in replies} == {200}
    with database.reading() as session:
        assert len(kept(session, id_of(database, "acme"))) == 15


def test_a_group_that_is_deleted_while_it_moves_leaves_nothing_behind(acme: Directory, closure_is_true: None) -> None:
    ada = acme.create_user("ada")
    for attempt in range(5):
        around, aside = acme.create_group(f"around {attempt}"), acme.create_group(f"aside {attempt}")
        group = acme.create_group(f"group {attempt}", ada)
        put(acme, group, around)()

        replies = at_once(
            lambda group=group: acme.delete(f"/Groups/{group.id}"),  # type: ignore[misc]
            put(acme, group, aside),
            take(acme, group, around),
            put(acme, aside, around),
        )

        assert [reply.status for reply in replies] == [204, 200, 200, 200]
        assert acme.get(f"/Groups/{around.id}").members == {aside.id}
        assert acme.get(f"/Groups/{aside.id}").members == set()
        assert "groups" not in acme.get(f"/Users/{ada.id}").json


def test_users_come_and_go_while_groups_move(acme: Directory, closure_is_true: None) -> None:
    top, middle, low = (acme.create_group(name) for name in ("top", "middle", "low"))
    people = [acme.create_user(f"user{number}") for number in range(3)]

    replies = at_once(
        put(acme, middle, top),
        put(acme, low, middle),
        *[put(acme, person, low) for person in people[:2]],
        lambda: acme.create_user("eve"),
        put(acme, people[2], top),
    )

    assert {reply.status for reply in replies} <= {200, 201}
    assert acme.search(f'groups.value eq "{top.id}"')["totalResults"] == 3
