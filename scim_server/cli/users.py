"""`scim-server user`: the users of an organization."""

import click


@click.group()
def user() -> None:
    """The users of organizations."""
