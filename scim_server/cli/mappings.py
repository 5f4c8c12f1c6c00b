"""`scim-server mapping`: what being in a group of a directory gives."""

import click

from scim_server.cli.base import Failure, operator, show
from scim_server.models import GroupMapping, GroupSource
from scim_server.services import connections, handmade_teams, mapping_effects
from scim_server.services import mapping as mappings
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.errors import NotFound
from scim_server.services.mapping import ClaimSource

_CLAIM = (str, str)


@click.group()
def mapping() -> None:
    """What being in a group of a directory gives.

    An ID is that of a mapping, as `mapping list` prints it.
    """


@mapping.command("list")
@click.argument("slug")
def mapping_list(slug: str) -> None:
    """Print the mappings of an organization.

    Those of the organization SLUG, the ones that come first at the top, one JSON object a line.
    """
    with operator(slug) as ctx:
        for row in mappings.list_mappings(ctx):
            show(_mapping(ctx, row))


@mapping.command("add")
@click.argument("slug")
@click.option("--scim-group", metavar="GROUP", help="A group that a directory pushes, by its name or id.")
@click.option(
    "--saml",
    type=_CLAIM,
    metavar="CONNECTION VALUE",
    help="A group that a SAML connection tells of: the connection by its name or id, and what it calls the group.",
)
@click.option("--oidc", type=_CLAIM, metavar="CONNECTION VALUE", help="The same of an OpenID Connect connection.")
@click.option("--role", metavar="ROLE", help="The role that it gives, by its name or id.")
@click.option("--team", metavar="TEAM", help="The team that it gives, by its name or id.")
@click.option("--priority", type=int, default=100, show_default=True, help="The lowest comes first.")
@click.option("--may-give-admin", is_flag=True, help="Say that it is meant to give the role Admin.")
def mapping_add(
    slug: str,
    scim_group: str | None,
    saml: tuple[str, str] | None,
    oidc: tuple[str, str] | None,
    role: str | None,
    team: str | None,
    priority: int,
    may_give_admin: bool,
) -> None:
    """Add a mapping.

    It is of the organization SLUG, printed as JSON. It gives nothing yet: see `mapping preview`, then `mapping enable`.
    """
    with operator(slug) as ctx:
        if sum(each is not None for each in (scim_group, saml, oidc)) != 1:
            raise Failure("A mapping is about one group: give --scim-group, --saml or --oidc.")
        target = handmade_teams.find_team(ctx, team) if team else None
        given = _role(ctx, role) if role else None
        if scim_group is not None:
            group = handmade_teams.find_team(ctx, scim_group)
            row = mappings.map_pushed_group(
                ctx, group, role=given, team=target, priority=priority, may_give_admin=may_give_admin
            )
        else:
            source = GroupSource.SAML if saml else GroupSource.OIDC
            name, value = saml or oidc or ("", "")
            claim = _claim(ctx, source, name)
            row = mappings.map_claim(
                ctx, claim, value, role=given, team=target, priority=priority, may_give_admin=may_give_admin
            )
        show(_mapping(ctx, row))


@mapping.command("preview")
@click.argument("slug")
@click.argument("id")
@click.option("--offset", type=click.IntRange(min=0), default=0, show_default=True, help="How many users to pass over.")
@click.option("--limit", type=click.IntRange(0, 1000), default=50, show_default=True, help="How many users to print.")
def mapping_preview(slug: str, id: str, offset: int, limit: int) -> None:
    """Print what a mapping would change if it were on.

    It is the mapping ID of the organization SLUG, and nothing is changed. The first line is the numbers, each other one
    a user whose role or teams would be others.
    """
    with operator(slug) as ctx:
        found = mappings.preview(ctx, mappings.find_mapping(ctx, id), offset=offset, limit=limit)
        roles = [{"from": before, "to": after, "users": number} for (before, after), number in found.roles.items()]
        show(
            {
                "users_in_group": found.users,
                "users_changing": found.total,
                "roles": roles,
                "joining_team": found.joining,
                "leaving_team": found.leaving,
                "keeping_role": found.kept,
            }
        )
        for each in found.rows:
            show(_change(ctx, each))


@mapping.command("enable")
@click.argument("slug")
@click.argument("id")
def mapping_enable(slug: str, id: str) -> None:
    """Switch a mapping on.

    Whoever is in the group of the mapping ID of the organization SLUG gets what it gives.
    """
    with operator(slug) as ctx:
        mappings.enable_mapping(ctx, mappings.find_mapping(ctx, id))
    click.echo(f"{id} is on.", err=True)


@mapping.command("disable")
@click.argument("slug")
@click.argument("id")
def mapping_disable(slug: str, id: str) -> None:
    """Switch a mapping off.

    Whoever has something by the mapping ID of the organization SLUG alone loses that.
    """
    with operator(slug) as ctx:
        mappings.disable_mapping(ctx, mappings.find_mapping(ctx, id))
    click.echo(f"{id} is off.", err=True)


@mapping.command("priority")
@click.argument("slug")
@click.argument("id")
@click.argument("priority", type=int)
def mapping_priority(slug: str, id: str, priority: int) -> None:
    """Have a mapping come before others.

    Of the mappings of the organization SLUG, the one with the lowest PRIORITY comes first; ID is the one to change.
    """
    with operator(slug) as ctx:
        mappings.change_priority(ctx, mappings.find_mapping(ctx, id), priority)


@mapping.command("remove")
@click.argument("slug")
@click.argument("id")
def mapping_remove(slug: str, id: str) -> None:
    """Take a mapping away.

    With the mapping ID of the organization SLUG goes all that it alone gave.
    """
    with operator(slug) as ctx:
        mappings.remove_mapping(ctx, mappings.find_mapping(ctx, id))
    click.echo(f"{id} is removed.", err=True)


def _claim(ctx: Context, source: GroupSource, name: str) -> ClaimSource:
    connection = connections.find_by_name(ctx, name)
    if connection.type != source:
        raise Failure(f"{connection.name} speaks {connection.type}: give --{connection.type}.")
    return ClaimSource(source, str(connection.id))


def _role(ctx: Context, text: str) -> DeclaredRole:
    role = declared(ctx).role(text)
    if role is None:
        raise NotFound("role", text)
    return role


def _mapping(ctx: Context, row: GroupMapping) -> dict[str, object]:
    return {
        "id": str(row.id),
        "enabled": row.enabled,
        "priority": row.priority,
        "source": row.source,
        "group": str(row.group_id) if row.group_id else None,
        "connection": row.connection,
        "value": row.value,
        "role": declared(ctx).roles[row.role_id].name if row.role_id else None,
        "team": str(row.team_id) if row.team_id else None,
        "may_give_admin": row.may_give_admin,
    }


def _change(ctx: Context, change: mapping_effects.Change) -> dict[str, object]:
    names = declared(ctx).roles
    return {
        "user": change.person.user_name,
        "role": [names[change.person.role_id].name, names[change.role_after].name],
        "keeps_role": change.kept,
        "joins": sorted(map(str, change.joins)),
        "leaves": sorted(map(str, change.leaves)),
    }
