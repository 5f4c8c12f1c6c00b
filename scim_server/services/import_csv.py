"""Reading CSV: in the encodings and with the separators that spreadsheet programs write."""

import codecs
import csv
import io
from collections.abc import Iterator

from scim_server.services.errors import NotImportable
from scim_server.services.import_cells import RawRow

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = ",;\t"


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a file, and its encoding: what its first bytes say, else UTF-8, else that of Windows in the west, of
    which Latin-1 is a part.

    Raises NotImportable.
    """
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if content.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(each < " " and each not in "\t\r\n\f" for each in text):
            break
        return text, encoding.removesuffix("-sig")
    raise NotImportable("This is no spreadsheet: save it as XLSX, or as CSV in UTF-8")


def rows(text: str) -> Iterator[RawRow]:
    """Each record, by its number: a text in quotes may go over several lines.

    Raises NotImportable.
    """
    separator, text = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise NotImportable(_why(str(error), number + 1, reader.line_num)) from None
        if cells is None:
            return
        number += 1
        yield RawRow(number, [each.strip() for each in cells])


def _separator(text: str) -> tuple[str, str]:
    """What stands between the columns, and the text that is to be read: a first line may say so and be nothing else."""
    first, _, rest = text.partition("\n")
    said = first.strip().strip('"')
    if said.lower().startswith("sep=") and len(said) == 5:
        return said[4], rest
    if text.lower().startswith("sep=\t"):
        return "\t", rest
    return max(_SEPARATORS, key=lambda each: _columns(text, each)), text


def _columns(text: str, separator: str) -> int:
    """How many columns the first record has that is not empty."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        return next((len(cells) for cells in reader if any(cells)), 0)
    except csv.Error:
        return 0


def _why(said: str, record: int, line: int) -> str:
    where = f"Row {record} (line {line})"
    if "field limit" in said:
        return f"{where} has a cell that is far too long: look for a quotation mark that is not closed"
    if "end of data" in said:
        return f"{where} opens a quotation mark that is never closed: close it, or double those within a text"
    return f"{where} has text behind a closing quotation mark: double the quotation marks within a text"
