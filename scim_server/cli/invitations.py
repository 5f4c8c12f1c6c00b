"""`scim-server admin` and `scim-server invitation`: who is invited to an organization."""

from typing import Any

import click

from scim_server.cli.base import operator, show
from scim_server.services import invitations, pending_invitations
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.errors import NotFound
from scim_server.services.invitations import NewInvitation, Pending
from scim_server.services.languages import Language

LANGUAGES = click.Choice([language.value for language in Language])


@click.group()
def admin() -> None:
    """The admins of organizations."""


@admin.command("invite")
@click.argument("slug")
@click.argument("email")
def admin_invite(slug: str, email: str) -> None:
    """Print the one-time link that makes somebody an admin.

    Of the organization SLUG, where the first one who accepts is the owner. Nothing is mailed: give the link, which is
    good for seven days, to whoever reads mail at EMAIL. Another call for the same EMAIL ends it and prints a new one.
    """
    with operator(slug) as ctx:
        made = invitations.invite_first_admin(ctx, email)
    click.echo(made.link)


@click.group()
def invitation() -> None:
    """The invitations to organizations."""


@invitation.command("create")
@click.argument("slug")
@click.argument("email")
@click.option("--role", metavar="NAME", help="The role that they get.  [default: that of whoever is given none]")
@click.option("--team", "teams", metavar="ID", type=click.UUID, multiple=True, help="A team to join; may be repeated.")
@click.option("--name", help="What to call them.  [default: EMAIL]")
@click.option("--language", type=LANGUAGES, default=Language.EN.value, show_default=True, help="That of the message.")
def invitation_create(
    slug: str, email: str, role: str | None, teams: tuple[Any, ...], name: str | None, language: str
) -> None:
    """Invite somebody by mail.

    EMAIL gets an invitation to the organization SLUG, with a link that is good for seven days. Prints the invitation as
    JSON, without the link.
    """
    with operator(slug) as ctx:
        made = invitations.invite(
            ctx,
            email,
            role=_role(ctx, role),
            team_ids=teams,
            language=Language(language),
            fields={"displayName": name} if name else {},
        )
        found = _shown(ctx, made)
    show(found)


@invitation.command("resend")
@click.argument("slug")
@click.argument("email")
def invitation_resend(slug: str, email: str) -> None:
    """Send a new link, which ends the earlier one.

    To EMAIL, who is invited to the organization SLUG. Prints the invitation as JSON.
    """
    with operator(slug) as ctx:
        found = _shown(ctx, invitations.resend(ctx, invitations.find_pending(ctx, email)))
    show(found)


@invitation.command("revoke")
@click.argument("slug")
@click.argument("email")
def invitation_revoke(slug: str, email: str) -> None:
    """Withdraw an invitation.

    That of EMAIL to the organization SLUG. The link ends at once.
    """
    with operator(slug) as ctx:
        invitations.revoke(ctx, invitations.find_pending(ctx, email))
    click.echo(f"The invitation of {email} is withdrawn.", err=True)


@invitation.command("list")
@click.argument("slug")
def invitation_list(slug: str) -> None:
    """Print who is invited and has not accepted.

    To the organization SLUG, one JSON object a line; those whose link is too old as well.
    """
    with operator(slug) as ctx:
        for each in invitations.list_pending(ctx):
            show(_shown(ctx, each))


def _shown(ctx: Context, found: Pending | NewInvitation) -> dict[str, Any]:
    told = pending_invitations.told(ctx, found)
    return {
        "id": str(told.id),
        "email": told.email,
        "user": str(told.user_id),
        "role": told.role.name,
        "language": told.language,
        "created_at": told.created_at,
        "expires_at": told.expires_at,
        "expired": told.expired,
    }


def _role(ctx: Context, name: str | None) -> DeclaredRole | None:
    if name is None:
        return None
    role = declared(ctx).role(name)
    if role is None:
        raise NotFound("role", name)
    return role
