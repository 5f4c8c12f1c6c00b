"""What SQLAlchemy has made of statements, found again without a look through each."""

from typing import Any

from sqlalchemy.util import LRUCache

# Twice as many as SQLAlchemy keeps by itself, as each is here twice.
_MOST = 1000


class Compiled(LRUCache[Any, Any]):
    """SQLAlchemy finds what it has compiled by all that a statement is made of: some hundred things within tuples, of
    which Python makes the hash anew each time, and that is a twentieth of a request. A statement that is put together
    once has one such tuple for good, so what was made of that very one is looked for first.
    """

    def __init__(self) -> None:
        super().__init__(_MOST)

    def get(self, key: Any, default: Any = None) -> Any:
        found = super().get(_by_identity(key))
        return found[1] if found else super().get(key, default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(key, compiled)
        # With the tuple itself: for as long as that is kept, no other one has its id.
        super().__setitem__(_by_identity(key), (key[1], compiled))


def _by_identity(key: Any) -> Any:
    dialect, parts, *how = key
    return dialect, id(parts), *how
