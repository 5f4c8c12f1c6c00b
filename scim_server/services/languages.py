"""The languages that we speak with people: those of mail and of the pages."""

from enum import StrEnum


class Language(StrEnum):
    """Named as RFC 5646 names them."""

    EN = "en"
    PT_BR = "pt-BR"


def closest(wanted: str | None) -> Language:
    """The one of our languages that is closest to a language tag, such as a profile's `preferredLanguage`."""
    primary = (wanted or "").replace("_", "-").partition("-")[0].lower()
    return next((each for each in Language if each.partition("-")[0] == primary), Language.EN)
