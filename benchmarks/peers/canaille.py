"""canaille: an identity server on Flask and SQLAlchemy, which speaks SCIM on scim2-models, too.

A client's token opens it, made by its own commands. Its documentation runs it under hypercorn, as ASGI around the Flask
application; granian serves the Flask application itself.

It answers 400 to a user as Okta sends them: a locale, the type of an e-mail address and whether it is the primary one
are not permitted, and name.formatted is required; of a group that is created, its members and the $ref of each. What is
too much is taken away by canaille-server/application.py, and what is missing is added, so that something can be
measured: it keeps less of a user than the others do.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.peers.processes import HERE, finished, free_port, granian, started, version, virtual_environment
from benchmarks.targets import Peer, Target

FILES = HERE / "canaille-server"
WORKERS, THREADS = 2, 4


def install(folder: Path) -> str:
    return version(virtual_environment(folder, FILES / "requirements.txt"), "canaille")


@contextmanager
def run(folder: Path, database: str | None) -> Iterator[Target]:
    assert database is not None
    port, token = free_port(), secrets.token_hex(16)
    programs = virtual_environment(folder, FILES / "requirements.txt")
    environment = {
        "SECRET_KEY": secrets.token_hex(16),
        # It installs this driver; what SQLAlchemy takes without a name is another.
        "CANAILLE_SQL__DATABASE_URI": database.replace("postgresql://", "postgresql+psycopg2://"),
        "CANAILLE_SQL__AUTO_MIGRATE": "false",
        "CANAILLE__FORCE_HTTPS": "false",
        "CANAILLE__LOGGING": '{"version": 1}',  # it would write a line to its log for each change
    }
    _prepare(programs, folder, environment, token)
    environment["PYTHONPATH"] = str(FILES)
    command = granian(programs, "application:application", port, workers=WORKERS, threads=THREADS)
    with started(command, folder, port, environment) as process:
        yield Target(port, "/scim/v2", process, {"Authorization": f"Bearer {token}"})


def _prepare(programs: Path, folder: Path, environment: dict[str, str], token: str) -> None:
    """The tables, and a client with a token that stays good."""
    issued = ("--type", "Bearer", "--issue-date", datetime.now(UTC).isoformat(), "--lifetime", "86400")
    for arguments in (
        ("db", "upgrade"),
        ("create", "client", "--client-id", "benchmark", "--client-name", "benchmark"),
        ("create", "token", "--client", "benchmark", "--access-token", token, "--scope", "openid", *issued),
    ):
        finished([str(programs / "canaille"), *arguments], folder, environment)


LACKS = frozenset(
    {
        # It passes over filters, and answers with everybody.
        "look up by userName",
        "look up by userName, missing",
        "look up by externalId",
        # 500 where a count is given: it compares the text with a number.
        "page of 100 users",
        # 500 as Okta asks for it, by a path with a filter. 400 as Entra does: it takes it for the removal of all.
        "remove a member",
    }
)

PEER = Peer("canaille", "PostgreSQL", install, run, processes=WORKERS, lacks=LACKS)
