"""SCIM Groups: between the resource that a directory knows and the team that we keep."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from scim2_models import Context as Direction

from scim_server.scim import kinds, members
from scim_server.scim.answers import Answer, answers_without_body, base_url, etag, meta
from scim_server.scim.dialects import TOLERANT, dialect_of, normalise_patch
from scim_server.scim.etags import EntityTags, check_if_match
from scim_server.scim.extensions import check_canonical
from scim_server.scim.ids import known_id
from scim_server.scim.kinds import Kind, hold_to_letter, read_document, read_patch, read_replacement
from scim_server.scim.listing import answer_listing, read_listing
from scim_server.scim.payloads import keep
from scim_server.scim.plain_patches import written
from scim_server.scim.projection import Projection, read_projection
from scim_server.services import shown_teams, teams
from scim_server.services.context import Context
from scim_server.services.profiles import Profile
from scim_server.services.team_rows import Held

_NOT_IN_PROFILE = ("id", "meta")

Parameters = Mapping[str, str]


def create(ctx: Context, payload: Mapping[str, Any], parameters: Parameters, *, id: UUID | None = None) -> Answer:
    """POST /Groups (RFC 7644 §3.3)."""
    kind = kinds.groups(ctx)
    projection = read_projection(ctx, kind, parameters)
    rest, named = members.take_members(payload)
    document = read_document(ctx, kind, rest, Direction.RESOURCE_CREATION_REQUEST)
    team = teams.provide_team(ctx, to_profile(kind, document), id=id)
    added = teams.add_members(ctx, team, named.ids) if named else teams.Added()
    if named:
        members.note_unknown(ctx, team, named, added.unknown)
    is_known = team.version == 1 and not added.teams
    who = shown_teams.Members(sorted(map(str, added.users))) if is_known else None
    return _answer(ctx, team, projection, who, status=201)


def read(ctx: Context, id: str, parameters: Parameters) -> Answer:
    """GET /Groups/{id} (RFC 7644 §3.4.1)."""
    kind = kinds.groups(ctx)
    projection = read_projection(ctx, kind, parameters)
    return _answer(ctx, shown_teams.see_team(ctx, known_id("group", id)), projection)


def search(ctx: Context, parameters: Parameters) -> Answer:
    """GET /Groups (RFC 7644 §3.4.2)."""
    listing = read_listing(ctx, kinds.groups(ctx), parameters)
    return answer_listing(ctx, listing, shown_teams.list_teams, shown_teams.walk_teams, show)


def replace(
    ctx: Context, id: str, payload: Mapping[str, Any], parameters: Parameters, if_match: EntityTags | None
) -> Answer:
    """PUT /Groups/{id} (RFC 7644 §3.5.1). Members that it does not mention stay: absent is not empty."""
    kind = kinds.groups(ctx)
    projection = read_projection(ctx, kind, parameters)
    team = teams.get_team_to_change(ctx, known_id("group", id))
    check_if_match(if_match, team)
    rest, named = members.take_members(payload)
    document = read_replacement(ctx, kind, rest, partial(to_resource, kind, team))
    teams.write_profile(ctx, team, to_profile(kind, document))
    if named is not None:
        members.note_unknown(ctx, team, named, teams.set_members(ctx, team, named.ids).unknown)
    return _answer(ctx, team, projection)


def patch(
    ctx: Context, id: str, payload: Mapping[str, Any], parameters: Parameters, if_match: EntityTags | None
) -> Answer:
    """PATCH /Groups/{id} (RFC 7644 §3.5.2). The members are never loaded: the cost is that of the change."""
    kind = kinds.groups(ctx)
    projection = read_projection(ctx, kind, parameters)
    rest, on_members = members.take_operations(normalise_patch(ctx, payload, kind.known))
    team = teams.get_team_to_change(ctx, known_id("group", id))
    check_if_match(if_match, team)
    if not on_members or _has_operations(rest):
        _write(ctx, kind, team, rest)
    for operation in on_members:
        members.apply(ctx, team, operation)
    if answers_without_body(ctx, parameters):
        return Answer(204, version=etag(team))
    return _answer(ctx, team, projection)


def delete(ctx: Context, id: str, if_match: EntityTags | None) -> Answer:
    """DELETE /Groups/{id} (RFC 7644 §3.6)."""
    team = teams.get_team_to_delete(ctx, known_id("group", id))
    check_if_match(if_match, team)
    teams.delete_team(ctx, team)
    return Answer(204)


def show(ctx: Context, rows: Sequence[shown_teams.Seen], projection: Projection) -> list[dict[str, Any]]:
    """Teams as resources, in the order of the rows."""
    found: dict[UUID, shown_teams.Members] = {}
    if projection.shows("members") and rows:
        found = shown_teams.members_of_teams(ctx, [team.id for team in rows])
    return _show(ctx, rows, found, projection)


def _show(
    ctx: Context,
    rows: Sequence[shown_teams.Seen],
    found: Mapping[UUID, shown_teams.Members],
    projection: Projection,
) -> list[dict[str, Any]]:
    if projection.shows_all_of("members"):
        shown: dict[UUID, Any] = {id: members.write(ctx, who) for id, who in found.items()}
    else:
        names = members.names(ctx, found.values()) if projection.requests("members", "display") else {}
        shown = {id: members.show(ctx, who, names) for id, who in found.items()}
    return [projection(_resource(ctx, team, shown)) for team in rows]


def to_profile(kind: Kind, document: dict[str, Any]) -> Profile:
    """What a resource that was read as a document says about a team, for the row.

    Raises InvalidValueException.
    """
    for name in _NOT_IN_PROFILE:
        document.pop(name, None)
    document["schemas"] = kind.schemas_of(document)
    check_canonical(kind.guards, document)
    return keep(document, kind.fold)


def to_resource(kind: Kind, team: Held) -> Any:
    """A row as the model that PATCH operations work on."""
    return kind.profile.model_validate(team.document | {"id": str(team.id)}, scim_policy=TOLERANT)


def _write(ctx: Context, kind: Kind, team: Held, payload: Mapping[str, Any]) -> None:
    """Carry out the operations of a PATCH that are on no members."""
    values = None if dialect_of(ctx).strict else kind.plain.read(payload)
    before = team.document
    if values and kind.plain.suits(before):
        document = written(before, values)
        document["schemas"] = kind.schemas_of(document)
        profile = keep(document, kind.fold)
    else:
        resource = to_resource(kind, team)
        read_patch(ctx, kind, payload).patch(resource, dialect_of(ctx).policy)
        profile = to_profile(kind, kind.write(resource))
    teams.write_profile(ctx, team, profile)
    hold_to_letter(ctx, kind, before, team.document)


def _has_operations(payload: Mapping[str, Any]) -> bool:
    return any(bool(value) for name, value in payload.items() if name.lower() == "operations")


def _answer(
    ctx: Context,
    team: shown_teams.Seen,
    projection: Projection,
    who: shown_teams.Members | None = None,
    *,
    status: int = 200,
) -> Answer:
    """A team as it is now; `who` is in it, where that is known without being read."""
    [shown] = show(ctx, [team], projection) if who is None else _show(ctx, [team], {team.id: who}, projection)
    location = f"{base_url(ctx)}/Groups/{team.id}" if status == 201 else None
    return Answer(status, shown, version=etag(team), location=location)


def _resource(ctx: Context, team: shown_teams.Seen, members: Mapping[UUID, Any]) -> dict[str, Any]:
    resource = {"schemas": team.document["schemas"], "id": str(team.id)} | team.document
    if team.id in members:
        resource["members"] = members[team.id]
    resource["meta"] = meta(base_url(ctx), "Group", team)
    return resource
