"""Conditional requests (RFC 7644 §3.14)."""

from typing import Protocol

from scim_server.models.base import Versioned
from scim_server.services.errors import Outdated


class EntityTags(Protocol):
    """The tags of an If-Match header; false where there was none."""

    def __bool__(self) -> bool: ...

    def contains_weak(self, etag: str) -> bool: ...


def check_if_match(if_match: EntityTags | None, row: Versioned) -> None:
    """Raises Outdated where the client has another version in mind than the one that there is."""
    # RFC 9110 §13.1.1 asks for the strong comparison, by which the weak tags that RFC 7644 prefers would never match.
    if if_match and not if_match.contains_weak(str(row.version)):
        raise Outdated(row.version)
