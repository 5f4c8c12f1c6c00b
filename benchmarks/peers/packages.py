"""How a peer of node's is installed from npm, and run: a program of ours beside exactly these packages."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers.processes import HERE, started

FILES = ("package.json", "package-lock.json", "server.mjs")


def installing(name: str, package: str) -> Callable[[Path], str]:
    """What puts the packages of `node/NAME` into a folder, unless they are there, and says the package's version."""

    def install(folder: Path) -> str:
        for file in FILES:
            shutil.copy(HERE / "node" / name / file, folder)
        wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
        made = folder / "node_modules" / "package-lock.sha256"
        if not made.exists() or made.read_text() != wanted:
            # No package needs a script of its own for what is asked of it here.
            npm = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(npm, cwd=folder, check=True)
            made.write_text(wanted)
        found: str = json.loads((folder / "node_modules" / package / "package.json").read_text())["version"]
        return found

    return install


@contextmanager
def node(folder: Path, port: int, *arguments: str) -> Iterator[int]:
    """The id of the process that runs the peer's `server.mjs`, which answers on the port."""
    command = ["node", "server.mjs", str(port), *arguments]
    with started(command, folder, port, {"NODE_ENV": "production", "NODE_NO_WARNINGS": "1"}) as process:
        yield process
