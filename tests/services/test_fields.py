"""What a person writes is kept as SCIM keeps it, and is held to what it has to be like."""

import re
from typing import Any

import pytest
from scim2_models import Context as Direction

from scim_server.scim import kinds
from scim_server.scim.kinds import Kind
from scim_server.scim.users import to_profile
from scim_server.services import formats
from scim_server.services.errors import InvalidValue
from scim_server.services.fields import FIELDS, flattened, made_by_hand
from scim_server.services.profiles import ENTERPRISE_USER, PRODUCT_USER, USER, Profile

# A value of each field, in the one form that hands give it.
VALUES: dict[str, Any] = {
    "userName": "Ada.Löve@Example.com",
    "name": {
        "formatted": "Ms. Ada K. Lovelace III",
        "familyName": "LOVELACE",
        "givenName": "Ada",
        "middleName": "King",
        "honorificPrefix": "Ms.",
        "honorificSuffix": "III",
    },
    "displayName": "ADA Lovelace",
    "nickName": "Ada",
    "profileUrl": "https://example.com/Ada",
    "title": "Countess",
    "userType": "Employee",
    "preferredLanguage": "en-GB",
    "locale": "pt-BR",
    "timezone": "Europe/London",
    "emails": [
        {"value": "Ada@example.com", "display": "Ada", "type": "work", "primary": True},
        {"value": "ada@home.example", "type": "home"},
    ],
    "phoneNumbers": [{"value": "+442079460000", "display": "Desk", "type": "mobile", "primary": False}],
    "ims": [{"value": "Ada", "display": "A", "type": "xmpp", "primary": True}],
    "photos": [{"value": "https://example.com/Ada.png", "display": "P", "type": "photo", "primary": True}],
    "addresses": [
        {
            "formatted": "12 St James's Square\nLondon",
            "streetAddress": "12 St James's Square",
            "locality": "London",
            "region": "England",
            "postalCode": "SW1Y 4JH",
            "country": "GB",
            "type": "work",
            "primary": True,
        }
    ],
    f"{ENTERPRISE_USER}:employeeNumber": "E-7",
    f"{ENTERPRISE_USER}:costCenter": "C",
    f"{ENTERPRISE_USER}:organization": "Engines",
    f"{ENTERPRISE_USER}:division": "Analytical",
    f"{ENTERPRISE_USER}:department": "Notes",
    f"{ENTERPRISE_USER}:manager": {"value": "0199A"},
    f"{PRODUCT_USER}:availability": "away",
    f"{PRODUCT_USER}:receptionCapacity": 3,
    f"{PRODUCT_USER}:nickname": "Ada from Support",
}


def kept_by_scim(values: dict[str, Any]) -> Profile:
    """What becomes of the same values where a directory sends them."""
    kind: Kind = kinds._users(())
    payload: dict[str, Any] = {"schemas": [USER, ENTERPRISE_USER, PRODUCT_USER]}
    for name, value in values.items():
        urn, _, attribute = name.rpartition(":")
        (payload.setdefault(urn, {}) if urn else payload)[attribute] = value
    resource = kind.profile.model_validate(payload, scim_ctx=Direction.DEFAULT)
    return to_profile(kind, kind.write(resource), active=True)


def test_there_is_a_value_of_every_field_here() -> None:
    assert VALUES.keys() == FIELDS.keys()


@pytest.mark.parametrize("name", [*FIELDS, "everything"])
def test_what_a_person_writes_is_kept_as_what_a_directory_sends(name: str) -> None:
    values = VALUES if name == "everything" else {"userName": "Ada", name: VALUES[name]}

    assert made_by_hand(values) == kept_by_scim(values)


def test_a_blank_nickname_is_a_nickname() -> None:
    values = {"userName": "ada", f"{PRODUCT_USER}:nickname": ""}

    assert made_by_hand(values) == kept_by_scim(values)
    assert made_by_hand(values).of_product("nickname") == ""


@pytest.mark.parametrize("value", [None, []])
def test_null_and_no_entries_are_nothing_to_keep(value: Any) -> None:
    assert flattened(made_by_hand({"userName": "ada", "emails": value}).document) == {"userName": "ada", "active": True}


