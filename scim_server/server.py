"""The production server: granian, whose choice docs/decisions/0001-wsgi-server.md explains."""

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPConnection
from multiprocessing import resource_tracker
from threading import Thread, get_ident

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
    _keep_ctrl_c_from_workers()
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


def _keep_ctrl_c_from_workers() -> None:
    """Ctrl-C in a terminal reaches every process. Only the main one shall hear it, which then tells the workers.

    A worker of granian's that hears it while it starts writes a stack trace, and one that hears a second signal while
    it handles the first hangs. A process is born with the signals blocked that its parent blocks, so all threads of
    this one do, but for one that waits for the signal and passes it on as the other one that ends a server.
    """
    # It unblocks the signal as it starts (bpo-33613), and would do so with the first worker.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    Thread(target=_pass_on_ctrl_c, args=(get_ident(),), daemon=True).start()


def _pass_on_ctrl_c(main_thread: int) -> None:
    while True:
        signal.sigwait({signal.SIGINT})
        # Not to the process: any thread could take it, and Python acts on a signal in the main one alone.
        signal.pthread_kill(main_thread, signal.SIGTERM)


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
