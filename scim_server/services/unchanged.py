"""What hardly ever changes and every request needs, as each process keeps it: under a key that is another one after
each change, so that what is old is not asked for again, in any process.
"""

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Unchanged(Generic[Value]):
    """As many values as `most`, those that were read last. (Of an id, its number is the key: it is compared in a
    fraction of the time.)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Hashable, Value] = {}
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        return self._values.get(key)

    def keep(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._most:
                del self._values[next(iter(self._values))]

    def forget(self, key: Hashable) -> None:
        with self._lock:
            self._values.pop(key, None)
