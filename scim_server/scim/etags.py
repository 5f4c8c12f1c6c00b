"""Conditional requests (RFC 7644 §3.14)."""

from dataclasses import dataclass
from typing import Any, Protocol

from scim2_models import InvalidValueException

from scim_server.models.base import Versioned
from scim_server.services.errors import Outdated


class EntityTags(Protocol):
    """The tags of an If-Match header; false where there was none."""

    def __bool__(self) -> bool: ...

    def contains_weak(self, etag: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Version:
    """The one tag of an operation that names the version it is meant for."""

    tag: str

    def __bool__(self) -> bool:
        return True

    def contains_weak(self, etag: str) -> bool:
        return self.tag == etag


def read_version(value: Any) -> Version | None:
    """The `version` of an operation of a bulk job (RFC 7644 §3.7): an ETag, or None where there is no condition.

    Raises InvalidValueException: what cannot be understood must not pass for no condition.
    """
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise InvalidValueException(detail="version must be an ETag, such as the meta.version of the resource.")
    return Version(value.strip().removeprefix("W/").strip('"'))


def check_if_match(if_match: EntityTags | None, row: Versioned) -> None:
    """Raises Outdated where the client has another version in mind than the one that there is."""
    # RFC 9110 §13.1.1 asks for the strong comparison, by which the weak tags that RFC 7644 prefers would never match.
    if if_match and not if_match.contains_weak(str(row.version)):
        raise Outdated(row.version)
