"""What a database does for a statement: where it looks, and at how much."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, NamedTuple

from psycopg.sql import Literal
from sqlalchemy import Connection, event

from scim_server.db import Database
from scim_server.migrations.statistics import GROWING
from scim_server.postgresql import relied_on, relying
from tests.promises.databases import apart

# As few rows as anybody may read or put in order.
_FEW = 1000
# Steps of SQLite's machine between two counts of them.
_STEPS = 10
# Executions after which PostgreSQL may decide on a plan for any values.
_TRIES = 7
_PARAMETER = re.compile(r"%\((\w+)\)s")


class Sent(NamedTuple):
    """A statement, with its values, as the driver was given it."""

    sql: str
    values: Any

    @property
    def is_count(self) -> bool:
        """Whether it counts all that is found, as a page with a total needs."""
        return self.sql.startswith(("SELECT count(*)", "SELECT its.* FROM (SELECT count(*)"))


@contextmanager
def sent_to(database: Database) -> Iterator[list[Sent]]:
    """The statements that this thread sends while the block runs."""
    sent: list[Sent] = []
    here = get_ident()

    def note(_connection: Any, cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if get_ident() == here and not sql.startswith("BEGIN"):
            values = values[0] if isinstance(values, list) else values
            sent.extend(_as_sent(cursor, each, values) for each in apart(sql))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def _as_sent(cursor: Any, sql: str, values: Any) -> Sent:
    """A statement with what it asks along, if it is the first one of a request, on PostgreSQL."""
    premise = getattr(cursor.connection, "relies_on", None)
    if premise is None:
        return Sent(sql, values)
    asking = relying(sql, premise.text)
    return Sent(asking, {**(values or {}), **relied_on(premise)}) if asking else Sent(sql, values)


def faults(connection: Connection, sent: Sent) -> list[str]:
    """What is wrong with the way to what a statement asks for: a table that is read from end to end, or sorted."""
    if sent.sql.startswith("INSERT") and "SELECT" not in sent.sql:
        return []
    if connection.dialect.name == "sqlite":
        return list(_faults_of_sqlite(connection, sent))
    return list(_faults_of_postgresql(_settled_plan(connection, sent), _large(connection)))


def work(connection: Connection, sent: Sent) -> int:
    """How much a SELECT looks at: rows on PostgreSQL, tens of steps on SQLite."""
    if connection.dialect.name == "sqlite":
        return _steps(connection, sent)
    plan = _plan(connection, f"EXPLAIN (ANALYZE, FORMAT JSON) {sent.sql}", sent.values)
    return sum(_rows_read(node) for node in nodes(plan) if "Scan" in node["Node Type"])


def plan_of(connection: Connection, sent: Sent) -> str:
    """How a statement would be carried out, to look for a word in it."""
    if connection.dialect.name == "sqlite":
        return "; ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent.sql}", sent.values))
    return str(_plan(connection, f"EXPLAIN (FORMAT JSON) {sent.sql}", sent.values))


def generic_plan(connection: Connection, sent: Sent) -> dict[str, Any]:
    """How PostgreSQL carries out a statement that is prepared for whatever values there may be."""
    connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
    return _settled_plan(connection, sent)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan of PostgreSQL, node by node."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def _whole(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes that go on to their end, and do not stop as soon as there are enough rows."""
    yield plan
    for each in plan.get("Plans", ()) if plan["Node Type"] != "Limit" else ():
        yield from _whole(each)


def _settled_plan(connection: Connection, sent: Sent) -> dict[str, Any]:
    """The plan of a statement that was prepared and has been executed some times, which may be one for any values."""
    numbers: dict[str, int] = {}
    sql = _PARAMETER.sub(lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", sent.sql)
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    values = ", ".join(Literal(sent.values[name]).as_string(driver) for name in numbers)
    cursor.execute(f"PREPARE it AS {sql.replace('%%', '%')}")
    try:
        for _ in range(_TRIES):
            plan = _plan(connection, f"EXPLAIN (FORMAT JSON) EXECUTE it{f'({values})' if values else ''}", None)
    finally:
        cursor.execute("DEALLOCATE it")
    return plan


def _plan(connection: Connection, sql: str, values: Any) -> dict[str, Any]:
    cursor = connection.connection.cursor()
    cursor.execute(sql, values) if values else cursor.execute(sql)
    [[[told]]] = cursor.fetchall()
    plan: dict[str, Any] = told["Plan"]
    return plan


def _large(connection: Connection) -> set[str]:
    rows = connection.exec_driver_sql("SELECT relname FROM pg_class WHERE reltuples > %(few)s", {"few": _FEW})
    return {name for (name,) in rows}


def _faults_of_postgresql(plan: dict[str, Any], large: set[str]) -> Iterator[str]:
    for node in _whole(plan):
        kind, table = node["Node Type"], node.get("Relation Name")
        if kind == "Seq Scan" and table in large:
            yield f"all of {table} is read: {_told(node)}"
        if kind == "Sort" and node["Plan Rows"] > _FEW:
            yield f"many are sorted: {_told(node)}"
        if kind == "Index Scan" and "Index Cond" not in node:
            yield f"an index is read from end to end: {_told(node)}"


def _told(node: dict[str, Any]) -> str:
    return str({name: value for name, value in node.items() if name != "Plans"})


def _rows_read(node: dict[str, Any]) -> int:
    rows = sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"))
    return int(rows * node["Actual Loops"])


def _faults_of_sqlite(connection: Connection, sent: Sent) -> Iterator[str]:
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent.sql}", sent.values):
        found = re.match(r"SCAN (\w+?)(?:_\d+)?(?: USING .*)?$", row[3])
        if found and found[1] in GROWING:
            yield f"all of a table is read: {row[3]}"


def _steps(connection: Connection, sent: Sent) -> int:
    driver = connection.connection.driver_connection
    assert driver is not None
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    driver.set_progress_handler(count, _STEPS)
    try:
        connection.exec_driver_sql(sent.sql, sent.values).all()
    finally:
        driver.set_progress_handler(None, 0)
    return steps
