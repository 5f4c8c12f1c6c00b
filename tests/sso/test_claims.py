"""From attributes and claims to the fields of a profile: what each provider sends, and what is made of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scim_server.services.fields import FIELDS
from sso import presets
from sso.attributes import ENTRA, ENTRA_GROUPS, OIDC, SAML, SAML_GROUPS
from sso.claims import ENTERPRISE, EXTERNAL_ID, GROUPS, FieldMapping, email_of, field_named, groups_of, read, values_of
from sso.connection import Preset, Protocol
from sso.identity import Identity

CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"


def identity(claims: dict[str, Any], **other: Any) -> Identity:
    texts = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in claims.items()}
    return Identity("issuer", other.pop("subject", "s-1"), texts, datetime.now(UTC), **other)


ADA = {
    "emails": [{"value": "ada@acme.example", "type": "work", "primary": True}],
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
}

SENT: dict[str, tuple[FieldMapping, dict[str, Any], dict[str, Any]]] = {
    "Okta by SAML": (SAML, {"email": "ada@acme.example", "firstName": "Ada", "lastName": "Lovelace"}, ADA),
    "Google by SAML": (SAML, {"email": "ada@acme.example", "first_name": "Ada", "last_name": "Lovelace"}, ADA),
    "Entra by SAML": (
        ENTRA,
        {
            f"{CLAIMS}emailaddress": "ada@acme.example",
            f"{CLAIMS}givenname": "Ada",
            f"{CLAIMS}surname": "Lovelace",
            f"{CLAIMS}name": "ada@acme.onmicrosoft.com",
            "http://schemas.microsoft.com/identity/claims/displayname": "Ada Lovelace",
        },
        ADA | {"displayName": "Ada Lovelace"},
    ),
    "Shibboleth, by OIDs": (
        SAML,
        {
            "urn:oid:0.9.2342.19200300.100.1.3": "ada@acme.example",
            "urn:oid:2.5.4.42": "Ada",
            "urn:oid:2.5.4.4": "Lovelace",
            "urn:oid:2.16.840.1.113730.3.1.241": "Ada Lovelace",
            "urn:oid:2.5.4.12": "Countess",
        },
        ADA | {"displayName": "Ada Lovelace", "title": "Countess"},
    ),
    "LDAP names, as SimpleSAMLphp and Keycloak send them": (
        SAML,
        {"mail": "ada@acme.example", "givenName": "Ada", "sn": "Lovelace", "cn": "Ada Lovelace", "uid": "ada"},
        ADA | {"displayName": "Ada Lovelace"},
    ),
    "OpenID Connect": (
        OIDC,
        {
            "email": "ada@acme.example",
            "given_name": "Ada",
            "family_name": "Lovelace",
            "name": "Ada Lovelace",
            "locale": "en-GB",
            "zoneinfo": "Europe/London",
            "phone_number": "+442079460000",
        },
        ADA
        | {
            "displayName": "Ada Lovelace",
            "locale": "en-GB",
            "timezone": "Europe/London",
            "phoneNumbers": [{"value": "+442079460000", "type": "work", "primary": True}],
        },
    ),
    "nothing": (SAML, {}, {}),
    "blanks, which say nothing": (SAML, {"firstName": " ", "lastName": "", "email": "\t"}, {}),
    "blanks around, which are cut": (SAML, {"firstName": " Ada "}, {"name": {"givenName": "Ada"}}),
    "several of what there is one of: the first": (SAML, {"title": ["Countess", "Poet"]}, {"title": "Countess"}),
    "several addresses, the first of which is the main one": (
        SAML,
        {"email": ["ada@acme.example", "a@acme.example", "ada@acme.example"]},
        {
            "emails": [
                {"value": "ada@acme.example", "type": "work", "primary": True},
                {"value": "a@acme.example", "type": "work", "primary": False},
            ]
        },
    ),
    "what is no address, beside one": (SAML, {"email": ["ada", "ada@acme.example"]}, {"emails": ADA["emails"]}),
    "no address at all": (SAML, {"email": "ada"}, {}),
    "two telephones": (
        SAML,
        {"phone": "+442079460000", "mobile": "+447700900000"},
        {
            "phoneNumbers": [
                {"value": "+442079460000", "type": "work", "primary": True},
                {"value": "+447700900000", "type": "mobile"},
            ]
        },
    ),
    "what is too long for any profile": (SAML, {"title": "x" * 5000}, {}),
    "a department": (SAML, {"department": "Engines"}, {f"{ENTERPRISE}:department": "Engines"}),
    "the subject, where it is chosen": ({"userName": ("NameID",)}, {}, {"userName": "s-1"}),
    "groups and externalId, which are no fields": ({GROUPS: ("g",), EXTERNAL_ID: ("x",)}, {"g": "a", "x": "b"}, {}),
    "the first name that came of those chosen": (
        {"displayName": ("nick", "full")},
        {"full": "Ada L.", "nick": []},
        {"displayName": "Ada L."},
    ),
}


@pytest.mark.parametrize("what", SENT)
def test_what_is_sent_becomes_a_profile(what: str) -> None:
    mapping, claims, expected = SENT[what]

    assert read(identity(claims), mapping) == expected


CALLED = [
    ("email", "emails"),
    ("Email", "emails"),
    ("mail", "emails"),
    ("email_address", "emails"),
    ("user_name", "userName"),
    ("userName", "userName"),
    ("first_name", "name.givenName"),
    ("firstName", "name.givenName"),
    ("given_name", "name.givenName"),
    ("name.given_name", "name.givenName"),
    ("last_name", "name.familyName"),
    ("family_name", "name.familyName"),
    ("surname", "name.familyName"),
    ("display_name", "displayName"),
    ("displayname", "displayName"),
    ("phone", "phoneNumbers"),
    ("phone-number", "phoneNumbers"),
    ("mobile_phone", "mobile"),
    ("locale", "locale"),
    ("preferred_language", "preferredLanguage"),
    ("timezone", "timezone"),
    ("time_zone", "timezone"),
    ("title", "title"),
    ("job_title", "title"),
    ("department", f"{ENTERPRISE}:department"),
    (f"{ENTERPRISE}:department", f"{ENTERPRISE}:department"),
    ("employee_number", f"{ENTERPRISE}:employeeNumber"),
    ("cost_center", f"{ENTERPRISE}:costCenter"),
    ("external_id", EXTERNAL_ID),
    ("groups", GROUPS),
    ("shoe_size", None),
    ("", None),
    ("password", None),
    ("role", None),
    ("active", None),
]


@pytest.mark.parametrize(("name", "field"), CALLED)
def test_a_field_is_known_by_what_people_call_it(name: str, field: str | None) -> None:
    assert field_named(name) == field


def test_every_field_of_a_mapping_is_one_of_a_profile() -> None:
    shapes = {"mobile", EXTERNAL_ID, GROUPS}  # which become telephones, and what is no field

    named = {field for each in presets.SET_UPS.values() for field in each.mapping}
    assert {"name" if field.startswith("name.") else field for field in named} - shapes <= FIELDS.keys()


EMAILS: list[tuple[Identity, FieldMapping, str | None]] = [
    (identity({"email": "a@acme.example"}), SAML, "a@acme.example"),
    (identity({"email": "a@acme.example", "mail": "b@acme.example"}), {"emails": ("mail",)}, "b@acme.example"),
    (identity({}, email="c@acme.example"), SAML, "c@acme.example"),
    (identity({"email": "a@acme.example"}, email="c@acme.example"), SAML, "a@acme.example"),
    (identity({}, name_id="d@acme.example"), SAML, "d@acme.example"),
    (identity({}, name_id="ada"), SAML, None),
    (identity({"email": "x"}, name_id="d@acme.example"), SAML, "d@acme.example"),
    (identity({}, name_id="d@acme.example"), {"emails": ("NameID",)}, "d@acme.example"),
    (identity({"email": "a@acme.example\nb@acme.example"}), SAML, None),
    (identity({"email": "@"}), SAML, None),
]


@pytest.mark.parametrize(("who", "mapping", "expected"), EMAILS)
def test_the_address_is_where_the_mapping_says_or_else_where_the_protocol_has_it(
    who: Identity, mapping: FieldMapping, expected: str | None
) -> None:
    assert email_of(who, mapping) == expected


GROUPS_SENT: list[tuple[dict[str, Any], tuple[str, ...], tuple[str, ...] | None]] = [
    ({"groups": ["a", "b"]}, SAML_GROUPS, ("a", "b")),
    ({"memberOf": "cn=a,dc=acme"}, SAML_GROUPS, ("cn=a,dc=acme",)),
    ({"http://schemas.microsoft.com/ws/2008/06/identity/claims/groups": ["1", "2"]}, ENTRA_GROUPS, ("1", "2")),
    ({"groups": []}, SAML_GROUPS, ()),  # somebody who is in none, as against nobody said
    ({"groups": ["", "a", "a"]}, SAML_GROUPS, ("a",)),
    ({}, SAML_GROUPS, None),
    ({"other": "a"}, ("teams",), None),
    ({"groups": [], "memberOf": ["a"]}, SAML_GROUPS, ()),
]


@pytest.mark.parametrize(("claims", "names", "expected"), GROUPS_SENT)
def test_groups_that_are_none_are_not_groups_of_which_nothing_is_said(
    claims: dict[str, Any], names: tuple[str, ...], expected: tuple[str, ...] | None
) -> None:
    assert groups_of(identity(claims), names) == expected


def test_the_subject_is_not_taken_for_an_attribute_of_that_name() -> None:
    assert values_of(identity({"sub": "claimed"}), ("sub",)) == ("claimed",)
    assert values_of(identity({}, name_id="n-1"), ("NameID",)) == ("n-1",)


def test_there_is_a_way_to_set_up_every_provider_and_each_says_what_to_paste_where() -> None:
    assert set(presets.SET_UPS) == {(preset, protocol) for preset in Preset for protocol in Protocol}
    for (_, protocol), each in presets.SET_UPS.items():
        needed = {presets.Ours.REDIRECT_URI} if protocol is Protocol.OIDC else {presets.Ours.ACS_URL}
        assert needed <= {paste.ours for paste in each.paste if not paste.optional}
        assert each.copy
        assert each.mapping["emails"]


@pytest.mark.parametrize(
    ("name", "preset"),
    [
        ("google", Preset.GOOGLE),
        ("Google Workspace", Preset.GOOGLE),
        ("google_workspace", Preset.GOOGLE),
        ("entra", Preset.ENTRA),
        ("azure", Preset.ENTRA),
        ("azure-ad", Preset.ENTRA),
        ("okta", Preset.OKTA),
        ("okta_oidc", Preset.OKTA),
        ("custom", Preset.CUSTOM),
        ("custom_saml", Preset.CUSTOM),
        ("custom_oidc", Preset.CUSTOM),
        ("generic", Preset.CUSTOM),
        ("keycloak", Preset.CUSTOM),
        ("myspace", None),
        ("", None),
    ],
)
def test_a_provider_is_known_by_what_people_call_it(name: str, preset: Preset | None) -> None:
    assert presets.preset_named(name) is preset


def test_what_an_admin_chose_comes_before_what_the_preset_has() -> None:
    mapping = presets.mapping_of(Preset.OKTA, Protocol.SAML, {"title": ("rank",)})

    assert mapping["title"] == ("rank",)
    assert mapping["emails"] == SAML["emails"]
