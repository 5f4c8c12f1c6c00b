"""Reading XLSX. It is a ZIP archive of XML, and what a stranger sends in either may be made to grow without end: sizes
are held to before anything is read, and entities (defusedxml) are not read at all.
"""

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from lxml import etree

from scim_server.services.errors import NotImportable
from scim_server.services.import_cells import RawRow, as_text, error_in, formula_in

# Bytes that an archive may unpack to, and each part of it that is read all at once; and how many parts it may have. A
# file of 1,000 rows and 100 columns has 5 MB.
_ALL, _PART, _PARTS = 25_000_000, 4_000_000, 2_000
_LONG_PARTS = ("xl/worksheets/", "xl/sharedStrings", "xl/media/")
_CHUNK = 65_536
# Excel has no more.
_LAST_ROW = 1_048_576
_FORMULA, _CELL = "{*}f", "{*}c"

_TOO_MUCH = "The file unpacks to far more than 1,000 rows need: copy the rows into a new spreadsheet, and save that"
_BROKEN = "The file is damaged, or no spreadsheet: open it in a spreadsheet program, and save it as XLSX"

# About what openpyxl does not read, such as drop-down lists.
warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\.")


def check(content: bytes) -> None:
    """Ask whether it is an XLSX file that unpacks to no more than it may, by what it says and by what it does.

    Raises NotImportable.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _check_kind(archive)
            _check_said(archive.infolist())
            for part in archive.infolist():
                _check_part(archive, part)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError, zlib.error):
        raise NotImportable(_BROKEN) from None


def rows(content: bytes, most_columns: int) -> tuple[str, Iterator[RawRow]]:
    """The name of the first sheet with anything in it, and its rows. `check` has been asked.

    Raises NotImportable.
    """
    from openpyxl import load_workbook  # takes as long as all the rest of a command that reads no file

    book: Any = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    sheets: list[Any] = [each for each in book.worksheets if each.sheet_state == "visible"] or list(book.worksheets)
    if not sheets:
        raise NotImportable("The file has no sheet with cells: put the rows into one, with the columns' names on top")
    for sheet in sheets:
        sheet.reset_dimensions()  # what it says of its size need not be so
    chosen = next((each for each in sheets if _has_cells(each, most_columns)), sheets[0])
    return chosen.title, _rows(book, chosen, most_columns)


def _rows(book: Any, sheet: Any, most_columns: int) -> Iterator[RawRow]:
    formulas = _formulas(book, sheet)
    rows = {row for row, _ in formulas}
    for number, cells in _present(sheet, most_columns):
        if number not in rows and all(cell.value is None for cell in cells):
            continue
        texts: list[str] = []
        problems: list[str] = []
        for index, cell in enumerate(cells):
            problem = None
            if (number, index + 1) in formulas:
                problem = formula_in(number, index)
            elif cell.data_type == "e":
                problem = error_in(number, index, str(cell.value))
            problems += [problem] if problem else []
            texts.append("" if problem or cell.value is None else as_text(cell.value, cell.number_format))
        yield RawRow(number, texts, problems)


def _present(sheet: Any, most_columns: int) -> Iterator[tuple[int, Any]]:
    """The rows that are in the file. For those that it leaves out, and there may be a million, openpyxl gives the same
    empty one again and again.
    """
    before: Any = None
    # One column more, so that whoever asks sees that there is one.
    for number, cells in enumerate(sheet.iter_rows(max_row=_LAST_ROW, max_col=most_columns + 1), 1):
        if cells is not before:
            yield number, cells
        before = cells


def _has_cells(sheet: Any, most_columns: int) -> bool:
    return any(cell.value is not None for _, cells in _present(sheet, most_columns) for cell in cells)


def _formulas(book: Any, sheet: Any) -> set[tuple[int, int]]:
    """Where there are formulas. openpyxl would rewrite each for its place, which a file can make take hours."""
    from openpyxl.utils.cell import coordinate_to_tuple

    found: set[tuple[int, int]] = set()
    with book._archive.open(sheet._worksheet_path) as part:
        for _, cell in etree.iterparse(part, tag=_CELL, resolve_entities=False, no_network=True):
            if cell.find(_FORMULA) is not None:
                found.add(coordinate_to_tuple(cell.get("r", "")))
            cell.clear()
            while cell.getprevious() is not None:
                del cell.getparent()[0]
    return found


def _check_kind(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if "xl/workbook.bin" in names:
        raise NotImportable("This is a binary workbook (XLSB): save it as XLSX")
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
        kind = archive.read("mimetype").decode("ascii", "replace")
        if "opendocument.spreadsheet" in kind:
            raise NotImportable("This is an OpenDocument spreadsheet (ODS): save it as XLSX")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise NotImportable("This is no spreadsheet: save it as XLSX, or as CSV in UTF-8")


def _check_said(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > _PARTS or sum(part.file_size for part in parts) > _ALL:
        raise NotImportable(_TOO_MUCH)
    if any(part.file_size > _PART and not part.filename.startswith(_LONG_PARTS) for part in parts):
        raise NotImportable(_TOO_MUCH)
    if len({part.filename for part in parts}) < len(parts):
        raise NotImportable(_BROKEN)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Unpack a part, and keep nothing of it: it must have the size and the sum that it says it has."""
    size = 0
    with archive.open(part) as unpacked:
        while chunk := unpacked.read(_CHUNK):
            size += len(chunk)
            if size > part.file_size:
                raise NotImportable(_TOO_MUCH)
    if size != part.file_size:
        raise NotImportable(_BROKEN)
