"""What is done with domains in many tests."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from scim_server.models import Domain
from scim_server.services import domains, outbox
from scim_server.services.domain_checks import check_everywhere
from scim_server.services.domain_proofs import LABEL, Finding, Outcome
from tests.hands import Hands
from tests.mail import in_folder
from tests.name_server import NameServer
from tests.promises.databases import events, id_of

DAY = timedelta(days=1)


def add(hands: Hands, name: str = "acme.com", *, vouched: bool = False) -> Domain:
    with hands.acting() as ctx:
        return domains.add_domain(ctx, name, vouched=vouched)


def check(hands: Hands, domain: Domain, dns: NameServer) -> Finding:
    return domains.check_domain(hands.acting, domain.id, dns.resolver())


def check_daily(hands: Hands, dns: NameServer, days: float) -> int:
    """What the job does so many days from now."""
    return check_everywhere(hands.database, hands.settings, dns.resolver(), datetime.now(UTC) + days * DAY)


def verified(hands: Hands, dns: NameServer, name: str = "acme.com") -> Domain:
    domain = add(hands, name)
    dns.texts[f"{LABEL}.{name}"] = [domain.proof]
    assert check(hands, domain, dns).outcome is Outcome.FOUND
    return now(hands, domain)


def now(hands: Hands, domain: Domain) -> Domain:
    with hands.acting() as ctx:
        return domains.get_domain(ctx, domain.id)


def owner(hands: Hands, name: str = "acme.com") -> str | None:
    with hands.acting() as ctx:
        org_id = domains.owner_of(ctx.session, name)
    return next((slug for slug in ("acme", "globex") if org_id and org_id == id_of(hands.database, slug)), None)


def actions(hands: Hands) -> list[str]:
    return [each.action for each in events(hands.database, hands.slug) if each.action.startswith("domain.")]


def delivered(hands: Hands, *, days: float) -> list[EmailMessage]:
    """All mail that has left so many days from now."""
    assert outbox.deliver(hands.database, hands.settings, lambda: datetime.now(UTC) + days * DAY) == 0
    return in_folder()
