"""The types of resources, each with all that reading, storing, finding and showing it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import scim2_models
from pydantic import ValidationError
from scim2_models import Context as Direction

from scim_server.scim.attributes import GROUP_PLACES, USER_PLACES, Places
from scim_server.scim.dialects import Known, dialect_of, known_by, normalise
from scim_server.scim.folding import fold_group, fold_user
from scim_server.scim.schemas import EnterpriseUser, Group, GroupPatch, GroupProfile, UserPatch, UserResource
from scim_server.services.context import Context


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource.

    `model` is what filters, orders and projections speak of, and `profile` what a payload is read as: a group's has no
    members. `letter` is the RFC's own model, which strict dialects are held to before ours reads what they say.
    """

    name: str
    model: Any
    profile: Any
    patch: Any
    letter: Any
    places: Places
    fold: Callable[[Mapping[str, Any]], dict[str, Any]]
    known: Known

    @property
    def endpoint(self) -> str:
        return f"/{self.name}s"


def read_resource(ctx: Context, kind: Kind, payload: Mapping[str, Any], direction: Direction) -> Any:
    """The resource that a POST or a PUT says, as our model.

    Raises scim2_models.SCIMException, pydantic.ValidationError.
    """
    dialect = dialect_of(ctx)
    resource = normalise(ctx, payload, kind.known)
    if dialect.strict:
        kind.letter.model_validate(resource, scim_ctx=direction, scim_policy=dialect.policy)
    return kind.profile.model_validate(resource, scim_ctx=direction, scim_policy=dialect.policy)


def read_patch(ctx: Context, kind: Kind, payload: Mapping[str, Any]) -> Any:
    """The operations of a PATCH whose rewrites are made.

    Raises scim2_models.SCIMException, pydantic.ValidationError.
    """
    policy = dialect_of(ctx).policy
    return kind.patch.model_validate(payload, scim_ctx=Direction.RESOURCE_PATCH_REQUEST, scim_policy=policy)


def hold_to_letter(ctx: Context, kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Refuse what a strict PATCH has made of a document, unless a tolerant directory had written the like before.

    Raises pydantic.ValidationError.
    """
    if dialect_of(ctx).strict and _is_to_letter(kind, before):
        kind.letter.model_validate(after)


def _is_to_letter(kind: Kind, document: Mapping[str, Any]) -> bool:
    try:
        kind.letter.model_validate(document)
    except ValidationError:
        return False
    return True


_rfc_user: Any = scim2_models.User

USERS = Kind(
    name="User",
    model=UserResource,
    profile=UserResource,
    patch=UserPatch,
    letter=_rfc_user[EnterpriseUser],
    places=USER_PLACES,
    fold=fold_user,
    known=known_by(UserResource),
)
GROUPS = Kind(
    name="Group",
    model=Group,
    profile=GroupProfile,
    patch=GroupPatch,
    letter=GroupProfile,
    places=GROUP_PLACES,
    fold=fold_group,
    known=known_by(GroupProfile),
)
