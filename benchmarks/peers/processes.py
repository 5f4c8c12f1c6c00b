"""How a peer is installed from PyPI, and how any peer is started and ended."""

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

HERE = Path(__file__).parent


def virtual_environment(folder: Path, requirements: Path) -> Path:
    """The folder of the programs of an environment with exactly these packages; made unless it is there already."""
    programs = folder / "environment" / "bin"
    made = folder / "environment" / "requirements.sha256"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not made.exists() or made.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder / "environment")], check=True)
        pip = [str(programs / "pip"), "--quiet", "--disable-pip-version-check", "install", "--require-hashes"]
        subprocess.run([*pip, "--requirement", str(requirements)], check=True)
        made.write_text(wanted)
    return programs


def version(programs: Path, package: str) -> str:
    script = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    found = subprocess.run(
        [str(programs / "python"), "-c", script, package], check=True, capture_output=True, text=True
    )
    return found.stdout.strip()


def finished(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    """Run what a server needs beforehand, and say what is wrong if it does not end well."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")


def granian(programs: Path, application: str, port: int, *, workers: int, threads: int) -> list[str]:
    return [
        *(str(programs / "granian"), "--interface", "wsgi", "--log-level", "warning", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", str(workers), "--blocking-threads", str(threads), application),
    ]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def started(command: Sequence[str], folder: Path, port: int, environment: Mapping[str, str]) -> Iterator[int]:
    """The id of a process that answers on the port; what it writes is added to the file `log` in the folder."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdout=log, stderr=log)
        try:
            _wait(process, port, folder / "log")
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"it ended instead of answering: {log.read_text(errors='replace')[-2000:]}")
        if _answers(port):
            time.sleep(1)  # for its other processes
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}: {log.read_text(errors='replace')[-2000:]}")


def _answers(port: int) -> bool:
    """Whether an answer comes, of whatever kind: a port may be open before anybody looks at what arrives there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True
