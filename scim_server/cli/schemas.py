"""`scim-server schema`: attributes of an organization's own."""

import json
from typing import Any, TextIO

import click
from pydantic import ValidationError

from scim_server.cli.base import Failure, operator, show
from scim_server.services import schemas

EXTENDED = click.Choice(["User", "Group"])


@click.group()
def schema() -> None:
    """Attributes of organizations' own, as extension schemas."""


@schema.command("set")
@click.argument("slug")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--extends", type=EXTENDED, default="User", show_default=True, help="What has these attributes.")
def schema_set(slug: str, file: TextIO, extends: str) -> None:
    """Declare an extension schema, or change one.

    FILE is a Schema resource as JSON (RFC 7643 §7): id, name, attributes. Users or groups of the organization SLUG have
    these attributes from now on. A change that would lose what they have is refused.
    """
    from scim_server.scim import declaring  # takes a second, which no other command shall wait for

    try:
        with operator(slug) as ctx:
            document = _read(file)
            declaring.declare(ctx, document, extends=extends)
    except ValidationError as problem:
        raise Failure("\n".join(_sentence(each) for each in problem.errors())) from None
    click.echo(f"{document['id']} is declared.", err=True)


@schema.command("list")
@click.argument("slug")
def schema_list(slug: str) -> None:
    """Print the extension schemas of an organization.

    Those that the organization SLUG has declared, one JSON object a line.
    """
    with operator(slug) as ctx:
        for each in schemas.list_schemas(ctx):
            show({"extends": each.extends, **each.document})


@schema.command("remove")
@click.argument("slug")
@click.argument("urn")
def schema_remove(slug: str, urn: str) -> None:
    """Take back an extension schema.

    It is the one of the organization SLUG with this URN, and nobody may have a value of any of its attributes.
    """
    with operator(slug) as ctx:
        schemas.remove_schema(ctx, urn)
    click.echo(f"{urn} is removed.", err=True)


def _read(file: TextIO) -> dict[str, Any]:
    try:
        document = json.load(file)
    except ValueError as problem:  # no JSON, or no text
        raise Failure(f"{file.name} is not JSON: {problem}.") from None
    if not isinstance(document, dict):
        raise Failure(f"{file.name} must hold one JSON object, a schema.")
    return document


def _sentence(error: Any) -> str:
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}."
