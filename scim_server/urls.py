"""The URLs that others name and we fetch: read once, strictly, into exactly what is asked for then."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

# A name as the domain name system has it, or an address of version 4; an address of version 6.
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*|[0-9a-f:.]*:[0-9a-f:.]*")
# Each program reads a backslash, a line break or a letter like those of a host in a way of its own: none may be there.
_PLAIN = re.compile(r"[!-\[\]-~]+")
_PORTS = {"http": 80, "https": 443}
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """`host` is without the brackets of an address of version 6; `path` has the query, and no fragment."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"


def parse(url: str, *, anything_local: bool) -> Target:
    """Read a URL; `anything_local` takes http as well, and every port.

    Raises ValueError with the end of a sentence that begins with the URL.
    """
    if not _PLAIN.fullmatch(url) or len(url) > _LONGEST:
        raise ValueError("must be a plain URL: no spaces, no letters but a to z (a host as xn--…), and not longer")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is no URL") from None
    if parts.scheme not in (("https", "http") if anything_local else ("https",)):
        raise ValueError("must begin with https://")
    if "@" in parts.netloc:
        raise ValueError("must have no user and no password in it")
    host = (parts.hostname or "").removesuffix(".")
    if not _HOST.fullmatch(host):
        raise ValueError("must name a host")
    port = _PORTS[parts.scheme] if port is None else port
    # Below 1024 live mail, files and names, which a request could be made to say something to.
    if port == 0 or (port < 1024 and port != _PORTS[parts.scheme] and not anything_local):
        raise ValueError("must have no port, or one from 1024 up")
    return Target(parts.scheme, host, port, f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")
