"""The load client: plain sockets that stay open, and a loop that does nothing but send and read.

It is no HTTP library: it sends bytes that were built before, and of an answer it reads the status and where it ends. It
runs in a process of its own (`client()`), so that it shares neither an interpreter nor a lock with what starts it.
"""

import re
import selectors
import socket
import statistics
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

PATIENCE = 120
"""Seconds that an answer may take; who takes longer does not work."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection:[^\r\n]*close", re.IGNORECASE)
_WITHOUT_BODY = frozenset({204, 304})


def client() -> ProcessPoolExecutor:
    """The process that `measure` is to be called in."""
    return ProcessPoolExecutor(1, get_context("spawn"))


@dataclass
class Sample:
    """What one or more measurements found.

    `latencies` are the seconds of each answer that had an expected status, `wrong` counts the statuses of the others:
    an answer that refuses is quick, and says nothing of the work. `done` is how many requests were answered at all.
    """

    elapsed: float = 0
    latencies: list[float] = field(default_factory=list)
    wrong: Counter[int] = field(default_factory=Counter)
    reconnects: int = 0
    bodies: list[bytes] = field(default_factory=list)
    complaint: str = ""
    """The first answer that was not expected."""

    def add(self, other: "Sample") -> None:
        self.elapsed += other.elapsed
        self.latencies += other.latencies
        self.wrong += other.wrong
        self.reconnects += other.reconnects
        self.bodies += other.bodies
        self.complaint = self.complaint or other.complaint

    @property
    def done(self) -> int:
        return len(self.latencies) + self.wrong.total()

    @property
    def throughput(self) -> float:
        return len(self.latencies) / self.elapsed if self.elapsed else 0

    def percentile(self, hundredth: int) -> float:
        """In milliseconds."""
        if len(self.latencies) == 1:
            return self.latencies[0] * 1000
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[hundredth - 1] * 1000


class Answer:
    """An answer as it comes in, piece by piece."""

    def __init__(self) -> None:
        self.received = b""
        self.status = 0
        self.closes = False
        self._body = 0
        self._end: int | None = None
        self._chunk: int | None = None

    def feed(self, piece: bytes) -> bool:
        """Whether the answer is whole now."""
        self.received += piece
        if not self._body and not self._read_head():
            return False
        if self._chunk is not None:
            return self._skip_chunks(self._chunk)
        return self._end is not None and len(self.received) >= self._end

    def end(self) -> bool:
        """Whether the answer is whole now that the server has closed the connection."""
        return bool(self._body) and self._end is None and self._chunk is None

    @property
    def body(self) -> bytes:
        """Of an answer that is whole."""
        if self._chunk is None:
            return self.received[self._body :]
        chunks, at = [], self._body
        while size := int(self.received[at : (line := self.received.find(b"\r\n", at))].partition(b";")[0], 16):
            chunks.append(self.received[line + 2 : line + 2 + size])
            at = line + 2 + size + 2
        return b"".join(chunks)

    def _read_head(self) -> bool:
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head, self._body = self.received[:end], end + 4
        self.status = int(head[9:12])
        self.closes = head.startswith(b"HTTP/1.0") or _CLOSES.search(head) is not None
        if self.status in _WITHOUT_BODY:
            self._end = self._body
        elif length := _LENGTH.search(head):
            self._end = self._body + int(length[1])
        elif _CHUNKED.search(head):
            self._chunk = self._body
        return True

    def _skip_chunks(self, chunk: int) -> bool:
        while (line := self.received.find(b"\r\n", chunk)) >= 0:
            size = int(self.received[chunk:line].partition(b";")[0], 16)
            if size == 0:  # the last one: a blank line ends it, after trailers if there are any
                return self.received.find(b"\r\n\r\n", line) >= 0
            chunk = line + 2 + size + 2
            if chunk > len(self.received):
                break
            self._chunk = chunk
        return False


class Connection:
    """One connection, and the request that is under way on it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.socket = self._open()
        self.answer = Answer()
        self.reconnects = 0
        self._request = b""
        self.sent = 0.0

    @property
    def is_open(self) -> bool:
        return self.socket.fileno() >= 0

    def _open(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self._port))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Not settimeout(), with which Python asks the system before each read whether there is something.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE, 0))
        return opened

    def send(self, request: bytes) -> None:
        self._request, self.answer, self.sent = request, Answer(), time.perf_counter()
        try:
            self.socket.sendall(request)
        except OSError:  # closed since the last answer
            self._again()

    def read(self) -> bool:
        """Whether the answer is whole now. What it cost to connect anew is part of what it took."""
        try:
            piece = self.socket.recv(262_144)
        except ConnectionResetError:
            piece = b""
        except BlockingIOError:
            raise TimeoutError(f"no answer within {PATIENCE} seconds") from None
        if piece:
            return self.answer.feed(piece)
        if self.answer.end():
            self.answer.closes = True
            return True
        if self.answer.received:
            raise ConnectionError(f"closed in the middle of an answer: {self.answer.received[:200]!r}")
        self._again()
        return False

    def _again(self) -> None:
        """A server may close a connection between two answers, and the next request comes to nobody's ears."""
        if time.perf_counter() - self.sent > PATIENCE:
            raise TimeoutError("the server takes no request")
        self.renew()
        self.socket.sendall(self._request)

    def renew(self) -> None:
        self.reconnects += 1
        self.socket.close()
        self.socket = self._open()


