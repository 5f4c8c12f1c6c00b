"""Names of domains: what is one that an organization can have, and how it is shown.

A domain is what stands behind the @ of its e-mail addresses, exactly: a sub-domain is another one. So the rule of
addresses.py reads it, and what an address and a domain are compared by cannot differ.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

from publicsuffixlist import PublicSuffixList

from scim_server.services.addresses import parse_email
from scim_server.services.errors import InvalidValue
from scim_server.services.public_mail import PUBLIC_MAIL

# Alphabets that are written together (UTS 39, "highly restrictive"); of all others, one name has one.
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "HANGUL"},
    {"LATIN", "CJK", "BOPOMOFO"},
)
# Cyrillic and Greek letters that nobody can tell from Latin ones.
_LIKE_LATIN = frozenset(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0445\u0443\u0475"
    "\u03b1\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7"
)


@dataclass(frozen=True, slots=True)
class DomainName:
    """`name` is what DNS is asked for: the A-label (RFC 5890), in lower case. `text` is how its people write it.

    `warning` is a sentence for whoever looks at a name that may have been made to look like another.
    """

    name: str
    text: str
    warning: str | None


def read_domain(text: str) -> DomainName:
    """A domain that an organization can have: neither one of public mail nor one below which anybody gets a name.

    Raises InvalidValue.
    """
    found = show_domain(text)
    if _suffixes().is_public(found.name):
        raise InvalidValue("domain", f"{found.name} is one below which anybody can get a name, so it is nobody's own")
    if found.name in PUBLIC_MAIL:
        raise InvalidValue("domain", f"{found.name} is one at which anybody can get an address, so it is nobody's own")
    return found


def show_domain(text: str) -> DomainName:
    """A domain, whosever it can be.

    Raises InvalidValue.
    """
    given = text.strip().removesuffix(".")
    try:
        address = parse_email(f"postmaster@{given}")
    except ValueError:
        raise InvalidValue("domain", "is no name of a domain, such as example.com") from None
    name, shown = _behind_at(address.key), _behind_at(address.text)
    if name.rpartition(".")[2].isdigit():
        raise InvalidValue("domain", "is a number of a machine, and no name of a domain, such as example.com")
    return DomainName(name, shown, _warning(name, shown))


def domain_of(email: str) -> str | None:
    """The domain of an e-mail address, as `DomainName.name` has it; None where it is no address."""
    try:
        return _behind_at(parse_email(email).key)
    except ValueError:
        return None


def _behind_at(address: str) -> str:
    return address.rpartition("@")[2]


def _warning(name: str, shown: str) -> str | None:
    for label in shown.split("."):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in label if letter.isalpha()}
        if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
            named = " and ".join(sorted(script.capitalize() for script in scripts))
            return f"{shown} mixes {named} letters, as names do that imitate others. To mail servers it is {name}."
        if scripts and all(letter in _LIKE_LATIN for letter in label if letter.isalpha()):
            return f"{shown} looks like Latin letters, which it has none of. To mail servers it is {name}."
    return None


@cache
def _suffixes() -> PublicSuffixList:
    """The list of publicsuffix.org: also what hosts of other people's sites registered there (github.io)."""
    return PublicSuffixList()
