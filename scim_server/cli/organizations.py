"""`scim-server org`: the tenants of the product."""

from typing import Any

import click

from scim_server.cli.base import Failure, now, opened, operator, settings_or_failure, show, told
from scim_server.models import Overage
from scim_server.services import lookup, organizations, ownership, seats, settings, sso_required
from scim_server.services.context import OPERATOR, Context

_PLAN = ("seats", "overage")


@click.group()
def org() -> None:
    """Organizations, the tenants of the product."""


@org.command("create")
@click.argument("slug")
@click.option("--name", help="What people call it.  [default: SLUG]")
@click.option("--seats", type=click.IntRange(min=1), help="How many users its plan has.  [default: no limit]")
def org_create(slug: str, name: str | None, seats: int | None) -> None:
    """Create the organization SLUG, and print it as JSON."""
    found = settings_or_failure()
    with told(), opened(found) as database, database.writing() as session:
        created = organizations.create_organization(
            session, found, actor=OPERATOR, now=now(), slug=slug, name=name, seats=seats
        )
        answer = {
            "id": str(created.id),
            "slug": created.slug,
            "scim_base_url": f"{found.base_url}/scim/v2/{created.slug}",
            "console_url": f"{found.base_url}/console/{created.slug}",
        }
    show(answer)


@org.command("list")
def org_list() -> None:
    """Print every organization.

    One JSON object a line.
    """
    with opened(settings_or_failure()) as database, database.reading() as session:
        for each in organizations.list_organizations(session):
            show({"id": str(each.id), "slug": each.slug, "name": each.name, "seats": each.seats})


@org.command("show")
@click.argument("slug")
def org_show(slug: str) -> None:
    """Print the organization SLUG.

    Its plan, how many seats are taken, its owner, and all that it has chosen, as JSON.
    """
    with operator(slug) as ctx:
        show(_shown(ctx))


@org.command("set")
@click.argument("slug")
@click.argument("choices", nargs=-1, required=True, metavar="NAME=VALUE...")
def org_set(slug: str, choices: tuple[str, ...]) -> None:
    """Change the organization SLUG.

    Each of the CHOICES is NAME=VALUE. NAME is `name`, `seats` (a number, or `none` for no limit), `overage` (`block`
    refuses whoever is beyond the seats, `bill` lets them in and reports them), or anything under `settings` of `org
    show`. What is not named stays as it is.
    """
    with operator(slug) as ctx:
        chosen = dict(_split(choice) for choice in choices)
        plan = {field: chosen.pop(field) for field in _PLAN if field in chosen}
        organizations.change_organization(ctx, name=chosen.pop("name", None), plan=_plan(ctx, **plan) if plan else None)
        settings.change_settings(ctx, **chosen)
        show(_shown(ctx))


@org.command("transfer-ownership")
@click.argument("slug")
@click.argument("user")
@click.option("--confirm", metavar="SLUG", help="The slug once more, from somebody who means it.")
def org_transfer_ownership(slug: str, user: str, confirm: str | None) -> None:
    """Make somebody else the owner.

    The USER (name, e-mail address or id) must be an active admin of the organization SLUG. This is the owner's to
    decide: do it on the owner's word.
    """
    with operator(slug) as ctx:
        to = lookup.find_to_change(ctx, user)
        if ownership.find_owner(ctx) is None:
            ownership.make_first_owner(ctx, to)
        else:
            ownership.transfer_ownership(ctx, to, confirmation=confirm or "")
    click.echo(f"{user} owns {slug}.", err=True)


@org.command("require-sso")
@click.argument("slug")
@click.option("--break-glass", "user", metavar="USER", required=True, help="The admin who need not.")
def org_require_sso(slug: str, user: str) -> None:
    """Have everybody come through a connection.

    All other ways into the organization SLUG are closed, a new password included, except for one admin (name, e-mail
    address or id), who has a password and a second factor. It takes an enabled connection, and a test sign-in through
    it that an admin has made within the last day (`connection test`).
    """
    with operator(slug) as ctx:
        sso_required.require_sso(ctx, lookup.find_to_change(ctx, user))
    click.echo(f"Everybody in {slug} signs in through a connection, except for {user}.", err=True)


@org.command("allow-other-ways")
@click.argument("slug")
def org_allow_other_ways(slug: str) -> None:
    """Open the other ways to sign in again.

    Into the organization SLUG, and at any time: this is the way back when its identity provider is gone.
    """
    with operator(slug) as ctx:
        sso_required.stop_requiring(ctx)
    click.echo(f"Other ways into {slug} are open again.", err=True)


def _shown(ctx: Context) -> dict[str, Any]:
    owner, taken = ownership.find_owner(ctx), seats.seats(ctx)
    break_glass = sso_required.find_break_glass(ctx)
    return {
        "id": str(ctx.org.id),
        "slug": ctx.org.slug,
        "name": ctx.org.name,
        "seats": {"plan": taken.plan, "used": taken.used, "over": taken.over, "overage": ctx.org.overage},
        "owner": owner.user_name if owner else None,
        "sso_required_at": ctx.org.sso_required_at,
        "break_glass": break_glass.user_name if break_glass else None,
        "settings": settings.organization_settings(ctx).model_dump(mode="json"),
    }


def _split(choice: str) -> tuple[str, str]:
    name, equals, value = choice.partition("=")
    if not equals:
        raise Failure(f"{choice!r} is not NAME=VALUE.")
    return name, value


def _plan(ctx: Context, seats: str | None = None, overage: str | None = None) -> organizations.Plan:
    number = ctx.org.seats if seats is None else None if seats == "none" else _number(seats)
    try:
        return organizations.Plan(number, Overage(ctx.org.overage if overage is None else overage))
    except ValueError:
        raise Failure(f"overage must be one of {', '.join(Overage)}.") from None


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Failure("seats must be a number, or none.") from None
