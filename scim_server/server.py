"""The production server: granian, whose choice docs/decisions/0001-wsgi-server.md explains."""

import multiprocessing
import os
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection
from threading import Thread

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from scim_server.config import PREFIX, Settings


class PortTaken(Exception):
    """Somebody else listens there; `str()` is a sentence."""


# The server's own words go where ours go, in the form that ours have.
_LOGGING = {"handlers": {}, "formatters": {}, "loggers": {"_granian": {"propagate": True}}}


def serve(settings: Settings, when_up: Callable[[], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests under way get `graceful_seconds` to finish.

    `when_up` is called once, as soon as the server answers.
    Raises PortTaken.
    """
    _refuse_taken_port(settings)
    # Workers are processes of their own, and read the settings again: what the command line said, they find here.
    for name in ("host", "port", "workers"):
        os.environ[f"{PREFIX}{name}".upper()] = str(getattr(settings, name))
    # Fresh processes: a fork would hand down whatever locks and connections this one happens to hold.
    multiprocessing.set_start_method("spawn", force=True)
    if when_up is not None:
        Thread(target=_announce, args=(settings, when_up), daemon=True).start()
    Granian(
        target="scim_server.app:create_worker",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        blocking_threads=settings.threads,
        # A client that does not finish its headers must not hold a connection for ever.
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
        respawn_failed_workers=True,
        workers_kill_timeout=settings.graceful_seconds,
    ).serve()


def _refuse_taken_port(settings: Settings) -> None:
    # Linux lets two servers share a port (SO_REUSEPORT), and each request would go to whichever.
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise PortTaken(f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}.") from None


def _announce(settings: Settings, when_up: Callable[[], None]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = HTTPConnection(settings.host, settings.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            answered = connection.getresponse().status == HTTPStatus.OK
        except OSError:
            answered = False
        finally:
            connection.close()
        if answered:
            when_up()
            return
        time.sleep(0.05)
