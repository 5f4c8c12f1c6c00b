"""What hardly ever changes and every request needs, as each process keeps it: under a key that is another one after
each change, so that what is old is not asked for again, in any process.
"""

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID

Value = TypeVar("Value")


class Unchanged(Generic[Value]):
    """As many values as `most`, those that were asked for last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[UUID, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: UUID) -> Value | None:
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def keep(self, key: UUID, value: Value) -> None:
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._most:
                self._values.popitem(last=False)
