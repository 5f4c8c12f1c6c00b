"""Alembic migrations, and the questions the rest of the program asks about the schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

_FOLDER = Path(__file__).parent


def upgrade(engine: Engine) -> None:
    """Bring the schema to what this version of the program needs."""
    with _config(engine) as config:
        command.upgrade(config, "head")


def downgrade(engine: Engine, revision: str) -> None:
    with _config(engine) as config:
        command.downgrade(config, revision)


def check(engine: Engine) -> None:
    """Raise alembic.util.CommandError where the migrations and the models disagree."""
    with _config(engine) as config:
        command.check(config)


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def needed_revision() -> str:
    head = ScriptDirectory(str(_FOLDER)).get_current_head()
    assert head is not None, "there is at least one migration"
    return head


@contextmanager
def _config(engine: Engine) -> Iterator[Config]:
    """One transaction for all of it: a migration that fails half-way leaves the schema as it was."""
    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(_FOLDER))
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        yield config
