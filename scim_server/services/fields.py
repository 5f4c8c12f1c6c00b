"""The fields of a profile that hands may write: the one table of what each may be, and how it is kept.

It is kept as `scim/` keeps what a directory says, under the names and in the form of the SCIM schemas, which
tests/services/test_fields.py holds against what SCIM keeps. An attribute of an extension goes by its full name here,
the URN and the attribute with a colon between (RFC 7644 §3.10), because each has an owner of its own.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scim_server.models import Availability
from scim_server.services import formats
from scim_server.services.errors import InvalidValue
from scim_server.services.profiles import ENTERPRISE_USER, PRODUCT_USER, USER, Profile, folded

_MOST_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value; `exact` is one that is compared as it stands."""

    of: Callable[[object], Any]
    exact: bool = False

    def read(self, name: str, value: Any) -> Any:
        """Raises InvalidValue."""
        try:
            return self.of(value)
        except ValueError as problem:
            raise InvalidValue(name, str(problem)) from None

    def fold(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return unicodedata.normalize("NFC", value) if self.exact else folded(value)


@dataclass(frozen=True, slots=True)
class Parts:
    """Several values under names of their own; those of `needed` are never missing."""

    parts: Mapping[str, Leaf]
    needed: tuple[str, ...] = ()

    def read(self, name: str, value: Any) -> Any:
        """Raises InvalidValue."""
        if not isinstance(value, Mapping):
            raise InvalidValue(name, f"must be an object with {', '.join(self.parts)}")
        if unknown := value.keys() - self.parts.keys():
            raise InvalidValue(name, f"has no {', '.join(sorted(map(str, unknown)))}")
        kept = {
            part: leaf.read(f"{name}.{part}", value[part])
            for part, leaf in self.parts.items()
            if value.get(part) is not None
        }
        if missing := [part for part in self.needed if part not in kept]:
            raise InvalidValue(f"{name}.{missing[0]}", "must not be empty")
        if not kept:
            raise InvalidValue(name, "must not be empty; null takes it away")
        return kept

    def fold(self, value: Any) -> Any:
        return {part: self.parts[part].fold(each) for part, each in value.items() if part in self.parts}


@dataclass(frozen=True, slots=True)
class Entries:
    """Any number of them, of which one may be the primary one."""

    entry: Parts

    def read(self, name: str, value: Any) -> Any:
        """Raises InvalidValue."""
        if not isinstance(value, list):
            raise InvalidValue(name, "must be an array")
        if len(value) > _MOST_ENTRIES:
            raise InvalidValue(name, f"has more than {_MOST_ENTRIES} entries")
        kept = [self.entry.read(name, each) for each in value]
        if sum(each.get("primary") is True for each in kept) > 1:  # RFC 7643 §2.4
            raise InvalidValue(name, "has more than one primary entry")
        return kept

    def fold(self, value: Any) -> Any:
        return [self.entry.fold(each) for each in value]


Field = Leaf | Parts | Entries


def _one_of(*values: str) -> Leaf:
    def read(value: object) -> str:
        if value not in values:
            raise ValueError(f"must be one of {', '.join(values)}")
        return str(value)

    return Leaf(read)


def _valued(value: Leaf, type: Leaf) -> Entries:
    display, primary = Leaf(formats.line), Leaf(formats.yes_or_no)
    return Entries(Parts({"value": value, "display": display, "type": type, "primary": primary}, needed=("value",)))


_LINE = Leaf(formats.line)
_PLACE = _one_of("work", "home", "other")

# Not among it is what other use cases write (the role, the status, the teams, what a user signs in with), and
# externalId, which is a directory's own.
FIELDS: Mapping[str, Field] = {
    "userName": _LINE,
    "name": Parts(
        dict.fromkeys(
            ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"), _LINE
        )
    ),
    "displayName": _LINE,
    "nickName": _LINE,
    "profileUrl": Leaf(formats.web, exact=True),
    "title": _LINE,
    "userType": _LINE,
    "preferredLanguage": Leaf(formats.language),
    "locale": Leaf(formats.language),
    "timezone": Leaf(formats.time_zone),
    "emails": _valued(Leaf(formats.email), _PLACE),
    "phoneNumbers": _valued(Leaf(formats.phone), _one_of("work", "home", "mobile", "fax", "pager", "other")),
    "ims": _valued(_LINE, _LINE),
    "photos": _valued(Leaf(formats.https, exact=True), _one_of("photo", "thumbnail")),
    "addresses": Entries(
        Parts(
            {
                "formatted": Leaf(formats.lines),
                "streetAddress": Leaf(formats.lines),
                "locality": _LINE,
                "region": _LINE,
                "postalCode": _LINE,
                "country": _LINE,
                "type": _PLACE,
                "primary": Leaf(formats.yes_or_no),
            }
        )
    ),
    f"{ENTERPRISE_USER}:employeeNumber": _LINE,
    f"{ENTERPRISE_USER}:costCenter": _LINE,
    f"{ENTERPRISE_USER}:organization": _LINE,
    f"{ENTERPRISE_USER}:division": _LINE,
    f"{ENTERPRISE_USER}:department": _LINE,
    f"{ENTERPRISE_USER}:manager": Parts({"value": Leaf(formats.line, exact=True)}, needed=("value",)),
    f"{PRODUCT_USER}:availability": _one_of(*Availability),
    f"{PRODUCT_USER}:receptionCapacity": Leaf(formats.whole),
    f"{PRODUCT_USER}:nickname": Leaf(formats.blank_or_line),
}


def made_by_hand(values: Mapping[str, Any]) -> Profile:
    """The profile of a newcomer of whom a person says this, each value under the name that it has in FIELDS.

    Raises InvalidValue.
    """
    newcomer: Any = {"active": True}  # which is to say that it is shown, not that they are
    return rewritten(Profile(newcomer, newcomer), values)


def rewritten(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    """A profile in which a person has changed some fields; null or an empty array takes one away.

    Raises InvalidValue.
    """
    document, search = flattened(profile.document), flattened(profile.search)
    for name, value in changes.items():
        field = FIELDS.get(name)
        if field is None:
            raise InvalidValue(name, "is no field of a profile that is written by hand")
        document.pop(name, None)
        search.pop(name, None)
        if value is not None and value != []:
            document[name] = field.read(name, value)
            search[name] = field.fold(document[name])
    return of_parts(document, search)


def flattened(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a document has, attribute by attribute, each of an extension by its full name; but not `schemas`."""
    return dict(_attributes(document))


def of_parts(document: Mapping[str, Any], search: Mapping[str, Any]) -> Profile:
    """The profile that has these attributes, by their full names."""
    shown, compared = _nested(document), _nested(search)
    # RFC 7643 §3: `schemas` names the schemas of the attributes that are there.
    known = [ENTERPRISE_USER, PRODUCT_USER]
    own = [name for name in shown if _is_urn(name) and name not in known]
    schemas = [USER, *(urn for urn in known if urn in shown), *own]
    return Profile({"schemas": schemas, **shown}, {"schemas": [{"value": folded(urn)} for urn in schemas], **compared})


def _attributes(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if _is_urn(name):
            yield from ((f"{name}:{attribute}", each) for attribute, each in value.items())
        elif name != "schemas":
            yield name, value


def _nested(attributes: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in attributes.items():
        urn, _, attribute = name.rpartition(":")
        if urn:
            nested.setdefault(urn, {})[attribute] = value
        else:
            nested[name] = value
    return nested


def _is_urn(name: str) -> bool:
    return ":" in name


def full_name(name: str) -> str:
    """The name that a field has in FIELDS, of it or of that without its URN.

    Raises InvalidValue.
    """
    for full in FIELDS:
        if name in (full, full.rpartition(":")[2]):
            return full
    raise InvalidValue(name, "is no field of a profile that is written by hand")
