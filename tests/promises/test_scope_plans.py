"""Who sees whom, and who somebody is, is found in indexes: no question about one user reads the rows of all."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select

from benchmarks.filling import settle
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Scope, User, UserStatus
from scim_server.models.base import new_id
from scim_server.services import lookup, organizations, positions, scope, teams, users
from scim_server.services.context import OPERATOR, Context
from scim_server.services.listing import Cut
from scim_server.services.lookup import Wanted
from scim_server.services.profiles import Profile
from scim_server.services.settings import change_settings
from tests.promises.databases import migrated_database
from tests.promises.plans import nodes, sent_to
from tests.services.test_scope import opened, profile

# Of a few hundred, PostgreSQL rather reads all as soon as they lie close together, which they do once it has tidied up.
SIZE = 2000


@pytest.fixture(scope="module")
def company(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An organization of thousands, and another: a line of managers, positions, and a team.

    Their database is one that nothing was ever deleted from, so that PostgreSQL finds it as it is each time.
    """
    with migrated_database(settings, tmp_path_factory.mktemp("scopes")) as (own, database):
        for slug in ("acme", "globex"):
            with database.writing() as session:
                organizations.create_organization(session, own, actor=OPERATOR, now=datetime.now(UTC), slug=slug)
            with opened(database, own, slug) as ctx:
                _fill(ctx)
        settle(database)
        yield database


def _fill(ctx: Context) -> None:
    users.create_user(ctx, profile("user0", "x0"))
    columns = [getattr(User, column.key) for column in User.__table__.columns]
    first = dict(ctx.session.execute(select(*columns).where(User.org_id == ctx.org.id)).mappings().one())
    rows: list[dict[str, Any]] = [first]
    for number in range(1, SIZE):
        name = f"user{number}"
        own = {"id": new_id(), "user_name": name, "user_name_key": name, "manager_id": rows[number // 3]["id"]}
        rows.append(first | own | {"external_id": f"x{number}"})
    ctx.session.execute(insert(User), rows[1:])
    head = positions.create_position(ctx, "Head", Scope.SUBORDINATES)
    for number in range(20):
        positions.create_position(ctx, f"{number}", Scope.OWN, parent=head)
    team = teams.create_team(ctx, Profile({"displayName": "Crew"}, {"displayName": "Crew"}))
    teams.add_members(ctx, team, [row["id"] for row in rows[:30]])


def by_manager(ctx: Context, viewer: User) -> None:
    change_settings(ctx, scope_without_position="subordinates")


def by_named_manager(ctx: Context, viewer: User) -> None:
    user = users.find_user(ctx, "user399", "user399")
    user.manager_id, user.manager_name, user.manager_name_key = None, "x1", "x1"


def by_position(ctx: Context, viewer: User) -> None:
    positions.assign_position(ctx, viewer, positions.find_position(ctx, "Head"))


def by_team(ctx: Context, viewer: User) -> None:
    change_settings(ctx, scope_without_position="team")


def by_everything(ctx: Context, viewer: User) -> None:
    change_settings(ctx, scope_without_position="all")


@pytest.mark.parametrize("prepare", [by_manager, by_named_manager, by_position, by_team, by_everything])
def test_no_question_reads_all_users(
    company: Database, settings: Settings, prepare: Callable[[Context, User], None]
) -> None:
    with opened(company, settings, "acme") as ctx:
        viewer, other = (users.find_user(ctx, name, name) for name in ("user1", "user399"))
        prepare(ctx, viewer)
        ctx.session.flush()
        with sent_to(company) as sent:
            scope.may_see(ctx, viewer, other.id)
            asked = len(sent)
            scope.visible_users(ctx, viewer, after=viewer.id, limit=10)
            scope.reports(ctx, viewer, after=viewer.id, limit=10)
            scope.chain(ctx, other)
        assert asked <= 2
        for sql, values in sent:
            _assert_indexed(ctx, sql, values)
        ctx.session.rollback()


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(user_name="user7"),
        Wanted(email="user7@example.com"),
        Wanted(external_id="x7"),
        Wanted((UserStatus.ACTIVE,)),
        Wanted(),
    ],
    ids=str,
)
def test_no_look_up_of_users_reads_all_of_them(company: Database, settings: Settings, wanted: Wanted) -> None:
    with opened(company, settings, "acme") as ctx:
        after = users.find_user(ctx, "user1", "user1").id
        with sent_to(company) as sent:
            lookup.list_users(ctx, wanted, Cut(10, after))
        for sql, values in sent:
            _assert_indexed(ctx, sql, values)
        ctx.session.rollback()


def _assert_indexed(ctx: Context, sql: str, values: Any) -> None:
    connection = ctx.session.connection()
    if connection.dialect.name == "sqlite":
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values):
            step = row[3]
            if "SCAN" in step:  # only of what the walk has found
                assert step.split()[1] not in ("users", "memberships", "teams"), f"{step}: {sql}"
                assert "users_" not in step, f"{step}: {sql}"
            if step.startswith("SEARCH users"):
                assert "(org_id=?)" not in step, f"{step}: {sql}"
        return
    for way in ("seqscan", "hashjoin", "mergejoin"):  # on so few rows, to read all of them is the fastest
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    [[[told]]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", values)
    for node in nodes(told["Plan"]):
        if node.get("Relation Name") in ("users", "memberships"):
            assert node["Node Type"] != "Seq Scan", f"{node}: {sql}"
            condition = node.get("Index Cond") or node.get("Recheck Cond") or ""
            # The condition of these indexes is half of the question whether any manager is named.
            half = str(node.get("Index Name")).startswith("ix_users_manager_name")
            assert " AND " in condition or half, f"{node}: {sql}"
