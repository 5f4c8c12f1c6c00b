"""Addresses that reach a person: e-mail and telephone, as people write them and as we keep them."""

import unicodedata
from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from scim_server.services.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address: `text` is where mail goes, `key` what tells one mailbox from another."""

    text: str
    key: str


def read_email(text: str) -> Email:
    """Raises InvalidValue.

    Nothing may become an ASCII letter that is none: the kelvin sign (U+212A) is a K to Unicode and may be another
    mailbox to its host, whose owner would own the account of both. So the key folds the case of ASCII letters alone.
    """
    local = text.strip().rpartition("@")[0]
    if any(not letter.isascii() and unicodedata.normalize("NFC", letter).isascii() for letter in local):
        raise InvalidValue("email", "has a letter that only looks like another")
    try:
        # The host names of a company's own network count too.
        found = validate_email(text.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise InvalidValue("email", "is no e-mail address") from None
    folded = "".join(letter.lower() if letter.isascii() else letter for letter in found.local_part)
    return Email(found.normalized, f"{folded}@{found.ascii_domain.lower()}")


def read_phone(text: str) -> str:
    """A telephone number as E.164 has it, of what a person wrote with the country's code in front.

    Raises InvalidValue.
    """
    try:
        found = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise InvalidValue("phone", "must be a telephone number that begins with + and the country's code") from None
    if not phonenumbers.is_valid_number(found):
        raise InvalidValue("phone", "is no telephone number of that country")
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
