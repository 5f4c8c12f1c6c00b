"""Files of users, and importing them as a person does, or as the server does it for them."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Import, ImportMode, ImportRow, MatchBy
from scim_server.services import import_checks, import_files, import_work, imports
from scim_server.services.context import OPERATOR, Actor
from scim_server.services.import_apply import Order
from scim_server.services.import_checks import Choices
from tests.hands import Hands

FILES = Path(__file__).parent / "files" / "imports"


def made(*rows: Mapping[str, str], separator: str = ",") -> bytes:
    """A CSV file of these rows, with the columns that any of them has."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    return table([header, *([row.get(name, "") for name in header] for row in rows)], separator)


def table(rows: Iterable[Iterable[str]], separator: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode()


def choices(
    mode: str = "both", match_by: str = "email", *, columns: Mapping[str, str | None] | None = None, **more: bool
) -> Choices:
    return Choices(Order(ImportMode(mode), MatchBy(match_by), **more), columns or {})


def checked(
    office: Hands, content: bytes, chosen: Choices | None = None, *, by: Actor | UUID = OPERATOR, name: str = "new.csv"
) -> Import:
    with office.acting(by) as ctx:
        return import_checks.check(ctx, import_files.read(name, content), chosen or choices())


def started(office: Hands, found: Import, *, by: Actor | UUID = OPERATOR) -> None:
    with office.acting(by) as ctx:
        imports.start(ctx, found.id)


def done(office: Hands, found: Import, *, by: Actor | UUID = OPERATOR) -> Import:
    """Start an import, and do it to its end."""
    started(office, found, by=by)
    while import_work.step(office.database, office.settings, found.id):
        pass
    return now(office, found)


def imported(office: Hands, content: bytes, chosen: Choices | None = None, *, by: Actor | UUID = OPERATOR) -> Import:
    return done(office, checked(office, content, chosen, by=by), by=by)


def now(office: Hands, found: Import) -> Import:
    # Only a look: on SQLite, whoever writes may wait for long while an import writes row after row.
    with office.database.reading() as session:
        return session.scalars(select(Import).where(Import.id == found.id)).one()


def rows(office: Hands, found: Import) -> list[ImportRow]:
    with office.database.reading() as session:
        return list(
            session.scalars(select(ImportRow).where(ImportRow.import_id == found.id).order_by(ImportRow.number))
        )


def planned(office: Hands, found: Import) -> dict[int, tuple[str | None, dict[str, Any]]]:
    return {row.number: (row.planned_outcome, row.planned) for row in rows(office, found)}


def became(office: Hands, found: Import) -> dict[int, tuple[str | None, dict[str, Any]]]:
    return {row.number: (row.outcome, row.result) for row in rows(office, found)}


def outcomes(office: Hands, found: Import) -> list[str | None]:
    return [row.outcome or row.planned_outcome for row in rows(office, found)]


def why(office: Hands, found: Import) -> list[str]:
    """The sentences that rows were told."""
    told = [row.result or row.planned for row in rows(office, found)]
    return [each["why"] or "" for each in told]
