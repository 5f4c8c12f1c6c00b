"""SQLite knows how many rows there may be, without which it reads all of an organization to find one."""

from sqlalchemy import text

from scim_server import migrations
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.migrations.statistics import expected


def told(database: Database) -> dict[str, str]:
    with database.engine.connect() as connection:
        return dict(connection.execute(text("SELECT idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL")).all())


def test_every_index_of_what_grows_is_told_of(own: tuple[Settings, Database]) -> None:
    _, database = own
    if database.engine.dialect.name != "sqlite":
        return  # PostgreSQL looks for itself
    migrations.upgrade(database.engine)
    wanted = {index: statistics for _, index, statistics in expected()}
    assert told(database) == wanted

    migrations.downgrade(database.engine, "0020")  # which makes tables anew, with indexes of which nothing is known
    migrations.upgrade(database.engine)
    assert told(database) == wanted


def test_what_analyze_has_found_stays(own: tuple[Settings, Database]) -> None:
    _, database = own
    if database.engine.dialect.name != "sqlite":
        return
    migrations.upgrade(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE sqlite_stat1 SET stat = '7 7 1' WHERE idx = 'uq_users_user_name'")

    migrations.upgrade(database.engine)

    assert told(database)["uq_users_user_name"] == "7 7 1"
