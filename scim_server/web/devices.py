"""Where a request comes from: a person's browser, a directory, or another program."""

import ipaddress

from flask import request

from scim_server.services.context import Device
from scim_server.web.state import state

_LONGEST_NAME = 300


def device() -> Device:
    """The address of the network, and what the browser or program calls itself."""
    name = "".join(letter for letter in request.headers.get("User-Agent", "") if letter.isprintable())
    return Device(_address(), name[:_LONGEST_NAME] or None)


def _address() -> str | None:
    """The address of the connection, or the one that the outermost of our own proxies has seen."""
    address = request.remote_addr
    if trusted := state().settings.trusted_proxies:
        told = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
        # With fewer entries than there are proxies, the request has not come through all of them.
        address = told[-trusted].strip() if len(told) >= trusted else address
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)
