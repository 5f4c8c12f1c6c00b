"""The cells of a spreadsheet as the text that a person sees in them, whichever program wrote it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

# An address of a page may have as many; nothing else of a profile has more than half of it.
LONGEST = 2048
# What shows a whole number as it is, padded with zeros, or behind a plus, as telephone numbers are.
_WHOLE = re.compile(r'(?P<plus>(?:\\?\+|"\+")?)(?:#*(?P<zeros>0*))')


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in a file, by the number that a spreadsheet program shows. `problems` are whole sentences."""

    number: int
    cells: Sequence[str]
    problems: Sequence[str] = ()

    @property
    def is_blank(self) -> bool:
        return not any(self.cells) and not self.problems


def as_text(value: object, number_format: str = "General") -> str:
    """What a cell shows; a number that is an id or a telephone number has no point in it."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return _number(value, number_format)
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return str(value).strip()


def column_letter(index: int) -> str:
    """What spreadsheet programs call a column; the first has the index 0."""
    letters = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        letters = chr(ord("A") + letter) + letters
        index -= 1
    return letters


def place(row: int, index: int) -> str:
    return f"{column_letter(index)}{row}"


def formula_in(row: int, index: int) -> str:
    return f"Cell {place(row, index)} holds a formula: copy the column, and paste it as values"


def error_in(row: int, index: int, error: str) -> str:
    return f"Cell {place(row, index)} holds the error {error}: mend it in the spreadsheet"


def _number(value: float, number_format: str) -> str:
    if isinstance(value, float):
        if not value.is_integer() or abs(value) >= 1e15:  # beyond that a float is no longer exact
            return format(Decimal(repr(value)), "f")
        value = int(value)
    found = _WHOLE.fullmatch(number_format)
    if found is None or value < 0:
        return str(value)
    return ("+" if found["plus"] else "") + str(value).zfill(len(found["zeros"]))
