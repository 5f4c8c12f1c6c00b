"""/Me (RFC 7644 §3.11): the user whom a token acts for, and what they may change of themselves."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from scim2_models import Context as Direction
from scim2_models import NotImplementedException

from scim_server.models import User
from scim_server.scim import kinds
from scim_server.scim.answers import Answer, base_url
from scim_server.scim.dialects import TOLERANT, normalise_patch
from scim_server.scim.etags import EntityTags, check_if_match
from scim_server.scim.kinds import Kind, read_patch, read_resource
from scim_server.scim.projection import Projection, read_projection
from scim_server.scim.users import answer, to_profile, to_resource
from scim_server.services import hands, users
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed, NotAuthenticated, NotFound
from scim_server.services.events import differences
from scim_server.services.fields import flattened

Parameters = Mapping[str, str]


def location(ctx: Context) -> str:
    """The permanent address of the user who asks, which goes with every answer (RFC 7644 §3.11)."""
    return f"{base_url(ctx)}/Users/{ctx.actor.id}"


def read(ctx: Context, parameters: Parameters) -> Answer:
    """GET /Me."""
    kind = kinds.users(ctx)
    projection = read_projection(ctx, kind, parameters)
    return answer(ctx, users.get_user(ctx, _id(ctx)), projection)


def create() -> Answer:
    """POST /Me. Nobody registers themselves here, and RFC 7644 §3.12 calls that 501.

    Raises NotImplementedException.
    """
    raise NotImplementedException(detail="Users do not register themselves here.")


def replace(ctx: Context, payload: Mapping[str, Any], parameters: Parameters, if_match: EntityTags | None) -> Answer:
    """PUT /Me. What is left out of what is not theirs to change stays as it is (RFC 7644 §3.5.1 allows for it).

    Raises NotAllowed.
    """
    kind = kinds.users(ctx)
    projection = read_projection(ctx, kind, parameters)
    user = _user_to_change(ctx)
    check_if_match(if_match, user)
    resource = read_resource(ctx, kind, payload, Direction.RESOURCE_REPLACEMENT_REQUEST)
    stored = to_resource(ctx, kind, user)
    for field, info in kind.profile.model_fields.items():
        if field not in resource.model_fields_set and info.serialization_alias not in hands.PERSONAL:
            setattr(resource, field, getattr(stored, field))
    return _change(ctx, kind, user, resource, projection)


def patch(ctx: Context, payload: Mapping[str, Any], parameters: Parameters, if_match: EntityTags | None) -> Answer:
    """PATCH /Me.

    Raises NotAllowed.
    """
    kind = kinds.users(ctx)
    projection = read_projection(ctx, kind, parameters)
    operations = read_patch(ctx, kind, normalise_patch(ctx, payload, kind.known))
    user = _user_to_change(ctx)
    check_if_match(if_match, user)
    resource = to_resource(ctx, kind, user)
    operations.patch(resource, TOLERANT)
    return _change(ctx, kind, user, resource, projection)


def delete() -> Answer:
    """DELETE /Me.

    Raises NotAllowed.
    """
    raise NotAllowed("Nobody deletes themselves: whoever administers the organization does.")


def _id(ctx: Context) -> UUID:
    assert ctx.actor.id is not None, "a user has an id"
    return ctx.actor.id


def _user_to_change(ctx: Context) -> User:
    """Whoever was barred since they came in is nobody any more.

    Raises NotAuthenticated.
    """
    try:
        user = users.get_user_to_change(ctx, _id(ctx))
    except NotFound:
        raise NotAuthenticated from None
    if not user.active:
        raise NotAuthenticated
    return user


def _change(ctx: Context, kind: Kind, user: User, resource: Any, projection: Projection) -> Answer:
    profile = to_profile(kind, kind.write(resource), resource.active)
    changes = differences(flattened(user.document), flattened(profile.document))
    said = {name: after for name, (_, after) in changes.items()}
    # Neither is in the document: the one is the status of the row, the other is kept nowhere.
    said |= {"active": False} if resource.active is False else {}
    said |= {"password": resource.password} if resource.password is not None else {}
    hands.change_profile(ctx, user, said)
    return answer(ctx, user, projection)
