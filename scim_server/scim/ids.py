"""Ids as URLs and clients spell them."""

import re
from functools import lru_cache
from uuid import UUID

from scim_server.services.errors import NotFound

_LENGTH = 36
_SPELLING = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parse_id(text: str) -> UUID | None:
    """The id of ours that a text spells, or None: upper case and braces are spellings of no id of ours."""
    return _parse(text) if len(text) == _LENGTH else None


# A request reads the id in its path twice: for what it does, and for the log.
@lru_cache(maxsize=1024)
def _parse(text: str) -> UUID | None:
    return UUID(int=int(text.replace("-", ""), 16)) if _SPELLING.fullmatch(text) else None


def known_id(kind: str, text: str) -> UUID:
    """The id that a URL spells.

    Raises NotFound where it cannot be one of ours.
    """
    id = parse_id(text)
    if id is None:
        raise NotFound(kind, text)
    return id
