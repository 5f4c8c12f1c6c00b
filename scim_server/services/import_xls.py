"""Reading XLS, the format of Excel before 2007."""

import io
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scim_server.services.errors import NotImportable
from scim_server.services.import_cells import RawRow, as_text, error_in, formula_in

if TYPE_CHECKING:
    from xlrd.book import Book
    from xlrd.sheet import Sheet

# The records that we look for ourselves, as xlrd shows of a formula only what came of it ([MS-XLS] §2.4).
_FORMULA = frozenset({0x0006, 0x0206, 0x0406})
_EOF = 0x000A
_BOF = frozenset({0x0009, 0x0209, 0x0409, 0x0809})
_PROTECTED = "The file is protected by a password: save it without one"


def rows(content: bytes, most_columns: int) -> tuple[str, Iterator[RawRow]]:
    """The name of the first sheet with anything in it, and its rows.

    Raises NotImportable.
    """
    import xlrd
    from xlrd.biffh import XLRDError

    if "EncryptedPackage".encode("utf-16-le") in content:
        raise NotImportable(_PROTECTED)
    try:
        book = xlrd.open_workbook(
            file_contents=content, formatting_info=True, on_demand=True, ragged_rows=True, logfile=io.StringIO()
        )
    except XLRDError as error:
        if "encrypted" in str(error).lower():
            raise NotImportable(_PROTECTED) from None
        raise
    sheets = [(index, book.sheet_by_index(index)) for index in range(book.nsheets)]
    if not sheets:
        raise NotImportable("The file has no sheet with cells: put the rows into one, with the columns' names on top")
    visible = [(index, sheet) for index, sheet in sheets if sheet.visibility == 0] or sheets
    index, sheet = next(((index, sheet) for index, sheet in visible if _has_cells(sheet)), visible[0])
    return sheet.name, _rows(book, sheet, _formulas(book, index), most_columns)


def _rows(book: "Book", sheet: "Sheet", formulas: set[tuple[int, int]], most_columns: int) -> Iterator[RawRow]:
    import xlrd

    for row in range(sheet.nrows):
        texts: list[str] = []
        problems: list[str] = []
        # One column more, so that whoever asks sees that there is one.
        for column in range(min(sheet.row_len(row), most_columns + 1)):
            kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
            problem = None
            if (row, column) in formulas:
                problem = formula_in(row + 1, column)
            elif kind == xlrd.XL_CELL_ERROR:
                told = xlrd.error_text_from_code.get(int(value), "#ERROR")
                problem = error_in(row + 1, column, told)
            problems += [problem] if problem else []
            texts.append("" if problem else _text(book, sheet, row, column))
        yield RawRow(row + 1, texts, problems)


def _text(book: "Book", sheet: "Sheet", row: int, column: int) -> str:
    import xlrd

    kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return as_text(bool(value))
    if kind == xlrd.XL_CELL_DATE:
        try:
            return as_text(xlrd.xldate_as_datetime(float(value), book.datemode))
        except (ValueError, OverflowError):
            return as_text(value)
    if kind == xlrd.XL_CELL_NUMBER:
        looks = book.format_map.get(book.xf_list[sheet.cell_xf_index(row, column)].format_key)
        return as_text(value, looks.format_str if looks else "General")
    return as_text(value)


def _has_cells(sheet: "Sheet") -> bool:
    return any(str(value).strip() for row in range(sheet.nrows) for value in sheet.row_values(row))


def _formulas(book: Any, index: int) -> set[tuple[int, int]]:
    """Where there are formulas: the row and the column of each, from 0."""
    found, position, depth = set(), book._sh_abs_posn[index], 0
    stream = book.mem
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        if kind in _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                break
        elif kind in _FORMULA and length >= 4:
            found.add(struct.unpack_from("<HH", stream, position + 4))
        position += 4 + length
    return found
