"""Files that programs take out."""

import csv
import io
import tempfile
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import load_workbook

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import exports, handmade_teams
from tests.hands import Hands
from tests.programs import Program, program, refused
from tests.promises.databases import events


def rows(of: Program, path: str, **query: str | list[str]) -> list[dict[str, str]]:
    response = of.send("GET", path, query_string=query)
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = response.get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_users_are_taken_out_as_they_are_asked_for(
    boss: Program, hers: Program, office: Hands, settings: Settings, database: Database
) -> None:
    office.create("ada", title="=1+1")
    bob = office.create("bob", role="Viewer")
    Hands(settings, database, "globex").create("gina")

    assert [row["user_name"] for row in rows(boss, "/exports/users.csv")] == ["ada", "bob"]
    assert rows(boss, "/exports/users.csv", search="AD")[0]["title"] == "'=1+1"
    role = str(office.user(bob).role_id)
    assert [row["user_name"] for row in rows(boss, "/exports/users.csv", role_id=role)] == ["bob"]
    assert rows(boss, "/exports/users.csv", status=["deleted", "deactivated"]) == []
    assert rows(hers, "/exports/users.csv", role_id=role) == []
    assert [row["user_name"] for row in rows(hers, "/exports/users.csv")] == ["gina"]
    last = [each for each in events(database, "acme") if each.action == "export.made"][-1]
    assert (last.actor_kind, last.details["what"], last.details["count"]) == ("key", "users", 0)
    assert last.details["filter"] == {"statuses": "deleted, deactivated"}


def test_a_spreadsheet_is_a_file_to_be_kept(boss: Program, office: Hands) -> None:
    office.create("ada")
    with office.acting() as ctx:
        handmade_teams.create_team(ctx, "Desk")

    for what, most in (("users", 2), ("teams", 2), ("events", 5)):
        response = boss.send("GET", f"/exports/{what}.xlsx")
        assert response.headers["Content-Disposition"] == f'attachment; filename="{what}.xlsx"'
        assert response.headers["Cache-Control"] == "no-store"
        assert load_workbook(io.BytesIO(response.get_data())).worksheets[0].max_row >= most
    assert [row["team"] for row in rows(boss, "/exports/teams.csv")] == ["Desk"]


def test_events_are_taken_out_by_time(boss: Program, office: Hands) -> None:
    office.create("ada")

    assert {row["action"] for row in rows(boss, "/exports/events.csv", action="user.created")} == {"user.created"}
    assert rows(boss, "/exports/events.csv", until="2020-01-01T00:00:00Z") == []
    assert len(rows(boss, "/exports/events.csv", since="1970-01-01T00:00:00Z")) >= 2
    assert rows(boss, "/exports/events.csv", since="8999-12-31T23:59:59Z") == []
    refused(boss.send("GET", "/exports/events.csv", query_string={"action": "nothing"}), 422)
    assert len(rows(boss, "/exports/events.csv", since="0001-01-01T00:00:00Z")) >= 2


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("what", "seen"), [("users", "users.view"), ("teams", "teams.view"), ("events", "activity.view")]
)
def test_it_takes_the_scope_to_see_it_and_the_one_to_take_it_out(
    app: Flask, office: Hands, database: Database, what: str, seen: str, ending: str
) -> None:
    path = f"/exports/{what}.{ending}"

    for scope in (seen, "data.export"):
        refused(program(app, office, scope).send("GET", path), 403, "not_allowed")
    assert "export.made" not in [each.action for each in events(database, "acme")]
    assert program(app, office, seen, "data.export").send("GET", path).status_code == 200
    assert [each.action for each in events(database, "acme")].count("export.made") == 1


def test_whoever_asks_what_kind_of_file_it_is_takes_nothing_out(boss: Program, database: Database) -> None:
    asked = boss.send("HEAD", "/exports/users.csv")

    assert (asked.status_code, asked.mimetype) == (200, "text/csv")
    assert "export.made" not in [each.action for each in events(database, "acme")]


def test_nothing_is_left_of_what_somebody_stops_reading(
    boss: Program, office: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(exports, "_PORTION", 1)
    monkeypatch.setattr("scim_server.services.export_files._ROWS_AT_ONCE", 1)
    for number in range(5):
        office.create(f"p{number}")

    for ending in ("csv", "xlsx"):
        response = boss.send("GET", f"/exports/users.{ending}", buffered=False)
        pieces = iter(response.response)
        assert next(pieces)
        response.close()
        assert next(pieces, None) is None
        assert list(folder.iterdir()) == []
