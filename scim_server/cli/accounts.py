"""`scim-server account`: what people sign in with, over all their organizations."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from scim_server.cli.base import deliver_posted, now, opened, settings_or_failure, show, told
from scim_server.services import account_views, accounts, organizations, password_resets, second_factors
from scim_server.services.accounts import AccountContext
from scim_server.services.context import OPERATOR
from scim_server.services.errors import NotFound


@click.group()
def account() -> None:
    """What people sign in with, over all their organizations."""


@account.command("show")
@click.argument("email")
def account_show(email: str) -> None:
    """Print an account as JSON.

    It is the one of the address EMAIL: where its owner is a user, and what they sign in with, but no secret.
    """
    with _account(email) as about:
        found = account_views.in_full(about)
    default = [user.organization for user in found.users if user.is_default]
    show(
        {
            "id": str(found.id),
            "email": found.email,
            "phone": found.phone,
            "phone_verified": found.phone_verified,
            "password_changed_at": found.password_changed_at,
            "second_factors": found.second_factors,
            "default": default[0] if default else None,
            "users": [
                {"organization": user.organization, "user_name": user.user_name, "status": user.status}
                for user in found.users
            ],
            "created_at": found.created_at,
        }
    )


@account.command("reset-password")
@click.argument("email")
@click.option("--send", is_flag=True, help="Mail the link to them as well.")
def account_reset_password(email: str, send: bool) -> None:
    """Print a link to choose a new password.

    It is for the owner of the address EMAIL, good once and for an hour. Until it is used, nothing changes.
    """
    with _account(email) as about:
        link = password_resets.issue(about, by_mail=send)
    click.echo(link)


@account.command("reset-second-factors")
@click.argument("email")
def account_reset_second_factors(email: str) -> None:
    """Forget the second factors of somebody.

    It is the owner of the address EMAIL, who has lost them all: make sure that it is them who asks. Their sessions end.
    """
    with _account(email) as about:
        second_factors.reset(about, "the operator reset the second factors")
    click.echo(f"{email} has no second factor any more.", err=True)


@account.command("default")
@click.argument("email")
@click.argument("slug")
def account_default(email: str, slug: str) -> None:
    """Choose where somebody lands.

    It is the owner of the address EMAIL, who signs in to the organization SLUG from now on, and can switch there.
    """
    with _account(email) as about:
        accounts.choose_default(about, organizations.find_organization(about.session, slug).id)


@contextmanager
def _account(email: str) -> Iterator[AccountContext]:
    """A transaction about an account, as the operator."""
    settings = settings_or_failure()
    with told(), opened(settings) as database:
        with database.writing() as session:
            found = accounts.find_account(session, email)
            if found is None:
                raise NotFound("account of", email)
            accounts.get_account_to_change(session, found.id)
            yield AccountContext(session, settings, found, now(), OPERATOR)
        deliver_posted(database, settings, session)
