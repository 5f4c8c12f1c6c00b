"""The types of resources, each with all that reading, storing, finding and showing it takes.

Users and groups have the attributes of the RFCs and ours, and those that their organization has declared, so what they
are like is told for one organization.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
import scim2_models
from pydantic import ValidationError
from scim2_models import Context as Direction
from scim2_models import Extension, SCIMException, ScimPolicy

from scim_server.scim.attributes import ENTITLEMENT_PLACES, ROLE_PLACES, group_places, user_places
from scim_server.scim.dialects import TOLERANT, Known, Payload, dialect_of, known_by, normalise, without_ours
from scim_server.scim.enforcing import Enforced, enforced_of
from scim_server.scim.extensions import Guards, extension_model, guards_of
from scim_server.scim.folding import fold_of
from scim_server.scim.places import Places
from scim_server.scim.plain_patches import Plain, plain_of
from scim_server.scim.plain_resources import ReadPlain, plain_reader_of
from scim_server.scim.schemas import (
    EnterpriseUser,
    Entitlement,
    Group,
    GroupProfile,
    ProductUser,
    Role,
    User,
    extended,
    steps,
)
from scim_server.scim.writing import writer_of
from scim_server.services.context import Context
from scim_server.services.declared import declared

_patch_op: Any = scim2_models.PatchOp
_path: Any = scim2_models.Path


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A type of resource; the same one for all whose resources are alike, so that others can keep what they make of it.

    `model` is what filters, orders and projections speak of, and `profile` what a payload is read as: a group's has no
    members. `letter` is the RFC's own model, which strict dialects are held to before ours reads what they say.
    `guards` are the rules of declared attributes that the RFCs' and ours do not need, `enforced` is what there is to
    enforce of a payload, and `plain` what a PATCH may write without models; `write` makes a document of what was read,
    and `read_plain` of a payload that is as plain as one.
    """

    name: str
    endpoint: str
    model: Any
    profile: Any
    patch: Any
    letter: Any
    places: Places
    fold: Callable[[Mapping[str, Any]], dict[str, Any]]
    write: Callable[[Any], dict[str, Any]]
    known: Known
    guards: Guards
    enforced: Enforced
    read_plain: ReadPlain
    plain: Plain

    @property
    def schema(self) -> str:
        return self.known.core

    def schemas_of(self, document: Mapping[str, Any]) -> list[str]:
        """RFC 7643 §3: `schemas` names the schemas of the attributes that are there."""
        return [self.schema, *(urn for urn in self.known.extensions if urn in document)]


def users(ctx: Context) -> Kind:
    """Users as the organization has them."""
    return _users(_declared_documents(ctx, "User"))


def groups(ctx: Context) -> Kind:
    """Groups as the organization has them."""
    return _groups(_declared_documents(ctx, "Group"))


def build(ctx: Context, extends: str, document: bytes) -> Kind:
    """What users or groups would be with one more extension schema, or with this in place of the one of the same URN.

    Raises ValueError, scim2_models.SCIMException where they could not be.
    """
    build = {"User": _users, "Group": _groups}[extends]
    urn = str(orjson.loads(document)["id"]).lower()
    others = [each for each in declared(ctx).schemas if each.extends == extends and each.urn.lower() != urn]
    return build((*(each.document for each in others), document))


def _declared_documents(ctx: Context, extends: str) -> tuple[bytes, ...]:
    schemas = declared(ctx).schemas
    return tuple(schema.document for schema in schemas if schema.extends == extends) if schemas else ()


# A model of users takes a tenth of a second to build; organizations without schemas of their own share one.
@lru_cache(maxsize=256)
def _users(documents: tuple[bytes, ...]) -> Kind:
    own = [extension_model(document) for document in documents]
    model = extended(User, [EnterpriseUser, ProductUser, *own])
    letter = extended(scim2_models.User, [EnterpriseUser, ProductUser, *own])
    return _kind("User", "/Users", model, user_places(model), own, letter=letter)


@lru_cache(maxsize=256)
def _groups(documents: tuple[bytes, ...]) -> Kind:
    own = [extension_model(document) for document in documents]
    profile = extended(GroupProfile, own)
    return _kind("Group", "/Groups", extended(Group, own), group_places(profile), own, profile=profile)


