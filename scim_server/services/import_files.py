"""Reading a file of users: whatever a spreadsheet program wrote becomes columns with names and rows of text.

Whoever sends it may have made it by hand, to do us harm: no more is read than a file of 1,000 rows has, and whatever it
is, what comes of it is rows or a sentence that says what to do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import structlog

from scim_server.services import import_csv, import_xls, import_xlsx
from scim_server.services.errors import NotImportable
from scim_server.services.import_cells import LONGEST, RawRow, column_letter, formula_in, place
from scim_server.services.profiles import folded
from scim_server.services.spreadsheet_cells import original_cell

log = structlog.get_logger(__name__)

MOST_BYTES = 5_000_000
MOST_ROWS = 1_000
MOST_COLUMNS = 100

_EMPTY = "The file is empty: put the columns' names into the first row, and one user into each below"
_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = {
    b"%PDF": "This is a PDF",
    b"<html": "This is a web page",
    b"<!doctype": "This is a web page",
    b"<table": "This is a web page",
    b"<?xml": "This is XML",
    b"{": "This is JSON",
    b"[": "This is JSON",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row below the header, as long as that; `problem` is why it cannot be taken, whatever it says."""

    number: int
    cells: tuple[str, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says. `header` has one name for each column; one without a name is called by its letter."""

    file_name: str
    format: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    sheet: str | None = None
    encoding: str | None = None


def read(file_name: str, content: bytes) -> Table:
    """Raises NotImportable."""
    name = _shown(file_name)
    if not content.strip():
        raise NotImportable(_EMPTY)
    if len(content) > MOST_BYTES:
        raise NotImportable(f"The file has more than {MOST_BYTES // 1_000_000} MB: split it into several")
    try:
        return _read(name, content)
    except NotImportable:
        raise
    except Exception as error:  # the libraries raise whatever a damaged file makes them stumble over
        log.info("file not read", cause=type(error).__name__)
        raise NotImportable(
            "The file is damaged, or no spreadsheet: open it in a spreadsheet program, and save it as XLSX"
        ) from error


def _read(name: str, content: bytes) -> Table:
    if content.startswith(_ZIP):
        import_xlsx.check(content)
        sheet, rows = import_xlsx.rows(content, MOST_COLUMNS)
        return Table(name, "xlsx", *_table(rows), sheet=_shown(sheet))
    if content.startswith(_COMPOUND):
        sheet, rows = import_xls.rows(content, MOST_COLUMNS)
        return Table(name, "xls", *_table(rows), sheet=_shown(sheet))
    _refuse_others(content)
    text, encoding = import_csv.decoded(content)
    if not text.strip(',;"\t\r\n '):
        raise NotImportable(_EMPTY)
    return Table(name, "csv", *_table(_without_formulas(import_csv.rows(text))), encoding=encoding)


def _refuse_others(content: bytes) -> None:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower()
    for signature, what in _OTHERS.items():
        if start.startswith(signature.lower()):
            raise NotImportable(f"{what}, no spreadsheet: save it as XLSX, or as CSV in UTF-8")


def _table(rows: Iterator[RawRow]) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    filled = (row for row in rows if not row.is_blank)
    first = next(filled, None)
    if first is None:
        raise NotImportable(_EMPTY)
    header = _header(first)
    found: list[Row] = []
    for row in filled:
        if len(found) == MOST_ROWS:
            raise NotImportable(f"The file has more than {MOST_ROWS:,} rows: split it into several")
        found.append(_row(row, len(header)))
    if not found:
        raise NotImportable("The file has the columns' names and no rows: put one user into each row below them")
    return header, tuple(found)


def _header(first: RawRow) -> tuple[str, ...]:
    if first.problems:
        raise NotImportable(f"{first.problems[0]}; the first row must be the columns' names")
    names = list(first.cells)
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise NotImportable(f"The file has more than {MOST_COLUMNS} columns: leave those that matter")
    if any(len(name) > LONGEST or _is_unkeepable(name) for name in names):
        raise NotImportable("A column's name is far too long, or no text: the first row must be the columns' names")
    seen: set[str] = set()
    for name in names:
        if name and folded(name) in seen:
            raise NotImportable(f"Two columns are called {name!r}: rename one of them, or take it out")
        seen.add(folded(name))
    return tuple(name or f"({column_letter(index)})" for index, name in enumerate(names))


def _row(row: RawRow, width: int) -> Row:
    cells = [*row.cells, *[""] * (width - len(row.cells))]
    problems = list(row.problems)
    if any(cells[width:]):
        problems.append(
            f"The row has a value in column {_last(cells)}, which has no name: name it, or put quotation marks around "
            "a value with a separator in it"
        )
    for index, cell in enumerate(cells[:width]):
        if len(cell) > LONGEST:
            problems.append(f"Cell {place(row.number, index)} has more than {LONGEST:,} characters: shorten it")
            cells[index] = ""
        elif _is_unkeepable(cell):
            problems.append(f"Cell {place(row.number, index)} holds a control character: type it anew")
            cells[index] = ""
    return Row(row.number, tuple(cells[:width]), ". ".join(problems) or None)


def _is_unkeepable(text: str) -> bool:
    """Whether a text has what no database keeps, or no list shows; an old workbook may."""
    return any(each < " " and each not in "\t\r\n" for each in text)


def _last(cells: Sequence[str]) -> str:
    return column_letter(max(index for index, cell in enumerate(cells) if cell))


def _without_formulas(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """In a CSV file, whatever begins with an equals sign is a formula to the program that opens it; and an apostrophe
    before one is what an export has put there, so that it is none.
    """
    for row in rows:
        problems = [formula_in(row.number, index) for index, cell in enumerate(row.cells) if cell.startswith("=")]
        yield RawRow(row.number, [original_cell(cell) for cell in row.cells], problems)


def _shown(file_name: str) -> str:
    """The last part of a name, with what no list can show taken out."""
    name = PurePath(file_name.replace("\\", "/")).name
    return "".join(each for each in name if each.isprintable())[:255] or "file"
