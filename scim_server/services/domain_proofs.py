"""Proof that a domain is somebody's: a TXT record in DNS with a random value. No database: looking takes its time."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

import structlog
from dns.exception import DNSException
from dns.name import NameTooLong, from_text
from dns.nameserver import Do53Nameserver
from dns.resolver import NXDOMAIN, NoAnswer, NoResolverConfiguration, Resolver

from scim_server.config import Settings

log = structlog.get_logger(__name__)

# Where the record is looked for, and at the domain itself. Hosts that give everybody a name below theirs give none with
# an underscore, so nobody has this one but the host.
LABEL = "_scim-server-challenge"
_PREFIX = "scim-server-verification="
# Seconds that one question may take, with everybody that it is asked.
_PATIENCE = 5.0


class Outcome(StrEnum):
    FOUND = "found"
    # DNS has answered, and the record is not there.
    MISSING = "missing"
    # DNS has not answered, which says nothing of the domain.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """`why` is a sentence for an admin: what was found, or what to do."""

    outcome: Outcome
    why: str


def new_proof() -> str:
    """What a record must say; nobody can guess it, and nothing is lost if it is read."""
    return f"{_PREFIX}{secrets.token_hex(16)}"


def record_name(domain: str) -> str:
    return f"{LABEL}.{domain}"


def resolver_of(settings: Settings) -> Resolver:
    """What asks DNS: the servers of the settings, or else those of the machine."""
    resolver = Resolver(configure=False)
    if servers := settings.dns_addresses:
        resolver.nameservers = [Do53Nameserver(address, port) for address, port in servers]
    else:
        try:
            resolver = Resolver()
        except NoResolverConfiguration:  # then nobody answers, which is said where something is asked
            log.warning("this machine has no dns servers; SCIM_DNS_SERVERS can name some")
    resolver.lifetime = _PATIENCE
    return resolver


def look_for(domain: str, proof: str, resolver: Resolver) -> Finding:
    """Look for a proof at its label, and at the domain itself, where some prefer to have it."""
    silent = False
    others = 0
    for name in (record_name(domain), domain):
        texts = _texts(name, resolver)
        if texts is None:
            silent = True
        elif proof in texts:
            return Finding(Outcome.FOUND, f"The TXT record of {name} says so.")
        else:
            others += sum(text.startswith(_PREFIX) for text in texts)
    if silent:
        return Finding(Outcome.UNKNOWN, f"The name servers of {domain} did not answer in time. Try again later.")
    return Finding(Outcome.MISSING, _what_is_wrong(domain, proof, others, resolver))


def _what_is_wrong(domain: str, proof: str, others: int, resolver: Resolver) -> str:
    doubled = f"{record_name(domain)}.{domain}"
    if proof in (_texts(doubled, resolver) or ()):
        return f"The TXT record is at {doubled}: enter {LABEL} alone as its name, and your DNS host adds the rest."
    if others:
        return f"{domain} has a TXT record for scim-server, but with another value: it must be {proof}."
    return (
        f"There is no TXT record with the value {proof} at {record_name(domain)}, nor at {domain}. One that was made a "
        "moment ago can take an hour to be seen."
    )


def _texts(name: str, resolver: Resolver) -> list[str] | None:
    """What the TXT records of a name say; None where nobody answers.

    What another name says in its place (CNAME) does not count: a forgotten alias for everything below a domain may lead
    to a name that somebody else has by now.
    """
    try:
        asked = from_text(name)
        answer = resolver.resolve(asked, "TXT")
    except (NXDOMAIN, NoAnswer, NameTooLong):
        return []
    except (DNSException, OSError) as problem:
        log.info("dns does not answer", name=name, why=type(problem).__name__)
        return None
    if answer.canonical_name != asked:
        return []
    # Some hosts keep the quotation marks that were pasted with a value.
    said = [b"".join(each.strings).decode("ascii", "replace") for each in answer]
    return [text.strip().strip('"').strip() for text in said]
