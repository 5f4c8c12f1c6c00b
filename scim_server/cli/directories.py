"""`scim-server directory`: the SCIM connections of an organization."""

from typing import Any

import click

from scim_server.cli.base import PROVIDERS, operator, show
from scim_server.models import Adoption, BrakeMode, PatchResponse, Provider
from scim_server.services import directories
from scim_server.services.directory_changes import change_directory

PATCH_RESPONSES = click.Choice([response.value for response in PatchResponse])


@click.group()
def directory() -> None:
    """The directories of organizations."""


@directory.command("list")
@click.argument("slug")
def directory_list(slug: str) -> None:
    """Print the directories of an organization.

    Those of the organization SLUG, one JSON object a line.
    """
    with operator(slug) as ctx:
        for row in directories.list_directories(ctx):
            show(
                {
                    "id": str(row.id),
                    "provider": row.provider,
                    "name": row.name,
                    "patch_response": row.patch_response,
                    "basic_auth": row.basic_auth,
                    "adoption": row.adoption,
                    "adopt_teams": row.adopt_teams,
                    "brake_mode": row.brake_mode,
                    "brake_users": row.brake_users,
                    "brake_share": row.brake_share,
                    "brake_window": row.brake_window,
                    "brake_holds": row.brake_holds,
                    "created_at": row.created_at,
                }
            )


@directory.command("set")
@click.argument("slug")
@click.argument("provider", type=PROVIDERS)
@click.option("--basic/--no-basic", default=None, help="Whether its OAuth clients may come in with HTTP Basic.")
@click.option(
    "--adoption",
    type=click.Choice([adoption.value for adoption in Adoption]),
    help="Whoever is there already when it creates them: taken over (link), or a conflict.",
)
@click.option("--patch-response", type=PATCH_RESPONSES, help="What a PATCH answers: the resource, or 204 and nothing.")
@click.option("--adopt-teams/--no-adopt-teams", default=None, help="Whether it takes over teams made by hand.")
@click.option(
    "--brake-mode",
    type=click.Choice([mode.value for mode in BrakeMode]),
    help="Where it removes too many users: an alarm, or they are held back as well.",
)
@click.option("--brake-users", type=int, metavar="NUMBER", help="More users than that are too many.")
@click.option("--brake-share", type=int, metavar="PERCENT", help="So is more than that share of its active users.")
@click.option("--brake-window", type=int, metavar="MINUTES", help="Within that time.")
def directory_set(
    slug: str,
    provider: str,
    basic: bool | None,
    adoption: str | None,
    patch_response: str | None,
    **more: Any,
) -> None:
    """Change what a directory is allowed, and how it is answered.

    It is the one of the PROVIDER in the organization SLUG. What is not named stays as it is.
    """
    with operator(slug) as ctx:
        found = directories.find_directory(ctx, Provider(provider))
        change_directory(
            ctx,
            found,
            basic_auth=basic,
            adoption=Adoption(adoption) if adoption else None,
            patch_response=PatchResponse(patch_response) if patch_response else None,
            **more,
        )
