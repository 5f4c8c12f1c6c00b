"""Imports by the management API: a file is sent, looked at, and done by the server."""

import csv
import io

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import import_files, import_work
from tests.hands import Hands
from tests.imports import made
from tests.programs import Program, good, program, refused

PEOPLE = made({"email": "ada@example.com", "title": "Lead"}, {"email": "bob@example.com", "role": "King"})
CSV = "text/csv"


def send(boss: Program, content: bytes = PEOPLE, **query: object) -> dict[str, object]:
    response = boss.send("POST", "/imports", data=content, content_type=CSV, query_string=query)
    return dict(good(response))


def test_a_file_is_checked_started_and_watched(
    boss: Program, office: Hands, database: Database, settings: Settings
) -> None:
    found = send(boss, file_name="people.csv")

    path = f"/imports/{found['id']}"
    assert (found["state"], found["planned_counts"]) == ("checked", {"created": 1, "failed": 1})
    assert (found["file_name"], found["format"], found["encoding"]) == ("people.csv", "csv", "utf-8")
    assert boss.post(f"{path}/start")["state"] == "running"
    assert import_work.step(database, settings)
    assert boss.get(path)["done"] == 1
    while import_work.step(database, settings):
        pass
    told = boss.get(path)
    assert (told["state"], told["done"], told["counts"]) == ("finished", 2, {"created": 1, "failed": 1})
    assert [each["id"] for each in boss.get("/imports")["items"]] == [found["id"]]
    assert office.status(next(iter(boss.all(f"{path}/rows", limit=1)))["user_id"]) == "invited"


def test_rows_are_listed_part_by_part_and_by_outcome(boss: Program) -> None:
    path = f"/imports/{send(boss)['id']}"

    every = list(boss.all(f"{path}/rows", limit=1))

    assert [(each["number"], each["who"], each["planned_outcome"]) for each in every] == [
        (2, "ada@example.com", "created"),
        (3, "bob@example.com", "failed"),
    ]
    [failed] = boss.all(f"{path}/rows", outcome="failed")
    assert "cannot be King" in failed["why"]
    assert failed["outcome"] is None
    assert list(boss.all(f"{path}/rows", cursor="_____________________w")) == []


def test_the_result_and_the_sample_are_files(boss: Program) -> None:
    result = boss.send("GET", f"/imports/{send(boss)['id']}/result")
    lines = list(csv.DictReader(io.StringIO(result.get_data().decode("utf-8-sig"))))
    assert [line["outcome"] for line in lines] == ["created", "failed"]
    assert "attachment" in result.headers["Content-Disposition"]

    for format in ("csv", "xlsx"):
        sample = boss.send("GET", "/imports/sample", query_string={"format": format}).get_data()
        assert import_files.read("sample", sample).format == format
        assert send(boss, sample)["planned_counts"] == {"created": 2}


def test_choices_and_columns_are_said_in_the_query(boss: Program, office: Hands) -> None:
    office.create("ada@example.com")

    found = send(boss, made({"Post": "ada@example.com", "Title": "x"}), mode="add", columns=["Post=email", "Title="])

    assert (found["planned_counts"], found["columns"]) == ({"skipped": 1}, {"Post": "email", "Title": None})


def test_the_same_request_sent_again_makes_one_import(boss: Program) -> None:
    sent = [
        good(boss.send("POST", "/imports", data=PEOPLE, content_type=CSV, headers={"Idempotency-Key": "one"}))["id"]
        for _ in range(2)
    ]

    assert len(set(sent)) == 1
    assert len(boss.get("/imports")["items"]) == 1


@pytest.mark.parametrize(
    ("content", "query", "sentence"),
    [
        (b"", {}, "is empty"),
        (b"%PDF-1.7", {}, "is a PDF"),
        (PEOPLE, {"columns": "nothing"}, "must be like COLUMN=FIELD"),
        (PEOPLE, {"columns": "x=email"}, "does not have: x"),
        (PEOPLE, {"mode": "all"}, "mode"),
        (PEOPLE, {"invite": "perhaps"}, "invite"),
    ],
)
def test_what_cannot_be_imported_is_refused(
    boss: Program, content: bytes, query: dict[str, str], sentence: str
) -> None:
    told = refused(boss.send("POST", "/imports", data=content, content_type=CSV, query_string=query), 422)

    assert sentence in told["detail"]
    assert boss.get("/imports")["items"] == []


def test_a_file_of_another_kind_and_an_import_that_is_over_are_refused(boss: Program) -> None:
    refused(boss.send("POST", "/imports", data=PEOPLE, content_type="application/json"), 415)
    path = f"/imports/{send(boss)['id']}"
    boss.post(f"{path}/cancel")

    refused(boss.send("POST", f"{path}/start"), 409, "wrong_state")


def test_nothing_of_another_organization_is_found(boss: Program, hers: Program) -> None:
    path = f"/imports/{send(boss)['id']}"

    assert hers.get("/imports")["items"] == []
    for method, more in (("GET", ""), ("GET", "/rows"), ("GET", "/result"), ("POST", "/start"), ("POST", "/cancel")):
        refused(hers.send(method, f"{path}{more}"), 404, "not_found")


def test_a_key_that_manages_no_users_imports_nothing(app: Flask, office: Hands) -> None:
    viewer = program(app, office, "users.view")

    refused(viewer.send("POST", "/imports", data=PEOPLE, content_type=CSV), 403)
    refused(viewer.send("GET", "/imports"), 403)
