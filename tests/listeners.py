"""Servers of a few lines that speak as badly as a test wants them to, on an address of this machine."""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Thread

# Says its part on a connection, of which the request was read; whatever it raises of the network is the client's doing.
Part = Callable[[socket.socket, bytes], None]


@dataclass
class Listener:
    """`heard` is what every connection asked, head and body, as they came; `gone` is set when the test ends."""

    port: int
    heard: list[bytes] = field(default_factory=list)
    gone: Event = field(default_factory=Event)


@contextmanager
def listening(
    part: "Callable[[Listener], Part]",
    *,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    listens: bool = True,
) -> Iterator[Listener]:
    """Have a part played to each connection, one thread each; without `listens`, before anything is said to it."""
    with socket.create_server((host, port)) as server:
        listener = Listener(server.getsockname()[1])
        threads: list[Thread] = []

        def play(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                connection.settimeout(30)
                plain = tls.wrap_socket(connection, server_side=True) if tls else connection
                with plain:
                    asked = _asked(plain) if listens else b"anything"
                    if asked:
                        listener.heard.append(asked)
                        part(listener)(plain, asked)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threads.append(Thread(target=play, args=(connection,)))
                    threads[-1].start()

        acceptor = Thread(target=accept)
        acceptor.start()
        try:
            yield listener
        finally:
            listener.gone.set()
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            for thread in threads:
                thread.join()


def _asked(connection: socket.socket) -> bytes:
    """A whole request: its head, and as much of a body as it announces."""
    read = b""
    while b"\r\n\r\n" not in read:
        piece = connection.recv(65536)
        if not piece:
            return read
        read += piece
    head, _, body = read.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length:" in line), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> Callable[[Listener], Part]:
    """The part of a server that answers as it should."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    whole = "\r\n".join([*lines, "", ""]).encode() + body
    return lambda _: lambda connection, _asked: connection.sendall(whole)


def redirect(location: str, status: str = "302 Found") -> Callable[[Listener], Part]:
    return answer(status=status, Location=location)


def endlessly(head: bytes, piece: bytes, every: float = 0.0) -> Callable[[Listener], Part]:
    """The part of a server that never comes to an end, until the test does or nobody listens any more; with `every`,
    it takes so long from one piece to the next, and hangs up after a hundred, so that whoever waits too long is told
    something else.
    """

    def part(listener: Listener) -> Part:
        def play(connection: socket.socket, _asked: bytes) -> None:
            connection.sendall(head)
            for _ in range(100) if every else count():
                if listener.gone.wait(every):
                    return
                connection.sendall(piece)

        return play

    return part
