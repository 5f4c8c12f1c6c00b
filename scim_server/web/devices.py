"""Where a request comes from: a person's browser, a directory, or another program."""

import ipaddress
from functools import lru_cache

import flask

from scim_server.config import Settings
from scim_server.services.context import Device
from scim_server.web.requests import current
from scim_server.web.state import state

_LONGEST_NAME = 300


def device() -> Device:
    """The address of the network, and what the browser or program calls itself."""
    return device_of(current(), state().settings)


def device_of(request: flask.Request, settings: Settings) -> Device:
    """As `device`, of a request."""
    address = request.environ.get("REMOTE_ADDR")
    if trusted := settings.trusted_proxies:
        told = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
        # With fewer entries than there are proxies, the request has not come through all of them.
        address = told[-trusted].strip() if len(told) >= trusted else address
    return _device(address or "", request.environ.get("HTTP_USER_AGENT", ""))


@lru_cache(maxsize=1024)
def _device(address: str, name: str) -> Device:
    """The few that ask all day are read once."""
    printable = "".join(letter for letter in name if letter.isprintable())
    return Device(_read_address(address), printable[:_LONGEST_NAME] or None)


def _read_address(text: str) -> str | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)
