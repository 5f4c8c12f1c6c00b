"""SCIM Users: between the resource that a directory knows and the user that we keep."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from scim2_models import Context as Direction

from scim_server.models import UserStatus
from scim_server.scim import kinds
from scim_server.scim.answers import Answer, answers_without_body, base_url, etag, meta
from scim_server.scim.dialects import TOLERANT, dialect_of, normalise_patch
from scim_server.scim.entitlements import granted_by
from scim_server.scim.etags import EntityTags, check_if_match, digest_of_groups, version_in_groups
from scim_server.scim.extensions import check_canonical
from scim_server.scim.ids import known_id
from scim_server.scim.kinds import Kind, hold_to_letter, named_by, read_document, read_patch, read_replacement
from scim_server.scim.listing import answer_listing, read_listing
from scim_server.scim.payloads import keep
from scim_server.scim.plain_patches import Values, names, written
from scim_server.scim.projection import Projection, read_projection
from scim_server.scim.roles import role_after, role_of_newcomer
from scim_server.services import grants, lifecycle, roles, shown_users, users
from scim_server.services.context import Context
from scim_server.services.declared import declared, hold, role_of
from scim_server.services.profiles import PRODUCT_USER, Profile
from scim_server.services.user_columns import Changing, Held

# What a resource shows that no profile holds: ours to say, or never to be kept.
_NOT_IN_PROFILE = ("id", "meta", "groups", "password")
_OF_ROW = ("role", "status")
_ACTIVE = ("active",)

Parameters = Mapping[str, str]
Teams = Sequence[shown_users.Belonging]


class _Groups(NamedTuple):
    """The groups of a user as they are shown, and what tells them from others."""

    shown: list[dict[str, Any]]
    digest: str


def create(ctx: Context, payload: Mapping[str, Any], parameters: Parameters, *, id: UUID | None = None) -> Answer:
    """POST /Users (RFC 7644 §3.3)."""
    kind = kinds.users(ctx)
    projection = read_projection(ctx, kind, parameters)
    document = read_document(ctx, kind, payload, Direction.RESOURCE_CREATION_REQUEST)
    active = document.get("active") is not False
    profile = to_profile(kind, document, active)
    role = role_of_newcomer(declared(ctx), profile.document.get("roles"))
    status = UserStatus.ACTIVE if active else UserStatus.DEACTIVATED
    user = users.provide_user(ctx, profile, status=status, role=hold(ctx, role) if role else None, id=id)
    _follow_entitlements(ctx, user, was=None, asked=profile.document.get("entitlements"))
    is_in_no_team = user.version == 1 and ctx.org.main_team_id is None
    teams = [] if is_in_no_team else _teams(ctx, user, projection)
    return _answer(ctx, user, teams, projection, status=201)


def read(ctx: Context, id: str, parameters: Parameters) -> Answer:
    """GET /Users/{id} (RFC 7644 §3.4.1)."""
    kind = kinds.users(ctx)
    projection = read_projection(ctx, kind, parameters)
    user_id = known_id("user", id)
    if not projection.shows("groups"):
        return _answer(ctx, shown_users.see_user(ctx, user_id), [], projection)
    return _answer(ctx, *shown_users.see_user_in_teams(ctx, user_id), projection)


def search(ctx: Context, parameters: Parameters) -> Answer:
    """GET /Users (RFC 7644 §3.4.2)."""
    listing = read_listing(ctx, kinds.users(ctx), parameters)
    if listing.selection.few and listing.walk is None and listing.projection.shows("groups"):
        return answer_listing(ctx, listing, shown_users.list_users_in_teams, shown_users.walk_users, _show_in_teams)
    return answer_listing(ctx, listing, shown_users.list_users, shown_users.walk_users, show)


def replace(
    ctx: Context, id: str, payload: Mapping[str, Any], parameters: Parameters, if_match: EntityTags | None
) -> Answer:
    """PUT /Users/{id} (RFC 7644 §3.5.1)."""
    kind = kinds.users(ctx)
    projection = read_projection(ctx, kind, parameters)
    user, teams = _to_change(ctx, id, projection)
    check_if_match(if_match, user)
    document = read_replacement(ctx, kind, payload, partial(to_resource, ctx, kind, user))
    # Left out is not false, and not true either: whoever was barred from signing in stays barred.
    becomes = document.get("active")
    profile = to_profile(kind, document, user.active if becomes is None else becomes)
    _change(ctx, user, profile, becomes, users.replace_profile)
    return _answer(ctx, user, teams, projection)


def patch(
    ctx: Context, id: str, payload: Mapping[str, Any], parameters: Parameters, if_match: EntityTags | None
) -> Answer:
    """PATCH /Users/{id} (RFC 7644 §3.5.2)."""
    kind = kinds.users(ctx)
    projection = read_projection(ctx, kind, parameters)
    values = None if dialect_of(ctx).strict else kind.plain.read(payload)
    operations = None if values else _operations(ctx, kind, payload)
    in_silence = answers_without_body(ctx, parameters)
    user, teams = _to_change(ctx, id, None if in_silence else projection)
    check_if_match(if_match, user)
    if values and kind.plain.suits(user.document):
        _write(ctx, kind, user, values)
    else:
        _apply(ctx, kind, user, operations or _operations(ctx, kind, payload))
    if in_silence:
        return Answer(204, version=etag(user))
    return _answer(ctx, user, teams, projection)


def delete(ctx: Context, id: str, if_match: EntityTags | None) -> Answer:
    """DELETE /Users/{id} (RFC 7644 §3.6)."""
    user = users.hold_user(ctx, known_id("user", id))
    check_if_match(if_match, user)
    lifecycle.delete_user(ctx, user)
    return Answer(204)


def show(ctx: Context, rows: Sequence[shown_users.Shown], projection: Projection) -> list[dict[str, Any]]:
    """Users as resources, in the order of the rows."""
    teams: Mapping[str, Teams] = {}
    if projection.shows("groups") and rows:
        teams = shown_users.teams_of_each(ctx, [row.id for row in rows])
    return _projected(_resources(ctx, rows, [teams.get(str(row.id), ()) for row in rows], projection), projection)


def _show_in_teams(ctx: Context, rows: Sequence[Any], projection: Projection) -> list[dict[str, Any]]:
    return _projected(_resources(ctx, rows, [shown_users.belongings(row) for row in rows], projection), projection)


def _projected(resources: list[dict[str, Any]], projection: Projection) -> list[dict[str, Any]]:
    return resources if projection.is_whole else [projection(each) for each in resources]


def to_profile(kind: Kind, document: dict[str, Any], active: bool | None) -> Profile:
    """What a resource that was read as a document says about a person, for the row. `active` is None where it says
    nothing of that.

    Raises InvalidValueException.
    """
    for name in _NOT_IN_PROFILE:
        document.pop(name, None)
    # Whether the person is active is the status of the row. The document only has that it is to be shown, which a
    # PATCH may `remove` (RFC 7644 §3.5.2.2) without anybody being let in or barred by it.
    document.pop("active", None)
    if active is not None:
        document["active"] = True
    # So are the role and the state.
    product = {name: each for name, each in document.pop(PRODUCT_USER, {}).items() if name not in _OF_ROW}
    if product:
        document[PRODUCT_USER] = product
    document["schemas"] = kind.schemas_of(document)
    check_canonical(kind.guards, document)
    return keep(document, kind.fold)


def to_resource(ctx: Context, kind: Kind, user: Changing) -> Any:
    """A row as the model that PATCH operations work on."""
    document = user.document | {"id": str(user.id), PRODUCT_USER: _product(ctx, user)}
    if "active" in document:
        document["active"] = user.active
    return kind.profile.model_validate(document, scim_policy=TOLERANT)


def _to_change(ctx: Context, id: str, projection: Projection | None) -> tuple[Held, Teams]:
    """A user to change, and the teams that the answer shows them in."""
    user_id = known_id("user", id)
    if projection is None or not projection.shows("groups"):
        return users.hold_user(ctx, user_id), []
    return users.hold_user_in_teams(ctx, user_id)


def _operations(ctx: Context, kind: Kind, payload: Mapping[str, Any]) -> Any:
    return read_patch(ctx, kind, normalise_patch(ctx, payload, kind.known))


def _apply(ctx: Context, kind: Kind, user: Held, operations: Any) -> None:
    """Write what the operations of a PATCH make of a user."""
    resource = to_resource(ctx, kind, user)
    operations.patch(resource, dialect_of(ctx).policy)
    before = user.document
    is_invited = user.status == UserStatus.INVITED
    said = named_by(kind, operations) if user.by_hand or is_invited else set()
    # Whoever is invited is shown as not active; nobody has said that they are not to come.
    becomes = None if is_invited and "active" not in said else resource.active
    profile = to_profile(kind, kind.write(resource), resource.active)
    _change(ctx, user, profile, becomes, partial(users.write_profile, said=said))
    hold_to_letter(ctx, kind, before, user.document)


def _write(ctx: Context, kind: Kind, user: Held, values: Values) -> None:
    """As `_apply`, for a PATCH that says no more than which values there are to be."""
    document = written(user.document, values)
    if "active" in document:
        document["active"] = True  # as in to_profile
    document["schemas"] = kind.schemas_of(document)
    if user.by_hand or document != user.document:
        users.write_profile(ctx, user, keep(document, kind.fold), said=names(values))
    _become(ctx, user, values.get(_ACTIVE))


def _follow_entitlements(ctx: Context, user: shown_users.Seen, *, was: Any, asked: Any) -> None:
    if was != asked:
        grants.follow_directory(ctx, user, granted_by(asked))


def _change(
    ctx: Context,
    user: Held,
    profile: Profile,
    becomes: bool | None,
    write: Callable[[Context, Held, Profile], Held],
) -> None:
    """Write what a resource says of a user, and make them active or not, or leave that as it is (None)."""
    was, asked = user.document.get("roles"), profile.document.get("roles")
    entitled = user.document.get("entitlements")
    given = role_of(ctx, user.role_by_directory_id) if user.role_by_directory_id else None
    write(ctx, user, profile)
    _follow_entitlements(ctx, user, was=entitled, asked=profile.document.get("entitlements"))
    after = role_after(declared(ctx), given, was=was, asked=asked)
    if after != given:
        roles.assign_role(ctx, user, hold(ctx, after) if after else None, roles.RoleSource.DIRECTORY)
    _become(ctx, user, becomes)


def _become(ctx: Context, user: Held, active: bool | None) -> None:
    if active is True:
        lifecycle.activate_user(ctx, user)
    elif active is False:
        lifecycle.deactivate_user(ctx, user)


def answer(ctx: Context, user: shown_users.Seen, projection: Projection) -> Answer:
    """A user as they are now."""
    return _answer(ctx, user, _teams(ctx, user, projection), projection)


def _answer(
    ctx: Context, user: shown_users.Shown, teams: Teams, projection: Projection, *, status: int = 200
) -> Answer:
    root = base_url(ctx)
    product = _product(ctx, user) if projection.names(PRODUCT_USER) else None
    resource = _resource(root, user, _groups(root, teams) if teams else None, product)
    version, location = resource["meta"]["version"], resource["meta"]["location"] if status == 201 else None
    return Answer(status, projection(resource), version=version, location=location)


def _teams(ctx: Context, user: shown_users.Seen, projection: Projection) -> Teams:
    return shown_users.teams_of_users(ctx, [user.id])[user.id] if projection.shows("groups") else []


def _resources(
    ctx: Context, rows: Sequence[shown_users.Shown], teams: Sequence[Teams], projection: Projection
) -> list[dict[str, Any]]:
    """Users with the teams of each, as resources of which nothing is picked yet."""
    root = base_url(ctx)
    # Many of a page are in the same teams, and have the same tuple of them.
    distinct = {id(each): each for each in teams if each}
    groups = {key: _groups(root, each) for key, each in distinct.items()}
    of_ours = projection.names(PRODUCT_USER)
    return [
        _resource(root, row, groups.get(id(each)), _product(ctx, row) if of_ours else None)
        for row, each in zip(rows, teams, strict=True)
    ]


def _product(ctx: Context, user: shown_users.Shown) -> dict[str, Any]:
    """All of our own extension, also what is shown on request only."""
    role = role_of(ctx, user.role_id)
    shown: dict[str, Any] = user.document.get(PRODUCT_USER, {})
    return shown | {"role": role.name, "status": user.status}


def _resource(
    root: str, user: shown_users.Shown, groups: _Groups | None, product: dict[str, Any] | None
) -> dict[str, Any]:
    document = user.document
    resource = {"schemas": document["schemas"], "id": str(user.id)} | document
    if product is not None:
        resource[PRODUCT_USER] = product
    if "active" in document:
        resource["active"] = user.status == UserStatus.ACTIVE
    if groups is None:
        resource["meta"] = meta(root, "User", user)
        return resource
    resource["groups"] = groups.shown
    resource["meta"] = meta(root, "User", user, version_in_groups(user.version, groups.digest))
    return resource


def _groups(root: str, teams: Teams) -> _Groups:
    shown = [
        {
            "value": team.team_id,
            "$ref": f"{root}/Groups/{team.team_id}",
            "display": team.team_name,
            "type": "direct" if team.direct else "indirect",
        }
        for team in teams
    ]
    return _Groups(shown, digest_of_groups(shown))
