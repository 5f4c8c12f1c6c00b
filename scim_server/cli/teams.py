"""`scim-server team`: the teams of an organization, and who is in them."""

from collections.abc import Collection
from uuid import UUID

import click

from scim_server.cli.base import operator, show
from scim_server.models import Team
from scim_server.services import handmade_nesting, handmade_teams, lookup, membership, shown_teams
from scim_server.services.context import Context
from scim_server.services.handmade_teams import Part
from scim_server.services.paging import Selection

PARTS = click.Choice([part.value for part in Part])
_MANY = 1000


@click.group()
def team() -> None:
    """The teams of organizations.

    A TEAM is told by its name or its id, a USER by name, e-mail address or id.
    """


@team.command("list")
@click.argument("slug")
def team_list(slug: str) -> None:
    """Print the teams of the organization SLUG.

    One JSON object a line: whose it is, and whether new users join it.
    """
    with operator(slug) as ctx:
        offset = 0
        while rows := shown_teams.list_teams(ctx, Selection(), offset=offset, limit=_MANY).rows:
            for row in rows:
                show(_team(ctx, row))
            offset += _MANY


@team.command("create")
@click.argument("slug")
@click.argument("name")
@click.option("--description", default="", help="What the team is for.")
def team_create(slug: str, name: str, description: str) -> None:
    """Make a team without members.

    It is the team NAME of the organization SLUG, printed as JSON.
    """
    with operator(slug) as ctx:
        show(_team(ctx, handmade_teams.create_team(ctx, name, description=description)))


@team.command("show")
@click.argument("slug")
@click.argument("team")
def team_show(slug: str, team: str) -> None:
    """Print a team and who is in it.

    The TEAM of the organization SLUG, as JSON: what each member does there, and who put them there.
    """
    with operator(slug) as ctx:
        found = handmade_teams.find_team(ctx, team)
        mates = [
            {"user": mate.user_name, "part": mate.part.value, "by": membership.told(mate.sources)}
            for mate in handmade_teams.list_mates(ctx, found)
        ]
        show({**_team(ctx, found), "members": mates})


@team.command("rename")
@click.argument("slug")
@click.argument("team")
@click.argument("new_name")
def team_rename(slug: str, team: str, new_name: str) -> None:
    """Give a team another name.

    The TEAM of the organization SLUG is called NEW_NAME then. What a directory owns is renamed there.
    """
    with operator(slug) as ctx:
        show(_team(ctx, handmade_teams.rename_team(ctx, handmade_teams.find_team(ctx, team), new_name)))


@team.command("describe")
@click.argument("slug")
@click.argument("team")
@click.argument("description")
def team_describe(slug: str, team: str, description: str) -> None:
    """Say what a team is for, whoever owns it.

    The TEAM of the organization SLUG has that DESCRIPTION then.
    """
    with operator(slug) as ctx:
        show(_team(ctx, handmade_teams.describe_team(ctx, handmade_teams.find_team(ctx, team), description)))


@team.command("delete")
@click.argument("slug")
@click.argument("team")
def team_delete(slug: str, team: str) -> None:
    """Delete a team.

    The TEAM of the organization SLUG must be no directory's, and not the main one.
    """
    with operator(slug) as ctx:
        handmade_teams.delete_team(ctx, handmade_teams.find_team(ctx, team))
    click.echo(f"{team} is deleted.", err=True)


@team.command("add")
@click.argument("slug")
@click.argument("team")
@click.argument("user", nargs=-1, required=True)
@click.option("--part", type=PARTS, help="What they do there.  [default: user]")
def team_add(slug: str, team: str, user: tuple[str, ...], part: str | None) -> None:
    """Put users into a team.

    Each USER joins the TEAM of the organization SLUG, which must be no directory's.
    """
    with operator(slug) as ctx:
        found, ids = handmade_teams.find_team(ctx, team), _ids(ctx, user)
        new = handmade_teams.add_mates(ctx, found, ids, part=Part(part) if part else None)
    click.echo(f"{len(new)} of {len(ids)} are new in {team}.", err=True)


