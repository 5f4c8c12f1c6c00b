"""Our server as an operator runs it: `scim-server serve`, with two workers, in production's settings."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.targets import Target
from scim_server.config import Settings, load_settings
from scim_server.db import connect
from scim_server.migrations import upgrade
from scim_server.models import PatchResponse, Provider
from scim_server.services import directories, organizations
from scim_server.services.context import OPERATOR

PROGRAMS = Path(sys.executable).parent
WORKERS = 2
SLUG = "bench"


def settings_for(url: str, folder: Path) -> Settings:
    return load_settings(database_url=url, secret_key=_secret_key(folder), log_level="warning")


def prepare(url: str, folder: Path, answer: PatchResponse = PatchResponse.BODY) -> None:
    """The tables, and one organization with a directory, which is an Okta, and whose PATCH requests are answered so."""
    folder.mkdir(parents=True, exist_ok=True)
    settings, now = settings_for(url, folder), datetime.now(UTC)
    database = connect(settings)
    upgrade(database.engine)
    with database.writing() as session:
        organizations.create_organization(session, settings, actor=OPERATOR, now=now, slug=SLUG)
        ctx = organizations.open_organization(session, settings, SLUG, now=now)
        directory = directories.provide_directory(ctx, Provider.OKTA)
        directories.answer_patches(ctx, directory, answer)
        token = directories.create_token(ctx, directory).secret
    database.engine.dispose()
    (folder / "token").write_text(token)


def environment(url: str, folder: Path) -> dict[str, str]:
    """The settings of a server on a database that was prepared: the defaults, except for one.

    All the load comes from one directory, faster than a directory may send.
    """
    return {"SCIM_DATABASE_URL": url, "SCIM_SECRET_KEY": _secret_key(folder), "SCIM_RATE_LIMIT": "1000000"}


def target(port: int, process: int, folder: Path) -> Target:
    token = (folder / "token").read_text()
    return Target(port, f"/scim/v2/{SLUG}", process, {"Authorization": f"Bearer {token}"})


@contextmanager
def serving(url: str, folder: Path) -> Iterator[Target]:
    """The server on a database that was prepared."""
    port = free_port()
    command = [str(PROGRAMS / "scim-server"), "serve", "--port", str(port), "--workers", str(WORKERS)]
    with running(command, port, folder, environment(url, folder), "/healthz") as process:
        yield target(port, process, folder)


@contextmanager
def ours(url: str, folder: Path) -> Iterator[Target]:
    """The server on an empty database."""
    prepare(url, folder)
    with serving(url, folder) as target:
        yield target


def _secret_key(folder: Path) -> str:
    file = folder / "secret.key"
    if not file.exists():
        file.write_text(secrets.token_hex(32))
    return file.read_text()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], port: int, folder: Path, environment: Mapping[str, str], path: str
) -> Iterator[int]:
    """A server as a process of its own, which answers at this path; what it says goes into a file of its folder."""
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdout=log, stderr=log)
        try:
            _await(process, port, path, folder / "server.log")
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)


def _await(process: "subprocess.Popen[bytes]", port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            answered = connection.getresponse().status == HTTPStatus.OK
        except OSError:
            answered = False
        finally:
            connection.close()
        if answered:
            time.sleep(2)  # for the other worker
            return
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} does not answer: {log.read_text()[-2000:]}")


def memory_of_workers(target: Target) -> list[int]:
    """The bytes that each worker of a server has, what it shares with others divided among them where that is known."""
    root = psutil.Process(target.process)
    workers = [child for child in root.children(recursive=True) if _is_worker(child)] or [root]
    return sorted((_bytes(worker) for worker in workers), reverse=True)[: max(1, len(workers))]


def _is_worker(process: psutil.Process) -> bool:
    """Python starts a process of its own beside them, which tracks what they share."""
    return "resource_tracker" not in " ".join(process.cmdline())


def _bytes(process: psutil.Process) -> int:
    memory = process.memory_full_info()
    return int(getattr(memory, "pss", 0) or memory.uss)
