"""`scim-server user`: the users of an organization, and what is written of them by hand."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import click

from scim_server.cli.base import Failure, operator, show
from scim_server.models import Availability, User, UserStatus
from scim_server.services import hands, lookup, plain_fields, preferences, user_views
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.fields import FIELDS, Entries, flattened, full_name
from scim_server.services.profiles import PRODUCT_USER
from scim_server.services.user_views import UserInFull, UserInShort

STATUSES = click.Choice([status.value for status in UserStatus])


@click.group()
def user() -> None:
    """The users of organizations."""


@user.command("list")
@click.argument("slug")
@click.option("--status", type=STATUSES, help="Only those who are that.  [default: all but the deleted ones]")
@click.option("--search", metavar="TEXT", help="Only those with TEXT in their name or an e-mail address.")
def user_list(slug: str, status: str | None, search: str | None) -> None:
    """Print the users of an organization.

    Those of the organization SLUG, the oldest first, one JSON object a line.
    """
    with operator(slug) as ctx:
        found = lookup.search_users(ctx, status=UserStatus(status) if status else None, text=search)
        for each in user_views.in_short(ctx, found):
            show(_in_short(each))


@user.command("show")
@click.argument("slug")
@click.argument("user")
def user_show(slug: str, user: str) -> None:
    """Print everything about a user.

    Of the one of the organization SLUG whose userName, e-mail address or id is USER: how they came, who says what each
    field of their profile is, and what settings hold for them.
    """
    with operator(slug) as ctx:
        show(_in_full(ctx, lookup.find_anybody(ctx, user)))


@user.command("create")
@click.argument("slug")
@click.option("--email", required=True, help="The main e-mail address, and the userName where none is given.")
@click.option("--given-name", help="The first name.")
@click.option("--family-name", help="The last name.")
@click.option("--role", help="The name of the role.  [default: Agent]")
@click.argument("field", nargs=-1, metavar="[FIELD=VALUE]...")
def user_create(
    slug: str, email: str, given_name: str | None, family_name: str | None, role: str | None, field: tuple[str, ...]
) -> None:
    """Create a user by hand.

    In the organization SLUG. Each FIELD is one of the profile, as with `user set`.
    """
    names = {"givenName": given_name, "familyName": family_name}
    given = {part: name for part, name in names.items() if name is not None}
    values: dict[str, Any] = {"userName": email, "emails": [{"value": email, "type": "work", "primary": True}]}
    if given:
        values |= {"name": given, "displayName": " ".join(given.values())}
    with operator(slug) as ctx:
        values |= _read(field, values)
        created = hands.create_user_by_hand(ctx, values, role=_role(ctx, role) if role else None)
        [found] = user_views.in_short(ctx, [created])
        show(_in_short(found))


@user.command("set")
@click.argument("slug")
@click.argument("user")
@click.argument("field", nargs=-1, required=True, metavar="FIELD=VALUE...")
def user_set(slug: str, user: str, field: tuple[str, ...]) -> None:
    """Change the profile of a user by hand.

    Of the one of the organization SLUG whose userName, e-mail address or id is USER. A FIELD is such as title,
    department or name.givenName; what is not named stays. Null as the value takes it away. What has parts is JSON, or
    of several values the one that is to be left, as in phoneNumbers=+442079460000. What the user's directory says is
    changed there.
    """
    with operator(slug) as ctx:
        found = lookup.find_to_change(ctx, user)
        hands.change_profile(ctx, found, _read(field, flattened(found.document)))


@user.command("availability")
@click.argument("slug")
@click.argument("user")
@click.option("--away/--available", default=None, help="Whether the product is to assign no work to them.")
@click.option("--capacity", type=click.IntRange(min=0), help="How many open conversations they take at once.")
@click.option("--no-capacity", is_flag=True, help="They take as many as there are.")
def user_availability(slug: str, user: str, away: bool | None, capacity: int | None, no_capacity: bool) -> None:
    """Say whether a user takes work, and how much.

    Of the one of the organization SLUG whose userName, e-mail address or id is USER. The product is told; what is not
    named stays as it is.
    """
    if capacity is not None and no_capacity:
        raise click.UsageError("Give --capacity or --no-capacity.")
    changes: dict[str, Any] = {}
    if away is not None:
        changes["availability"] = Availability.AWAY if away else Availability.AVAILABLE
    if capacity is not None or no_capacity:
        changes["receptionCapacity"] = capacity
    with operator(slug) as ctx:
        found = lookup.find_to_change(ctx, user)
        hands.change_profile(ctx, found, {f"{PRODUCT_USER}:{name}": value for name, value in changes.items()})
        show(
            {
                "user_name": found.user_name,
                "availability": found.availability,
                "reception_capacity": found.reception_capacity,
            }
        )


def _role(ctx: Context, name: str) -> DeclaredRole:
    role = declared(ctx).role(name)
    if role is None:
        names = ", ".join(each.name for each in declared(ctx).roles.values())
        raise Failure(f"There is no role {name}; there are {names}.")
    return role


def _read(pairs: Iterable[str], current: Mapping[str, Any]) -> dict[str, Any]:
    """What FIELD=VALUE says, on top of what a profile says so far."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, given, text = pair.partition("=")
        if not given:
            raise click.UsageError(f"{pair} is no FIELD=VALUE.")
        name, _, part = (name, "", "") if ":" in name else name.partition(".")
        name, value = full_name(name), _value(text)
        if part:
            value = {**(values.get(name, current.get(name)) or {}), part: value}
        elif isinstance(FIELDS[name], Entries) and isinstance(value, str):
            value = [{"value": value, "primary": True}]
        values[name] = value
    return values


def _value(text: str) -> Any:
    if text != "null" and not text.startswith(("{", "[", "}", "]")):
        return text
    try:
        return json.loads(text)
    except ValueError as problem:
        raise Failure(f"{text} is not JSON: {problem}.") from None


def _in_short(found: UserInShort) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "user_name": found.user_name,
        "display_name": found.display_name,
        "status": found.status,
        "role": found.role.name,
        "origin": found.origin,
        "directory": found.directory.provider if found.directory else None,
    }


def _in_full(ctx: Context, user: User) -> dict[str, Any]:
    [found] = user_views.in_full(ctx, [user])
    return {
        **_in_short(found),
        "owner": found.owner,
        "nickname": user.nickname,
        "availability": found.availability,
        "reception_capacity": found.reception_capacity,
        "teams": [team.name for team in found.teams if team.direct],
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "deleted_at": found.deleted_at,
        "profile": _profile(user, found),
        "settings": preferences.read_preferences(ctx, user).model_dump(mode="json"),
    }


def _profile(user: User, found: UserInFull) -> dict[str, Any]:
    """Each field by the name that `user set` takes, and whose word it is."""
    return {
        name: {"value": value, "written_by": found.written_by[plain_fields.PLAIN.get(name, name)].value}
        for name, value in plain_fields.said(user.document).items()
    }
