"""An import of a thousand people does what its dry run said, row for row."""

from collections import Counter

import pytest
from sqlalchemy import func, select

from scim_server.models import Event, ImportState, User
from scim_server.services import handmade_teams, import_files
from tests.hands import Hands
from tests.imports import FILES, became, checked, choices, done, planned


@pytest.mark.parametrize("name", ["people-latin-1.csv", "people.xlsx", "people.xls"])
def test_a_thousand_people_are_the_same_in_every_format(name: str) -> None:
    csv = import_files.read("people.csv", (FILES / "people.csv").read_bytes())

    found = import_files.read(name, (FILES / name).read_bytes())

    assert found.header == csv.header
    assert found.rows == csv.rows
    assert len(found.rows) == 1000


def test_a_thousand_people_become_what_the_dry_run_said(office: Hands) -> None:
    with office.acting() as ctx:
        handmade_teams.create_team(ctx, "Nights")
        handmade_teams.create_team(ctx, "Days")
        ctx.org.seats = 940
    office.create("person0001@acme.example")  # who is there already
    before = count(office)

    found = checked(office, (FILES / "people.xlsx").read_bytes(), choices(), name="people.xlsx")
    assert count(office) == before
    finished = done(office, found)

    assert finished.state == ImportState.FINISHED
    assert finished.done == finished.total == 1000
    assert became(office, found) == planned(office, found)
    told = Counter(outcome for outcome, _ in planned(office, found).values())
    assert finished.counts == finished.planned_counts == dict(told)
    assert set(told) == {"created", "updated", "skipped", "failed", "no_seat"}


def count(office: Hands) -> tuple[int | None, ...]:
    with office.database.reading() as session:
        return tuple(session.scalar(select(func.count()).select_from(each)) for each in (User, Event))
