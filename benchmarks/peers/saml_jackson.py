"""saml-jackson: a library, whose directory sync is given what arrives by a small HTTP server of ours.

It keeps a resource as one JSON text, and beside it the rows that it is found by: users by their first e-mail address
alone, which it takes the value of any filter for. A group's members it has in rows of their own (of the namespace
`dsync:members:…` in its table `jackson_store`), and shows them to nobody who asks by SCIM.

Most of a request's time goes by in itself rather than in PostgreSQL, so that on two cores it is run as two processes.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers.packages import installing, node
from benchmarks.peers.processes import free_port
from benchmarks.targets import Peer, Target

PROCESSES = 2


@contextmanager
def run(folder: Path, database: str | None) -> Iterator[Target]:
    assert database is not None, "it keeps everything in PostgreSQL"
    port, directory = free_port(), folder / "directory.json"
    url = database.replace(":@/", "@localhost/", 1)  # it reads no URL without a host, but goes where `?host=` says
    with node(folder, port, url, str(PROCESSES), str(directory)) as process:
        scim = json.loads(directory.read_text())
        yield Target(port, scim["path"], process, {"Authorization": f"Bearer {scim['secret']}"})


LACKS = frozenset(
    {
        # 200, and nobody: it takes the value for an e-mail address.
        "look up by externalId",
        # 200, with the right users, but a `totalResults` of no more than its `pageLimit` (50 where nothing else is set,
        # 100 here): an import ends after its first page. For a total that is right it has to read everybody each time.
        "page of 100 users",
        # 201, but without its members: it takes them by PATCH alone.
        "create a group",
    }
)

PEER = Peer(
    "saml-jackson",
    "PostgreSQL",
    installing("saml-jackson", "@boxyhq/saml-jackson"),
    run,
    processes=PROCESSES,
    lacks=LACKS,
    shows_members=False,
)
