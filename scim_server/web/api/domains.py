"""/api/v1/domains: whose e-mail addresses an organization may speak for."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from scim_server.services import domain_names
from scim_server.services import domains as services
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.domain_proofs import Outcome, record_name, resolver_of
from scim_server.web.api.callers import Work
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, page
from scim_server.web.state import state

domains = Room(
    "Domains",
    "The e-mail domains of this organization. One is verified by a TXT record in DNS, which has to stay: it is looked "
    "at every day.",
)


class RecordShape(Shape):
    type: str
    name: str
    value: str


class DomainShape(Shape):
    id: UUID
    name: Annotated[str, Field(description="As DNS and mail servers have it, in lower case.")]
    written: Annotated[str, Field(description="As its people write it.")]
    warning: Annotated[str | None, Field(description="A sentence on a name that imitates another.")]
    verified: bool
    vouched: Annotated[bool, Field(description="Whether the operator vouches for it, so that it needs no record.")]
    record: Annotated[RecordShape | None, Field(description="What to publish in DNS.")]
    created_at: datetime
    verified_at: datetime | None
    checked_at: datetime | None
    failing_since: Annotated[datetime | None, Field(description="Since when the record of a verified one is missing.")]


class NewDomain(Input):
    name: Annotated[str, Field(min_length=1, max_length=255)]
    verified: Annotated[bool, Field(description="You vouch for it: takes the installation's key.")] = False


class CheckShape(Shape):
    outcome: Annotated[
        Outcome, Field(description="`found`, `missing`, or `unknown` where no name server has answered.")
    ]
    why: Annotated[str, Field(description="A sentence for a person: what was found, or what to do.")]
    domain: DomainShape


@domains.get("/domains", needs=Manage.DIRECTORIES_VIEW)
def list_domains(ctx: Context, query: ListQuery) -> Page[DomainShape]:
    """List the domains, the oldest first."""
    return page(services.read_domains(ctx, query.cut()), _shown)


@domains.post("/domains", needs=Manage.DIRECTORIES)
def add_domain(ctx: Context, body: NewDomain) -> DomainShape:
    """Name a domain, and learn which record verifies it.

    One that is there already stays as it is. Publish the `record`, then ask for a check.
    """
    return _shown(services.add_domain(ctx, body.name, vouched=body.verified))


@domains.get("/domains/<uuid:domain_id>", needs=Manage.DIRECTORIES_VIEW)
def show_domain(ctx: Context, domain_id: UUID) -> DomainShape:
    """Show a domain."""
    return _shown(services.get_domain(ctx, domain_id))


@domains.post("/domains/<uuid:domain_id>/check", needs=Manage.DIRECTORIES)
def check_domain(work: Work, domain_id: UUID) -> CheckShape:
    """Look for the record of a domain now, which is verified if it is there.

    The first organization to verify a domain has it.
    """
    finding = services.check_domain(work.writing, domain_id, resolver_of(state().settings))
    with work.reading() as ctx:
        domain = _shown(services.get_domain_to_change(ctx, domain_id))
    return CheckShape(outcome=finding.outcome, why=finding.why, domain=domain)


@domains.delete("/domains/<uuid:domain_id>", needs=Manage.DIRECTORIES)
def remove_domain(ctx: Context, domain_id: UUID) -> None:
    """Give up a domain, which anybody else can then verify.

    Not while people sign in by it.
    """
    services.remove_domain(ctx, services.get_domain_to_change(ctx, domain_id))


def _shown(row: Any) -> DomainShape:
    written = domain_names.show_domain(row.name)
    own = ("id", "name", "vouched", "created_at", "verified_at", "checked_at", "failing_since")
    return DomainShape(
        **{name: getattr(row, name) for name in own},
        written=written.text,
        warning=written.warning,
        verified=row.verified_at is not None,
        record=None if row.vouched else RecordShape(type="TXT", name=record_name(row.name), value=row.proof),
    )
