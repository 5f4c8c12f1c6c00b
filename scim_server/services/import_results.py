"""What became of the rows of an import, or would, for people: as a file that they open beside the one they sent."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from scim_server.models import Import, ImportRow
from scim_server.services import imports
from scim_server.services.context import Context
from scim_server.services.spreadsheet_cells import safe_cell

_HEADER = ("row", "who", "outcome", "why", "changes", "notes")


def as_csv(ctx: Context, found: Import) -> str:
    """Every row of an import: what became of it, or as long as it is not done, what would."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for row in imports.list_rows(ctx, found):
        told = told_of(row)
        cells = who(row), str(outcome_of(row)), told["why"] or "", in_words(told["changes"]), " ".join(told["notes"])
        writer.writerow([row.number, *map(safe_cell, cells)])
    return text.getvalue()


def outcome_of(row: ImportRow) -> str | None:
    return row.outcome or row.planned_outcome


def told_of(row: ImportRow) -> Mapping[str, Any]:
    """Why, what has changed and what else there is to know: of what became of a row, or would."""
    return {"why": None, "changes": {}, "notes": [], **(row.result if row.outcome else row.planned)}


def who(row: ImportRow) -> str:
    """Whom a row is about, by what it says of them first."""
    return next((row.values[name] for name in ("email", "user_name", "id") if row.values.get(name)), "")


def in_words(changes: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {_shown(before)} → {_shown(after)}" for name, (before, after) in changes.items())


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "nothing"
    if isinstance(value, dict):
        return str(value["value"]) if "value" in value else " ".join(map(str, value.values()))
    return str(value)
