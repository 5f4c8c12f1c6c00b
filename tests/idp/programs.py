"""Programs of others, as processes that end with the test that started them."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.processes import PATIENCE, wait_until

PYTHON = Path(sys.executable)
CHECKOUT = Path(__file__).parents[2]


@contextmanager
def program(
    command: Sequence[object],
    *,
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    told: bytes = b"",
    folder: Path | None = None,
) -> Iterator[None]:
    """Start it, and go on once it listens at the port; it and its children are gone after the block.

    It reads on its standard input what it is `told`, and works in `folder`, or where its log is.
    """
    with log.open("wb") as output, tempfile.TemporaryFile() as given:
        given.write(told)
        given.seek(0)
        process = subprocess.Popen(
            [str(part) for part in command],
            env={"PATH": os.environ["PATH"], "HOME": str(log.parent), **(environment or {})},
            cwd=folder or log.parent,
            stdin=given,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: process.poll() is not None or _listens(port), f"{command[0]} listens")
        assert process.poll() is None, f"{command[0]} ended at once"
        yield
    except BaseException as failure:
        failure.add_note(f"The log of {command[0]}:\n{log.read_text(errors='replace')[-4000:]}")
        raise
    finally:
        # Its children, too, and those first of all where it has died before them.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True
