"""What hardly ever changes and every request needs, as each process keeps it: under a key that is another one after
each change, so that what is old is not asked for again, in any process.
"""

from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID

Value = TypeVar("Value")


class Unchanged(Generic[Value]):
    """As many values as `most`, those that were read last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[int, Value] = {}  # by the number of the id, which is compared in a fraction of the time
        self._lock = Lock()

    def get(self, key: UUID) -> Value | None:
        return self._values.get(key.int)

    def keep(self, key: UUID, value: Value) -> None:
        with self._lock:
            self._values[key.int] = value
            if len(self._values) > self._most:
                del self._values[next(iter(self._values))]
