"""Domains as a program verifies them: with the record that it was told to publish, and a name server that answers."""

from collections.abc import Iterator

import pytest
from flask import Flask

from scim_server.app import create_app
from scim_server.config import Settings, load_settings
from scim_server.db import Database
from scim_server.services.built_in import Manage
from tests.clients import Directory
from tests.conftest import PUBLIC_URL
from tests.connection_files import connected
from tests.hands import Hands
from tests.name_server import NameServer, name_server
from tests.programs import Program, product, program, refused
from tests.promises.databases import statements
from tests.web.api.asked import actions


@pytest.fixture
def dns() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.fixture
def boss(settings: Settings, database: Database, office: Hands, dns: NameServer) -> Program:
    """A program of acme's, at a server that asks the name server of the test."""
    asking = load_settings(database_url=settings.database_url, public_url=PUBLIC_URL, dns_servers=dns.address)
    return program(create_app(asking, database), office)


def test_a_domain_is_verified_by_the_record_that_was_told(boss: Program, dns: NameServer, database: Database) -> None:
    added = boss.post("/domains", {"name": "Acme.com"})
    path = f"/domains/{added['id']}"
    record = added["record"]
    assert (added["name"], added["verified"], added["vouched"]) == ("acme.com", False, False)
    assert (record["type"], record["name"]) == ("TXT", "_scim-server-challenge.acme.com")

    missing = boss.post(f"{path}/check")
    dns.texts[record["name"]] = [record["value"]]
    found = boss.post(f"{path}/check")

    assert (missing["outcome"], missing["domain"]["verified"]) == ("missing", False)
    assert record["value"] in missing["why"]
    assert missing["domain"]["checked_at"]
    assert (found["outcome"], found["domain"]["verified"]) == ("found", True)
    assert boss.get(path) == found["domain"]
    assert boss.post("/domains", {"name": "acme.com."}) == found["domain"]
    assert boss.get("/domains")["items"] == [found["domain"]]
    assert actions(database, of=added["id"]) == ["domain.added", "domain.verified"]


def test_a_name_server_that_is_silent_says_nothing_of_a_domain(boss: Program, dns: NameServer) -> None:
    added = boss.post("/domains", {"name": "acme.com"})
    dns.broken |= {added["record"]["name"], "acme.com"}

    checked = boss.post(f"/domains/{added['id']}/check")

    assert (checked["outcome"], checked["domain"]["failing_since"]) == ("unknown", None)


def test_a_domain_of_another_organization_is_refused_without_saying_whose_it_is(
    boss: Program, hers: Program, dns: NameServer
) -> None:
    mine, theirs = (each.post("/domains", {"name": "acme.com"}) for each in (boss, hers))
    record = "_scim-server-challenge.acme.com"
    dns.texts[record] = [each["record"]["value"] for each in (mine, theirs)]
    hers = Program(boss.app, hers.key)
    boss.post(f"/domains/{mine['id']}/check")

    problem = refused(hers.send("POST", f"/domains/{theirs['id']}/check"), 409, "domain_taken")

    assert "'acme'" not in problem["detail"]
    assert not hers.get(f"/domains/{theirs['id']}")["verified"]
    for method, deed in (("GET", ""), ("POST", "/check"), ("DELETE", "")):
        refused(hers.send(method, f"/domains/{mine['id']}{deed}"), 404, "not_found")


def test_only_the_installation_vouches_for_a_domain(
    app: Flask, boss: Program, settings: Settings, database: Database
) -> None:
    vouched = {"name": "acme.com", "verified": True}

    refused(boss.send("POST", "/domains", vouched), 403, "not_allowed")
    assert boss.get("/domains")["items"] == []
    added = product(app, settings, database, "acme").post("/domains", vouched)

    assert (added["verified"], added["vouched"], added["record"]) == (True, True, None)
    assert boss.post(f"/domains/{added['id']}/check")["outcome"] == "found"


def test_a_domain_is_given_up_unless_people_sign_in_by_it(boss: Program, office: Hands, database: Database) -> None:
    connected(office)
    [used] = boss.get("/domains")["items"]
    spare = boss.post("/domains", {"name": "acme.org"})

    problem = refused(boss.send("DELETE", f"/domains/{used['id']}"), 409, "in_use")
    boss.delete(f"/domains/{spare['id']}")

    assert "'Okta'" in problem["detail"]
    assert boss.get("/domains")["items"] == [used]
    refused(boss.send("DELETE", f"/domains/{spare['id']}"), 404)
    assert actions(database, of=spare["id"]) == ["domain.added", "domain.removed"]


def test_an_imitation_is_shown_as_what_it_is(boss: Program) -> None:
    added = boss.post("/domains", {"name": "\u0430cme.com"})

    assert (added["name"], added["written"]) == ("xn--cme-5cd.com", "\u0430cme.com")
    assert "xn--cme-5cd.com" in added["warning"]


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"name": None}, {"name": ""}, {"name": " "}, {"name": "gmail.com"}, {"name": "co.uk"}),
        *({"name": "a\x00.com"}, {"name": "127.0.0.1"}, {"name": "x" * 256}, {"name": "a@b.com"}),
        {"name": "acme.com", "verified": None},
    ],
)
def test_what_nobody_can_own_is_refused(boss: Program, body: object) -> None:
    refused(boss.send("POST", "/domains", body), 422, "invalid_value")
    assert boss.get("/domains")["items"] == []


def test_seeing_and_managing_are_two_things(boss: Program, office: Hands, dns: NameServer) -> None:
    seer, keeper = (program(boss.app, office, each) for each in (Manage.DIRECTORIES_VIEW, Manage.DIRECTORIES))
    added = keeper.post("/domains", {"name": "acme.com"})
    path = f"/domains/{added['id']}"

    assert seer.get("/domains")["items"] == [added]
    refused(keeper.send("GET", path), 403, "not_allowed")
    for method, where, body in (
        ("POST", "/domains", {"name": "acme.org"}),
        ("POST", f"{path}/check", None),
        ("DELETE", path, None),
    ):
        refused(seer.send(method, where, body), 403, "not_allowed")
    assert keeper.post(f"{path}/check")["outcome"] == "missing"
    keeper.delete(path)


def test_a_list_costs_the_same_however_long_it_is(boss: Program, globex: Directory, database: Database) -> None:
    costs = []
    for number in range(3):
        boss.post("/domains", {"name": f"acme{number}.com"})
        with statements(database) as counted:
            boss.get("/domains")
        costs.append(len(counted))

    assert [each["name"] for each in boss.all("/domains", limit=2)] == ["acme0.com", "acme1.com", "acme2.com"]
    assert len(set(costs)) == 1
