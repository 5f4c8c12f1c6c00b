"""From attributes and claims to the fields of a profile: pure, over what an identity provider said of a person.

A mapping says which attribute or claim fills a field: its name, or several of which the first that came counts. Fields
have the names that they have in SCIM (RFC 7643), the parts of `name` with a dot.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sso.identity import Identity

Names = tuple[str, ...]
FieldMapping = Mapping[str, Names]

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PRODUCT = "urn:ietf:params:scim:schemas:extension:scimserver:2.0:User"

# What an admin writes to mean the subject itself, which is no attribute: SAML's NameID, OpenID Connect's `sub`.
SUBJECT = "NameID"
_SUBJECT = frozenset({"nameid", "name_id", "name-id", "subject", "sub"})

_LONGEST = 4096
_MOST_ADDRESSES = 10

_NAME_PARTS = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_PLAIN = ("userName", "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage", "locale")
_OF_ENTERPRISE = ("employeeNumber", "costCenter", "organization", "division", "department")
EXTERNAL_ID = "externalId"
GROUPS = "groups"

# Every field that a mapping can name, by its full name, and what it may be called besides.
_CALLED: Mapping[str, Sequence[str]] = {
    "userName": ("user", "login", "loginname", "username", "uid", "upn"),
    "name.givenName": ("firstname", "givenname", "forename"),
    "name.familyName": ("lastname", "familyname", "surname", "sn"),
    "name.middleName": ("middlename",),
    "name.formatted": ("fullname", "name", "formattedname", "cn"),
    "name.honorificPrefix": ("honorificprefix", "salutation"),
    "name.honorificSuffix": ("honorificsuffix",),
    "displayName": ("displayname",),
    "nickName": (),
    "profileUrl": ("profile", "website"),
    "title": ("jobtitle", "position"),
    "userType": ("usertype", "employeetype"),
    "preferredLanguage": ("language", "lang"),
    "locale": (),
    "timezone": ("zoneinfo", "tz"),
    "emails": ("email", "mail", "emailaddress", "primaryemail", "workemail", "emails.value"),
    "phoneNumbers": ("phone", "phonenumber", "telephone", "telephonenumber", "workphone", "phonenumbers.value"),
    "mobile": ("mobilephone", "phonemobile", "cellphone"),
    "photos": ("photo", "picture", "avatar", "avatarurl"),
    f"{ENTERPRISE}:employeeNumber": ("employeenumber", "employeeid"),
    f"{ENTERPRISE}:costCenter": ("costcenter",),
    f"{ENTERPRISE}:organization": ("organization", "company"),
    f"{ENTERPRISE}:division": ("division",),
    f"{ENTERPRISE}:department": ("department", "dept"),
    f"{PRODUCT}:nickname": (),
    EXTERNAL_ID: ("externalid", "external"),
    GROUPS: ("group", "memberof", "teams"),
}


def _compact(name: str) -> str:
    return "".join(letter for letter in name.strip().lower() if letter not in "_- ")


_FIELDS: Mapping[str, str] = MappingProxyType(
    {_compact(name): field for field, names in _CALLED.items() for name in (*names, field)}
)
FIELDS = tuple(_CALLED)


def field_named(name: str) -> str | None:
    """The field that somebody means: `email`, `first_name` and `name.given_name` are as good as our own names."""
    return _FIELDS.get(_compact(name))


def read(identity: Identity, mapping: FieldMapping) -> dict[str, Any]:
    """What was said of a person, by the field that it fills and in its shape; what was not said is not there."""
    found: dict[str, Any] = {}
    for field, names in mapping.items():
        if values := values_of(identity, names):
            _put(found, field, values)
    return found


def values_of(identity: Identity, names: Iterable[str]) -> Names:
    """The values of the first of these that came, without blank ones, each once."""
    for name in names:
        said = identity.claims.get(name, ())
        if not said and name.lower() in _SUBJECT:
            said = (identity.name_id or identity.subject,)
        if values := tuple(dict.fromkeys(text for each in said if (text := each.strip()) and len(text) <= _LONGEST)):
            return values
    return ()


def email_of(identity: Identity, mapping: FieldMapping) -> str | None:
    """The address that somebody is said to have: where the mapping says, else by the protocol, else their NameID."""
    said = (*values_of(identity, mapping.get("emails", ())), identity.email or "", identity.name_id or "")
    return next((each for each in said if _is_address(each)), None)


def groups_of(identity: Identity, group_attributes: Iterable[str]) -> Names | None:
    """The groups that somebody is said to be in, by the first of these attributes that came; None where none did."""
    names = [name for name in group_attributes if name in identity.claims]
    return values_of(identity, names[:1]) if names else None


def _put(found: dict[str, Any], field: str, values: Names) -> None:
    part_of_name = field.removeprefix("name.")
    match field:
        case "emails":
            if addresses := [each for each in values if _is_address(each)][:_MOST_ADDRESSES]:
                found[field] = [{"value": each, "type": "work", "primary": each == addresses[0]} for each in addresses]
        case "phoneNumbers":
            found[field] = [{"value": values[0], "type": "work", "primary": True}, *found.get(field, [])]
        case "mobile":
            found["phoneNumbers"] = [*found.get("phoneNumbers", []), {"value": values[0], "type": "mobile"}]
        case "photos":
            found[field] = [{"value": values[0], "type": "photo", "primary": True}]
        case _ if part_of_name != field:
            found.setdefault("name", {})[part_of_name] = values[0]
        case _ if field not in (EXTERNAL_ID, GROUPS):
            found[field] = values[0]


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and text.isprintable() and len(text) <= 320 and " " not in text
