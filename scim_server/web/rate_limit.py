"""How many requests a directory may send: a bucket for each, which fills with time and gives one token a request."""

import math
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from uuid import UUID

from werkzeug.exceptions import TooManyRequests

# A bucket that was dropped comes back full, which costs no more than a second's burst.
_BUCKETS = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """So many requests a second for each directory, and as many at once after a second's rest."""

    def __init__(self, a_second: int, *, buckets: int = _BUCKETS) -> None:
        self._rate = a_second
        self._most = buckets
        self._buckets: dict[int, _Bucket] = {}  # by the number of the id, as in services/unchanged.py
        self._lock = Lock()

    def take(self, directory_id: UUID, now: float) -> float:
        """Let one request of a directory in: 0, or else the seconds until the next one may come."""
        with self._lock:
            bucket = self._buckets.get(directory_id.int) or self._fill(directory_id, now)
            if now > bucket.at:  # or it is of a request that has asked for the time before
                bucket.tokens = min(self._rate, bucket.tokens + (now - bucket.at) * self._rate)
                bucket.at = now
            if bucket.tokens < 1:
                return (1 - bucket.tokens) / self._rate
            bucket.tokens -= 1
            return 0.0

    def _fill(self, directory_id: UUID, now: float) -> _Bucket:
        bucket = self._buckets[directory_id.int] = _Bucket(self._rate, now)
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        return bucket


def check(limit: RateLimit, directory_id: UUID) -> None:
    """Raises TooManyRequests."""
    wait = limit.take(directory_id, monotonic())
    if wait > 0:
        # RFC 9110 §10.2.3 allows a date as well, after which Okta waits for five minutes (exchange 22).
        raise TooManyRequests(retry_after=math.ceil(wait))
