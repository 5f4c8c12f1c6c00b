"""`scim-server review`: an operator sees who has access, says who stays, and has it signed."""

import csv
from io import StringIO

from sqlalchemy import update

from scim_server.db import Database
from scim_server.models import AccessReviewLine
from tests.cli.conftest import Command
from tests.cli.test_cli import assert_refused, lines
from tests.clients import Directory
from tests.hands import Hands


def test_a_review_is_opened_decided_signed_and_verified(
    command: Command, office: Hands, acme: Directory, database: Database
) -> None:
    office.create("olga", role="Admin")
    office.create("ada")
    office.create("bob")
    acme.create_user("dora", displayName='=HYPERLINK("https://evil.example")')

    [review] = lines(command("review", "open", "acme"))
    id = review["id"]
    assert (review["state"], review["users"], review["opened_by"]) == ("open", 4, "the operator, on the command line")
    assert_refused(command("review", "open", "acme"), "There is a review that is open")
    assert [line["user_name"] for line in lines(command("review", "lines", "acme", id))] == [
        "olga",
        "ada",
        "bob",
        "dora",
    ]

    [removed] = lines(command("review", "decide", "acme", id, "ada", "remove", "--note", "Left in May"))
    assert (removed["decision"], removed["carried_out"], removed["note"]) == ("remove", True, "Left in May")
    assert lines(command("review", "decide", "acme", id, "bob", "change_role", "--role", "Viewer"))[0]["new_role"]
    there = command("review", "decide", "acme", id, "dora", "remove")
    assert (lines(there)[0]["carried_out"], "dora is provisioned by generic" in there.stderr) == (False, True)
    assert_refused(command("review", "sign-off", "acme", id, "--by", "olga"), "1 of 4 users are not decided yet")
    assert [line["user_name"] for line in lines(command("review", "lines", "acme", id, "--undecided"))] == ["olga"]
    [kept] = lines(command("review", "keep-rest", "acme", id))
    assert kept["decisions"] == {"undecided": 0, "keep": 1, "remove": 2, "change_role": 1}
    [signed] = lines(command("review", "sign-off", "acme", id, "--by", "olga", "--note", "All well"))

    assert (signed["state"], signed["signed_off_by"], signed["outstanding"]) == ("signed_off", "olga", 1)
    assert signed["signed_off_through"] == "the operator, on the command line"
    assert command("review", "verify", "acme", id).exit_code == 0
    table = list(csv.DictReader(StringIO(command("review", "export", "acme", id).stdout)))
    assert [(row["user_name"], row["decision"], row["new_role"], row["carried_out"]) for row in table] == [
        ("olga", "keep", "", "yes"),
        ("ada", "remove", "", "yes"),
        ("bob", "change_role", "Viewer", "yes"),
        ("dora", "remove", "", "no"),
    ]
    assert table[3]["display_name"] == '\'=HYPERLINK("https://evil.example")'
    with database.writing() as session:
        session.execute(update(AccessReviewLine).values(decision="keep"))
    assert_refused(command("review", "verify", "acme", id), "Somebody has changed this review")


def test_a_review_is_cancelled_and_the_list_says_when_the_next_one_comes(command: Command, office: Hands) -> None:
    office.create("ada")
    [review] = lines(command("review", "open", "acme"))

    [cancelled] = lines(command("review", "cancel", "acme", review["id"], "--note", "Too early"))

    assert (cancelled["state"], cancelled["note"]) == ("cancelled", "Too early")
    listed = command("review", "list", "acme")
    assert [each["id"] for each in lines(listed)] == [review["id"]]
    assert "The next one is due on" in listed.stderr
    assert command("org", "set", "acme", "access_review_every=0").exit_code == 0
    assert "None is opened by itself" in command("review", "list", "acme").stderr


def test_a_review_of_another_organization_is_not_there(command: Command, office: Hands, globex: Directory) -> None:
    office.create("ada")
    [review] = lines(command("review", "open", "acme"))
    globex.create_user("ada")
    more = {"decide": ["ada", "keep"], "sign-off": ["--by", "ada"], "cancel": ["--note", "x"]}

    for name in ("show", "lines", "decide", "keep-rest", "cancel", "verify", "export"):
        result = command("review", name, "globex", review["id"], *more.get(name, []))
        assert_refused(result, "There is no access review")
