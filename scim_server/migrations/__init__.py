"""Alembic migrations, and the questions the rest of the program asks about the schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from scim_server.db import begin
from scim_server.migrations.statistics import tell_postgresql, tell_sqlite

_FOLDER = Path(__file__).parent


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to what this version of the program needs, or to an earlier revision."""
    with _config(engine) as config:
        command.upgrade(config, revision)
        tell_sqlite(config.attributes["connection"])
        tell_postgresql(config.attributes["connection"])


def downgrade(engine: Engine, revision: str) -> None:
    with _config(engine) as config:
        command.downgrade(config, revision)


def check(engine: Engine) -> None:
    """Raise alembic.util.CommandError where the migrations and the models disagree."""
    with _config(engine) as config:
        command.check(config)


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@cache
def needed_revision() -> str:
    """Found once: Alembic reads all migrations for it, and every `/readyz` asks."""
    head = ScriptDirectory(str(_FOLDER)).get_current_head()
    assert head is not None, "there is at least one migration"
    return head


@contextmanager
def _config(engine: Engine) -> Iterator[Config]:
    """One transaction for all of it: a migration that fails half-way leaves the schema as it was."""
    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(_FOLDER))
    with engine.connect() as connection, _unlinked(connection), connection.begin():
        begin(connection, writes=True)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")  # whoever else migrates may take their time
        config.attributes["connection"] = connection
        yield config
        _check_links(connection)


@contextmanager
def _unlinked(connection: Connection) -> Iterator[None]:
    """Without the foreign keys of SQLite, which cannot alter a table but by dropping the old one: its rows would take
    along the rows that refer to them.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys = OFF")  # does nothing inside a transaction
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def _check_links(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        assert not broken, f"the migration has broken references: {broken[:5]}"
