"""An access review as a CSV file, for whoever keeps it or goes through it in a spreadsheet program."""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO
from typing import Any
from uuid import UUID

from scim_server.models import AccessReviewLine
from scim_server.services.access_reviews import each_line, get_review
from scim_server.services.context import Context
from scim_server.services.spreadsheet_cells import safe_cell

_COLUMNS = (
    "user_id",
    "user_name",
    "display_name",
    "role",
    "is_admin",
    "is_owner",
    "granted",
    "revoked",
    "origin",
    "directory",
    "joined_at",
    "last_sign_in_at",
    "sign_ins_lately",
    "decision",
    "new_role",
    "carried_out",
    "note",
    "decided_by",
    "decided_at",
)


def csv_lines(ctx: Context, review_id: UUID) -> Iterator[str]:
    """The file, line by line: only a part of it is in memory at once. No cell of it is a formula.

    Raises NotFound.
    """
    get_review(ctx, review_id)
    return _written(ctx, review_id)


def _written(ctx: Context, review_id: UUID) -> Iterator[str]:
    yield _line(_COLUMNS)
    for line in each_line(ctx, review_id):
        yield _line([safe_cell(_text(_value(line, name))) for name in _COLUMNS])


def _value(line: AccessReviewLine, name: str) -> Any:
    if name in ("granted", "revoked"):
        return " ".join(line.permissions.get(name, ()))
    return line.carried_out if name == "carried_out" and line.decision else getattr(line, name)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return str(value)


def _line(cells: Any) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
