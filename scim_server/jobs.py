"""What a server process does besides answering: jobs, each in a thread of its own that looks regularly."""

import atexit
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Condition, Thread

import structlog
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.outbound import OutboundClient
from scim_server.services import (
    access_review_times,
    answered_requests,
    connection_looks,
    domain_checks,
    import_work,
    imports,
    outbox,
    retention,
    sessions,
    sign_ins,
)
from scim_server.services.domain_proofs import resolver_of

log = structlog.get_logger(__name__)

# Seconds between two looks: for what another process has posted, and at the end of a back-off; and for what is due.
_MAIL, _HOURLY = 10.0, 3600.0
# Seconds until an import goes on that another process has begun; and rows that it does before it asks whether to stop.
_IMPORTS, _ROWS = 5.0, 20
# Seconds that a stop waits for what is under way.
_STOPPING = 10.0

_running: "set[Job]" = set()


class Job:
    """Something that is done at the start, whenever it is woken, and at the latest after so many seconds."""

    def __init__(self, name: str, every: float, work: Callable[[], object]) -> None:
        self._name, self._every, self._work = name, every, work
        self._changed = Condition()
        self._woken = True
        self._closing = False
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        _running.add(self)
        self._thread.start()

    def wake(self) -> None:
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread, once it has done what it is about."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(_STOPPING)
        _running.discard(self)

    def _run(self) -> None:
        while not self._is_over():
            try:
                self._work()
            except Exception:  # such as a database that is away for a while
                log.warning("job failed, to be tried again", job=self._name, exc_info=True)

    def _is_over(self) -> bool:
        """Wait for the next time."""
        with self._changed:
            self._changed.wait_for(lambda: self._woken or self._closing, self._every)
            self._woken = False
            return self._closing


def start(database: Database, settings: Settings) -> None:
    """Begin all that there is to do in a process of the server."""
    mail = Job("mail", _MAIL, lambda: outbox.deliver(database, settings))
    purge = Job("mail purge", _HOURLY, lambda: outbox.purge(database, datetime.now(UTC)))
    users = Job("user purge", _HOURLY, lambda: retention.purge_everywhere(database, settings, datetime.now(UTC)))

    domains = Job(
        "domain check",
        _HOURLY,
        lambda: domain_checks.check_everywhere(database, settings, resolver_of(settings), datetime.now(UTC)),
    )

    connections = Job(
        "connection check",
        _HOURLY,
        lambda: connection_looks.look_everywhere(database, settings, OutboundClient(settings), datetime.now(UTC)),
    )
    attempts = Job("attempt purge", _HOURLY, lambda: connection_looks.purge(database, datetime.now(UTC)))
    history = Job("sign-in purge", _HOURLY, lambda: sign_ins.purge(database, settings, datetime.now(UTC)))
    answered = Job("answered request purge", _HOURLY, lambda: answered_requests.purge(database, datetime.now(UTC)))
    reviews = Job(
        "access review", _HOURLY, lambda: access_review_times.look_everywhere(database, settings, datetime.now(UTC))
    )
    over = Job("session purge", _HOURLY, lambda: sessions.purge(database, settings, datetime.now(UTC)))

    forget = Job("import purge", _HOURLY, lambda: import_work.purge(database, settings, datetime.now(UTC)))

    def do_imports() -> None:
        if import_work.work(database, settings, rows=_ROWS):
            doing.wake()

    doing = Job("imports", _IMPORTS, do_imports)

    def posted(session: Session) -> None:
        if outbox.POSTED in session.info:
            mail.wake()
        if imports.STARTED in session.info:
            doing.wake()

    database.when_committed(posted)
    for job in (mail, purge, users, domains, connections, attempts, history, answered, reviews, over, doing, forget):
        job.start()


def close_all() -> None:
    """End every job of this process."""
    for job in list(_running):
        job.close()


# As in services/request_queue.py: called while the threads still run.
atexit.register(close_all)
