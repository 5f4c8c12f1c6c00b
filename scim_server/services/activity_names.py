"""What the activity log speaks of, by name: people, teams, roles and the rest, however many, by one query or two."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, func, select, union_all

from scim_server.models import (
    ApiKey,
    Connection,
    Directory,
    Domain,
    Event,
    ExtensionSchema,
    GroupMapping,
    Import,
    Invitation,
    OAuthClient,
    Position,
    Role,
    ScimToken,
    Team,
    User,
)
from scim_server.models.expressions import any_of
from scim_server.services.context import Context
from scim_server.services.events import Action
from scim_server.services.traces import PSEUDONYM

# Where each kind of thing has its name.
_NAMED: tuple[tuple[Any, ColumnElement[Any]], ...] = (
    (User, func.coalesce(func.nullif(User.display_name, ""), User.user_name)),
    (Team, Team.display_name.expression),
    (Role, Role.name.expression),
    (Directory, Directory.name.expression),
    (Connection, Connection.name.expression),
    (Position, Position.name.expression),
    (Domain, Domain.name.expression),
    (ScimToken, ScimToken.name.expression),
    (OAuthClient, OAuthClient.name.expression),
    (ApiKey, ApiKey.name.expression),
    (ExtensionSchema, ExtensionSchema.urn.expression),
    (Invitation, Invitation.email.expression),
    (Import, Import.file_name.expression),
)
# Of what is gone, the events in which its name stands, and where in them.
_NAMING = (
    *(Action.CONNECTION_CREATED, Action.CONNECTION_DELETED, Action.ROLE_CREATED, Action.ROLE_DELETED),
    *(Action.POSITION_CREATED, Action.POSITION_DELETED, Action.DOMAIN_ADDED, Action.DOMAIN_REMOVED),
    *(Action.MAPPING_CREATED, Action.MAPPING_REMOVED, Action.SCHEMA_DECLARED, Action.TOKEN_CREATED),
    *(Action.CLIENT_CREATED, Action.TEAM_CREATED, Action.INVITATION_CREATED, Action.INVITATION_RESENT),
)
_NAMES = ("name", "displayName", "urn", "email", "value")


def names_of(ctx: Context, events: Collection[Event], mentioned: Iterable[UUID]) -> dict[UUID, str]:
    """The names of whatever these events are about and by, and of what else they mention: as it is called now, or else
    as it was called when it was made or went. Of a user who was purged, none.
    """
    about = {event.target_id: event.target_kind for event in events}
    ids = {*about, *(event.actor_id for event in events if event.actor_id), *mentioned}
    if not ids:
        return {}
    names = {id: name for id, name in ctx.session.execute(union_all(*_queries(ctx, ids))) if name}
    names[ctx.org.id] = ctx.org.name
    if gone := about.keys() - names.keys():
        names |= _former_names(ctx, gone)
    return names | {id: PSEUDONYM for id, kind in about.items() if kind == "user" and id not in names}


def _queries(ctx: Context, ids: Collection[UUID]) -> Iterator[Select[UUID, str]]:
    for table, name in _NAMED:
        yield select(table.id, cast(name, String)).where(table.org_id == ctx.org.id, any_of(table.id, ids))
    # That of a claim is called by its value, that of a team by the team.
    pushed = (Team.org_id == GroupMapping.org_id) & (Team.id == GroupMapping.group_id)
    yield (
        select(GroupMapping.id, cast(func.coalesce(GroupMapping.value, Team.display_name), String))
        .outerjoin(Team, pushed)
        .where(GroupMapping.org_id == ctx.org.id, any_of(GroupMapping.id, ids))
    )


def _former_names(ctx: Context, gone: Collection[UUID]) -> dict[UUID, str]:
    rows = ctx.session.execute(
        select(Event.target_id, Event.changes)
        .where(Event.org_id == ctx.org.id, any_of(Event.target_id, gone), Event.action.in_(_NAMING))
        .order_by(Event.at, Event.id)
    )
    return {id: name for id, changes in rows if (name := _named_in(changes))}


def _named_in(changes: dict[str, Any]) -> str | None:
    pairs = (changes[name] for name in _NAMES if name in changes)
    return next((str(each) for pair in pairs for each in reversed(pair) if each), None)
