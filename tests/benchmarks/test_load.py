"""What the load client makes of answers, which a real server sends."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from benchmarks.load import Answer, Sample, measure

OK = frozenset({200})
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
WITH_LENGTH = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
SHOUTED = b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH:5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;note=x\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
TRAILED = CHUNKED[:-2] + b"Expires: never\r\n\r\n"
NOTHING = b"HTTP/1.1 204 No Content\r\n\r\n"
REFUSED = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nslow"
CLOSING = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"


@contextmanager
def answering(answer: Callable[[int], bytes], piece: int = 65536, *, closes: bool = False) -> Iterator[int]:
    """A server that sends this for the n-th request, in pieces of so many bytes; the port it listens on."""
    numbers, lock = iter(range(100_000)), threading.Lock()

    def serve(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while connection.recv(65536):
                with lock:
                    content = answer(next(numbers))
                for start in range(0, len(content), piece):
                    connection.sendall(content[start : start + piece])
                if closes or b"close" in content:
                    return

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def send(port: int, times: int = 20, connections: int = 1) -> Sample:
    return measure(port, [REQUEST] * times, OK, connections, 30, keeps=True)


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("piece", [1, 7, 65536])
@pytest.mark.parametrize(
    "answer", [WITH_LENGTH, SHOUTED, CHUNKED, TRAILED], ids=["length", "case", "chunked", "trailed"]
)
def test_an_answer_is_read_to_its_end_and_no_further(answer: bytes, piece: int, connections: int) -> None:
    with answering(lambda _: answer, piece) as port:
        sample = send(port, connections=connections)
    assert sample.bodies == [b"hello"] * 20
    assert len(sample.latencies) == sample.done == 20
    assert not sample.wrong
    assert sample.reconnects == 0


def test_an_answer_without_a_body_ends_with_its_head() -> None:
    with answering(lambda _: NOTHING) as port:
        sample = measure(port, [REQUEST] * 5, frozenset({204}), 1, 30)
    assert len(sample.latencies) == 5


def test_an_unexpected_status_is_counted_and_not_timed() -> None:
    with answering(lambda number: REFUSED if number % 4 == 0 else WITH_LENGTH) as port:
        sample = send(port, connections=4)
    assert sample.wrong == {429: 5}
    assert len(sample.latencies) == 15
    assert sample.done == 20
    assert sample.complaint == "429 slow"


@pytest.mark.parametrize("connections", [1, 4])
def test_whoever_says_that_they_close_is_connected_to_anew(connections: int) -> None:
    with answering(lambda _: CLOSING) as port:
        sample = send(port, connections=connections)
    assert sample.bodies == [b"hello"] * 20
    assert sample.reconnects == 20 - connections


@pytest.mark.parametrize("connections", [1, 4])
def test_whoever_closes_without_a_word_is_asked_again(connections: int) -> None:
    with answering(lambda _: WITH_LENGTH, closes=True) as port:
        sample = send(port, connections=connections)
    assert sample.bodies == [b"hello"] * 20
    assert sample.reconnects == 20 - connections


def test_an_answer_that_breaks_off_is_an_error() -> None:
    with answering(lambda _: WITH_LENGTH[:-1], closes=True) as port, pytest.raises(ConnectionError, match="middle"):
        send(port)


def test_the_first_requests_are_sent_and_all_that_are_sent_are_awaited() -> None:
    seen = []
    with answering(lambda number: seen.append(number) or WITH_LENGTH) as port:  # type: ignore[func-returns-value]
        sample = measure(port, [REQUEST] * 100_000, OK, 3, 0.05)
    assert sample.done == len(seen) < 100_000


def test_a_long_chunked_answer_is_whole_only_after_its_last_chunk() -> None:
    answer = Answer()
    assert not answer.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0\r\n\r\n")
    assert not answer.feed(b"\r\n")
    assert answer.feed(b"0\r\n\r\n")
    assert answer.body == b"0\r\n\r\n"
