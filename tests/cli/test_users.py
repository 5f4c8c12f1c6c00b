"""`scim-server user`, as an operator has it."""

import json
from typing import Any

import pytest
from click.testing import Result

from scim_server.db import Database
from scim_server.services.profiles import ENTERPRISE_USER, PRODUCT_USER
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.promises.databases import contents, events


def shown(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def assert_refused(result: Result, sentence: str) -> None:
    assert result.exit_code == 1
    assert result.stdout == ""
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_user_is_created_by_hand_and_the_directory_sees_them(
    command: Command, acme: Directory, globex: Directory, database: Database
) -> None:
    [ada] = shown(
        command(
            *("user", "create", "acme", "--email", "ada@example.com", "--given-name", "Ada"),
            *("--family-name", "Lovelace", "--role", "viewer", "department=Engines", "phoneNumbers=+44 20 7946 0000"),
        )
    )

    assert (ada["user_name"], ada["display_name"]) == ("ada@example.com", "Ada Lovelace")
    assert (ada["status"], ada["role"], ada["origin"], ada["directory"]) == ("active", "Viewer", "hand", None)
    seen = acme.get(f"/Users/{ada['id']}")
    assert seen["emails"] == [{"value": "ada@example.com", "type": "work", "primary": True}]
    assert seen["phoneNumbers"] == [{"value": "+442079460000", "primary": True}]
    assert seen[ENTERPRISE_USER] == {"department": "Engines"}
    assert command("user", "list", "globex").stdout == ""
    last = events(database, "acme")[-1]
    assert (last.action, last.actor_kind) == ("user.created", "operator")


def test_users_are_listed_by_status_and_by_what_they_are_called(
    command: Command, acme: Directory, globex: Directory
) -> None:
    acme.create_user("ada", displayName="100% Ada")
    acme.create_user("bob", emails=[{"value": "Bob@Adamant.example"}], active=False)
    acme.delete(f"/Users/{acme.create_user('gone').id}")
    globex.create_user("adam")

    def names(*options: str) -> list[str]:
        return [each["user_name"] for each in shown(command("user", "list", "acme", *options))]

    assert names() == ["ada", "bob"]
    assert names("--search", "ADA") == ["ada", "bob"]
    assert names("--search", "%") == ["ada"]
    assert names("--status", "deactivated") == ["bob"]
    assert names("--status", "deleted") == ["gone"]
    assert names("--status", "active", "--search", "bob") == []


def test_all_about_a_user_is_shown_by_name_address_or_id(command: Command, acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada", title="Countess", emails=[{"value": "ada@example.com"}], locale="pt-BR")
    globex.create_user("adam", emails=[{"value": "adam@example.com"}])
    acme.create_group("Pioneers", ada)
    command("user", "set", "acme", "ada", "nickName=A")

    answers = [shown(command("user", "show", "acme", known)) for known in ("ADA", "Ada@example.com", ada.id)]

    assert answers[0] == answers[1] == answers[2]
    [found] = answers[0]
    assert (found["directory"], found["origin"], found["teams"]) == ("generic", "scim", ["Pioneers"])
    assert found["profile"]["title"] == {"value": "Countess", "written_by": "directory"}
    assert found["profile"]["nickName"] == {"value": "A", "written_by": "hand"}
    assert found["settings"]["language"] == "pt-BR"
    assert_refused(command("user", "show", "acme", "adam"), "There is no user adam.")
    assert_refused(command("user", "show", "acme", "adam@example.com"), "There is no user adam@example.com.")


def test_an_address_of_several_users_is_nobodys_name(command: Command, acme: Directory) -> None:
    ids = [acme.create_user(name, emails=[{"value": "office@example.com"}]).id for name in ("ada", "bob")]

    refused = command("user", "show", "acme", "office@example.com")

    assert_refused(refused, "give an id")
    assert all(id in refused.stderr for id in ids)


def test_a_deleted_user_is_shown_by_id(command: Command, acme: Directory) -> None:
    gone = acme.create_user("ada").id
    acme.delete(f"/Users/{gone}")

    assert shown(command("user", "show", "acme", gone))[0]["status"] == "deleted"
    assert_refused(command("user", "show", "acme", "ada"), "There is no user ada.")
    assert_refused(command("user", "set", "acme", gone, "nickName=A"), "There is no user")


def test_fields_are_set_and_taken_away_one_by_one(command: Command, acme: Directory) -> None:
    [ada] = shown(command("user", "create", "acme", "--email", "ada@example.com", "--given-name", "Ada"))

    changed = command(
        *("user", "set", "acme", "ada@example.com", "name.familyName=Lovelace", "title=Countess", "nickname="),
        *('addresses=[{"type": "work", "locality": "London"}]', "timezone=europe/london"),
        *("manager.value=" + shown(command("user", "create", "acme", "--email", "boss@example.com"))[0]["id"],),
    )

    assert (changed.exit_code, changed.stdout) == (0, "")
    seen = acme.get(f"/Users/{ada['id']}")
    assert seen["name"] == {"givenName": "Ada", "familyName": "Lovelace"}
    assert (seen["title"], seen["timezone"]) == ("Countess", "Europe/London")
    assert seen["addresses"] == [{"type": "work", "locality": "London"}]
    assert seen[PRODUCT_USER] == {"nickname": ""}
    assert command("user", "set", "acme", ada["id"], "title=null", "name.givenName=null").exit_code == 0
    seen = acme.get(f"/Users/{ada['id']}")
    assert "title" not in seen.json
    assert seen["name"] == {"familyName": "Lovelace"}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (["title=Queen"], "ada is provisioned by a directory: it says what this is: title."),
        (["locale=klingon"], "locale must be a language tag"),
        (["timezone="], "timezone must not be empty; null takes it away."),
        (["phoneNumbers=555-1234"], "phoneNumbers.value must be a telephone number with its country"),
        (["emails=ada"], "emails.value must be an e-mail address"),
        (["photos=http://example.com/a.png"], "photos.value must be a URL that begins with https://."),
        (["nickName=\u202eadA"], "nickName holds control characters."),
        (["titel=x"], "titel is no field of a profile that is written by hand."),
        (["active=false"], "active is no field of a profile that is written by hand."),
        (["addresses=[{"], "[{ is not JSON"),
        (["manager.value=nobody"], "manager must be the id of a user of the organization."),
        (["theme=dark"], "theme is no field of a profile that is written by hand."),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    command: Command, acme: Directory, globex: Directory, database: Database, fields: list[str], sentence: str
) -> None:
    acme.create_user("ada", title="Countess")
    before = contents(database)

    assert_refused(command("user", "set", "acme", "ada", "userType=x", *fields), sentence)

    assert contents(database) == before


def test_a_wrong_use_is_one(command: Command, acme: Directory) -> None:
    acme.create_user("ada")

    for arguments in (["set", "acme", "ada"], ["set", "acme", "ada", "title"], ["create", "acme"]):
        assert command("user", *arguments).exit_code == 2
    assert command("user", "availability", "acme", "ada", "--capacity", "3", "--no-capacity").exit_code == 2
    assert_refused(command("user", "create", "acme", "--email", "e@x.example", "--role", "King"), "there are Admin, ")
    assert_refused(command("user", "create", "acme", "--email", "x"), "emails.value must be an e-mail address")


def test_availability_is_set_and_the_product_is_told(command: Command, acme: Directory, database: Database) -> None:
    ada = acme.create_user("ada")

    [away] = shown(command("user", "availability", "acme", "ada", "--away", "--capacity", "3"))
    [limited] = shown(command("user", "availability", "acme", "ada", "--available"))
    [unlimited] = shown(command("user", "availability", "acme", "ada", "--no-capacity"))

    assert away == {"user_name": "ada", "availability": "away", "reception_capacity": 3}
    assert limited == {"user_name": "ada", "availability": "available", "reception_capacity": 3}
    assert unlimited == {"user_name": "ada", "availability": "available", "reception_capacity": None}
    assert acme.get(f"/Users/{ada.id}")[PRODUCT_USER] == {"availability": "available"}
    told = [each for each in events(database, "acme") if each.action == "user.availability_changed"]
    assert [each.actor_kind for each in told] == ["operator"] * 3
