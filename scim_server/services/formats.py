"""What a text that a person has typed must be like: each function gives it in its one form, or says why not.

Only hands are held to this. What a directory says is kept as it was sent (`IDP_DIALECTS.md`, exchanges 26 and 40), and
whoever needs to rely on it asks `usable`.
"""

import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from scim_server.services import addresses

# They turn what follows them around on a screen, so that one name passes for another (Unicode TR 36, §3.5).
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SHORT, _LONG, _URL = 256, 1024, 2048

T = TypeVar("T")


def line(text: object) -> str:
    """A text of one line, as names are.

    Raises ValueError.
    """
    return _text(text, _SHORT, lines=False)


def lines(text: object) -> str:
    """A text of several lines, as addresses are.

    Raises ValueError.
    """
    return _text(text, _LONG, lines=True)


def blank_or_line(text: object) -> str:
    """A text of one line, which may be blank on purpose.

    Raises ValueError.
    """
    return "" if isinstance(text, str) and not text.strip() else line(text)


def harmless(text: str) -> str:
    """A text of any number of lines, as it was written, or blank.

    Raises ValueError.
    """
    if any(_is_harmful(each, lines=True) for each in text):
        raise ValueError("holds control characters")
    return text


def language(text: object) -> str:
    """A language tag (BCP 47).

    Raises ValueError.
    """
    import langcodes  # takes longer than all the rest of a command that asks for no language
    from langcodes.tag_parser import LanguageTagError

    given = line(text)
    try:
        if langcodes.tag_is_valid(given):
            return langcodes.standardize_tag(given)
    except LanguageTagError:
        pass
    raise ValueError("must be a language tag such as en or pt-BR (BCP 47)")


def time_zone(text: object) -> str:
    """The name of a time zone in the IANA database.

    Raises ValueError.
    """
    found = _time_zones().get(line(text).lower())
    if found is None:
        raise ValueError("must be a time zone such as Europe/London (IANA)")
    return found


def phone(text: object) -> str:
    """A telephone number (E.164); one whose length its country does not have is none.

    Raises ValueError.
    """
    return addresses.e164(addresses.parse_phone(line(text)))


def email(text: object) -> str:
    """An e-mail address, with its domain in lower case; whether mail arrives there is not asked.

    Raises ValueError.
    """
    line(text)
    try:
        return addresses.parse_email(str(text)).text  # as it was typed: a line has its letters composed
    except ValueError as problem:
        raise ValueError(f"must be an e-mail address: {problem}") from None


def https(text: object) -> str:
    """The address of something that browsers fetch.

    Raises ValueError.
    """
    return _url(text, "https")


def web(text: object) -> str:
    """The address of a page that a person may follow.

    Raises ValueError.
    """
    return _url(text, "https", "http")


def whole(value: object) -> int:
    """A number of things.

    Raises ValueError.
    """
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError("must be a whole number, 0 or more")
    return number


def yes_or_no(value: object) -> bool:
    """Raises ValueError."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - it is a value that somebody has typed
    return value


def usable(value: object, read: Callable[[object], T]) -> T | None:
    """What a directory has sent, where it is what the product can work with."""
    try:
        return read(value)
    except ValueError:
        return None


def _text(text: object, longest: int, *, lines: bool) -> str:
    if not isinstance(text, str):
        raise ValueError("must be a text")  # noqa: TRY004 - it is a value that somebody has typed
    given = unicodedata.normalize("NFC", text.strip())
    if not given:
        raise ValueError("must not be empty; null takes it away")
    if len(given) > longest:
        raise ValueError(f"is longer than {longest} characters")
    if any(_is_harmful(each, lines=lines) for each in given):
        raise ValueError("holds control characters")
    return given


def _is_harmful(character: str, *, lines: bool) -> bool:
    if lines and character in "\r\n\t":
        return False
    return character in _BIDI_CONTROLS or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _url(text: object, *schemes: str) -> str:
    given = _text(text, _URL, lines=False)
    try:
        parts = urlsplit(given)
        sound = parts.scheme in schemes and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:  # brackets without an address, a port that is no number
        sound = False
    if not sound or any(character.isspace() for character in given):
        raise ValueError(f"must be a URL that begins with {' or '.join(f'{each}://' for each in schemes)}")
    return given


@cache
def _time_zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones() if "/" in name or name in ("UTC", "GMT")}
