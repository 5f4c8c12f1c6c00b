"""Tables as files that a spreadsheet program opens, CSV and XLSX, written while they are read.

Neither grows in memory with the table. No text of ours is taken for a formula: in CSV it is made safe
(services/spreadsheet_cells.py); in XLSX a cell says that it is a text, and stays one when somebody edits it.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from scim_server.services.spreadsheet_cells import is_formula, safe_cell

Cell = str | int | bool | datetime | None
Row = Sequence[Cell]

# By this Excel knows that a CSV file is UTF-8 and not in the code page of the computer.
_BOM = "\ufeff"
# What a sheet of Excel holds, and one cell of it.
MOST_ROWS = 1_048_576
MOST_CHARACTERS = 32_767
_CUT = " … (cut: the CSV file has all of it)"
_PIECE = 64 * 1024
_ROWS_AT_ONCE = 500


class FileFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def written(format: FileFormat, name: str, header: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """The file of a table, piece by piece. Whoever stops reading closes the iterator, and nothing is left of it."""
    return as_csv(header, rows) if format is FileFormat.CSV else as_xlsx(name, header, rows)


def as_csv(header: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """CSV as RFC 4180 has it, in UTF-8."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(_BOM)
    writer.writerow(header)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_in_csv(cell) for cell in row])
        if number % _ROWS_AT_ONCE == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def as_xlsx(name: str, header: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """XLSX, which has to be complete before its first byte can be read; until then it is in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="scim-server-export-") as folder:
        path = Path(folder) / "export.xlsx"
        _write(path, name, header, rows)
        file = path.open("rb")
    # The folder is gone, also if nobody reads on; the file is there for as long as it is open.
    with file:
        while piece := file.read(_PIECE):
            yield piece


class _Sheets:
    """Sheets of one table, each begun with its header where the one before it is full."""

    def __init__(self, book: Workbook, name: str, header: Sequence[str]) -> None:
        self._book, self._name, self._header = book, name, header
        self._bold: Format = book.add_format({"bold": True})
        self._text: Format = book.add_format({"quote_prefix": True})
        self._time: Format = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._count = 0
        self._begin()

    def add(self, row: Row) -> None:
        if self._at == MOST_ROWS:
            self._begin()
        for column, cell in enumerate(row):
            self._put(column, cell)
        self._at += 1

    def _begin(self) -> None:
        self._count += 1
        self._sheet: Worksheet = self._book.add_worksheet(
            self._name if self._count == 1 else f"{self._name} {self._count}"
        )
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(self._header) - 1, 20)
        for column, title in enumerate(self._header):
            self._sheet.write_string(0, column, _in_xlsx(title), self._bold)
        self._at = 1

    def _put(self, column: int, cell: Cell) -> None:
        match cell:
            case None | "":
                return
            case str():
                self._sheet.write_string(self._at, column, _in_xlsx(cell), self._text if is_formula(cell) else None)
            case bool():
                self._sheet.write_boolean(self._at, column, cell)
            case int():
                self._sheet.write_number(self._at, column, cell)
            case datetime():
                # A spreadsheet knows no time zones: all times are UTC.
                self._sheet.write_datetime(self._at, column, cell.astimezone(UTC).replace(tzinfo=None), self._time)


def _write(path: Path, name: str, header: Sequence[str], rows: Iterable[Row]) -> None:
    book = Workbook(
        str(path),
        # A row leaves memory when the next one begins. Nothing is guessed of what a text might be.
        {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_urls": False, "strings_to_formulas": False},
    )
    try:
        sheets = _Sheets(book, name, header)
        for row in rows:
            sheets.add(row)
    finally:
        book.close()  # also what it has open where a row could not be read


def _in_csv(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case str():
            return safe_cell(cell)
    return str(cell)


def _in_xlsx(text: str) -> str:
    if len(text) > MOST_CHARACTERS // 2 and len(text.encode("utf-16-le", "replace")) // 2 > MOST_CHARACTERS:
        kept = text.encode("utf-16-le", "replace")[: 2 * (MOST_CHARACTERS - len(_CUT))]
        text = kept.decode("utf-16-le", "ignore") + _CUT
    # XlsxWriter takes such a text for XML of its own making, and would write it as it stands.
    return f" {text}" if text.startswith("<r>") and text.endswith("</r>") else text


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode(errors="replace")
