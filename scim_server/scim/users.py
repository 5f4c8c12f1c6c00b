"""SCIM Users: between the resource that a directory knows and the user that we keep."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from scim2_models import Context as Direction

from scim_server.models import Team, User
from scim_server.scim.answers import Answer, answers_without_body, base_url, etag, list_response, meta
from scim_server.scim.cursors import walk_response
from scim_server.scim.dialects import TOLERANT, dialect_of, normalise_patch
from scim_server.scim.etags import EntityTags, check_if_match
from scim_server.scim.ids import known_id
from scim_server.scim.kinds import USERS, hold_to_letter, read_patch, read_resource
from scim_server.scim.listing import read_listing
from scim_server.scim.payloads import keep
from scim_server.scim.projection import Projection, read_projection
from scim_server.scim.schemas import ENTERPRISE_USER, USER, UserResource
from scim_server.services import users
from scim_server.services.context import Context
from scim_server.services.profiles import Profile

# What a resource shows that no profile holds: ours to say, or never to be kept.
_NOT_IN_PROFILE = ("id", "meta", "groups", "password")

Parameters = Mapping[str, str]


def create(ctx: Context, payload: Mapping[str, Any], parameters: Parameters) -> Answer:
    """POST /Users (RFC 7644 §3.3)."""
    projection = read_projection(ctx, USERS.model, parameters)
    resource = read_resource(ctx, USERS, payload, Direction.RESOURCE_CREATION_REQUEST)
    active = resource.active is not False
    user = users.create_user(ctx, to_profile(resource, active), active=active)
    shown = projection(_resource(ctx, user, teams=[]))
    return Answer(201, shown, version=etag(user), location=f"{base_url(ctx)}/Users/{user.id}")


def read(ctx: Context, id: str, parameters: Parameters) -> Answer:
    """GET /Users/{id} (RFC 7644 §3.4.1)."""
    projection = read_projection(ctx, USERS.model, parameters)
    return _answer(ctx, users.get_user(ctx, known_id("user", id)), projection)


def search(ctx: Context, parameters: Parameters) -> Answer:
    """GET /Users (RFC 7644 §3.4.2)."""
    listing = read_listing(ctx, USERS, parameters)
    walk = listing.walk
    if walk is None:
        page = users.list_users(ctx, listing.selection, offset=listing.start_index - 1, limit=listing.count)
        shown = show(ctx, page.rows, listing.projection)
        return Answer(200, list_response(shown, total=page.total, start_index=listing.start_index))
    found = users.walk_users(ctx, listing.selection, start=walk.start, backwards=walk.backwards, limit=listing.count)
    return Answer(200, walk_response(ctx, walk, found, show(ctx, found.rows, listing.projection)))


def replace(
    ctx: Context, id: str, payload: Mapping[str, Any], parameters: Parameters, if_match: EntityTags | None
) -> Answer:
    """PUT /Users/{id} (RFC 7644 §3.5.1)."""
    projection = read_projection(ctx, USERS.model, parameters)
    user = users.get_user_to_change(ctx, known_id("user", id))
    check_if_match(if_match, user)
    resource = read_resource(ctx, USERS, payload, Direction.RESOURCE_REPLACEMENT_REQUEST)
    # Left out is not false, and not true either: whoever was barred from signing in stays barred.
    active = user.active if resource.active is None else resource.active
    _change(ctx, user, resource, active)
    return _answer(ctx, user, projection)


def patch(
    ctx: Context, id: str, payload: Mapping[str, Any], parameters: Parameters, if_match: EntityTags | None
) -> Answer:
    """PATCH /Users/{id} (RFC 7644 §3.5.2)."""
    projection = read_projection(ctx, USERS.model, parameters)
    operations = read_patch(ctx, USERS, normalise_patch(ctx, payload, USERS.known))
    user = users.get_user_to_change(ctx, known_id("user", id))
    check_if_match(if_match, user)
    resource = to_resource(user)
    operations.patch(resource, dialect_of(ctx).policy)
    before = user.document
    _change(ctx, user, resource, resource.active)
    hold_to_letter(ctx, USERS, before, user.document)
    if answers_without_body(ctx, parameters):
        return Answer(204, version=etag(user))
    return _answer(ctx, user, projection)


def delete(ctx: Context, id: str, if_match: EntityTags | None) -> Answer:
    """DELETE /Users/{id} (RFC 7644 §3.6)."""
    user = users.get_user_to_change(ctx, known_id("user", id))
    check_if_match(if_match, user)
    users.delete_user(ctx, user)
    return Answer(204)


def show(ctx: Context, rows: Sequence[User], projection: Projection) -> list[dict[str, Any]]:
    """Users as resources, in the order of the rows."""
    teams: dict[UUID, list[Team]] = {}
    if projection.shows("groups") and rows:
        teams = users.teams_of_users(ctx, [user.id for user in rows])
    return [projection(_resource(ctx, user, teams.get(user.id, []))) for user in rows]


def to_profile(resource: Any, active: bool | None) -> Profile:
    """What a resource says about a person, for the row. `active` is None where it says nothing of that."""
    document = resource.model_dump(scim_ctx=Direction.DEFAULT, scim_policy=TOLERANT)
    for name in _NOT_IN_PROFILE:
        document.pop(name, None)
    # Whether the person is active is the status of the row. The document only has that it is to be shown, which a
    # PATCH may `remove` (RFC 7644 §3.5.2.2) without anybody being let in or barred by it.
    document.pop("active", None)
    if active is not None:
        document["active"] = True
    # RFC 7643 §3: `schemas` names the schemas of the attributes that are there.
    document["schemas"] = [USER, *(urn for urn in (ENTERPRISE_USER,) if urn in document)]
    return keep(document, USERS.fold)


def to_resource(user: User) -> Any:
    """A row as the model that PATCH operations work on."""
    document = user.document | {"id": str(user.id)}
    if "active" in document:
        document["active"] = user.active
    return UserResource.model_validate(document, scim_policy=TOLERANT)


def _change(ctx: Context, user: User, resource: Any, active: bool | None) -> None:
    users.write_profile(ctx, user, to_profile(resource, active))
    if active is True:
        users.activate_user(ctx, user)
    elif active is False:
        users.deactivate_user(ctx, user)


def _answer(ctx: Context, user: User, projection: Projection) -> Answer:
    [shown] = show(ctx, [user], projection)
    return Answer(200, shown, version=etag(user))


def _resource(ctx: Context, user: User, teams: list[Team]) -> dict[str, Any]:
    document = user.document
    resource = {"schemas": document["schemas"], "id": str(user.id)} | document
    if "active" in document:
        resource["active"] = user.active
    if teams:
        resource["groups"] = [
            {
                "value": str(team.id),
                "$ref": f"{base_url(ctx)}/Groups/{team.id}",
                "display": team.display_name,
                "type": "direct",
            }
            for team in teams
        ]
    resource["meta"] = meta(ctx, "User", user)
    return resource
