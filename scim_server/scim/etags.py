"""Versions of what is shown, and requests that depend on them (RFC 7644 §3.14)."""

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from scim2_models import InvalidValueException

from scim_server.scim.answers import Versioned
from scim_server.services.errors import Outdated

# Between the version of a row and the digest of what is shown with it.
_AND = "-"


class EntityTags(Protocol):
    """The tags of an If-Match header; false where there was none."""

    @property
    def star_tag(self) -> bool: ...

    def __bool__(self) -> bool: ...

    def as_set(self, include_weak: bool = False) -> set[str]: ...


def digest_of_groups(groups: list[dict[str, Any]]) -> str:
    """What `version_in_groups` tells the groups by that a user is shown with."""
    return hashlib.blake2b(orjson.dumps(groups), digest_size=6).hexdigest()


def version_in_groups(version: int, digest: str) -> str:
    """The tag of a version of a user who is shown with groups.

    The groups are no part of the row: they change with who is in which, and with their names, and a client that has
    seen the others is to learn of it. To count that in the rows of 100,000 members would be too dear.
    """
    return f'W/"{version}{_AND}{digest}"'


@dataclass(frozen=True, slots=True)
class Version:
    """The one tag of an operation that names the version it is meant for."""

    tag: str

    @property
    def star_tag(self) -> bool:
        return self.tag == "*"

    def __bool__(self) -> bool:
        return True

    def as_set(self, include_weak: bool = False) -> set[str]:
        return {self.tag} if include_weak else set()


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
    """Raises Outdated where the client has another version in mind than the one that there is.

    What it must not overwrite is the row. A user's groups are read-only, so whether they are still those that the
    client has seen does not matter.
    """
    # RFC 9110 §13.1.1 asks for the strong comparison, by which the weak tags that RFC 7644 prefers would never match.
    if not if_match or if_match.star_tag:
        return
    if str(row.version) not in {tag.partition(_AND)[0] for tag in if_match.as_set(include_weak=True)}:
        raise Outdated(row.version)
