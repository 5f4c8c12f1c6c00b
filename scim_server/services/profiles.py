"""A profile: what a directory says about a person or a team, in the shape that rows keep."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from scim_server.services.errors import InvalidValue

# The extension schema for what the product knows of a user, beside the attributes of the RFCs.
PRODUCT_USER = "urn:ietf:params:scim:schemas:extension:scimserver:2.0:User"
# RFC 7643 §4.3.
_ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# That of the ids which we give out.
_OUR_VERSION = 7

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

# An index entry of PostgreSQL holds some 2,700 bytes, and one character has up to four.
KEY_LENGTH = 512


class ManagerNamed(NamedTuple):
    """Whom a directory means by a manager: an id, or another name, exactly and without regard to case.

    What might be either is both.
    """

    id: UUID | None = None
    name: str | None = None
    name_key: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """`document` is what is shown, under the canonical SCIM names; `search` is the same as comparisons see it.

    Both come from whoever knows the schemas (`scim/attributes.py`); which columns they fill is decided here, in
    `services/users.py` and in `services/teams.py`.
    """

    document: Mapping[str, Any]
    search: Mapping[str, Any]

    def key(self, name: str) -> str | None:
        """The value of an attribute as an index keeps it, or None where it has none.

        Raises InvalidValue.
        """
        return indexed(name, self.search.get(name))

    def of_product(self, name: str) -> Any:
        """The value of an attribute of our own extension, or None where it has none."""
        return self.document.get(PRODUCT_USER, {}).get(name)

    def manager(self) -> ManagerNamed:
        """The manager. A directory is to send our id; some send their own (exchange 37), or a userName."""
        value = ((self.document.get(_ENTERPRISE_USER) or {}).get("manager") or {}).get("value")
        if not value or len(value) > KEY_LENGTH:  # the name of nobody
            return ManagerNamed()
        try:
            id = UUID(value)
        except ValueError:
            return ManagerNamed(None, value, folded(value))
        if id.version == _OUR_VERSION:
            return ManagerNamed(id)
        return ManagerNamed(id, value, folded(value))

    def email_keys(self) -> set[str]:
        """Every e-mail address, as an index keeps it.

        Raises InvalidValue.
        """
        values = (entry.get("value") for entry in self.search.get("emails", ()))
        return {key for value in values if (key := indexed("emails.value", value))}


def folded(text: str) -> str:
    """A text that is compared without case, as an index keeps it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def indexed(name: str, value: str | None) -> str | None:
    """Raises InvalidValue on a text that no index could hold."""
    if value is not None and len(value) > KEY_LENGTH:
        raise InvalidValue(name, f"is longer than {KEY_LENGTH} characters")
    return value


def required(name: str, value: str | None) -> str:
    """Raises InvalidValue on a text that is missing or blank."""
    if value is None or not value.strip():
        raise InvalidValue(name, "must not be empty")
    return value


def main_address(search: Mapping[str, Any]) -> str | None:
    """The primary e-mail address of a profile, or else the first, as comparisons see it."""
    entries = [entry for entry in search.get("emails", ()) if entry.get("value")]
    main = next((entry for entry in entries if entry.get("primary")), entries[0] if entries else None)
    return main["value"] if main else None


def one_line(name: str, value: str, *, most: int = 100) -> str:
    """A text that a person reads in a list, without blanks around it.

    Raises InvalidValue on one that is blank, too long, or has what no list can show.
    """
    text = unicodedata.normalize("NFC", required(name, value).strip())
    if len(text) > most:
        raise InvalidValue(name, f"is longer than {most} characters")
    if not text.isprintable():
        raise InvalidValue(name, "must be one line of text")
    return text
