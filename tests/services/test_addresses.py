"""Addresses: one rule of what is one, whoever asks, so that what one part of us keeps no other refuses."""

from collections.abc import Callable

import pytest

from scim_server.services import formats
from scim_server.services.addresses import deliverable, read_email, read_phone, read_recipient
from scim_server.services.errors import InvalidValue

GOOD = [
    "ada@example.com",
    " Ada.Lovelace+scim@EXAMPLE.com ",
    "o'hara@example.com",
    "ada@acme.test",
    "ada@intranet",
    "ada@bücher.example",
    "ada@xn--bcher-kva.example",
    "ada@\u0430pple.com",  # a Cyrillic a
    f"{'a' * 64}@example.com",
]
# Of which somebody else could not tell whose they are.
ONLY_THEIRS = ["josé@example.com", "jose\u0301@example.com", "пётр@пример.example", "\uff41da@example.com"]
BAD = [
    "",
    "ada",
    "ada@",
    "@example.com",
    "ada@b@example.com",
    "Ada <ada@example.com>",
    "ada@example.com,eve@example.com",
    "ada@example.com\r\nBcc: eve@example.com",
    "mi\u212ae@example.com",  # a kelvin sign
    "ad\u200ba@example.com",
    "ada@[127.0.0.1]",
    '"a b"@example.com',
    f"{'a' * 65}@example.com",
    "ada@example.com\x00",
    "\ud800@example.com",
]


@pytest.mark.parametrize("address", GOOD + ONLY_THEIRS)
def test_an_address_that_identifies_an_account_is_shown_in_profiles_and_can_be_written_to(address: str) -> None:
    found = read_email(address)

    assert formats.email(address) == found.text
    assert deliverable(address) == deliverable(found.text) == deliverable(found.wire) == found.wire
    assert found.wire.rpartition("@")[2].isascii()
    assert read_email(found.text) == read_email(found.wire) == found, "whichever form is kept, it is one account's"


@pytest.mark.parametrize("address", GOOD)
def test_whom_somebody_names_is_kept_in_the_form_that_mail_goes_to(address: str) -> None:
    assert read_recipient(address) == read_email(address).wire


@pytest.mark.parametrize("address", ONLY_THEIRS)
def test_nobody_is_named_by_letters_that_may_look_like_others(address: str) -> None:
    with pytest.raises(InvalidValue, match="email is no e-mail address: only a to z"):
        read_recipient(address)


@pytest.mark.parametrize("read", [read_email, read_recipient, deliverable, formats.email])
@pytest.mark.parametrize("address", BAD)
def test_what_is_no_address_is_none_for_anybody(read: Callable[[str], object], address: str) -> None:
    with pytest.raises((InvalidValue, ValueError)):
        read(address)


@pytest.mark.parametrize("number", ["+55 11 96123-4567", "+442079460000", "+1 (212) 555-2368", "tel:+442079460000"])
def test_a_number_that_identifies_an_account_is_the_same_in_profiles(number: str) -> None:
    assert formats.phone(number) == read_phone(number)


@pytest.mark.parametrize("number", ["", "96123-4567", "+55", "call me", "+44 20 7946 0000 ext. 3", "+999 123456789"])
def test_what_is_no_number_is_none_for_anybody(number: str) -> None:
    with pytest.raises(InvalidValue, match="phone must be a telephone number with its country"):
        read_phone(number)
    with pytest.raises(ValueError, match="must"):
        formats.phone(number)


def test_codes_go_to_numbers_that_there_are_and_profiles_hold_those_that_there_may_be() -> None:
    assert formats.phone("+1 555 555 0100") == "+15555550100"
    with pytest.raises(InvalidValue, match="phone is no telephone number of that country"):
        read_phone("+1 555 555 0100")
