"""scimmy: a library, and its routers for express, over a store of our own: in memory, with an index for each look-up.

All of it is in one process: its store cannot be shared with another.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers.packages import installing, node
from benchmarks.peers.processes import free_port
from benchmarks.targets import Peer, Target


@contextmanager
def run(folder: Path, _database: str | None) -> Iterator[Target]:
    port, token = free_port(), secrets.token_hex(16)
    with node(folder, port, token) as process:
        yield Target(port, "/scim/v2", process, {"Authorization": f"Bearer {token}"})


PEER = Peer("scimmy", "memory", installing("scimmy", "scimmy"), run)
