"""Who takes part in a run: ours and the floor, each on its databases, and the peers."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.comparison import BROKEN, Entry, Options, say
from benchmarks.floor import LACKS, floor
from benchmarks.ours import WORKERS, ours
from benchmarks.peers import ALL
from benchmarks.results import Results, Server
from benchmarks.targets import Peer, Target

INSTALLED = Path("var/benchmarks")


def entries_of(options: Options, results: Results) -> list[Entry]:
    """Ours first. A peer that cannot be installed is noted, and is not there."""
    entries = []
    for role, start, lacks in (("ours", ours, frozenset[str]()), ("floor", floor, LACKS)):
        for keeps in options.databases if role in options.only else ():
            name = "scim-server" if role == "ours" else "floor"
            entries.append(Entry(Server(f"{name}, {keeps}", role, keeps, WORKERS), _on_a_database(start), lacks))
    if "peers" in options.only:
        entries += _peers(options, results)
    return entries


def _on_a_database(
    start: Callable[[str, Path], AbstractContextManager[Target]],
) -> Callable[[Path, str | None], AbstractContextManager[Target]]:
    def started(folder: Path, url: str | None) -> AbstractContextManager[Target]:
        assert url is not None
        return start(url, folder)

    return started


def _peers(options: Options, results: Results) -> Iterator[Entry]:
    for peer in ALL:
        if options.peers is not None and peer.name not in options.peers:
            continue
        say(f"{peer.name} is installed, where it is not yet")
        folder = (INSTALLED / peer.name.partition(",")[0]).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            version = peer.install(folder)
        except BROKEN as problem:
            results.notes.append(f"{peer.name} does not install: {problem}")
            continue
        yield Entry(Server(peer.name, "peer", peer.keeps, peer.processes, version), _in(peer, folder), peer.lacks)


def _in(peer: Peer, installed: Path) -> Callable[[Path, str | None], AbstractContextManager[Target]]:
    return lambda _folder, url: peer.run(installed, url if peer.keeps == "PostgreSQL" else None)
