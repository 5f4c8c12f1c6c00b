"""`scim-server mapping`, as an operator has it."""

from flask import Flask

from scim_server.services.profiles import PRODUCT_USER
from tests.cli.conftest import Command
from tests.cli.test_teams import assert_refused, lines
from tests.clients import Directory, Reply
from tests.connections import new_connection
from tests.hands import Hands


def role_of(directory: Directory, user: Reply) -> str:
    return str(directory.get(f"/Users/{user.id}", attributes=f"{PRODUCT_USER}:role")[PRODUCT_USER]["role"])


def test_a_mapping_is_added_tried_and_switched_on_and_off(command: Command, acme: Directory, globex: Directory) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    acme.create_group("IT", ada, bob)
    [desk] = lines(command("team", "create", "acme", "Desk"))
    [made] = lines(command("mapping", "add", "acme", "--scim-group", "it", "--role", "viewer", "--team", "Desk"))
    id = made["id"]

    counted, first = lines(command("mapping", "preview", "acme", id, "--limit", "1"))
    assert counted == {
        "users_in_group": 2,
        "users_changing": 2,
        "roles": [{"from": "Agent", "to": "Viewer", "users": 2}],
        "joining_team": 2,
        "leaving_team": 0,
        "keeping_role": 0,
    }
    assert first == {
        "user": "ada",
        "role": ["Agent", "Viewer"],
        "keeps_role": False,
        "joins": [desk["id"]],
        "leaves": [],
    }
    assert role_of(acme, ada) == "Agent"

    assert command("mapping", "enable", "acme", id).exit_code == 0
    assert role_of(acme, ada) == "Viewer"
    [shown] = lines(command("team", "show", "acme", "Desk"))
    assert [each["by"] for each in shown["members"]] == ["mapping", "mapping"]
    assert_refused(command("team", "remove", "acme", "Desk", "ada"), "by a group mapping")
    assert command("mapping", "priority", "acme", id, "7").exit_code == 0
    assert lines(command("mapping", "list", "acme")) == [{**made, "enabled": True, "priority": 7}]
    assert lines(command("mapping", "list", "globex")) == []
    assert_refused(command("mapping", "enable", "globex", id), "There is no mapping")

    assert command("mapping", "disable", "acme", id).exit_code == 0
    assert role_of(acme, ada) == "Agent"
    assert command("mapping", "enable", "acme", id).exit_code == 0
    assert command("mapping", "remove", "acme", id).exit_code == 0
    assert role_of(acme, ada) == "Agent"
    assert lines(command("mapping", "list", "acme")) == []


def test_what_a_mapping_cannot_be_is_said(command: Command, acme: Directory) -> None:
    acme.create_group("IT")
    lines(command("team", "create", "acme", "Desk"))
    add = ("mapping", "add", "acme")

    assert_refused(command(*add, "--scim-group", "IT"), "must give a role or a team")
    assert_refused(command(*add, "--scim-group", "IT", "--role", "Boss"), "There is no role Boss.")
    assert_refused(command(*add, "--scim-group", "IT", "--role", "Admin"), "--may-give-admin")
    assert_refused(command(*add, "--scim-group", "Desk", "--role", "Viewer"), "made by hand")
    assert_refused(command(*add, "--scim-group", "IT", "--team", "IT"), "provisioned by a directory")
    assert_refused(command(*add, "--scim-group", "IT", "--team", "Desk", "--priority", "-1"), "priority")
    assert_refused(command(*add, "--scim-group", "IT", "--saml", "corp", "it", "--team", "Desk"), "about one group")
    assert_refused(command(*add, "--team", "Desk"), "about one group")
    assert_refused(command("mapping", "preview", "acme", "x"), "There is no mapping x.")
    assert lines(command("mapping", "list", "acme")) == []


def test_groups_that_are_told_at_sign_in_are_mapped_by_connection_and_value(
    command: Command, office: Hands, app: Flask
) -> None:
    with office.acting() as ctx:
        ids = {way: str(new_connection(ctx, name=f"by {way}", type=way).id) for way in ("saml", "oidc")}
    for way, name in (("saml", "by saml"), ("oidc", ids["oidc"])):
        [made] = lines(command("mapping", "add", "acme", f"--{way}", name, "it", "--role", "Admin", "--may-give-admin"))
        assert (made["source"], made["connection"], made["value"]) == (way, ids[way], "it")
        assert (made["enabled"], made["role"], made["may_give_admin"]) == (False, "Admin", True)
    assert_refused(command("mapping", "add", "acme", "--saml", "corp", "it", "--role", "Viewer"), "no connection corp")
    assert_refused(command("mapping", "add", "acme", "--saml", "by oidc", "it", "--role", "Viewer"), "give --oidc")
    assert_refused(command("mapping", "add", "acme", "--saml", "by saml", "", "--role", "Viewer"), "value")
