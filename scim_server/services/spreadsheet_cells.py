"""Texts as a spreadsheet program may be given them: none of them a formula.

A spreadsheet program runs a cell of a CSV file that begins with `=`, `+`, `-` or `@`, and what users and directories
call themselves is theirs to choose. OWASP, "CSV Injection", is what these rules are taken from.
"""

import re

# What makes a formula of a cell; as East Asian keyboards type it too, which programs take for the same.
_STARTS = "=+\\-@＝＋－＠﹦﹢﹣﹫"  # noqa: RUF001 - it is about what looks alike
# What programs pass over before it: white space, marks that nobody sees, quotes. No tab and no end of a line, so that
# looking for the beginnings of cells never looks at the same place twice.
_BLANKS = " \"'`‘’“”\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff"  # noqa: RUF001
_FORMULA = re.compile(f"[{_BLANKS}]*[\t\r\n{_STARTS}]")
# What begins a cell of its own where the program takes a semicolon or a tab for the separator, as most of Europe's do:
# then our quotes are not at the beginning of a cell, and mean nothing.
_INNER = re.compile(f"([;\t\r\n][{_BLANKS}]*)([{_STARTS}])")
_INNER_SAFE = re.compile(f"([;\t\r\n][{_BLANKS}]*)'([{_STARTS}])")
# A number: -3, +1.5, -1,000.00, -2e5, -7%. Nothing follows that a program could calculate with.
_NUMBER = re.compile(r"[+-]\d{1,40}([.,]\d{1,40}){0,12}(e[+-]?\d{1,3})?%?", re.ASCII | re.IGNORECASE)
# A telephone number, in groups or not. With hyphens it would be calculated: +1-800-555 is -1354.
_TELEPHONE = re.compile(r"\+\d{1,20}( \d{1,20}){0,8}", re.ASCII)


def safe_cell(text: str) -> str:
    """The same text for a cell of a CSV file, which no program runs: with an apostrophe before what it would run.

    A plain number and a telephone number stay as they are: both are common, a program can only calculate the same
    number from them, and other programs that read the file would stumble over the apostrophe.
    """
    if _NUMBER.fullmatch(text) or _TELEPHONE.fullmatch(text):
        return text
    text = _INNER.sub(r"\1'\2", text)
    return f"'{text}" if _FORMULA.match(text) else text


def original_cell(text: str) -> str:
    """The text that `safe_cell` has made this one of, so that what was exported can be imported; any other stays."""
    plain = _INNER_SAFE.sub(r"\1\2", text.removeprefix("'"))
    for found in (plain, _INNER_SAFE.sub(r"\1\2", text)):
        if safe_cell(found) == text:
            return found
    return text


def is_formula(text: str) -> bool:
    """Whether a program would take this for a formula if somebody typed it."""
    return safe_cell(text) != text
