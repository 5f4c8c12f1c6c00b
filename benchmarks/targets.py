"""What a benchmark sends its requests to: a SCIM server that runs, ours or somebody else's."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """A SCIM server that runs on 127.0.0.1, and how it is spoken to.

    `path` is that of its base URL ("/scim/v2/acme"), `headers` are sent with each request (its way of authentication),
    and `process` is the id of the one whose children, and itself, are the server: their memory is looked at.
    """

    port: int
    path: str
    process: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """Another SCIM server, as it installs from a package index.

    `install` puts it into a folder of its own, once, with pinned versions; and says which version of it is there.
    `run` starts it there, empty, and ends it with the block; the URL is that of an empty PostgreSQL database of its own
    (None where it does not keep anything in one). `lacks` are the works, by name, that it has no way to do.
    """

    name: str
    keeps: str
    """Where it keeps what it was told: "PostgreSQL", "SQLite", "memory"."""
    install: Callable[[Path], str]
    run: Callable[[Path, str | None], AbstractContextManager[Target]]
    processes: int = 1
    lacks: frozenset[str] = frozenset()
    shows_members: bool = True
    """Whether a group's members are shown to who asks for it; where not, a change of them is believed by its status."""

    @property
    def durable(self) -> bool:
        return self.keeps != "memory"
