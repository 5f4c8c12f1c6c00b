"""An organization speaks for the domains that it has shown to be its own, for as long as it can show so; DNS is asked
for real, of a name server of the test's own.
"""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from scim_server.models import Connection, ConnectionDomain, ConnectionStatus, Domain
from scim_server.services import domains
from scim_server.services.domain_proofs import LABEL, Finding, Outcome, look_for
from scim_server.services.errors import DomainTaken, InUse, InvalidValue, NotAllowed, NotFound
from tests.domains import actions, add, check, now, owner, verified
from tests.hands import Hands
from tests.name_server import NameServer
from tests.services.test_concurrency import at_once


def test_a_record_at_its_label_verifies_a_domain(office: Hands, dns: NameServer) -> None:
    domain = add(office, "ACME.com.")
    assert check(office, domain, dns).outcome is Outcome.MISSING
    assert owner(office) is None

    dns.texts["_scim-server-challenge.acme.com"] = ["v=spf1 -all", domain.proof]
    assert check(office, domain, dns).outcome is Outcome.FOUND

    assert owner(office) == "acme"
    assert now(office, domain).verified_at is not None
    assert actions(office) == ["domain.added", "domain.verified"]


@pytest.mark.parametrize("said", ["{}", '"{}"', " {} "], ids=["plain", "with quotation marks", "with blanks"])
def test_a_record_at_the_domain_itself_verifies_it_too(office: Hands, dns: NameServer, said: str) -> None:
    domain = add(office)
    dns.texts["acme.com"] = ["v=spf1 include:mail.example -all", "x" * 700, said.format(domain.proof)]
    assert check(office, domain, dns).outcome is Outcome.FOUND


def test_a_domain_with_more_records_than_udp_carries_is_read_whole(office: Hands, dns: NameServer) -> None:
    domain = add(office)
    dns.texts["acme.com"] = [f"{number}-site-verification={'x' * 200}" for number in range(100)] + [domain.proof]
    dns.long.add("acme.com")
    assert check(office, domain, dns).outcome is Outcome.FOUND


def test_each_domain_of_each_organization_has_a_proof_of_its_own(office: Hands, rivals: Hands) -> None:
    proofs = {add(office).proof, add(office, "acme.org").proof, add(rivals).proof, add(rivals, "acme.org").proof}
    assert len(proofs) == 4
    first = add(office)
    with office.acting() as ctx:
        domains.remove_domain(ctx, domains.find_domain(ctx, "acme.com"))
    assert add(office).proof != first.proof


def test_the_proof_of_another_organization_proves_nothing(office: Hands, rivals: Hands, dns: NameServer) -> None:
    ours, theirs = add(office), add(rivals)
    dns.texts[f"{LABEL}.acme.com"] = [theirs.proof]
    finding = check(office, ours, dns)
    assert finding.outcome is Outcome.MISSING
    assert f"with another value: it must be {ours.proof}" in finding.why
    assert theirs.proof not in finding.why


@pytest.mark.parametrize(
    "where", ["com", "_scim-server-challenge.com", "mail.acme.com", "_scim-server-challenge.eu.acme.com"]
)
def test_a_record_at_another_name_proves_nothing(office: Hands, dns: NameServer, where: str) -> None:
    domain = add(office)
    dns.texts[where] = [domain.proof]
    assert check(office, domain, dns).outcome is Outcome.MISSING


@pytest.mark.parametrize("said", ["x{}", "{}x", "{} {}", "scim-server-verification=", "", "*"])
def test_a_record_that_says_something_else_proves_nothing(office: Hands, dns: NameServer, said: str) -> None:
    domain = add(office)
    dns.texts["acme.com"] = [said.format(domain.proof, domain.proof)]
    assert check(office, domain, dns).outcome is Outcome.MISSING


def test_what_an_alias_leads_to_proves_nothing(office: Hands, dns: NameServer) -> None:
    """As *.acme.com may be an alias of a name that has come to be somebody else's."""
    domain = add(office)
    dns.texts["lapsed.example"] = [domain.proof]
    dns.aliases[f"{LABEL}.acme.com"] = "lapsed.example"
    assert check(office, domain, dns).outcome is Outcome.MISSING


def test_whoever_entered_the_name_twice_is_told(office: Hands, dns: NameServer) -> None:
    domain = add(office)
    dns.texts[f"{LABEL}.acme.com.acme.com"] = [domain.proof]
    assert f"enter {LABEL} alone as its name" in check(office, domain, dns).why


def test_a_domain_as_long_as_one_can_be_is_asked_for(dns: NameServer) -> None:
    name = ".".join(["a" * 60] * 4) + ".example"
    dns.texts[name] = ["proof"]
    assert look_for(name, "proof", dns.resolver()).outcome is Outcome.FOUND
    assert look_for(name, "other", dns.resolver()).outcome is Outcome.MISSING


def test_a_machine_without_name_servers_says_nothing_of_a_domain(dns: NameServer) -> None:
    resolver = dns.resolver()
    resolver.nameservers = []
    assert look_for("acme.com", "proof", resolver).outcome is Outcome.UNKNOWN


def test_the_first_to_verify_a_domain_has_it_and_others_are_not_told_who_that_is(
    office: Hands, rivals: Hands, dns: NameServer
) -> None:
    ours, theirs = verified(office, dns), add(rivals)
    dns.texts[f"{LABEL}.acme.com"].append(theirs.proof)

    with pytest.raises(DomainTaken) as raised:
        check(rivals, theirs, dns)

    assert str(raised.value) == (
        "acme.com is verified elsewhere already. If it is yours, ask whoever runs this server to look into it."
    )
    with pytest.raises(DomainTaken):
        add(rivals, vouched=True)
    assert owner(office) == "acme"
    assert now(rivals, theirs).verified_at is None
    assert actions(rivals) == ["domain.added"]
    with office.acting() as ctx:
        domains.remove_domain(ctx, domains.get_domain(ctx, ours.id))
    check(rivals, theirs, dns)
    assert owner(office) == "globex"