def _kind(
    name: str,
    endpoint: str,
    model: Any,
    places: Places,
    own: Sequence[type[Extension]] = (),
    *,
    profile: Any = None,
    letter: Any = None,
) -> Kind:
    profile = profile or model
    guards = guards_of(own)
    return Kind(
        name=name,
        endpoint=endpoint,
        model=model,
        profile=profile,
        patch=_patch_op[profile],
        letter=letter or profile,
        places=places,
        fold=fold_of(profile, guards.never),
        write=writer_of(profile),
        known=known_by(profile),
        guards=guards,
        enforced=enforced_of(profile),
        read_plain=plain_reader_of(profile),
        plain=plain_of(profile),
    )


ROLES = _kind("Role", "/Roles", Role, ROLE_PLACES)
ENTITLEMENTS = _kind("Entitlement", "/Entitlements", Entitlement, ENTITLEMENT_PLACES)


def read_document(ctx: Context, kind: Kind, payload: Mapping[str, Any], direction: Direction) -> dict[str, Any]:
    """The document that a POST or a PUT says, without its `schemas`: of what `read_resource` reads, what is written.

    Raises scim2_models.SCIMException, pydantic.ValidationError.
    """
    if dialect_of(ctx).strict:
        return kind.write(read_resource(ctx, kind, payload, direction))
    # There is nothing to rewrite of what is plain, and more is plain once it is rewritten.
    if plain := kind.read_plain(without_ours(ctx, payload)):
        return plain
    resource = normalise(ctx, payload, kind.known)
    return kind.read_plain(resource) or kind.write(read_payload(kind, resource, direction, TOLERANT))


def read_replacement(ctx: Context, kind: Kind, payload: Mapping[str, Any], stored: Callable[[], Any]) -> dict[str, Any]:
    """As `read_document`, of a PUT that leaves what cannot be changed of the `stored` resource as it is.

    Raises scim2_models.SCIMException, pydantic.ValidationError.
    """
    if not kind.guards.written_once:
        return read_document(ctx, kind, payload, Direction.RESOURCE_REPLACEMENT_REQUEST)
    resource = read_resource(ctx, kind, payload, Direction.RESOURCE_REPLACEMENT_REQUEST)
    resource.replace(stored())
    return kind.write(resource)


def read_resource(ctx: Context, kind: Kind, payload: Mapping[str, Any], direction: Direction) -> Any:
    """The resource that a POST or a PUT says, as our model.

    Raises scim2_models.SCIMException, pydantic.ValidationError.
    """
    dialect = dialect_of(ctx)
    resource = normalise(ctx, payload, kind.known)
    if dialect.strict:
        kind.letter.model_validate(resource, scim_ctx=direction, scim_policy=dialect.policy)
    return read_payload(kind, resource, direction, dialect.policy)


def read_payload(kind: Kind, payload: Payload, direction: Direction, policy: ScimPolicy) -> Any:
    """What `profile.model_validate` makes of it, or raises, in a fifth of the time where nothing is to be enforced."""
    try:
        read = kind.profile.model_validate(payload, scim_policy=policy)
        if not kind.enforced.is_due(read):
            return read
    except (ValidationError, SCIMException):
        pass  # the refusal that the direction makes of it may say more
    return kind.profile.model_validate(payload, scim_ctx=direction, scim_policy=policy)


def read_patch(ctx: Context, kind: Kind, payload: Mapping[str, Any]) -> Any:
    """The operations of a PATCH whose rewrites are made.

    Raises scim2_models.SCIMException, pydantic.ValidationError.
    """
    policy = dialect_of(ctx).policy
    return kind.patch.model_validate(payload, scim_ctx=Direction.RESOURCE_PATCH_REQUEST, scim_policy=policy)


def named_by(kind: Kind, operations: Any) -> set[str]:
    """The attributes that the operations of a PATCH name, by their full names."""
    return {
        name
        for operation in operations.operations or ()
        for name in _named(kind, str(operation.path or ""), operation.value)
    }


def _named(kind: Kind, path: str, value: Any) -> Iterator[str]:
    try:
        binding = _path[kind.profile](path).resolve() if path else None
    except SCIMException:  # the name of no attribute, which a tolerant dialect does without
        return
    if binding is not None:
        attribute = steps(binding)
        yield ":".join(attribute[:2]) if ":" in attribute[0] else attribute[0]
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _named(kind, f"{path}:{name}" if path else name, each)


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
