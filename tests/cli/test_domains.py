"""`scim-server domain`: an operator names, checks and removes the domains of an organization."""

import json
from typing import Any

from click.testing import Result

from tests.cli.conftest import Command
from tests.name_server import name_server


def shown(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_domain_that_the_operator_vouches_for_is_verified_at_once(command: Command) -> None:
    command("org", "create", "acme")
    [added] = shown(command("domain", "add", "acme", "Acme.com", "--verified"))
    assert (added["domain"], added["verified"], added["vouched"], added["record"]) == ("acme.com", True, True, None)
    [listed] = shown(command("domain", "list", "acme"))
    assert listed == added
    [again] = shown(command("domain", "add", "acme", "acme.com", "--verified"))
    assert again == added


def test_a_domain_is_verified_by_the_record_that_was_printed(command: Command) -> None:
    command("org", "create", "acme")
    [added] = shown(command("domain", "add", "acme", "acme.com"))
    assert not added["verified"]
    assert (added["record"]["type"], added["record"]["name"]) == ("TXT", "_scim-server-challenge.acme.com")

    with name_server() as dns:
        missing = command("domain", "check", "acme", "acme.com", dns_servers=dns.address)
        assert missing.exit_code == 1
        assert not json.loads(missing.stdout)["verified"]
        assert f"There is no TXT record with the value {added['record']['value']}" in missing.stderr

        dns.texts[added["record"]["name"]] = [added["record"]["value"]]
        [checked] = shown(command("domain", "check", "acme", "ACME.com.", dns_servers=dns.address))
    assert checked["verified"]
    assert checked["checked_at"]


def test_a_domain_of_another_organization_is_refused_without_saying_whose_it_is(command: Command) -> None:
    command("org", "create", "acme")
    command("org", "create", "globex")
    command("domain", "add", "acme", "acme.com", "--verified")
    refused = command("domain", "add", "globex", "acme.com", "--verified")
    assert refused.exit_code == 1
    assert "verified elsewhere already" in refused.stderr
    assert shown(command("domain", "list", "globex")) == []
    assert "'acme'" not in refused.stderr


def test_an_imitation_is_shown_as_what_it_is(command: Command) -> None:
    command("org", "create", "acme")
    [added] = shown(command("domain", "add", "acme", "\u0430cme.com"))
    assert added["domain"] == "xn--cme-5cd.com"
    assert added["written"] == "\u0430cme.com"
    assert "xn--cme-5cd.com" in added["warning"]
    shown(command("domain", "remove", "acme", "xn--cme-5cd.com"))
    assert shown(command("domain", "list", "acme")) == []


def test_public_mail_is_refused_with_a_sentence(command: Command) -> None:
    command("org", "create", "acme")
    refused = command("domain", "add", "acme", "gmail.com", "--verified")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: domain gmail.com is one at which anybody can get an address")
    assert command("domain", "remove", "acme", "acme.com").exit_code == 1
    assert command("domain", "check", "acme", "acme.com").exit_code == 1
