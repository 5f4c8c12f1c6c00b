"""What we ask of other people's servers: the guarded HTTP client.

An admin of any organization names the URLs that it fetches, so it must reach nothing that only we can reach. A name is
resolved here, once; each of its addresses is checked, and what is connected to is one of those that were checked: there
is no second look-up that could answer otherwise. No proxy of the environment is asked, which would look up again.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from urllib.parse import urlencode, urljoin

import httpcore
import structlog

from scim_server import networks
from scim_server.config import Settings
from scim_server.guard import Allowance, Deadline, Guarded, Resolve, Why, WhyNot, of_the_system, said
from scim_server.urls import Target, parse
from sso.errors import Unreachable
from sso.http import HttpResponse

log = structlog.get_logger(__name__)

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 3
# Bytes before the body, and pieces that a body may come in.
_MOST_BEFORE = 131_072
_MOST_PIECES = 10_000
_AGENT = f"scim-server/{version('scim-server')}"


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest body of an answer; seconds that connecting may take, and everything together, redirects included."""

    bytes: int = 1_000_000
    connecting: float = 5.0
    all: float = 10.0


class OutboundClient:
    """Asks only what is on the public Internet, by https, unless the operator allows for private networks.

    It keeps nothing from one request to the next, so threads share one: no connections, no cookies.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        limits: Limits | None = None,
        resolve: Resolve | None = None,
        why_not: WhyNot | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """The arguments behind the settings are for tests."""
        allow_private = settings.allow_private_networks
        self._limits = limits or Limits()
        self._parse = partial(parse, anything_local=allow_private)
        self._resolve = resolve or of_the_system
        self._why_not = why_not or partial(networks.why_not, allow_private=allow_private)
        # What the machine trusts; SSL_CERT_FILE and SSL_CERT_DIR are read, as everywhere.
        self._trust = trust or ssl.create_default_context()

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """Raises sso.errors.Unreachable."""
        return self._told(url, lambda deadline: self._followed(url, dict(headers or {}), deadline))

    def post_form(
        self, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        """Raises sso.errors.Unreachable."""
        body = urlencode(dict(fields)).encode()
        all_headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._told(url, lambda deadline: self._exchange("POST", self._target(url), all_headers, body, deadline))

    def _told(self, url: str, work: "Callable[[Deadline], HttpResponse]") -> HttpResponse:
        try:
            return work(Deadline(self._limits.all))
        except Why as why:
            shown = _shown(url)
            log.info("outbound request failed", url=shown, why=str(why))
            raise Unreachable(f"{shown} could not be fetched: {why}.") from None

    def _followed(self, url: str, headers: dict[str, str], deadline: "Deadline") -> HttpResponse:
        target = self._target(url)
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._exchange("GET", target, headers, None, deadline)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return answer
            there = self._redirected(target, location)
            if there.origin != target.origin:
                # What authenticates us to one server is not for another.
                headers = {name: value for name, value in headers.items() if name.lower() == "accept"}
            target = there
        raise Why(f"it redirects more than {_MOST_REDIRECTS} times")

    def _redirected(self, target: Target, location: str) -> Target:
        try:
            there = self._parse(urljoin(target.url, location))
        except ValueError as problem:
            raise Why(f"it redirects to {_shown(location)}, which {problem}") from None
        if target.scheme == "https" and there.scheme != "https":
            raise Why(f"it redirects from https to {_shown(there.url)}, where anybody could answer")
        return there

    def _target(self, url: str) -> Target:
        try:
            return self._parse(url)
        except ValueError as problem:
            raise Why(f"the address {problem}") from None

    def _exchange(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes | None, deadline: "Deadline"
    ) -> HttpResponse:
        """One request and its answer, on a connection of its own."""
        allowance = Allowance(_MOST_BEFORE)
        backend = Guarded(self._resolve, self._why_not, self._limits.connecting, deadline, allowance)
        origin = httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port)
        url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target.path.encode())
        try:
            sent = [(name.encode("ascii"), value.encode("ascii")) for name, value in self._headers(target, headers)]
            with (
                httpcore.HTTPConnection(origin, ssl_context=self._trust, network_backend=backend) as connection,
                connection.stream(method, url, headers=sent, content=body) as response,
            ):
                allowance.raise_by(self._limits.bytes * 5 // 4)
                return self._read(response)
        except httpcore.TimeoutException:
            raise deadline.over() from None
        except httpcore.NetworkError as error:
            raise Why(said(error, target.host)) from None
        except (httpcore.ProtocolError, UnicodeEncodeError):
            raise Why(f"{target.host} does not speak HTTP as it should") from None

    def _headers(self, target: Target, headers: Mapping[str, str]) -> list[tuple[str, str]]:
        ours = {"Host": target.netloc, "User-Agent": _AGENT, "Accept-Encoding": "identity", "Connection": "close"}
        return list({"Accept": "*/*", **headers, **ours}.items())

    def _read(self, response: httpcore.Response) -> HttpResponse:
        headers: dict[str, str] = {}
        for raw_name, raw_value in response.headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Why("the answer is compressed, though we ask for one that is not")
        body = bytearray()
        for number, piece in enumerate(response.iter_stream()):
            body += piece
            if number > _MOST_PIECES:
                raise Why(f"the answer comes in more than {_MOST_PIECES:,} pieces")
            if len(body) > self._limits.bytes:
                raise Why(f"the answer is larger than {self._limits.bytes:,} bytes")
        return HttpResponse(response.status, headers, bytes(body))


def _shown(url: str) -> str:
    """A URL as a sentence has it: on one line, not long, and without what may be secret."""
    plain = "".join(letter if letter.isprintable() and letter != " " else "�" for letter in url[:2000])
    before = plain.partition("?")[0].partition("#")[0]
    scheme, slashes, rest = before.partition("//")
    host, slash, path = rest.partition("/")
    shown = f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"
    return shown if len(shown) <= 120 else f"{shown[:120]}…"
