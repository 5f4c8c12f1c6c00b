"""`scim-server checklist`: an operator sees what is to be done around who comes and goes, and ticks it."""

from tests.cli.conftest import Command
from tests.cli.test_cli import assert_refused, lines
from tests.clients import Directory
from tests.hands import Hands


def test_a_leavers_list_is_seen_and_ticked_to_its_end(command: Command, office: Hands) -> None:
    office.create("ada")
    office.create("bob")
    assert command("user", "deactivate", "acme", "ada", "--successor", "bob").exit_code == 0

    [row] = lines(command("checklist", "list", "acme"))
    assert (row["user"], row["user_status"], row["kind"], row["ticked"], row["items"]) == (
        "ada",
        "deactivated",
        "leaver",
        2,
        4,
    )
    ticked = command("checklist", "tick", "acme", row["id"], "ownership_transferred", "--note", "Macros to Bob")
    [shown] = lines(ticked)
    item = next(each for each in shown["items"] if each["key"] == "ownership_transferred")
    assert (item["ticked"]["by"], item["ticked"]["note"]) == ("the operator, on the command line", "Macros to Bob")
    assert lines(command("checklist", "tick", "acme", row["id"], "data_reviewed"))[0]["state"] == "completed"
    assert lines(command("checklist", "list", "acme", "--user", "ada")) == []
    assert lines(command("checklist", "untick", "acme", row["id"], "data_reviewed"))[0]["state"] == "open"
    assert lines(command("checklist", "cancel", "acme", row["id"], "--note", "Not needed"))[0]["state"] == "cancelled"
    assert_refused(command("checklist", "tick", "acme", row["id"], "data_reviewed"), "This list is over: Not needed")
    assert len(lines(command("checklist", "list", "acme", "--state", "all", "--kind", "leaver"))) == 1


def test_a_list_is_prepared_before_the_last_day(command: Command, office: Hands) -> None:
    office.create("ada")

    [row] = lines(command("checklist", "open", "acme", "ada", "--kind", "leaver"))

    assert (row["state"], [item["ticked"] for item in row["items"]]) == ("open", [None] * 4)
    assert_refused(command("checklist", "open", "acme", "ada", "--kind", "leaver"), "ada has such a list already")
    assert lines(command("checklist", "show", "acme", row["id"])) == [row]


def test_what_is_on_new_lists_is_changed(command: Command, office: Hands) -> None:
    def keys(*arguments: str) -> list[str]:
        return [item["key"] for item in lines(command("checklist", *arguments))]

    shipped = keys("template", "acme", "newcomer")
    assert shipped == ["accepted", "profile", "notifications", "training"]
    added = lines(
        command("checklist", "add-item", "acme", "newcomer", "Badge", "--for", "person", "--due-days", "3", "--at", "1")
    )
    assert (added[0]["number"], added[0]["title"], added[0]["for_whom"], added[0]["due_days"]) == (
        1,
        "Badge",
        "person",
        3,
    )
    badge = added[0]["key"]
    assert keys("move-item", "acme", "newcomer", badge, "5") == [*shipped, badge]
    options = ["--title", "Key", "--description", "At the desk", "--for", "admin", "--no-due-date"]
    changed = lines(command("checklist", "change-item", "acme", "newcomer", badge, *options))[-1]
    assert [changed[name] for name in ("title", "description", "for_whom", "due_days")] == [
        "Key",
        "At the desk",
        "admin",
        None,
    ]
    assert keys("remove-item", "acme", "newcomer", "training") == ["accepted", "profile", "notifications", badge]
    assert keys("reset-template", "acme", "newcomer") == shipped
    both = command("checklist", "change-item", "acme", "newcomer", "training", "--due-days", "3", "--no-due-date")
    assert both.exit_code == 2
    assert_refused(command("checklist", "remove-item", "acme", "newcomer", badge), "There is no item")


def test_a_list_of_another_organization_is_not_there(command: Command, office: Hands, globex: Directory) -> None:
    office.create("ada")
    [row] = lines(command("checklist", "open", "acme", "ada", "--kind", "leaver"))

    for words in (["show"], ["tick", "data_reviewed"], ["untick", "data_reviewed"], ["cancel", "--note", "x"]):
        assert_refused(command("checklist", words[0], "globex", row["id"], *words[1:]), "There is no checklist")
