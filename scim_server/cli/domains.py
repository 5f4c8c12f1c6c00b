"""`scim-server domain`: whose addresses an organization may speak for."""

from functools import partial
from typing import Any

import click

from scim_server.cli.base import Failure, operator, settings_or_failure, show, told
from scim_server.models import Domain
from scim_server.services import domains
from scim_server.services.domain_names import show_domain
from scim_server.services.domain_proofs import Outcome, record_name, resolver_of


@click.group()
def domain() -> None:
    """The e-mail domains of an organization."""


@domain.command("add")
@click.argument("slug")
@click.argument("name", metavar="DOMAIN")
@click.option("--verified", is_flag=True, help="You vouch for it: no DNS record is needed, now or later.")
def domain_add(slug: str, name: str, verified: bool) -> None:
    """Name a domain of the organization SLUG.

    Prints the TXT record that shows that the DOMAIN is theirs; once that is made, `domain check` verifies it. One that
    is there already stays as it is.
    """
    with operator(slug) as ctx:
        show(_shown(domains.add_domain(ctx, name, vouched=verified)))


@domain.command("check")
@click.argument("slug")
@click.argument("name", metavar="DOMAIN")
def domain_check(slug: str, name: str) -> None:
    """Look for the TXT record of a domain now.

    It is the DOMAIN of the organization SLUG, and is verified if the record is there. A verified one is looked at every
    day anyway.
    """
    resolver = resolver_of(settings_or_failure())
    with operator(slug) as ctx:
        domain_id = domains.find_domain(ctx, name).id
    with told():
        finding = domains.check_domain(partial(operator, slug), domain_id, resolver)
    with operator(slug) as ctx:
        show(_shown(domains.get_domain(ctx, domain_id)))
    if finding.outcome is not Outcome.FOUND:
        raise Failure(finding.why)


@domain.command("list")
@click.argument("slug")
def domain_list(slug: str) -> None:
    """Print the domains of the organization SLUG, one JSON object a line."""
    with operator(slug) as ctx:
        for each in domains.list_domains(ctx):
            show(_shown(each))


@domain.command("remove")
@click.argument("slug")
@click.argument("name", metavar="DOMAIN")
def domain_remove(slug: str, name: str) -> None:
    """Give up a domain of the organization SLUG.

    Anybody else can then verify the DOMAIN.
    """
    with operator(slug) as ctx:
        found = domains.find_domain(ctx, name)
        domains.remove_domain(ctx, found)
    click.echo(f"{found.name} is removed.", err=True)


def _shown(row: Domain) -> dict[str, Any]:
    written = show_domain(row.name)
    return {
        "id": str(row.id),
        "domain": row.name,
        "written": written.text,
        "warning": written.warning,
        "verified": row.verified_at is not None,
        "vouched": row.vouched,
        "verified_at": row.verified_at,
        "checked_at": row.checked_at,
        "failing_since": row.failing_since,
        "record": None if row.vouched else {"type": "TXT", "name": record_name(row.name), "value": row.proof},
    }
