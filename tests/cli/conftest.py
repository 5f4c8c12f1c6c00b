"""The commands as an operator has them: in this process where that shows the same, else as a process."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scim_server.cli import main
from scim_server.config import Settings
from scim_server.db import Database
from tests.promises.databases import database_of_its_own

Command = Callable[..., Result]


@pytest.fixture
def command(settings: Settings, database: Database) -> Command:
    """Run a command on a database that has its tables and nothing in them; settings are given by their names."""
    return _runner(settings.database_url)


@pytest.fixture
def nothing(settings: Settings, tmp_path: Path) -> Iterator[Database]:
    """A database that has not even its tables."""
    with database_of_its_own(settings, tmp_path) as (_, database):
        yield database


@pytest.fixture
def command_on_nothing(nothing: Database) -> Command:
    return _runner(nothing.engine.url.render_as_string(hide_password=False))


@pytest.fixture(scope="module")
def refused_command(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """As `command_on_nothing`, for commands that all leave it so: it is one database."""
    with database_of_its_own(settings, tmp_path_factory.mktemp("nothing")) as (own, _):
        yield _runner(own.database_url)


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """A command sets up the log of its own process, which here is that of the tests."""
    before = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], level = before
    logging.root.setLevel(level)


def _runner(database_url: str) -> Command:
    def run(*arguments: str, **settings: str) -> Result:
        environment: dict[str, str | None] = {"SCIM_ENV": None, "SCIM_DATABASE_URL": database_url}
        environment |= {f"SCIM_{name}".upper(): value for name, value in settings.items()}
        return CliRunner().invoke(main, arguments, env=environment)

    return run
