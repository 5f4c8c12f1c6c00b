"""What the outbound client makes of servers that are slow, endless, false or not there."""

import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from gzip import compress
from socket import create_server, socket
from threading import Event

import pytest

from scim_server.outbound import Limits
from sso.errors import Unreachable
from tests.certificates import Authority
from tests.listeners import Listener, Part, answer, endlessly, listening, redirect
from tests.outbound import HURRIED, PATIENT, local, problem, strict


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server("idp.example", "other.example", "127.0.0.1")


def test_an_answer_as_large_as_allowed_is_taken_and_no_larger_one() -> None:
    client = local(Limits(bytes=100_000, connecting=30, all=30))
    with listening(answer(b"x" * 100_000)) as server:
        assert len(client.get(f"http://127.0.0.1:{server.port}/").body) == 100_000
    with listening(answer(b"x" * 100_001)) as server:
        assert "the answer is larger than 100,000 bytes" in problem(client, f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    ],
    ids=["until the end", "announced", "in chunks"],
)
def test_an_endless_answer_is_cut_off(head: bytes, piece: bytes) -> None:
    with listening(endlessly(head, piece)) as server:
        assert "the answer is larger than" in problem(local(), f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536),
        (b"", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"f" * 65536),
    ],
    ids=["a header", "the first line", "headers", "the size of a chunk"],
)
def test_an_answer_that_is_none_is_given_up(head: bytes, piece: bytes) -> None:
    with listening(endlessly(head, piece)) as server:
        said = problem(local(), f"http://127.0.0.1:{server.port}/")
    assert "does not speak HTTP as it should" in said or "far more to the answer than what it says" in said


def test_an_answer_in_crumbs_is_cut_off() -> None:
    with listening(endlessly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 9000)) as server:
        assert "comes in more than 10,000 pieces" in problem(local(), f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 16000 + b"\r\nx\r\n"),
    ],
    ids=["before it", "within it"],
)
def test_an_answer_with_endless_trimmings_is_cut_off(head: bytes, piece: bytes) -> None:
    with listening(endlessly(head, piece)) as server:
        assert "far more to the answer than what it says" in problem(local(), f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"],
    ids=["first line", "head", "body", "after 100"],
)
def test_a_server_that_says_a_byte_now_and_then_is_left_when_time_is_over(head: bytes) -> None:
    with listening(endlessly(head, b"x", every=0.05)) as server:
        assert "takes longer than 0.5 seconds" in problem(local(HURRIED), f"http://127.0.0.1:{server.port}/")


def test_a_server_that_says_nothing_is_left_when_time_is_over() -> None:
    with listening(endlessly(b"", b"", every=0.05)) as server:
        assert "takes longer than 0.5 seconds" in problem(local(HURRIED), f"http://127.0.0.1:{server.port}/")


def test_every_redirect_is_within_the_same_time() -> None:
    def slow(listener: Listener) -> Part:
        def play(connection: socket, asked: bytes) -> None:
            listener.gone.wait(0.3)
            redirect("/again")(listener)(connection, asked)

        return play

    with listening(slow) as server:
        assert "takes longer than 0.5 seconds" in problem(local(HURRIED), f"http://127.0.0.1:{server.port}/")


def test_a_server_that_never_finishes_its_tls_is_left_when_time_is_over(authority: Authority) -> None:
    # The beginning of a record of the handshake that announces 16 KB, and then a byte now and then.
    with listening(endlessly(b"\x16\x03\x03\x40\x00", b"\x02", every=0.05), listens=False) as server:
        said = problem(strict(authority, HURRIED), f"https://idp.example:{server.port}/")
    assert "takes longer than 0.5 seconds" in said


def test_a_look_up_that_does_not_end_is_left_when_time_is_over() -> None:
    over = Event()

    def stuck(_host: str, _port: int) -> Sequence[str]:
        over.wait(30)
        return []

    client = local(HURRIED, resolve=stuck)
    assert "nobody says in time what the address of idp.example is" in problem(client, "http://idp.example/")
    over.set()


def test_a_name_that_there_is_not_is_told() -> None:
    assert "there is no host of the name idp.invalid" in problem(local(), "https://idp.invalid/")


