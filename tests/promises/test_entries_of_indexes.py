"""Each entry of an index is written with the row, and for most changes of it again. So whoever is found by something is
entered there, and whoever has nothing of it is not.
"""

from sqlalchemy import inspect, text

from scim_server.db import Database
from tests.clients import Directory
from tests.request_logs import logged

# Where a user of a directory is found. To add to these is to change what each request of a sync writes.
USER = {
    *("uq_users_user_name", "ix_users_of_directory", "ix_users_org_id_external_id", "ix_users_org_id_display_name_key"),
    *("ix_users_org_id_updated_at", "ix_users_org_id_status_id", "ix_users_org_id_id_status"),
    "ix_users_org_id_role_id_id",
}
LOOK_UP = {"ix_directory_requests_org_id_directory_id_id"}
CHANGE = LOOK_UP | {"ix_directory_requests_org_id_target_id_id"}


def entered(database: Database, table: str, rows: str = "1 = 1") -> set[str]:
    """The indexes, besides the key's, that have an entry of some of these rows."""
    conditions = {
        str(index["name"]): str(index.get("dialect_options", {}).get(f"{database.engine.dialect.name}_where", "1 = 1"))
        for index in inspect(database.engine).get_indexes(table)
    }
    with database.engine.connect() as connection:
        return {
            name
            for name, condition in conditions.items()
            if connection.scalar(text(f"SELECT count(*) FROM {table} WHERE ({rows}) AND ({condition})"))  # noqa: S608
        }


def test_a_user_of_a_directory_is_entered_where_they_are_found(acme: Directory, database: Database) -> None:
    acme.create_user("ida", externalId="7", displayName="Ida")

    assert entered(database, "users") == USER


def test_a_request_is_entered_under_whom_it_is_about_if_it_is_about_anybody(
    acme: Directory, database: Database
) -> None:
    acme.create_user("ida")
    acme.search('userName eq "ida"')
    logged(acme.app, database)

    assert entered(database, "directory_requests", "target_id IS NULL") == LOOK_UP
    assert entered(database, "directory_requests", "target_id IS NOT NULL") == CHANGE
