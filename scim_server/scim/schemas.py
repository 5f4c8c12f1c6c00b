"""The resources that we serve: scim2-models' own, with what directories really send allowed in.

Each difference is one that the schema documents of RFC 7643 §8.7 do not show, except where it says so.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar

import scim2_models
from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import core_schema
from scim2_models import (
    CaseExact,
    ComplexAttribute,
    Extension,
    Mutability,
    Reference,
    Resource,
    Returned,
)
from scim2_models.path import AttributeBinding
from scim2_models.urn import URN

from scim_server.models import Availability, UserStatus
from scim_server.services.profiles import PRODUCT_USER


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


class ProductUser(Extension):
    """What the product knows of a user, beside the attributes of the RFCs."""

    __schema__ = URN(PRODUCT_USER)

    # The role and the status follow from other attributes, and everybody has them: who wants to know asks for them.
    role: Annotated[str | None, Mutability.read_only, Returned.request] = None
    """The name of the one role that says what the user may do in the product; `roles` gives it."""

    status: Annotated[str | None, Mutability.read_only, Returned.request] = Field(
        None, examples=[UserStatus.INVITED, UserStatus.ACTIVE, UserStatus.DEACTIVATED]
    )
    """The state that the user is in."""

    availability: str | None = Field(None, examples=list(Availability))
    """Whether work is assigned to the user; it is not about being online."""

    reception_capacity: int | None = None
    """How many open conversations the user takes at once."""

    nickname: str | None = None
    """The name that customers see."""


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


class _Assignable(Resource[Any]):
    """What may be assigned to users, in the form that Okta reads (exchange 21)."""

    display_name: Annotated[str | None, Mutability.read_only, scim2_models.Required.true] = None
    """The name of it."""

    type: Annotated[str | None, Mutability.read_only] = None
    """What sort of thing it is."""

    description: Annotated[str | None, Mutability.read_only] = None
    """What it lets a user do."""


class Role(_Assignable):
    """What a user may do in the product; every user has one."""

    __schema__ = URN("urn:okta:scim:schemas:core:1.0:Role")


class Entitlement(_Assignable):
    """One permission that a user may be granted beside those of the role."""

    __schema__ = URN("urn:okta:scim:schemas:core:1.0:Entitlement")


ROLE_TYPE = "role"
ENTITLEMENT_TYPE = "permission"

ENTERPRISE_USER = str(EnterpriseUser.__schema__)
USER = str(User.__schema__)
GROUP = str(Group.__schema__)
ROLE = str(Role.__schema__)
ENTITLEMENT = str(Entitlement.__schema__)


def extended(model: Any, extensions: Sequence[type[Extension]]) -> Any:
    """A resource model with these extensions: what `Model[One | Other]` is, built at run time."""
    return model[reduce(or_, extensions)] if extensions else model


Steps = tuple[str, ...]


def steps(binding: AttributeBinding) -> Steps:
    """Where an attribute is in a document, by canonical names: extensions are objects under their URN."""
    schema: Any = binding.model
    names = binding.urn.removeprefix(f"{schema.__schema__}:").split(".")
    return (str(schema.__schema__), *names) if issubclass(schema, Extension) else tuple(names)