def test_a_refused_connection_is_told() -> None:
    with create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "127.0.0.1 refuses the connection" in problem(local(), f"http://127.0.0.1:{port}/")


def test_a_connection_that_ends_early_is_told() -> None:
    def early(_: Listener) -> Part:
        return lambda connection, _asked: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    with listening(early) as server:
        assert "could not be fetched: 127.0.0.1 " in problem(local(), f"http://127.0.0.1:{server.port}/")


def test_an_address_that_does_not_answer_leaves_the_next_one_its_time() -> None:
    def two(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    client = local(PATIENT, resolve=two)
    with listening(answer(b"second")) as server:
        assert client.get(f"http://idp.example:{server.port}/").body == b"second"


def test_an_address_that_swallows_connections_leaves_the_next_one_its_time() -> None:
    def two(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    limits = Limits(connecting=1, all=30)
    client = local(limits, resolve=two)
    with create_server(("127.0.0.2", 0), backlog=0) as full, ExitStack() as clients:
        port = full.getsockname()[1]
        for _ in range(3):  # Linux drops whatever comes once the queue is full
            waiting = clients.enter_context(socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.2", port))
        with listening(answer(b"second"), port=port):
            assert client.get(f"http://idp.example:{port}/").body == b"second"
        alone = local(limits, resolve=lambda _host, _port: ["127.0.0.2"])
        assert f"idp.example does not answer at port {port}" in problem(alone, f"http://idp.example:{port}/")


def test_only_a_certificate_that_is_valid_for_the_host_is_believed(authority: Authority) -> None:
    shown = {
        "for another host": authority.server("other.example"),
        "over": authority.server("idp.example", days=-1),
        "of nobody we trust": Authority().server("idp.example"),
    }
    why = {}
    for what, tls in shown.items():
        with listening(answer(b"secret"), tls=tls) as server:
            why[what] = problem(strict(authority), f"https://idp.example:{server.port}/")
        assert server.heard == []
    assert all("the certificate of idp.example is not valid (" in each for each in why.values())
    assert "expired" in why["over"]
    assert "other.example" not in why["over"]


def test_the_authorities_of_the_machine_are_trusted_and_no_others(tls: ssl.SSLContext) -> None:
    with listening(answer(b"secret"), tls=tls) as server:
        assert "the certificate of 127.0.0.1 is not valid" in problem(local(), f"https://127.0.0.1:{server.port}/")


def test_a_server_without_tls_is_told(authority: Authority) -> None:
    with listening(endlessly(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", every=0.05), listens=False) as server:
        assert "no secure connection to idp.example can be made" in problem(
            strict(authority), f"https://idp.example:{server.port}/"
        )


def test_a_compressed_answer_is_refused_however_small_it_is() -> None:
    with listening(answer(compress(b"x" * 10_000_000), Content_Encoding="gzip")) as server:
        assert "is compressed" in problem(local(), f"http://127.0.0.1:{server.port}/")
    assert b"Accept-Encoding: identity\r\n" in server.heard[0]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: b", "ü", "a\x00"])
def test_a_header_cannot_be_made_to_say_something_else(value: str) -> None:
    with listening(answer()) as server, pytest.raises(Unreachable):
        local().get(f"http://127.0.0.1:{server.port}/", headers={"Authorization": f"Bearer {value}"})
    assert server.heard == []


def test_no_cookie_and_no_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answer(b"proxy")) as proxy, listening(answer(b"here", Set_Cookie="a=b")) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        client = local()
        for _ in range(2):
            assert client.get(f"http://127.0.0.1:{server.port}/").body == b"here"
    assert proxy.heard == []
    assert all(b"cookie" not in asked.lower() for asked in server.heard)


def test_threads_share_a_client(authority: Authority, tls: ssl.SSLContext) -> None:
    def echo(listener: Listener) -> Part:
        return lambda connection, asked: answer(asked.split()[1])(listener)(connection, asked)

    client = strict(authority)
    with listening(echo, tls=tls) as server, ThreadPoolExecutor(8) as pool:
        urls = [f"https://idp.example:{server.port}/{number}" for number in range(40)]
        found = [answer.body for answer in pool.map(client.get, urls)]
    assert found == [f"/{number}".encode() for number in range(40)]
