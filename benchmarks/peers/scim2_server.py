"""scim2-server: SCIM on scim2-models, as ours; it keeps everything in the memory of a process.

Its own command is the development server of the standard library, which closes the connection after each answer. Under
granian, connections stay open.

Two processes share nothing: each has the resources that it was asked itself to create, and knows no other. So the peer
that is asked everything is one process. The one of two processes is asked only what can be answered without having seen
what was sent before; on two cores, no work of theirs can be done more than twice as fast as by the one process.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from benchmarks.peers.processes import HERE, free_port, granian, started, version, virtual_environment
from benchmarks.targets import Peer, Target

FILES = HERE / "scim2-server"


def install(folder: Path) -> str:
    return version(virtual_environment(folder, FILES / "requirements.txt"), "scim2-server")


def running(workers: int) -> Callable[[Path, str | None], AbstractContextManager[Target]]:
    @contextmanager
    def run(folder: Path, _database: str | None) -> Iterator[Target]:
        port, token = free_port(), secrets.token_hex(16)
        programs = virtual_environment(folder, FILES / "requirements.txt")
        command = granian(programs, "application:application", port, workers=workers, threads=1)
        environment = {"PEER_TOKEN": token, "PYTHONPATH": str(FILES)}
        with started(command, folder, port, environment) as process:
            yield Target(port, "/v2", process, {"Authorization": f"Bearer {token}"})

    return run


# The other process answers 404, or with an empty list.
FORGETS = frozenset(
    {
        "get a user",
        "look up by userName",
        "look up by externalId",
        "page of 100 users",
        "PUT a user",
        "PATCH active",
        "delete a user",
        "get a group without its members",
        "add a member",
        "remove a member",
        "delete a group",
    }
)

PEERS = (
    Peer("scim2-server", "memory", install, running(1)),
    Peer("scim2-server, 2 processes", "memory", install, running(2), processes=2, lacks=FORGETS),
)
