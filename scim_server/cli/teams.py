"""`scim-server team`: the teams of an organization, and who is in them."""

from collections.abc import Collection
from uuid import UUID

import click

from scim_server.cli.base import operator, show
from scim_server.models import Team
from scim_server.services import handmade_teams, membership, teams, users
from scim_server.services.context import Context
from scim_server.services.handmade_teams import Part
from scim_server.services.paging import Selection
from scim_server.services.profiles import folded

PARTS = click.Choice([part.value for part in Part])
_MANY = 1000


@click.group()
def team() -> None:
    """The teams of organizations.

    A TEAM is told by its name or its id, a USER by the user name.
    """


@team.command("list")
@click.argument("slug")
def team_list(slug: str) -> None:
    """Print the teams of the organization SLUG.

    One JSON object a line: whose it is, and whether new users join it.
    """
    with operator(slug) as ctx:
        offset = 0
        while rows := teams.list_teams(ctx, Selection(), offset=offset, limit=_MANY).rows:
            for row in rows:
                show(_team(ctx, row))
            offset += _MANY


@team.command("create")
@click.argument("slug")
@click.argument("name")
@click.option("--description", default="", help="What the team is for.")
def team_create(slug: str, name: str, description: str) -> None:
    """Make the team NAME, without members, and print it as JSON."""
    with operator(slug) as ctx:
        show(_team(ctx, handmade_teams.create_team(ctx, name, description=description)))


@team.command("show")
@click.argument("slug")
@click.argument("name", metavar="TEAM")
def team_show(slug: str, name: str) -> None:
    """Print a team and who is in it, as JSON: what they do there, and who put them there."""
    with operator(slug) as ctx:
        found = handmade_teams.find_team(ctx, name)
        mates = [
            {"user": mate.user_name, "part": mate.part.value, "by": membership.told(mate.sources)}
            for mate in handmade_teams.list_mates(ctx, found)
        ]
        show({**_team(ctx, found), "members": mates})


@team.command("rename")
@click.argument("slug")
@click.argument("name", metavar="TEAM")
@click.argument("new_name")
def team_rename(slug: str, name: str, new_name: str) -> None:
    """Call a team NEW_NAME. What a directory owns is renamed there."""
    with operator(slug) as ctx:
        show(_team(ctx, handmade_teams.rename_team(ctx, handmade_teams.find_team(ctx, name), new_name)))


@team.command("describe")
@click.argument("slug")
@click.argument("name", metavar="TEAM")
@click.argument("description")
def team_describe(slug: str, name: str, description: str) -> None:
    """Say what a team is for, whoever owns it."""
    with operator(slug) as ctx:
        show(_team(ctx, handmade_teams.describe_team(ctx, handmade_teams.find_team(ctx, name), description)))


@team.command("delete")
@click.argument("slug")
@click.argument("name", metavar="TEAM")
def team_delete(slug: str, name: str) -> None:
    """Delete a team that is no directory's, and not the main one."""
    with operator(slug) as ctx:
        handmade_teams.delete_team(ctx, handmade_teams.find_team(ctx, name))
    click.echo(f"{name} is deleted.", err=True)


@team.command("add")
@click.argument("slug")
@click.argument("name", metavar="TEAM")
@click.argument("user_names", metavar="USER...", nargs=-1, required=True)
@click.option("--part", type=PARTS, help="What they do there.  [default: user]")
def team_add(slug: str, name: str, user_names: tuple[str, ...], part: str | None) -> None:
    """Put users into a team that is no directory's."""
    with operator(slug) as ctx:
        found, ids = handmade_teams.find_team(ctx, name), _ids(ctx, user_names)
        new = handmade_teams.add_mates(ctx, found, ids, part=Part(part) if part else None)
    click.echo(f"{len(new)} of {len(ids)} are new in {name}.", err=True)


@team.command("remove")
@click.argument("slug")
@click.argument("name", metavar="TEAM")
@click.argument("user_names", metavar="USER...", nargs=-1, required=True)
def team_remove(slug: str, name: str, user_names: tuple[str, ...]) -> None:
    """Take users out of a team.

    Who was put there by a directory or a mapping stays until that one takes them out.
    """
    with operator(slug) as ctx:
        left = handmade_teams.remove_mates(ctx, handmade_teams.find_team(ctx, name), _ids(ctx, user_names))
    kept = f" {len(left.kept)} stay, whom a directory or a mapping holds there." if left.kept else ""
    click.echo(f"{len(left.gone)} have left {name}.{kept}", err=True)


@team.command("part")
@click.argument("slug")
@click.argument("name", metavar="TEAM")
@click.argument("part", type=PARTS)
@click.argument("user_names", metavar="USER...", nargs=-1, required=True)
def team_part(slug: str, name: str, part: str, user_names: tuple[str, ...]) -> None:
    """Say what members do in a team, whoever owns it.

    A supervisor acts on others' conversations, and is given none.
    """
    with operator(slug) as ctx:
        handmade_teams.set_part(ctx, handmade_teams.find_team(ctx, name), _ids(ctx, user_names), Part(part))


@team.command("set-main")
@click.argument("slug")
@click.argument("name", metavar="[TEAM]", required=False)
def team_set_main(slug: str, name: str | None) -> None:
    """Have every new user join TEAM from now on; without one, none.

    Whoever is there already is not moved.
    """
    with operator(slug) as ctx:
        handmade_teams.set_main_team(ctx, handmade_teams.find_team(ctx, name) if name else None)
    click.echo(f"New users join {name}." if name else "New users join no team.", err=True)


def _ids(ctx: Context, user_names: Collection[str]) -> list[UUID]:
    return [users.find_user(ctx, name, folded(name)).id for name in user_names]


def _team(ctx: Context, row: Team) -> dict[str, object]:
    return {
        "id": str(row.id),
        "name": row.display_name,
        "description": row.description,
        "directory": str(row.directory_id) if row.directory_id else None,
        "main": row.id == ctx.org.main_team_id,
    }
