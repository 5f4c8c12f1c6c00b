"""Whatever file somebody sends, what comes of it is rows, or a sentence that says what to do."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from scim_server.services import import_files, import_samples
from scim_server.services.errors import NotImportable
from scim_server.services.import_cells import as_text, column_letter
from scim_server.services.import_columns import TARGETS
from scim_server.services.import_files import MOST_BYTES, MOST_ROWS, Table
from tests.imports import FILES, table

PEOPLE = [["email", "given_name"], ["ada@example.com", "Ada"], ["jose@example.com", "José"]]
CONTENT_TYPES, SHEET = "[Content_Types].xml", "xl/worksheets/sheet1.xml"


def book(rows: list[list[Any]], *, formats: dict[str, str] | None = None) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for place, number_format in (formats or {}).items():
        sheet[place].number_format = number_format
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def repacked(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A workbook with other parts."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()


def cells(found: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in found.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_in_every_encoding_and_with_every_separator(encoding: str, separator: str) -> None:
    content = table(PEOPLE, separator).decode().encode(encoding)

    found = import_files.read("people.csv", content)

    assert found.header == ("email", "given_name")
    assert cells(found) == [("ada@example.com", "Ada"), ("jose@example.com", "José")]
    assert [row.number for row in found.rows] == [2, 3]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"sep=;\r\nemail;teams\r\na@example.com;x\r\n", [("a@example.com", "x")]),
        (b'email,title\n"a@example.com","Head of ""Things"", EMEA"\n', [("a@example.com", 'Head of "Things", EMEA')]),
        (b"email,title\r\n\r\n,\r\na@example.com,\r\n", [("a@example.com", "")]),
        (b"\n\nemail\na@example.com", [("a@example.com",)]),
        (b"email\ra@example.com\rb@example.com", [("a@example.com",), ("b@example.com",)]),
        (b"email,title\na@example.com\n", [("a@example.com", "")]),
        (b"email,,title\na@example.com,,x\n", [("a@example.com", "", "x")]),
        (b'email,title\na@example.com,"two\nlines"\n', [("a@example.com", "two\nlines")]),
        (b"email,title\na@example.com,'=1+1\n", [("a@example.com", "=1+1")]),
    ],
)
def test_csv_is_read_as_spreadsheet_programs_write_it(content: bytes, rows: list[tuple[str, ...]]) -> None:
    assert cells(import_files.read("people.csv", content)) == rows


def test_a_workbook_shows_what_a_person_sees_in_it() -> None:
    found = import_files.read(
        "people.xlsx",
        book(
            [
                ["email", "number", "phone", "padded", "day", "moment", "hour", "yes", "half"],
                [
                    "a@b.c",
                    42.0,
                    442079460000,
                    42,
                    date(2026, 11, 22),
                    datetime(2026, 11, 22, 8, 30),  # noqa: DTZ001 - cells have no time zone
                    time(8),
                    True,
                    0.5,
                ],
            ],
            formats={"D2": "00000", "C2": '"+"0'},
        ),
    )

    row = ("a@b.c", "42", "+442079460000", "00042", "2026-11-22", "2026-11-22 08:30:00", "08:00:00", "TRUE", "0.5")
    assert cells(found) == [row]
    assert found.sheet == "Sheet"


def test_the_first_sheet_with_cells_that_a_person_sees_is_read() -> None:
    made = Workbook()
    made.create_sheet("Hidden").append(["email"])
    made["Hidden"].sheet_state = "hidden"
    made.create_sheet("People").append(["email"])
    made["People"].append(["a@example.com"])
    content = io.BytesIO()
    made.save(content)

    assert import_files.read("x.xlsx", content.getvalue()).sheet == "People"


def test_a_formula_or_an_error_is_told_where_it_is_and_other_rows_are_read() -> None:
    found = import_files.read(
        "x.xlsx",
        book([["email", "title"], ["a@example.com", "=1+1"], ["b@example.com", "#N/A"], ["c@example.com", "x"]]),
    )

    formula, error, fine = (row.problem for row in found.rows)
    assert formula == "Cell B2 holds a formula: copy the column, and paste it as values"
    assert error == "Cell B3 holds the error #N/A: mend it in the spreadsheet"
    assert fine is None


def test_a_formula_in_csv_or_xls_is_told_as_well() -> None:
    csv = import_files.read("x.csv", b"email,title\na@example.com,=1+1\n")
    xls = import_files.read("formula.xls", (FILES / "formula.xls").read_bytes())

    assert [row.problem for row in csv.rows] == ["Cell B2 holds a formula: copy the column, and paste it as values"]
    assert [row.problem for row in xls.rows] == [
        "Cell B2 holds a formula: copy the column, and paste it as values",
        None,
        "Cell B4 holds a formula: copy the column, and paste it as values",
    ]
    assert cells(xls)[1] == ("b@example.com", "2026-11-22", "00042")


def test_a_row_that_is_wider_than_the_header_or_has_too_long_a_cell_is_told() -> None:
    found = import_files.read("x.csv", b"email,title\na@example.com,x,y\nb@example.com," + b"x" * 3000)

    wide, long = (row.problem or "" for row in found.rows)
    assert "column C, which has no name" in wide
    assert "Cell B3 has more than 2,048 characters" in long


def test_what_no_database_keeps_is_told() -> None:
    people = (FILES / "people.xls").read_bytes()
    for name in ("Becker", "Köhler"):
        people = people.replace(name.encode("latin-1"), b"\0" * len(name))
        people = people.replace(name.encode("utf-16-le"), b"\0" * len(name) * 2)

    problems = {row.problem for row in import_files.read("x.xls", people).rows if row.problem}

    assert problems
    assert all("holds a control character: type it anew" in each for each in problems)


def bomb(parts: dict[str, bytes]) -> None:
    parts["xl/media/image1.png"] = bytes(60_000_000)


def many(parts: dict[str, bytes]) -> None:
    parts.update({f"xl/media/{number}": b"" for number in range(3000)})


def laughs(parts: dict[str, bytes]) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">' for n in range(8))
    sheet = parts[SHEET].decode()
    declared = f'<?xml version="1.0"?><!DOCTYPE worksheet [{entities}]>'
    parts[SHEET] = (declared + sheet[sheet.index("<worksheet") :].replace("Ada", "&a7;")).encode()


def outside(parts: dict[str, bytes]) -> None:
    sheet = parts["xl/sharedStrings.xml"].decode()
    declared = '<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    parts["xl/sharedStrings.xml"] = (declared + sheet[sheet.index("<sst") :].replace("Agent", "&x;")).encode()


def far_row(parts: dict[str, bytes]) -> None:
    parts[SHEET] = parts[SHEET].replace(b'r="3"', b'r="999999999"').replace(b'="A3"', b'="A999999999"')


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def lying(content: bytes) -> bytes:
    """A workbook whose directory says that a part is smaller than it is."""
    at = content.rindex(b"xl/worksheets/sheet1.xml") - 46 + 24
    return content[:at] + (10).to_bytes(4, "little") + content[at + 4 :]


XLSX = book(PEOPLE)
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "blanks": (b" \r\n\r\n", "is empty"),
    "only separators": (b",,\r\n,,\r\n", "is empty"),
    "only a header": (b"email,name\r\n", "has the columns' names and no rows"),
    "an empty workbook": (book([[]]), "is empty"),
    "too many rows": (table([["email"], *([f"{n}@example.com"] for n in range(1001))]), "more than 1,000 rows"),
    "too many rows of a workbook": (book([["email"], *([f"{n}@x.y"] for n in range(1001))]), "more than 1,000 rows"),
    "too many columns": (book([[f"c{n}" for n in range(101)], ["x"]]), "more than 100 columns"),
    "too many bytes": (b"email\n" + b"x" * MOST_BYTES, "more than 5 MB"),
    "two columns of one name": (b"email,Email\na,b\n", "Two columns are called 'Email'"),
    "a formula for a name": (book([["email", "=A1"], ["a", "b"]]), "the first row must be the columns' names"),
    "a quote that is not closed": (b'email,title\na@example.com,"x\n' * 3, "double"),
    "a quote to the end": (b'email,title\na@example.com,"x\n', "never closed"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no spreadsheet"),
    "a PDF": (b"%PDF-1.7 \x00", "is a PDF"),
    "a web page": (b"<!DOCTYPE html><table><tr><td>email", "is a web page"),
    "JSON": (b'{"email": "a"}', "is JSON"),
    "an archive": (repacked(XLSX, lambda parts: parts.pop(CONTENT_TYPES)), "no spreadsheet"),  # type: ignore[arg-type]
    "half a workbook": (truncated(XLSX), "is damaged"),
    "a workbook that lies": (lying(XLSX), "is damaged"),
    "a workbook without its sheet": (repacked(XLSX, lambda parts: parts.pop(SHEET)), "has no sheet"),  # type: ignore[arg-type]
    "a workbook of nonsense": (repacked(XLSX, lambda parts: parts.update({SHEET: b"<a"})), "is damaged"),
    "a binary workbook": (repacked(XLSX, lambda parts: parts.update({"xl/workbook.bin": b""})), "XLSB"),
    "a bomb": (repacked(XLSX, bomb), "unpacks to far more"),
    "a bomb of parts": (repacked(XLSX, many), "unpacks to far more"),
    "a bomb of entities": (repacked(XLSX, laughs), "is damaged"),
    "an entity of another file": (repacked((FILES / "people.xlsx").read_bytes(), outside), "is damaged"),
    "an old workbook of nonsense": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x01" * 600, "is damaged"),
    "a protected workbook": ((FILES / "protected.xlsx").read_bytes(), "protected by a password"),
    "a protected old workbook": ((FILES / "protected.xls").read_bytes(), "protected by a password"),
    "an OpenDocument spreadsheet": ((FILES / "people.ods").read_bytes(), "ODS"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_cannot_be_imported_gets_a_sentence_that_says_what_to_do(what: str) -> None:
    content, sentence = REFUSED[what]

    with pytest.raises(NotImportable) as refused:
        import_files.read("x", content)

    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_row_beyond_the_end_of_any_sheet_costs_nothing() -> None:
    found = import_files.read("x.xlsx", repacked(XLSX, far_row))

    assert cells(found) == [("ada@example.com", "Ada")]


def test_a_thousand_rows_are_not_too_many() -> None:
    content = table([["email"], *([f"{number}@example.com"] for number in range(MOST_ROWS))])

    assert len(import_files.read("x.csv", content + b"\r\n\r\n").rows) == MOST_ROWS


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.integers(0, len(XLSX) - 1)), st.binary(min_size=1, max_size=8))
def test_any_bytes_come_to_rows_or_to_a_sentence(start: bytes | int, more: bytes) -> None:
    content = start + more if isinstance(start, bytes) else XLSX[:start] + more + XLSX[start + len(more) :]
    told = ""
    try:
        rows = import_files.read("x", content).rows
    except NotImportable as refused:
        rows, told = (), str(refused)
    assert rows or told.endswith(".")


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (None, "General", ""),
        (1e20, "General", "100000000000000000000"),
        (0.1, "0.00", "0.1"),
        (-5.0, "000", "-5"),
        (7, "#,##0", "7"),
        (7, "+0", "+7"),
        (" x ", "@", "x"),
    ],
)
def test_a_cell_is_the_text_that_a_person_sees(value: object, number_format: str, text: str) -> None:
    assert as_text(value, number_format) == text


def test_columns_are_called_as_spreadsheet_programs_call_them() -> None:
    assert [column_letter(index) for index in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_every_column_is_documented_and_in_the_sample() -> None:
    page = (Path(__file__).parents[2] / "docs" / "admins" / "imports.md").read_text()
    sample = import_files.read("sample.csv", import_samples.as_csv())

    assert [name for name in TARGETS if f"`{name}`" not in page] == []
    assert set(sample.header) == TARGETS.keys() - {"id"}