@team.command("remove")
@click.argument("slug")
@click.argument("team")
@click.argument("user", nargs=-1, required=True)
def team_remove(slug: str, team: str, user: tuple[str, ...]) -> None:
    """Take users out of a team.

    Each USER leaves the TEAM of the organization SLUG. Who was put there by a directory or a mapping stays until that
    one takes them out.
    """
    with operator(slug) as ctx:
        left = handmade_teams.remove_mates(ctx, handmade_teams.find_team(ctx, team), _ids(ctx, user))
    kept = f" {len(left.kept)} stay, whom a directory or a mapping holds there." if left.kept else ""
    click.echo(f"{len(left.gone)} have left {team}.{kept}", err=True)


@team.command("part")
@click.argument("slug")
@click.argument("team")
@click.argument("part", type=PARTS)
@click.argument("user", nargs=-1, required=True)
def team_part(slug: str, team: str, part: str, user: tuple[str, ...]) -> None:
    """Say what members do in a team, whoever owns it.

    Each USER has that PART in the TEAM of the organization SLUG. A supervisor acts on others' conversations, and is
    given none.
    """
    with operator(slug) as ctx:
        handmade_teams.set_part(ctx, handmade_teams.find_team(ctx, team), _ids(ctx, user), Part(part))


@team.command("set-main")
@click.argument("slug")
@click.argument("team", required=False)
def team_set_main(slug: str, team: str | None) -> None:
    """Say which team new users join.

    From now on each joins the TEAM of the organization SLUG; without one, none. Whoever is there already is not moved.
    """
    with operator(slug) as ctx:
        handmade_teams.set_main_team(ctx, handmade_teams.find_team(ctx, team) if team else None)
    click.echo(f"New users join {team}." if team else "New users join no team.", err=True)


@team.command("nest")
@click.argument("slug")
@click.argument("team")
@click.argument("member", nargs=-1, required=True)
def team_nest(slug: str, team: str, member: tuple[str, ...]) -> None:
    """Put teams into a team.

    Each MEMBER, a team by its name or id, comes into the TEAM of the organization SLUG, which must be no directory's.
    """
    with operator(slug) as ctx:
        found, ids = handmade_teams.find_team(ctx, team), _team_ids(ctx, member)
        new = handmade_nesting.nest_teams(ctx, found, ids)
    click.echo(f"{len(new)} of {len(ids)} are new in {team}.", err=True)


@team.command("unnest")
@click.argument("slug")
@click.argument("team")
@click.argument("member", nargs=-1, required=True)
def team_unnest(slug: str, team: str, member: tuple[str, ...]) -> None:
    """Take teams out of a team.

    Each MEMBER, a team by its name or id, leaves the TEAM of the organization SLUG, which must be no directory's.
    """
    with operator(slug) as ctx:
        gone = handmade_nesting.unnest_teams(ctx, handmade_teams.find_team(ctx, team), _team_ids(ctx, member))
    click.echo(f"{len(gone)} have left {team}.", err=True)


@team.command("restore")
@click.argument("slug")
@click.argument("id", type=click.UUID)
def team_restore(slug: str, id: UUID) -> None:
    """Bring back a deleted team.

    The one of the organization SLUG with this ID, which the events tell, with its members and to where it was.
    """
    with operator(slug) as ctx:
        show(_team(ctx, handmade_teams.restore_team(ctx, id)))


def _team_ids(ctx: Context, texts: Collection[str]) -> list[UUID]:
    return [handmade_teams.find_team(ctx, text).id for text in texts]


def _ids(ctx: Context, texts: Collection[str]) -> list[UUID]:
    return [lookup.find_living(ctx, text).id for text in texts]


def _team(ctx: Context, row: Team) -> dict[str, object]:
    return {
        "id": str(row.id),
        "name": row.display_name,
        "description": row.description,
        "directory": str(row.directory_id) if row.directory_id else None,
        "main": row.id == ctx.org.main_team_id,
    }
