"""The network as the outbound client sees it: only addresses that were checked, and nothing that lasts."""

import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Thread
from time import monotonic
from typing import Any

import httpcore
import structlog

log = structlog.get_logger(__name__)

# So many addresses of a name are tried at the most.
_MOST_ADDRESSES = 4

# The addresses of a host, as texts; raises OSError where there are none.
Resolve = Callable[[str, int], Sequence[str]]
# What an address belongs to, if it must not be reached.
WhyNot = Callable[[str], str | None]


class Why(Exception):
    """Half a sentence: why something could not be fetched."""


class Deadline:
    """When everything has to be over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._at = monotonic() + seconds

    def left(self) -> float:
        """Raises Why where nothing is left."""
        left = self._at - monotonic()
        if left <= 0:
            raise self.over()
        return left

    def over(self) -> Why:
        return Why(f"the answer takes longer than {self._seconds:g} seconds")


class Allowance:
    """How many bytes may come, whatever they are: small things without end cost more to read than one that is large."""

    def __init__(self, count: int) -> None:
        self._left = count

    def raise_by(self, count: int) -> None:
        self._left += count

    def take(self, count: int) -> None:
        """Raises Why where nothing is left."""
        self._left -= count
        if self._left < 0:
            raise Why("there is far more to the answer than what it says")


class Guarded(httpcore.NetworkBackend):
    """Connects to an address that was checked, and has everything end in time."""

    def __init__(
        self, resolve: Resolve, why_not: WhyNot, connecting: float, deadline: Deadline, allowance: Allowance
    ) -> None:
        self._resolve, self._why_not, self._connecting = resolve, why_not, connecting
        self._deadline, self._allowance = deadline, allowance
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        del timeout, local_address, socket_options  # ours are set elsewhere
        addresses = self._checked(host, port)[:_MOST_ADDRESSES]
        until = Deadline(min(self._connecting, self._deadline.left()))
        for left in range(len(addresses), 0, -1):
            try:
                # No address may use up the time of those behind it.
                share = until.left() / left
                stream = self._sockets.connect_tcp(addresses[-left], port, timeout=share)
                return _Bounded(stream, self._deadline, self._allowance)
            except httpcore.TimeoutException:
                failed = Why(f"{host} does not answer at port {port}")
            except httpcore.NetworkError as error:
                failed = Why(said(error, host))
        raise failed

    def _checked(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host: where one of them is not to be reached, none is."""
        try:
            addresses = _in_time(partial(self._resolve, host, port), self._deadline)
        except TimeoutError:
            raise Why(f"nobody says in time what the address of {host} is") from None
        except (OSError, UnicodeError):
            addresses = ()
        if not addresses:
            raise Why(f"there is no host of the name {host}")
        for address in addresses:
            if what := self._why_not(address):
                log.warning("outbound request refused", host=host, address=address, belongs_to=what)
                raise Why(f"{host} leads to {what}, which is not for us to ask")
        return addresses


class _Bounded(httpcore.NetworkStream):
    """A stream on which nothing lasts longer than what is left: also where a byte comes now and then."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline, allowance: Allowance) -> None:
        self._stream, self._deadline, self._allowance = stream, deadline, allowance

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        read = self._stream.read(max_bytes, self._deadline.left())
        self._allowance.take(len(read))
        return read

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._stream.write(buffer, self._deadline.left())

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _Bounded(stream, self._deadline, self._allowance)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def of_the_system(host: str, port: int) -> Sequence[str]:
    """Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _in_time(work: Callable[[], Sequence[str]], deadline: Deadline) -> Sequence[str]:
    """Do what cannot be told to end in time, such as the system's look-up of a name, in a thread left to itself.

    Raises TimeoutError, and what the work raises.
    """
    done: Future[Sequence[str]] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            done.set_exception(error)

    Thread(target=run, name="look-up", daemon=True).start()
    return done.result(deadline.left())


def said(error: httpcore.NetworkError, host: str) -> str:
    """What went wrong below HTTP, in words."""
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate of {host} is not valid ({cause.verify_message.rstrip('.')})"
    if isinstance(cause, ssl.SSLError):
        return f"no secure connection to {host} can be made ({cause.reason or 'TLS failed'})"
    if isinstance(cause, ConnectionRefusedError):
        return f"{host} refuses the connection"
    if isinstance(error, httpcore.ConnectError):
        return f"{host} cannot be reached"
    return f"{host} ends the connection before the answer is whole"
