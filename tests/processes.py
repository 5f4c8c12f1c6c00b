"""Real processes: `scim-server` as an operator starts it, from the environment that runs the tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from select import select
from typing import Any

import orjson
import psutil  # type: ignore[import-untyped]

from tests.clients import USER, Reply

PROGRAMS = Path(sys.executable).parent
SCIM_SERVER = PROGRAMS / "scim-server"

# Far longer than anything takes here: a wait that reaches it has failed.
PATIENCE = 60.0


def environment(settings: Mapping[str, object]) -> dict[str, str]:
    """What a plain shell has, and these settings of ours; nothing else of whoever runs the tests."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return plain | {f"SCIM_{name}".upper(): str(value) for name, value in settings.items()}


def run(*arguments: str, folder: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run `scim-server` to its end, in a folder of its own."""
    return subprocess.run(
        [SCIM_SERVER, *arguments],
        cwd=folder,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@dataclass
class Server:
    """A `scim-server` that runs. What it says on standard error is its log."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "stderr").read_text()

    @property
    def printed(self) -> str:
        return (self.folder / "stdout").read_text()

    def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask on a connection of its own; `body` is JSON, or bytes as they are, or chunks of bytes."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            payload = body if body is None or isinstance(body, bytes | Iterator) else orjson.dumps(body)
            connection.request(method, path, payload, dict(headers or {}), encode_chunked=isinstance(body, Iterator))
            return _reply(connection.getresponse())
        finally:
            connection.close()

    def listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE).close()
        except ConnectionRefusedError:
            return False
        return True

    def workers(self) -> set[int]:
        """The process ids of those who answer."""
        found = set()
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # it has just ended
                if any("spawn_main" in argument for argument in child.cmdline()):
                    found.add(child.pid)
        return found

    def send(self, which: signal.Signals) -> None:
        self.process.send_signal(which)

    def press_ctrl_c(self) -> None:
        """What a terminal does: the signal reaches every process of the group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait until it has ended; its exit code."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        self.send(signal.SIGTERM)
        return self.wait()


@dataclass(frozen=True)
class Wire:
    """A client of one organization's SCIM endpoint, on a server that runs. Paths are below its base URL."""

    server: Server
    slug: str
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        all_headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/scim+json",
            **self.headers,
            **(headers or {}),
        }
        return self.server.request(method, f"/scim/v2/{self.slug}{path}", body, all_headers)

    def get(self, path: str) -> Reply:
        return self.send("GET", path)

    def create_user(self, user_name: str) -> Reply:
        return self.send("POST", "/Users", user(user_name))

    def user_names(self) -> list[str]:
        return self.get("/Users?count=500").user_names


def user(user_name: str) -> dict[str, Any]:
    return {"schemas": [USER], "userName": user_name}


@dataclass(frozen=True)
class Upload:
    """A request to create a user, whose body waits until the server asks for it (RFC 9110 §10.1.1).

    So a test knows that the request is under way, and for how long it stays so.
    """

    connection: socket.socket
    body: bytes

    def is_awaited(self) -> bool:
        readable, _, _ = select([self.connection], [], [], 0)
        return bool(readable) and self.connection.recv(1000, socket.MSG_PEEK) == b"HTTP/1.1 100 Continue\r\n\r\n"

    def start(self) -> None:
        """Wait until the server asks for the body."""
        wait_until(self.is_awaited, "the server asks for the body")

    def send(self) -> None:
        self.connection.sendall(self.body)

    def reply(self) -> Reply:
        with HTTPResponse(self.connection, method="POST") as response:
            response.begin()
            return _reply(response)


@contextmanager
def upload(wire: Wire, body: bytes, timeout: float = PATIENCE) -> Iterator[Upload]:
    with socket.create_connection(("127.0.0.1", wire.server.port), timeout) as connection:
        headers = (
            f"POST /scim/v2/{wire.slug}/Users HTTP/1.1",
            "Host: scim.example.com",
            f"Authorization: Bearer {wire.token}",
            "Content-Type: application/scim+json",
            f"Content-Length: {len(body)}",
            "Expect: 100-continue",
        )
        connection.sendall("".join(f"{line}\r\n" for line in (*headers, "")).encode())
        yield Upload(connection, body)


@contextmanager
def starting(folder: Path, *, command: str = "serve", port: int | None = None, **settings: object) -> Iterator[Server]:
    """A server in a folder of its own, as soon as it is a process. None of its processes outlives the block."""
    port = port or free_port()
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [SCIM_SERVER, command, "--port", str(port)],
            cwd=folder,
            env=environment(settings),
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    server = Server(folder, port, process)
    try:
        yield server
    except BaseException as failure:
        failure.add_note(f"The log of the server:\n{server.log}")
        raise
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)


@contextmanager
def serving(folder: Path, *, command: str = "serve", port: int | None = None, **settings: object) -> Iterator[Server]:
    """A server from the moment that it answers; SIGTERM ends it with the block."""
    with starting(folder, command=command, port=port, **settings) as server:
        wait_until(lambda: server.process.poll() is not None or _answers(server), "the server answers")
        assert server.process.poll() is None, "the server ended before it answered"
        yield server
        server.stop()


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Ask again and again, and fail when it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain until {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _reply(response: HTTPResponse) -> Reply:
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, orjson.loads(body) if body else None)


def _answers(server: Server) -> bool:
    try:
        return server.request("GET", "/healthz").status == 200
    except OSError:
        return False
