"""django-scim2: SCIM for the users and groups of a Django project; ours, in django-scim2/, has nothing besides.

It looks for the members to remove in the value of the operation, as Entra sends them; a path with a filter, as Okta
sends it, is answered with 501.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers.processes import HERE, finished, free_port, granian, started, version, virtual_environment
from benchmarks.targets import Peer, Target

FILES = HERE / "django-scim2"
WORKERS, THREADS = 2, 4


def install(folder: Path) -> str:
    return version(virtual_environment(folder, FILES / "requirements.txt"), "django-scim2")


@contextmanager
def run(folder: Path, database: str | None) -> Iterator[Target]:
    assert database is not None
    port, token = free_port(), secrets.token_hex(16)
    programs = virtual_environment(folder, FILES / "requirements.txt")
    environment = {"PEER_TOKEN": token, "PEER_DATABASE": database, "PYTHONPATH": str(FILES)}
    environment["DJANGO_SETTINGS_MODULE"] = "settings"
    migrate = [str(programs / "django-admin"), "migrate", "--run-syncdb", "--verbosity", "0"]
    finished(migrate, folder, environment)
    command = granian(programs, "application:application", port, workers=WORKERS, threads=THREADS)
    with started(command, folder, port, environment) as process:
        yield Target(port, "/scim/v2", process, {"Authorization": f"Bearer {token}"})


LACKS = frozenset(
    {
        # It passes over the members that come along. That they arrive is the work of our project (people/adapters.py),
        # so that there are groups to measure the rest with; the time would say nothing of django-scim2.
        "create a group",
        # It passes over excludedAttributes, and sends all members.
        "get a group without its members",
    }
)

PEER = Peer("django-scim2", "PostgreSQL", install, run, processes=WORKERS, lacks=LACKS)
