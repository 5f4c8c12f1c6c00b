"""What the command scim2-server serves, made here so that a WSGI server with keep-alive can serve it."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from scim2_server.memory import InMemoryStorage
from scim2_server.testserver.application import BearerTokenApplication
from scim2_server.utils import load_default_provider

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

scim = BearerTokenApplication(InMemoryStorage(), load_default_provider(), bearer_tokens=[os.environ["PEER_TOKEN"]])


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    # It asks for read(-1) where no length is given, which granian's input does not know.
    environ["wsgi.input_terminated"] = False
    return scim(environ, start_response)