BAD: list[tuple[str, Any, str]] = [
    ("displayName", "", "displayName must not be empty; null takes it away."),
    ("displayName", "  ", "displayName must not be empty; null takes it away."),
    ("displayName", 7, "displayName must be a text."),
    ("displayName", "A" * 257, "displayName is longer than 256 characters."),
    ("displayName", "Ada\x00", "displayName holds control characters."),
    ("displayName", "Ada\nLovelace", "displayName holds control characters."),
    ("displayName", "Ada \u202eecalevoL", "displayName holds control characters."),
    ("displayName", "\ud800", "displayName holds control characters."),
    ("preferredLanguage", "klingon", "preferredLanguage must be a language tag such as en or pt-BR (BCP 47)."),
    ("preferredLanguage", "en-XX-XX", "preferredLanguage must be a language tag such as en or pt-BR (BCP 47)."),
    ("locale", "HNULHBRGUHWA", "locale must be a language tag such as en or pt-BR (BCP 47)."),
    ("timezone", "Europe/Atlantis", "timezone must be a time zone such as Europe/London (IANA)."),
    ("timezone", "../../etc/passwd", "timezone must be a time zone such as Europe/London (IANA)."),
    ("phoneNumbers", [{"value": "555-1234"}], "phoneNumbers.value must be a telephone number with its country"),
    ("phoneNumbers", [{"value": "+1 2"}], "phoneNumbers.value must be a telephone number with its country"),
    ("phoneNumbers", [{"value": "tel:+442079460000;ext=3"}], "phoneNumbers.value must be a telephone number"),
    ("phoneNumbers", [{"value": "+442079460000", "type": "pigeon"}], "phoneNumbers.type must be one of work, home,"),
    ("phoneNumbers", [{"type": "work"}], "phoneNumbers.value must not be empty."),
    ("phoneNumbers", "+442079460000", "phoneNumbers must be an array."),
    ("phoneNumbers", ["+442079460000"], "phoneNumbers must be an object with value, display, type, primary."),
    ("emails", [{"value": "ada"}], "emails.value must be an e-mail address: "),
    ("emails", [{"value": "ada@example.com\r\nBcc: eve@example.com"}], "emails.value holds control characters."),
    ("emails", [{"value": "a@b.example", "primary": "yes"}], "emails.primary must be true or false."),
    ("emails", [{"value": "a@b.example", "primary": True}] * 2, "emails has more than one primary entry."),
    ("emails", [{"value": "a@b.example"}] * 51, "emails has more than 50 entries."),
    ("emails", [{"value": "a@b.example", "verified": True}], "emails has no verified."),
    ("photos", [{"value": "http://example.com/a.png"}], "photos.value must be a URL that begins with https://."),
    ("photos", [{"value": "javascript:alert(1)"}], "photos.value must be a URL that begins with https://."),
    ("photos", [{"value": "https://ada:secret@example.com/"}], "photos.value must be a URL"),
    ("photos", [{"value": "https://[::1/"}], "photos.value must be a URL"),
    ("profileUrl", "ROQHEOEENWTS", "profileUrl must be a URL that begins with https:// or http://."),
    ("name", {}, "name must not be empty; null takes it away."),
    ("name", {"first": "Ada"}, "name has no first."),
    ("name", "Ada", "name must be an object with formatted, familyName"),
    (f"{PRODUCT_USER}:availability", "busy", f"{PRODUCT_USER}:availability must be one of available, away."),
    (f"{PRODUCT_USER}:receptionCapacity", -1, "must be a whole number, 0 or more."),
    (f"{PRODUCT_USER}:receptionCapacity", True, "must be a whole number, 0 or more."),
    (f"{PRODUCT_USER}:receptionCapacity", "³", "must be a whole number, 0 or more."),
    ("roles", [{"value": "admin"}], "roles is no field of a profile that is written by hand."),
    ("password", "correct horse", "password is no field of a profile that is written by hand."),
]


@pytest.mark.parametrize(("name", "value", "sentence"), BAD)
def test_what_a_field_cannot_be_is_refused_in_a_sentence(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(InvalidValue, match=re.escape(sentence)):
        made_by_hand({"userName": "ada", name: value})


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("displayName", "  Ada ", "Ada"),
        ("displayName", "Zoe\u0308", "Zo\u00eb"),
        ("displayName", "👩\u200d🔬", "👩\u200d🔬"),
        ("preferredLanguage", "PT_br", "pt-BR"),
        ("timezone", "europe/london", "Europe/London"),
        ("phoneNumbers", [{"value": "+44 (20) 7946-0000"}], [{"value": "+442079460000"}]),
        ("emails", [{"value": "Ada@EXAMPLE.com"}], [{"value": "Ada@example.com"}]),
        (f"{PRODUCT_USER}:receptionCapacity", "12", 12),
    ],
)
def test_what_is_typed_is_kept_in_its_one_form(name: str, typed: Any, kept: Any) -> None:
    assert flattened(made_by_hand({"userName": "ada", name: typed}).document)[name] == kept


def test_what_a_directory_has_sent_is_used_where_it_can_be() -> None:
    assert formats.usable("pt_BR", formats.language) == "pt-BR"
    assert formats.usable("HNULHBRGUHWA", formats.language) is None
    assert formats.usable(None, formats.time_zone) is None
