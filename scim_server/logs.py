"""Logging: one event a line, with the id of the request that it belongs to."""

import json
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TextIO

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict

from scim_server.config import Settings

# As json.dumps writes it, which makes an encoder each time, to look for what no line is: an object within itself.
_JSON = json.JSONEncoder(check_circular=False).encode

# One variable, and not one for each name as in structlog.contextvars, which looks through all that there are each time.
_REQUEST: ContextVar[dict[str, str] | None] = ContextVar("request", default=None)


def begin(request_id: str) -> None:
    """Have what is logged from now on belong to a request, and to nothing else."""
    _REQUEST.set({"request_id": request_id})


def belongs_to(**whose: str) -> None:
    """Have what is logged from now on say this as well, such as the organization."""
    _REQUEST.set({**(_REQUEST.get() or {}), **whose})


def _say_whose(_logger: Any, _method: str, event: EventDict) -> EventDict:
    for name, value in (_REQUEST.get() or {}).items():
        event.setdefault(name, value)
    return event


_SHARED: list[Any] = [
    _say_whose,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(settings: Settings) -> None:
    """Send our own events and those of the libraries the same way, to standard error."""
    level = getattr(logging, settings.log_level.upper())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings)],
        )
    )
    _access.is_on = level <= logging.INFO
    _access.render = _JSON if settings.log_format == "json" else partial(_console(), None, "info")
    _access.stream = handler.stream
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))  # the command says what it did
    # Authlib says at this level who came as which client, which is a secret where somebody entered it there.
    logging.getLogger("authlib").setLevel(max(level, logging.INFO))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def tell_request(**about: Any) -> None:
    """Leave the line of a request, which is as any other event's. But structlog and `logging` take six times as long
    for it, and half as long as Flask does for all of a request.
    """
    if not _access.is_on:
        return
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    whose = _REQUEST.get() or {}
    line = _access.render(
        {**about, "event": "request", **whose, "level": "info", "logger": "scim_server.access", "timestamp": at}
    )
    # As `logging` has it: where no line can be left, say on a full disk, the answer is given all the same.
    with suppress(OSError, ValueError):
        _access.stream.write(f"{line}\n")


@dataclass
class _Access:
    """What `configure` found of the line of a request."""

    is_on: bool
    render: Callable[[EventDict], str]
    stream: TextIO


_access = _Access(True, _JSON, sys.stderr)


def _console() -> ConsoleRenderer:
    return ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain_traceback)


def _rendering(settings: Settings) -> list[Any]:
    if settings.log_format == "console":
        return [_console()]
    # Tracebacks without local variables: those hold tokens and payloads.
    transformer = ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(transformer), structlog.processors.JSONRenderer()]