def measure(
    port: int,
    requests: Sequence[bytes],
    expected: frozenset[int],
    connections: int,
    seconds: float,
    *,
    keeps: bool = False,
) -> Sample:
    """Keep this many connections busy for some seconds, or until all requests are sent; and await what is under way.

    Of the requests, the first ones are sent, as many as `done` says. `keeps` hands back the bodies of the answers.
    """
    sample = Sample()
    opened = [Connection(port) for _ in range(min(connections, len(requests)))]
    try:
        _drive(sample, opened, iter(requests), expected, seconds, keeps)
    finally:
        for connection in opened:
            connection.socket.close()
    sample.reconnects = sum(connection.reconnects for connection in opened)
    return sample


def _drive(
    sample: Sample,
    opened: list[Connection],
    waiting: Iterator[bytes],
    expected: frozenset[int],
    seconds: float,
    keeps: bool,
) -> None:
    started = time.perf_counter()
    for connection in opened:
        connection.send(next(waiting))
    for connection in _answered(opened):
        now, answer = time.perf_counter(), connection.answer
        if answer.status in expected:
            sample.latencies.append(now - connection.sent)
        else:
            sample.wrong[answer.status] += 1
            sample.complaint = sample.complaint or f"{answer.status} {answer.body[:300].decode(errors='replace')}"
        if keeps:
            sample.bodies.append(answer.body)
        request = next(waiting, None) if now < started + seconds else None
        if request is None:
            connection.socket.close()
        else:
            if answer.closes:
                connection.renew()
            connection.send(request)
    sample.elapsed = time.perf_counter() - started


def _answered(opened: list[Connection]) -> Iterator[Connection]:
    """Each connection as its answer is whole, until none has a request under way."""
    if len(opened) == 1:  # it can simply wait
        while opened[0].is_open:
            if opened[0].read():
                yield opened[0]
        return
    with selectors.DefaultSelector() as selector:
        for connection in opened:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        while selector.get_map():
            for key, _ in _ready(selector):
                connection = key.data
                if connection.read():
                    yield connection
                if connection.socket is not key.fileobj or not connection.is_open:
                    selector.unregister(key.fileobj)
                    if connection.is_open:
                        selector.register(connection.socket, selectors.EVENT_READ, connection)


def _ready(selector: selectors.BaseSelector) -> list[tuple[selectors.SelectorKey, int]]:
    ready = selector.select(timeout=PATIENCE)
    if not ready:
        raise TimeoutError(f"no answer within {PATIENCE} seconds")
    return ready
