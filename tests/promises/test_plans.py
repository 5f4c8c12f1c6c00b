"""Whatever an identity provider asks for, and whatever a request needs besides, is found in indexes: no request sends
another statement, and none reads or sorts more, because an organization is larger.

What is looked at are the statements that the application really sends, on a database with tens of thousands of rows.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from scim_server.app import create_app
from scim_server.config import Settings, load_settings
from scim_server.db import Database, begin
from scim_server.migrations import upgrade
from tests.clients import found
from tests.promises.asks import CHANGES, LOOK_UPS, OF_PEOPLE, PAGE, Ask
from tests.promises.companies import Company, company
from tests.promises.databases import migrated_database
from tests.promises.plans import Sent, faults, generic_plan, nodes, plan_of, sent_to, work

# Statements of each request. Of a directory's the first query asks along whether it is who it was, of the management
# API's the first statement finds who asks. To change a number is to change what a sync costs.
COSTS = {
    "a user": 1,
    "by id": 1,
    "by userName": 1,
    "by userName, nobody": 1,
    "by externalId": 1,
    "by e-mail": 1,
    "by e-mail of a type": 1,
    "by displayName": 2,
    "changed since": 2,
    "in a group": 2,
    "a page of one": 3,
    "a page of fifty": 3,
    "a page": 3,
    "a page of the active": 3,
    "a page by userName": 3,
    "a page by cursor": 2,
    "the next page by cursor": 4,  # two requests
    "a group": 2,
    "a large group without members": 1,
    "a group by displayName": 2,
    "a group by externalId": 2,
    "groups with a member": 1,
    "a group with a member": 1,
    "groups without members": 2,
    "groups and their members": 3,
    "create": 4,
    "replace": 7,
    "deactivate": 8,
    "activate": 5,
    "delete": 10,
    "create a group of ten": 4,
    "create a group of fifty": 4,
    "take one out of a small group": 5,
    "put one into a small group": 5,
    "take one out of a small group by value": 5,
    "put one into a large group": 5,
    "take one out of a large group": 5,
    "replace ten members": 8,
    "replace fifty members": 8,
    "delete a group": 6,
    "whoever has signed in": 6,
    "members of a large team": 3,
    "requests of directories": 2,
    "requests about a user": 2,
    "activity": 3,
    "activity of a user": 3,
    "activity about a user": 3,
    "activity by a user": 2,
    "users": 3,
}

# How many users the two organizations have.
SMALL, LARGE = 400, 20_000
# The most that a request for a page may look at, and by how much more one may look at than another of its kind: a row
# that was deleted, a level of an index, a small table that PostgreSQL reads at once. (In the units of `work`.)
MOST = 4_000
SLACK = {"postgresql": 500, "sqlite": 30}


@pytest.fixture(scope="module")
def companies(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Company, Company]]:
    """A small one and a large one, in one database."""
    with migrated_database(settings, tmp_path_factory.mktemp("plans")) as (own, database):
        public = load_settings(database_url=own.database_url, public_url=settings.public_url)
        yield company(public, database, "small", SMALL), company(public, database, "large", LARGE)


@pytest.mark.parametrize("name", [*LOOK_UPS, *OF_PEOPLE])
def test_no_look_up_costs_more_where_there_is_more(companies: tuple[Company, Company], name: str) -> None:
    _assert_costs(companies, name, (LOOK_UPS | OF_PEOPLE)[name])


def test_no_change_costs_more_where_there_is_more(companies: tuple[Company, Company]) -> None:
    for name, send in CHANGES.items():
        _assert_costs(companies, name, send)


def _assert_costs(companies: tuple[Company, Company], name: str, send: Ask) -> None:
    looked = []
    for asked in companies:
        database: Database = asked.directory.app.extensions["scim_server"].database
        asked.directory.come_in()
        with sent_to(database) as all_sent:
            reply = send(asked)
        sent = [each for each in all_sent if "SET last_used_at" not in each.sql]  # of the program's key
        assert getattr(reply, "status", 200) in (200, 201, 204), reply
        with database.engine.connect() as connection:
            begin(connection, writes=True)
            assert [(fault, each.sql) for each in sent for fault in faults(connection, each)] == [], name
            assert len(sent) == COSTS[name], (name, [each.sql for each in sent])
            looked.append([(work(connection, each), each.sql) for each in sent if _can_be_repeated(each)])
            connection.rollback()
    slack = SLACK[database.engine.dialect.name]
    grows = [
        (small, large, sql)
        for (small, _), (large, sql) in zip(*looked, strict=True)
        if large > min(1.5 * small + slack, MOST)
    ]
    assert grows == [], name


def _can_be_repeated(sent: Sent) -> bool:
    return sent.sql.startswith("SELECT") and not sent.is_count


def test_nobody_is_looked_for_among_all_while_nothing_is_counted_yet(own: tuple[Settings, Database]) -> None:
    settings, database = own
    upgrade(database.engine)
    directory = found(create_app(settings, database), settings, database, "acme")
    user = directory.create_user("ada@example.com")

    with sent_to(database) as sent:
        directory.create_user("bo@example.com", emails=[{"value": "bo@example.com"}])
        directory.get(f"/Users/{user.id}", excludedAttributes="groups")
        directory.get("/Users", filter='userName eq "ada@example.com"', excludedAttributes="groups")

    if database.engine.dialect.name == "sqlite":
        return  # which is told what there will be (test_statistics.py)
    about_users = [each for each in sent if "FROM users" in each.sql]
    assert len(about_users) == 3
    with database.engine.connect() as connection:
        begin(connection, writes=True)
        for each in about_users:
            looked = [node for node in nodes(generic_plan(connection, each)) if _looks(node) and not _asks_along(node)]
            assert [node for node in looked if " AND " not in node.get("Index Cond", "")] == []
            assert looked
        connection.rollback()


@pytest.mark.parametrize("attribute", ["userName", "externalId", "emails.value", "id"])
def test_a_look_up_is_not_planned_anew_each_time(own: tuple[Settings, Database], attribute: str) -> None:
    settings, database = own
    if database.engine.dialect.name == "sqlite":
        return  # which plans a statement when it is prepared
    upgrade(database.engine)
    directory = found(create_app(settings, database), settings, database, "acme")
    directory.come_in()

    for number in range(20):
        directory.get("/Users", filter=f'{attribute} eq "{number}@example.com"')

    with database.engine.connect() as connection:
        told = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%users.document%'"
        [(kept, anew)] = connection.exec_driver_sql(told.replace("%", "%%")).all()
    assert anew == 5
    assert kept > 5


def _looks(node: dict[str, Any]) -> bool:
    """Whether a node of a plan finds rows itself, and not by another below it. By the organization alone it does not
    find them, but reads all that there are.
    """
    return "Index Name" in node or node["Node Type"] == "Seq Scan"


def _asks_along(node: dict[str, Any]) -> bool:
    """Whether a node is of the question who asks, which has one organization, one directory and one token to find."""
    return node.get("Relation Name") in ("organizations", "directories", "scim_tokens", "oauth_clients")


@pytest.mark.parametrize("number", [LARGE // 2 - 500, LARGE // 2 + 500, LARGE - 2 * PAGE])
def test_a_page_far_behind_passes_over_ids_alone(companies: tuple[Company, Company], number: int) -> None:
    _, large = companies
    database: Database = large.directory.app.extensions["scim_server"].database

    with sent_to(database) as sent:
        page = large.directory.get("/Users", startIndex=number, count=PAGE)

    assert len(page.resources) == PAGE
    listing = next(each for each in sent if "users.document" in each.sql)
    with database.engine.connect() as connection:
        assert "ix_users_org_id_id_status" in plan_of(connection, listing)
        assert work(connection, listing) <= {"postgresql": 1, "sqlite": 2}[connection.dialect.name] * LARGE
