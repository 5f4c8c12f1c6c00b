"""What the management API takes and gives of users: their profile by plain names, and what there is besides."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from scim_server.services.handmade_teams import Part
from scim_server.services.user_views import Author
from scim_server.web.api.shapes import Change, Input, Shape
from scim_server.web.api.values import KEEPABLE, Text, left_out

Status = Literal["invited", "active", "deactivated", "deleted"]
OriginName = Literal["hand", "import", "invitation", "jit", "scim"]
AvailabilityName = Literal["available", "away"]

# How long each may be, services/fields.py says; nothing is longer than that.
Line = Annotated[str, Field(max_length=1024, pattern=KEEPABLE)]
Lines = Annotated[str, Field(max_length=4096, pattern=KEEPABLE)]
Address = Annotated[str, Field(max_length=2048, pattern=KEEPABLE)]
Mailbox = Annotated[str, Field(min_length=3, max_length=512, pattern=KEEPABLE, examples=["grace@example.com"])]
Capacity = Annotated[int, Field(ge=0, le=2**31 - 1)]

_FAMILIAR = "What friends call them, as SCIM has it (nickName)."
_NICKNAME = "What customers see instead of the name; blank is a choice too."
_MANAGER = "The id of the manager, who is another user."
_LANGUAGE = "A language tag (BCP 47), such as pt-BR."
_ZONE = "A time zone (IANA), such as Europe/London."
_PHONE = "With the country, such as +442079460000 (E.164)."


class NameShape(Shape):
    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    honorific_prefix: str | None = None
    honorific_suffix: str | None = None


class EntryShape(Shape):
    """One of several values, of which one may be the primary one."""

    value: str | None = None
    display: str | None = None
    type: str | None = None
    primary: bool | None = None


class AddressShape(Shape):
    formatted: str | None = None
    street_address: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    type: str | None = None
    primary: bool | None = None


class ProfileShape(Shape):
    """Who the user is. What a directory says is shown as it was said, be it what a person might write or not."""

    user_name: str
    name: NameShape | None = None
    display_name: str | None = None
    nick_name: Annotated[str | None, Field(description=_FAMILIAR)] = None
    nickname: Annotated[str | None, Field(description=_NICKNAME)] = None
    profile_url: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: Annotated[str | None, Field(description=_LANGUAGE)] = None
    locale: Annotated[str | None, Field(description=_LANGUAGE)] = None
    timezone: Annotated[str | None, Field(description=_ZONE)] = None
    emails: Annotated[list[EntryShape], Field(default_factory=list)]
    phone_numbers: Annotated[list[EntryShape], Field(default_factory=list)]
    ims: Annotated[list[EntryShape], Field(default_factory=list)]
    photos: Annotated[list[EntryShape], Field(default_factory=list)]
    addresses: Annotated[list[AddressShape], Field(default_factory=list)]
    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Annotated[str | None, Field(description=f"{_MANAGER} A directory may say something else.")] = None
    availability: str | None = None
    reception_capacity: int | None = None


class NamedShape(Shape):
    id: UUID
    name: str


class DirectoryShape(Shape):
    id: UUID
    name: str
    provider: str


class PersonShape(Shape):
    """A user, by whom another one is known."""

    id: UUID
    user_name: str
    display_name: str


class TeamOfUserShape(Shape):
    id: UUID
    name: str
    direct: Annotated[bool, Field(description="False where they are in it because a team of theirs is within it.")]
    part: Part | None
    held_by: Annotated[list[str], Field(description="Who put them there: hand, directory, mapping or main.")]


class UserShape(Shape):
    id: UUID
    user_name: str
    display_name: str
    email: Annotated[str | None, Field(description="The main address of the profile.")]
    status: Status
    role: NamedShape
    origin: Annotated[OriginName, Field(description="How they came.")]
    directory: Annotated[DirectoryShape | None, Field(description="The one that owns them.")]
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


class UserDetailsShape(UserShape):
    owner: Annotated[bool, Field(description="Whether the organization is theirs.")]
    external_id: Annotated[str | None, Field(description="What the directory calls them.")]
    has_account: Annotated[bool, Field(description="Whether they have something to sign in with here.")]
    availability: Annotated[AvailabilityName, Field(description="Whether work is to be assigned to them.")]
    reception_capacity: Annotated[int | None, Field(description="How many open conversations; null is any number.")]
    position: NamedShape | None
    manager: Annotated[PersonShape | None, Field(description="The user whom the profile means by the manager.")]
    teams: list[TeamOfUserShape]
    profile: ProfileShape
    more: Annotated[dict[str, JsonValue], Field(description="What else a directory says, by SCIM's full names.")]
    written_by: Annotated[
        dict[str, Author],
        Field(description="Whose word each field is. What a directory says is changed there, and not here."),
    ]


class NameInput(Change):
    """The parts of a name: what is left out stays as it is, null takes a part away."""

    formatted: Line | None = None
    family_name: Line | None = None
    given_name: Line | None = None
    middle_name: Line | None = None
    honorific_prefix: Line | None = None
    honorific_suffix: Line | None = None


class EntryInput(Input):
    value: Address
    display: Line | None = None
    type: Line | None = None
    primary: bool | None = None


class AddressInput(Input):
    formatted: Lines | None = None
    street_address: Lines | None = None
    locality: Line | None = None
    region: Line | None = None
    postal_code: Line | None = None
    country: Line | None = None
    type: Literal["work", "home", "other"] | None = None
    primary: bool | None = None


class EmailInput(EntryInput):
    type: Literal["work", "home", "other"] | None = None


class PhoneInput(EntryInput):
    value: Annotated[Line, Field(description=_PHONE)]
    type: Literal["work", "home", "mobile", "fax", "pager", "other"] | None = None


class PhotoInput(EntryInput):
    value: Annotated[Address, Field(description="It begins with https://.")]
    type: Literal["photo", "thumbnail"] | None = None


Entries = Field(max_length=50)


class ProfileInput(Change):
    """Fields of a profile. What is left out stays as it is; null, or an empty list, takes a field away."""

    user_name: Text = left_out()
    name: NameInput | None = None
    display_name: Line | None = None
    nick_name: Annotated[Line | None, Field(description=_FAMILIAR)] = None
    nickname: Annotated[Line | None, Field(description=_NICKNAME)] = None
    profile_url: Address | None = None
    title: Line | None = None
    user_type: Line | None = None
    preferred_language: Annotated[Line | None, Field(description=_LANGUAGE)] = None
    locale: Annotated[Line | None, Field(description=_LANGUAGE)] = None
    timezone: Annotated[Line | None, Field(description=_ZONE)] = None
    emails: Annotated[list[EmailInput], Entries] | None = None
    phone_numbers: Annotated[list[PhoneInput], Entries] | None = None
    ims: Annotated[list[EntryInput], Entries] | None = None
    photos: Annotated[list[PhotoInput], Entries] | None = None
    addresses: Annotated[list[AddressInput], Entries] | None = None
    employee_number: Line | None = None
    cost_center: Line | None = None
    organization: Line | None = None
    division: Line | None = None
    department: Line | None = None
    manager: Annotated[UUID | None, Field(description=_MANAGER)] = None
    availability: AvailabilityName | None = None
    reception_capacity: Annotated[Capacity | None, Field(description="Null is any number.")] = None

    def said(self) -> dict[str, Any]:
        """What was said, field by field and part by part, be it null."""
        return self.model_dump(exclude_unset=True)


class NewProfile(ProfileInput):
    """Who a new user is."""

    user_name: Text
