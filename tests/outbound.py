"""Outbound clients of every kind: as in production, with 127.0.0.1 for the public Internet, and as in development."""

from collections.abc import Sequence

import pytest

from scim_server import networks
from scim_server.config import load_settings
from scim_server.guard import Resolve
from scim_server.outbound import Limits, OutboundClient
from sso.errors import Unreachable
from sso.http import HttpClient
from tests.certificates import Authority

# Nothing is asserted of a clock: a limit is small where reaching it is the point, and else large.
PATIENT = Limits(connecting=30, all=30)
HURRIED = Limits(connecting=30, all=0.5)


def strict(authority: Authority, limits: Limits = PATIENT, resolve: Resolve | None = None) -> OutboundClient:
    """A client as in production, to which 127.0.0.1 is public; every name leads there, unless `resolve` says where."""
    settings = load_settings(allow_private_networks=False)
    return OutboundClient(
        settings, limits=limits, resolve=resolve or _to_here, why_not=_public_here, trust=authority.trust
    )


def local(limits: Limits = PATIENT, resolve: Resolve | None = None) -> OutboundClient:
    """A client as in development."""
    return OutboundClient(load_settings(allow_private_networks=True), limits=limits, resolve=resolve)


def problem(client: HttpClient, url: str) -> str:
    """What is told of a URL that cannot be fetched."""
    with pytest.raises(Unreachable) as raised:
        client.get(url)
    return str(raised.value)


def _to_here(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def _public_here(address: str) -> str | None:
    return None if address == "127.0.0.1" else networks.why_not(address, allow_private=False)
