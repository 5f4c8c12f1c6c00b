"""The resources that we serve: scim2-models' own, with what directories really send allowed in.

Each difference is one that the schema documents of RFC 7643 §8.7 do not show, except where it says so.
"""

from typing import Annotated, Any, ClassVar

import scim2_models
from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import core_schema
from scim2_models import (
    CaseExact,
    ComplexAttribute,
    Extension,
    Mutability,
    PatchOp,
    Reference,
    Resource,
    Returned,
)
from scim2_models.path import AttributeBinding


class Link(Reference[scim2_models.External]):
    """A reference to somewhere outside, kept as it was sent: the Entra ID validator sends `"ROQHEOEENWTS"`."""

    __reference_types__ = ("external",)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source_type: type[Any], handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


class Email(scim2_models.Email):
    # Entra ID maps proxyAddresses to it ("smtp:a@b"), and its test collection sends addresses without an @.
    value: str | None = None
    """Email addresses for the user."""


class Photo(scim2_models.Photo):
    value: Link | None = None
    """URL of a photo of the User."""


class X509Certificate(scim2_models.X509Certificate):
    # RFC 7643 §4.1.2 has it in base64, which not every directory holds to; it is kept as it was sent.
    value: Annotated[str | None, CaseExact.true] = None  # type: ignore[assignment]
    """The value of an X.509 certificate."""


class User(scim2_models.User[Any]):
    """User Account"""

    profile_url: Link | None = None
    """A fully qualified URL pointing to a page representing the User's online profile."""

    emails: list[Email] | None = None  # type: ignore[assignment]
    """Email addresses for the user."""

    photos: list[Photo] | None = None  # type: ignore[assignment]
    """URLs of photos of the User."""

    Emails: ClassVar[type[ComplexAttribute]] = Email
    x509_certificates: list[X509Certificate] | None = None  # type: ignore[assignment]
    """A list of certificates issued to the user."""

    Photos: ClassVar[type[ComplexAttribute]] = Photo
    X509Certificates: ClassVar[type[ComplexAttribute]] = X509Certificate


class Manager(ComplexAttribute):
    # RFC 7643 §8.7.1 has both required, and no directory sends `$ref`.
    value: Annotated[str | None, CaseExact.true] = None
    """The id of the SCIM resource representing the User's manager."""

    ref: Reference["User"] | None = Field(None, serialization_alias="$ref", validation_alias="$ref")
    """The URI of the SCIM resource representing the User's manager."""

    display_name: Annotated[str | None, Mutability.read_only] = None
    """The displayName of the User's manager."""


class EnterpriseUser(scim2_models.EnterpriseUser):
    """Enterprise User"""

    manager: Manager | None = None  # type: ignore[assignment]
    """The User's manager."""


class GroupMember(scim2_models.GroupMember):
    # Who a member is says the member's own resource, so we tell the name on request only, and take it from nobody.
    display: Annotated[str | None, Mutability.read_only, Returned.request] = None
    """The name of the member, suitable for display."""


class Group(scim2_models.Group):
    """Group"""

    members: list[GroupMember] | None = None  # type: ignore[assignment]
    """A list of members of the Group."""

    Members: ClassVar[type[ComplexAttribute]] = GroupMember


class GroupProfile(Resource[Any]):
    """A group without its members: they are rows, and never go through a model."""

    __schema__ = Group.__schema__

    display_name: Annotated[str | None, scim2_models.Required.true] = None
    """A human-readable name for the Group."""


ENTERPRISE_USER = str(EnterpriseUser.__schema__)
USER = str(User.__schema__)
GROUP = str(Group.__schema__)

# Built by subscription at run time, which a type checker cannot follow.
_user: Any = User
_patch_op: Any = PatchOp

UserResource: Any = _user[EnterpriseUser]
UserPatch: Any = _patch_op[UserResource]
GroupPatch: Any = _patch_op[GroupProfile]


def steps(binding: AttributeBinding) -> tuple[str, ...]:
    """Where an attribute is in a document, by canonical names: extensions are objects under their URN."""
    schema: Any = binding.model
    names = binding.urn.removeprefix(f"{schema.__schema__}:").split(".")
    return (str(schema.__schema__), *names) if issubclass(schema, Extension) else tuple(names)
