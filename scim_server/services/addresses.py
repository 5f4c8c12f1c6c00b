"""Addresses that reach a person, e-mail and telephone: the one place that knows what is one.

There is one rule of what an e-mail address is, `parse_email`, and three of its forms: what is shown (`text`), what mail
servers take (`wire`), and what tells one mailbox from another (`key`). Each use takes what it needs of it:

- what is written to must be deliverable: `deliverable`, which every address that we read is;
- what identifies an account must be canonical: `read_email`, by whose key accounts are found;
- whom somebody else names must show whose it is: `read_recipient`, which takes less, and never anything else;
- what a profile holds is shown: services/formats.py `email`.

So an address of a profile, and one that an invitation went to, is an account's, and mail gets there.

Likewise for telephones: `parse_phone` is the rule. A profile may hold whatever may be a number (formats.py `phone`);
what identifies an account is sent codes, and has to be one of those that its country gives out (`read_phone`).
"""

import unicodedata
from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumber, PhoneNumberFormat

from scim_server.services.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address: `text` is how it is shown, `wire` where mail goes, `key` what tells one mailbox from another.

    `wire` has the domain as DNS knows it, and is ASCII throughout where there is such a form.
    """

    text: str
    wire: str
    key: str


def parse_email(text: str) -> Email:
    """Raises ValueError, with a sentence that says why.

    Nothing may become an ASCII letter that is none: the kelvin sign (U+212A) is a K to Unicode and may be another
    mailbox to its host, whose owner would own the account of both. So the key folds the case of ASCII letters alone.
    """
    given = text.strip()
    local = given.rpartition("@")[0]
    if any(not letter.isascii() and unicodedata.normalize("NFC", letter).isascii() for letter in local):
        raise ValueError("a letter only looks like another")
    try:
        # Whether the domain takes mail is found out by sending; a look-up here would tell others whom we ask about. A
        # company's own network may well have a name that the rest of the world does not, such as one in .test.
        found = validate_email(
            given, check_deliverability=False, globally_deliverable=False, test_environment=True, strict=True
        )
    except EmailNotValidError as problem:
        raise ValueError(str(problem).rstrip(".")) from None
    wire = found.ascii_email or f"{found.local_part}@{found.ascii_domain}"
    folded = "".join(letter.lower() if letter.isascii() else letter for letter in found.local_part)
    return Email(found.normalized, wire, f"{folded}@{found.ascii_domain.lower()}")


def read_email(text: str, attribute: str = "email") -> Email:
    """An address, with the key that makes it one account's.

    Raises InvalidValue.
    """
    try:
        return parse_email(text)
    except ValueError as problem:
        raise InvalidValue(attribute, f"is no e-mail address: {problem}") from None


def read_recipient(text: str, attribute: str = "email") -> str:
    """The address of somebody whom another person names, in the one form that we keep.

    Whoever reads it shall see whose it is: letters that only look like others are refused before the @, and behind it
    they show as what the domain name system knows them by (xn--…, RFC 5891). So do names that are no threat, such as
    bücher.example.

    Raises InvalidValue.
    """
    wire = read_email(text, attribute).wire
    if not wire.isascii():
        raise InvalidValue(attribute, "is no e-mail address: only a to z, digits and signs may stand before the @")
    return wire


def deliverable(text: str) -> str:
    """An address as mail servers take it.

    Raises InvalidValue.
    """
    return read_email(text).wire


def parse_phone(text: str) -> PhoneNumber:
    """A telephone number that a person wrote with the country's code in front, as long as those of the country are.

    Raises ValueError.
    """
    try:
        found = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        found = None
    # Behind an extension there is somebody else than behind the number alone.
    if found is None or found.extension or not phonenumbers.is_possible_number(found):
        raise ValueError("must be a telephone number with its country, such as +442079460000 (E.164)")
    return found


def e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def read_phone(text: str) -> str:
    """A telephone number that there can be, as E.164 has it.

    Raises InvalidValue.
    """
    try:
        found = parse_phone(text)
    except ValueError as problem:
        raise InvalidValue("phone", str(problem)) from None
    if not phonenumbers.is_valid_number(found):
        raise InvalidValue("phone", "is no telephone number of that country")
    return e164(found)
