"""What waits to be written to the request log, and the thread that writes it.

A change is logged in its own transaction. A read and a refusal have none, or none any more, and shall not wait for one:
their entries go through here, many to a transaction. A process that is killed loses the last of them; nothing that
changed anything is among these.
"""

import atexit
from collections import deque
from datetime import UTC, datetime
from threading import Condition, Lock, Thread
from time import monotonic

import structlog
from sqlalchemy.exc import IntegrityError, OperationalError

from scim_server.config import Settings
from scim_server.db import Database, DatabaseBusy
from scim_server.services import request_log
from scim_server.services.request_log import Entry

log = structlog.get_logger(__name__)

# Seconds that an entry waits for others to be written with; and that all wait where the database does not take them.
_GATHERING, _PATIENCE = 1.0, 5.0
# Seconds from the start to the first purge, between two of them, and that a stop may take.
_FIRST_PURGE, _PURGING, _STOPPING = 60.0, 600.0, 10.0
# Entries in one transaction: on SQLite, whoever writes waits for no longer than that takes.
_BATCH = 200
# Characters that may wait. Beyond that a read is not logged, and beyond twice that a refusal is not either.
_ROOM = 16 * 1024 * 1024


_running: "set[RequestQueue]" = set()


class RequestQueue:
    """Takes entries without making anybody wait; its thread starts with the first, and ends with `close`."""

    def __init__(self, database: Database, settings: Settings, *, room: int = _ROOM) -> None:
        self._database = database
        self._settings = settings
        self._room = room
        self._waiting: deque[Entry] = deque()
        self._size = 0
        self._lost = 0
        # A lock of its own, because a Condition takes four calls to be entered and left.
        self._lock = Lock()
        self._changed = Condition(self._lock)
        self._writing = Lock()
        self._thread: Thread | None = None
        self._closing = False

    def start(self) -> None:
        with self._changed:
            self._start()

    def put(self, entry: Entry) -> None:
        """Have an entry written soon; where there is no room, it is counted as lost."""
        with self._lock:
            if self._size >= self._room and (not entry.is_refusal or self._size >= 2 * self._room):
                self._lost += 1
                return
            self._waiting.append(entry)
            self._size += entry.size
            if self._thread is None:
                self._start()
            if len(self._waiting) == 1:
                self._changed.notify_all()

    def flush(self) -> bool:
        """Write what waits, and return whether the database took it."""
        with self._writing:
            while batch := self._take():
                try:
                    self._write(batch)
                except (DatabaseBusy, OperationalError) as error:
                    self._give_back(batch)
                    cause = error.orig if isinstance(error, OperationalError) else error
                    log.warning("request log not written, to be tried again", cause=type(cause).__name__)
                    return False
                self._forget(batch)
            self._tell_losses()
        return True

    def close(self) -> None:
        """Write what waits, and end the thread; another entry would start it anew."""
        with self._changed:
            thread, self._closing = self._thread, True
            self._changed.notify_all()
        if thread is not None:
            thread.join(_STOPPING)
        with self._changed:
            self._thread, self._closing = None, False
        _running.discard(self)
        if self._waiting:
            log.warning("requests not logged", count=len(self._waiting))

    def _start(self) -> None:
        if self._thread is None:
            _running.add(self)
            self._thread = Thread(target=self._run, name="request log", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        purge_at = monotonic() + _FIRST_PURGE
        written = True
        while not self._closing:
            with self._changed:
                if written:
                    self._changed.wait_for(lambda: self._waiting or self._closing, max(0.0, purge_at - monotonic()))
                self._changed.wait_for(lambda: self._closing, _GATHERING if written else _PATIENCE)
            written = self.flush()
            if monotonic() >= purge_at and not self._closing:
                self._purge()
                purge_at = monotonic() + _PURGING
        self.flush()

    def _take(self) -> list[Entry]:
        with self._changed:
            return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def _give_back(self, batch: list[Entry]) -> None:
        with self._changed:
            self._waiting.extendleft(reversed(batch))

    def _forget(self, batch: list[Entry]) -> None:
        with self._changed:
            self._size -= sum(entry.size for entry in batch)

    def _write(self, batch: list[Entry]) -> None:
        """Write a batch, or what can be written of it: one entry must not cost the others their place in the log.

        Raises DatabaseBusy, OperationalError where it is the database that cannot.
        """
        try:
            with self._database.writing() as session:
                request_log.write_many(session, batch)
        except (DatabaseBusy, OperationalError):
            raise
        except Exception as error:
            if len(batch) > 1:
                for entry in batch:
                    self._write([entry])
            elif isinstance(error, IntegrityError):
                log.warning("request of a directory that is gone not logged", request=batch[0].request_id)
            else:
                log.warning("request not logged", exc_info=True, request=batch[0].request_id)

    def _tell_losses(self) -> None:
        with self._changed:
            lost, self._lost = self._lost, 0
        if lost:
            log.warning("requests not logged", count=lost)

    def _purge(self) -> None:
        try:
            request_log.purge(self._database, self._settings, datetime.now(UTC))
        except Exception:
            log.warning("request log not purged, to be tried again", exc_info=True)


def close_all() -> None:
    """Write all that waits in this process."""
    for queue in list(_running):
        queue.close()


# Whoever stops the server in order has it end its processes so that this is called, while their threads still run.
atexit.register(close_all)
