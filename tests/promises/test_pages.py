"""A page of a listing by cursor costs the same wherever it is: the same statements, and the same rows read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, select, text

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import User
from scim_server.models.base import new_id
from scim_server.scim import users
from scim_server.services import organizations
from scim_server.services.request_queue import close_all
from tests.clients import Directory, found
from tests.conftest import emptied
from tests.promises.databases import statements
from tests.promises.plans import nodes

SIZE, COUNT = 3000, 100
# Of equal names the id decides, which no index needs to know as there are no two: what comes out of it in the order of
# names is looked through in groups of some 32, and not sorted as a whole.
_GROUP = 64


@pytest.fixture(scope="module")
def town(app: Flask, settings: Settings, migrated: Database) -> Iterator[Directory]:
    """An organization of thousands, between two others that are as large."""
    database = emptied(migrated)
    directories = [found(app, settings, database, slug) for slug in ("before", "town", "behind")]
    for directory in directories:
        _fill(settings, database, directory.slug)
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
    yield directories[1]
    close_all()


def _fill(settings: Settings, database: Database, slug: str) -> None:
    """Users who are copies of one, but for their names."""
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=datetime.now(UTC))
        users.create(ctx, {"userName": "0"}, {})
        columns = [getattr(User, column.key) for column in User.__table__.columns]
        first = dict(session.execute(select(*columns).where(User.org_id == ctx.org.id)).mappings().one())
        # Their order by name is another one than that of their creation.
        names = [str(number * 7919 % SIZE) for number in range(1, SIZE)]
        rows = [{"id": new_id(), "user_name": name, "user_name_key": f"n{name}"} for name in names]
        session.execute(insert(User), [first | row for row in rows])


def _walk(town: Directory, **parameters: Any) -> Iterator[tuple[list[str], list[tuple[str, Any]]]]:
    """The ids on each page, and the statements that it took, with their parameters."""
    database: Database = town.app.extensions["scim_server"].database
    cursor: str | None = ""
    while cursor is not None:
        sent: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, sql: str, values: Any, *_: Any, sent: list[tuple[str, Any]] = sent) -> None:
            sent.append((sql, values))

        with statements(database) as here:
            event.listen(database.engine, "before_cursor_execute", note)
            page = town.get("/Users", cursor=cursor, count=COUNT, **parameters)
            event.remove(database.engine, "before_cursor_execute", note)
        assert page.status == 200, page.json
        yield [each["id"] for each in page.resources], [each for each in sent if each[0] in here]
        cursor = page.json.get("nextCursor")


@pytest.mark.parametrize(
    ("parameters", "index"), [({}, "pk_users"), ({"sortBy": "userName"}, "uq_users_user_name")], ids=["id", "userName"]
)
def test_every_page_costs_the_same(town: Directory, parameters: dict[str, str], index: str) -> None:
    database: Database = town.app.extensions["scim_server"].database
    town.come_in()

    pages = list(_walk(town, **parameters))

    seen = [id for ids, _ in pages for id in ids]
    assert len(seen) == len(set(seen)) == SIZE
    assert len({len(sent) for _, sent in pages}) == 1
    _, *later, _ = pages
    listings = [next(each for each in sent if "users.document" in each[0] and "LIMIT" in each[0]) for _, sent in later]
    for sql, values in (listings[0], listings[len(listings) // 2], listings[-1]):
        assert "OFFSET" not in sql or tuple(values)[-1] == 0, "SQLAlchemy writes one for SQLite, of nothing"
        assert _rows_read(database, sql, values, index) <= COUNT + 2 + _GROUP


def _rows_read(database: Database, sql: str, values: Any, index: str) -> int:
    """How many rows a statement looks at, which finds its beginning in an index and does not sort what it finds: those
    of the page, and the one before them.
    """
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
            searches = [each for each in plan if each.startswith("SEARCH users USING")]
            # A range of the index, not all of the organization.
            assert [">" in each or "<" in each for each in searches] == [True, True], plan
            rest = set(plan) - set(searches)
            assert rest <= {"SCALAR SUBQUERY 1", "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"}, plan
            return COUNT + 2  # it stops at the limits: nothing is left out on the way
        [[[told]]] = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
    found = list(nodes(told["Plan"]))
    scans = [each for each in found if "Index Name" in each]
    assert {each["Node Type"] for each in found if each not in scans} <= {"Limit", "Incremental Sort"}, told
    before, page = scans
    assert page["Index Name"] == index
    assert "<" in before["Index Cond"], before  # the position is a bound of the index
    assert ">" in page["Index Cond"], page
    return sum(int(each["Actual Rows"]) + int(each.get("Rows Removed by Filter", 0)) for each in scans)
