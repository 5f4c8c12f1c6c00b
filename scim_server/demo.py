"""What `make run` shows: a demo organization, its token, how a person comes in, and a line to paste."""

import json
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Provider
from scim_server.services import access, directories, invitations, organizations, ownership, users
from scim_server.services.context import OPERATOR, Context
from scim_server.services.errors import NotAuthenticated, NotFound

SLUG = "demo"
_ADMIN = "admin@example.com"
_PEOPLE = (
    ("ada.lovelace", "Ada", "Lovelace"),
    ("grace.hopper", "Grace", "Hopper"),
    ("alan.turing", "Alan", "Turing"),
    ("edsger.dijkstra", "Edsger", "Dijkstra"),
    ("barbara.liskov", "Barbara", "Liskov"),
)


def prepare(session: Session, settings: Settings, *, now: datetime) -> str:
    """Make the demo organization where there is none yet, and say how to reach it."""
    try:
        ctx = organizations.open_organization(session, settings, SLUG, now=now)
    except NotFound:
        organizations.create_organization(
            session, settings, actor=OPERATOR, now=now, slug=SLUG, name="Demo organization"
        )
        ctx = organizations.open_organization(session, settings, SLUG, now=now)
    url = f"{settings.base_url}/scim/v2/{SLUG}"
    secret = _token(ctx)
    way_in = _way_in(ctx)
    others = max(0, users.count_users(ctx) - 1)  # than the admin
    return _TEXT.format(url=url, token=secret, way_in=way_in, curl=_curl(url, secret, others))


def _way_in(ctx: Context) -> str:
    """How a person comes in: by the link that makes the admin, once, and from then on by signing in."""
    if ownership.find_owner(ctx) is not None:
        return f"Sign in         {ctx.settings.base_url}/login"
    return f"Be the admin    {invitations.invite_first_admin(ctx, _ADMIN).link}"


def _token(ctx: Context) -> str:
    """The demo's token. Only its hash is in the database, so a restart finds it in a file beside it."""
    database = ctx.settings.database
    kept = Path(database.database or "").parent / "demo-token"
    if database.get_backend_name() != "sqlite":
        kept = Path("var") / "demo-token"
    try:
        secret = kept.read_text().strip()
        access.find_caller(ctx.session, SLUG, secret, now=ctx.now)
    except (FileNotFoundError, NotAuthenticated):
        directory = directories.provide_directory(ctx, Provider.GENERIC)
        secret = directories.create_token(ctx, directory, name="demo").secret
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secret + "\n")
    return secret


def _curl(url: str, token: str, number: int) -> str:
    """A line that creates somebody who is not there yet."""
    name, given, family = _PEOPLE[number % len(_PEOPLE)]
    again = number // len(_PEOPLE)
    address = f"{name}{again + 1 if again else ''}@example.com"
    user = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": address,
        "name": {"givenName": given, "familyName": family},
        "emails": [{"value": address, "type": "work", "primary": True}],
    }
    return (
        f"curl -i {url}/Users -H 'Authorization: Bearer {token}' "
        f"-H 'Content-Type: application/scim+json' -d '{json.dumps(user)}'"
    )


_TEXT = """
  scim-server is running, with a demo organization. Ctrl-C stops it.

  SCIM base URL   {url}
  Bearer token    {token}
  {way_in}

  Create a user:

  {curl}
"""
