"""What SQLite should think of our tables, which it chooses its indexes by.

Until ANALYZE has looked, it takes ten rows for all that an organization has in a table: it rather reads these ten, who
are a hundred thousand, in the order that was asked for than finds one by its name and has it to sort. Nobody runs
ANALYZE on a database that is a file of a program. So it is told how a large organization looks: many rows, few with the
same name or address, and some columns, such as the status, of which half of the rows may have the same.

PostgreSQL looks for itself, a minute after there is something. Until then it takes it that there are 200 organizations,
each with one row or two, so that any index that begins with the organization is as good as the one of the key; and the
plans that it makes for prepared statements stay as they are, however many rows there are by then. That is the minute of
the first sync, in which each request would read all who are there already.
"""

from collections.abc import Iterator

from sqlalchemy import Column, Connection, Table, text

from scim_server.models import Base

# What grows with an organization and what happens in it. Of its roles, directories or domains there are ten indeed.
GROWING = (
    *("users", "user_emails", "teams", "memberships", "subteams", "team_ancestors", "user_permissions"),
    *("events", "directory_requests", "sessions", "sign_ins", "scim_tokens", "checklists", "invitations"),
    *("claimed_groups", "connection_subjects", "access_review_lines", "import_rows"),
)
# Rows of all organizations, and of one.
_EVERY, _ALL = 10_000_000, 100_000
# Those of one organization that have the same in one of these columns, and in any other.
_ALIKE = {
    **dict.fromkeys(("status", "directory_id", "state", "kind"), 50_000),
    **dict.fromkeys(("role_id", "position_id", "action", "connection_id", "import_id", "review_id"), 10_000),
    **dict.fromkeys(("removed_by", "actor_id", "client_id", "decided_by_id"), 1_000),
}
_FEW = 10


def tell_sqlite(connection: Connection) -> None:
    """Tell it of each index that it knows nothing of. A migration that makes a table anew has it forget."""
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # makes the table of statistics, and looks at no rows
    there = {name for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    known = {name for (name,) in connection.exec_driver_sql("SELECT idx FROM sqlite_stat1 WHERE idx IS NOT NULL")}
    for table, index, statistics in expected():
        if index in there - known:
            connection.exec_driver_sql(
                "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", (table, index, statistics)
            )
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # has it read them


def tell_postgresql(connection: Connection) -> None:
    """Tell it that one organization may have all rows of a table, where it knows nothing of it yet. (It can be told
    from version 18 on.)
    """
    dialect = connection.dialect
    if dialect.name == "postgresql" and (dialect.server_version_info or ()) >= (18,):
        connection.execute(_ALL_OF_ONE, {"tables": list(GROWING)}).all()


_ALL_OF_ONE = text("""
    SELECT pg_restore_attribute_stats(
        'schemaname', schemaname::text, 'relname', relname::text, 'attname', 'org_id', 'inherited', false,
        'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 1::real
    )
    FROM pg_stat_user_tables AS there
    WHERE relname = ANY(:tables) AND pg_table_is_visible(relid) AND NOT EXISTS (
        SELECT FROM pg_stats WHERE schemaname = there.schemaname AND tablename = there.relname AND attname = 'org_id'
    )
""")


def expected() -> Iterator[tuple[str, str, str]]:
    """Table, index, and how many rows there are, and how many of them are alike in the first column, in two, …"""
    for name in GROWING:
        table = Base.metadata.tables[name]
        yield name, f"sqlite_autoindex_{name}_1", _statistics(table, [*table.primary_key], unique=True)
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield name, str(index.name), _statistics(table, [*index.columns], unique=index.unique)


def _statistics(table: Table, columns: list[Column[object]], *, unique: bool) -> str:
    alike, counts, key = _ALL, [_EVERY], {column.name for column in table.primary_key}
    for column in columns:
        key.discard(column.name)
        if column.name != "org_id":
            alike = min(alike, _ALIKE.get(column.name, _FEW)) if key else 1
        counts.append(alike)
    if unique:
        counts[-1] = 1
    return " ".join(map(str, counts))