def test_of_two_that_verify_at_once_one_does(office: Hands, rivals: Hands, dns: NameServer) -> None:
    ours, theirs = add(office), add(rivals)
    dns.texts["acme.com"] = [ours.proof, theirs.proof]

    def verify(hands: Hands, domain: Domain) -> str:
        try:
            return check(hands, domain, dns).outcome
        except DomainTaken:
            return "taken"

    outcomes = at_once(partial(verify, office, ours), partial(verify, rivals, theirs))

    assert sorted(outcomes) == ["found", "taken"]
    assert [actions(office), actions(rivals)].count(["domain.added", "domain.verified"]) == 1


def test_what_is_there_already_stays_as_it_is(office: Hands, dns: NameServer) -> None:
    domain = verified(office, dns)
    assert add(office, "acme.COM").proof == domain.proof
    assert actions(office) == ["domain.added", "domain.verified"]
    add(office, vouched=True)
    assert now(office, domain).vouched
    add(office)
    assert now(office, domain).vouched


def test_only_the_operator_vouches(office: Hands) -> None:
    admin = office.create("ada", role="Admin")
    with office.acting(admin) as ctx:
        domains.add_domain(ctx, "acme.org")
        with pytest.raises(NotAllowed):
            domains.add_domain(ctx, "acme.com", vouched=True)
    assert owner(office) is None


def test_whoever_does_not_manage_directories_does_nothing_to_domains(office: Hands, dns: NameServer) -> None:
    domain = verified(office, dns)
    agent = office.create("bob")
    refused: list[Any] = [
        lambda ctx: domains.add_domain(ctx, "acme.org"),
        lambda ctx: domains.list_domains(ctx),
        lambda ctx: domains.find_domain(ctx, "acme.com"),
        lambda ctx: domains.get_domain(ctx, domain.id),
        lambda ctx: domains.remove_domain(ctx, domain),
        lambda ctx: domains.note_finding(ctx, domain.id, Finding(Outcome.MISSING, "")),
    ]
    for attempt in refused:
        with office.acting(agent) as ctx, pytest.raises(NotAllowed):
            attempt(ctx)
    with pytest.raises(NotAllowed):
        domains.check_domain(partial(office.acting, agent), domain.id, dns.resolver())
    assert owner(office) == "acme"


def test_the_domains_of_another_organization_are_not_there(office: Hands, rivals: Hands, dns: NameServer) -> None:
    domain = verified(office, dns)
    with rivals.acting() as ctx:
        assert domains.list_domains(ctx) == []
        assert domains.verified_domain_of(ctx, "ada@acme.com") is None
        with pytest.raises(NotFound):
            domains.get_domain(ctx, domain.id)
        with pytest.raises(NotFound):
            domains.find_domain(ctx, "acme.com")
    with pytest.raises(NotFound):
        check(rivals, domain, dns)


def test_a_domain_is_that_of_an_address_exactly(office: Hands, dns: NameServer) -> None:
    verified(office, dns)
    add(office, "pending.example")
    verified(office, dns, "xn--bcher-kva.example")
    answers = {
        "ada@acme.com": "acme.com",
        "Ada@ACME.com": "acme.com",
        "ada@bücher.example": "xn--bcher-kva.example",
        "ada@eu.acme.com": None,
        "ada@notacme.com": None,
        "ada@acme.com.evil.example": None,
        "ada@pending.example": None,
        '"ada@acme.com"@evil.example': None,
        "ada@evil.example@acme.com": None,
        "ada@acme.com\x00.evil.example": None,
        "ada": None,
        "": None,
    }
    with office.acting() as ctx:
        assert {email: domains.verified_domain_of(ctx, email) for email in answers} == answers


def test_a_domain_by_which_people_sign_in_stays(office: Hands, dns: NameServer) -> None:
    domain = verified(office, dns)
    with office.acting() as ctx:
        connection = Connection(
            org_id=ctx.org.id,
            id=uuid4(),
            type="saml",
            provider="okta",
            name="Okta",
            status=ConnectionStatus.ENABLED,
            provisioning_mode="jit",
            config={},
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        ctx.session.add(connection)
        ctx.session.flush()
        ctx.session.add(ConnectionDomain(org_id=ctx.org.id, connection_id=connection.id, domain_id=domain.id))
    with office.acting() as ctx, pytest.raises(InUse, match="sign in through 'Okta'"):
        domains.remove_domain(ctx, domains.get_domain(ctx, domain.id))
    assert owner(office) == "acme"

    with office.acting() as ctx:
        ctx.session.merge(connection).status = ConnectionStatus.DISABLED
    with office.acting() as ctx:
        domains.remove_domain(ctx, domains.get_domain(ctx, domain.id))
    assert owner(office) is None
    assert actions(office)[-1] == "domain.removed"


@pytest.mark.parametrize("name", ["gmail.com", "co.uk", "nonsense", "1.2.3.4"])
def test_nobody_has_what_is_everybodys_not_even_by_the_operators_word(office: Hands, name: str) -> None:
    with office.acting() as ctx, pytest.raises(InvalidValue):
        domains.add_domain(ctx, name, vouched=True)
