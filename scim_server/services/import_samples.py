"""A file that shows how a list of users may look: every column that there is, and two people."""

import csv
import io

from scim_server.services.import_columns import TARGETS

_NOT_SHOWN = frozenset({"id"})
_ADA = {
    "user_name": "ada@example.com",
    "email": "ada@example.com",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "display_name": "Ada Lovelace",
    "nickname": "Ada",
    "phone": "+442079460000",
    "mobile": "+447700900123",
    "title": "Head of Support",
    "department": "Support",
    "employee_number": "00042",
    "language": "en-GB",
    "locale": "en-GB",
    "time_zone": "Europe/London",
    "city": "London",
    "country": "GB",
    "availability": "available",
    "reception_capacity": "5",
    "role": "Agent",
}
_JOSE = {
    "user_name": "jose@example.com",
    "email": "jose@example.com",
    "given_name": "José",
    "family_name": "Núñez",
    "display_name": "José Núñez",
    "phone": "+525512345678",
    "title": "Agent",
    "department": "Support",
    "employee_number": "00043",
    "manager": "ada@example.com",
    "language": "es",
    "time_zone": "America/Mexico_City",
    "role": "Viewer",
}


def rows() -> list[list[str]]:
    header = [name for name in TARGETS if name not in _NOT_SHOWN]
    return [header, *([person.get(name, "") for name in header] for person in (_ADA, _JOSE))]


def as_csv() -> bytes:
    """In UTF-8 with a byte order mark, without which Excel takes it for something else."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows())
    return text.getvalue().encode("utf-8-sig")


def as_xlsx() -> bytes:
    """Every cell is a text, so that no program makes numbers of telephone numbers."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Users")
    for row in rows():
        cells = [WriteOnlyCell(sheet, value=text) for text in row]
        for cell in cells:
            cell.number_format = "@"
        sheet.append(cells)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
