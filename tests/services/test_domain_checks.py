"""Whoever has a domain no more speaks for it no more: every day, its record is looked for in DNS."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from scim_server import jobs
from scim_server.db import connect
from scim_server.services import domains
from scim_server.services.domain_checks import check_everywhere
from scim_server.services.domain_proofs import LABEL, Outcome
from tests.domains import DAY, actions, add, check, check_daily, delivered, now, owner, verified
from tests.hands import Hands
from tests.mail import plain
from tests.name_server import NameServer
from tests.processes import wait_until
from tests.services.test_concurrency import at_once


@pytest.mark.parametrize("trouble", ["broken", "silent"])
@pytest.mark.parametrize("where", ["acme.com", f"{LABEL}.acme.com"])
def test_that_dns_does_not_answer_says_nothing_of_a_domain(
    office: Hands, dns: NameServer, trouble: str, where: str
) -> None:
    domain = verified(office, dns)
    dns.texts.clear()
    getattr(dns, trouble).add(where)
    for days in range(1, 6):
        assert check_everywhere(
            office.database, office.settings, dns.resolver(patience=0.3), datetime.now(UTC) + days * DAY
        )
    assert owner(office) == "acme"
    assert now(office, domain).failing_since is None


def test_what_the_operator_vouches_for_is_never_looked_up(office: Hands, dns: NameServer) -> None:
    domain = add(office, vouched=True)
    assert owner(office) == "acme"
    assert check_daily(office, dns, 400) == 0
    assert check(office, domain, dns).outcome is Outcome.FOUND
    assert dns.asked == []
    assert actions(office) == ["domain.added", "domain.verified"]


def test_a_record_that_is_missing_for_three_days_takes_the_domain_away(office: Hands, dns: NameServer) -> None:
    office.create("ada", role="Admin", emails=[{"value": "ada@acme.com"}], preferredLanguage="en")
    domain = verified(office, dns)
    assert check_daily(office, dns, 0.9) == 0
    assert check_daily(office, dns, 1.01) == 1
    assert now(office, domain).failing_since is None

    dns.texts.clear()
    for days in (2.02, 3.03, 4.04):
        assert check_daily(office, dns, days) == 1
        assert owner(office) == "acme"
    [missing] = delivered(office, days=2.1)
    assert check_daily(office, dns, 5.05) == 1
    [_, lost] = delivered(office, days=5.1)

    assert owner(office) is None
    assert check_daily(office, dns, 30) == 0
    assert actions(office)[2:] == ["domain.record_missing", "domain.lost"]
    assert missing["Subject"] == "acme: the DNS record of acme.com is missing"
    assert domain.proof in plain(missing)
    assert f"still missing on {datetime.now(UTC) + 5.02 * DAY:%Y-%m-%d}" in " ".join(plain(missing).split())
    assert lost["Subject"] == "acme: acme.com is not verified any more"
    assert domain.proof in plain(lost)


def test_a_record_that_comes_back_in_time_keeps_the_domain(office: Hands, dns: NameServer) -> None:
    domain = verified(office, dns)
    kept = dict(dns.texts)
    for days in range(1, 15):
        dns.texts = {} if days % 3 else dict(kept)
        check_daily(office, dns, days * 1.01)
    assert owner(office) == "acme"
    dns.texts = kept
    check(office, domain, dns)
    assert now(office, domain).failing_since is None


def test_a_domain_that_was_lost_is_verified_again_by_its_record(office: Hands, dns: NameServer) -> None:
    domain = verified(office, dns)
    kept, dns.texts = dns.texts, {}
    check_daily(office, dns, 2)
    check_daily(office, dns, 6)
    assert owner(office) is None
    dns.texts = kept
    check(office, domain, dns)
    assert owner(office) == "acme"


def test_looking_by_hand_again_and_again_takes_nothing_away_sooner(office: Hands, dns: NameServer) -> None:
    domain = verified(office, dns)
    dns.texts.clear()
    for _ in range(5):
        check(office, domain, dns)
    assert owner(office) == "acme"
    assert actions(office)[2:] == ["domain.record_missing"]


def test_one_domain_that_cannot_be_looked_at_keeps_no_other_from_it(
    office: Hands, rivals: Hands, dns: NameServer
) -> None:
    verified(office, dns)
    theirs = verified(rivals, dns, "globex.com")
    with office.acting() as ctx:  # as a newer version might have written it
        domains.find_domain(ctx, "acme.com").name = "a" * 64 + ".com"
    assert check_daily(office, dns, 2) == 2
    assert now(rivals, theirs).checked_at == pytest.approx(datetime.now(UTC) + 2 * DAY, abs=timedelta(hours=1))


def test_each_domain_is_looked_at_by_one_of_several_processes(office: Hands, dns: NameServer) -> None:
    for number in range(12):
        verified(office, dns, f"acme{number}.example")
    checked = at_once(*[partial(check_daily, office, dns, 2)] * 3)
    assert sum(checked) == 12


def test_a_server_looks_at_what_is_due(office: Hands, dns: NameServer) -> None:
    domain = verified(office, dns)
    dns.texts.clear()
    with office.acting() as ctx:
        domains.get_domain(ctx, domain.id).checked_at = ctx.now - 2 * DAY
    settings = office.settings.model_copy(update={"dns_servers": dns.address})
    database = connect(settings)
    try:
        jobs.start(database, settings)
        wait_until(lambda: now(office, domain).failing_since is not None, "its record is missed")
    finally:
        jobs.close_all()
        database.engine.dispose()
    assert actions(office)[-1] == "domain.record_missing"
