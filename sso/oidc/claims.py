"""The claims of a person as texts by name: what a mapping reads, and an admin sees in a trace."""

from collections.abc import Iterator, Mapping
from typing import Any

from sso.errors import Reason, Refused

MOST_NAMES = 300
MOST_VALUES = 5000
LONGEST_VALUE = 4096

# Entra names more groups than fit (some 200) by an address instead; this name then says that there are some.
GROUPS_OVERAGE = "_claim_names.groups"

# What is about the token or the provider's session, and not about the person.
_ABOUT_THE_TOKEN = frozenset(
    ("iss", "aud", "azp", "exp", "iat", "nbf", "nonce", "jti", "at_hash", "c_hash", "s_hash", "sid", "auth_time")
)
_ELSEWHERE = "_claim_sources"  # where to ask for claims that are not here (Core §5.6.2), which we do not


def as_texts(claims: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Each claim as a list of texts: an object's members by dotted names, a list's items as several.

    A null is no claim, an empty list is one without values. A value longer than any mapping reads (a picture) is left
    out rather than cut; more claims than anybody has are refused, since a few of them would tell another story.
    """
    found: dict[str, list[str]] = {}
    about_the_person = {
        name: value for name, value in claims.items() if name not in _ABOUT_THE_TOKEN and name != _ELSEWHERE
    }
    seen = 0
    for name, value in about_the_person.items():
        for path, text in _texts(name, value):
            if path != name and path in about_the_person:
                continue  # a claim that is spelled with a dot is not another's member
            texts = found.setdefault(path, [])
            if text is not None and len(text) <= LONGEST_VALUE:
                texts.append(text)
            seen += 1
            if seen > MOST_VALUES or len(found) > MOST_NAMES:
                raise Refused(Reason.TOO_LARGE, expected=f"{MOST_NAMES} claims, {MOST_VALUES} values", came="more")
    return {name: tuple(texts) for name, texts in found.items()}


def email_of(claims: Mapping[str, Any]) -> str | None:
    value = claims.get("email")
    is_address = isinstance(value, str) and len(value) <= 320 and value.isprintable() and "@" in value.strip("@")
    return value if is_address else None


def _texts(name: str, value: Any) -> Iterator[tuple[str, str | None]]:
    """The names under a value, each with one of its texts; None for a list that has none."""
    match value:
        case None:
            return
        case bool():
            yield name, "true" if value else "false"
        case str() | int() | float():
            yield name, str(value)
        case list():
            yield name, None
            for item in value:
                yield from _texts(name, item)
        case dict():
            for member, item in value.items():
                yield from _texts(f"{name}.{member}", item)
