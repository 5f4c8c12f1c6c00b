"""What a connection says of a person, where no row is needed to know it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scim_server.models import Connection
from scim_server.services.connection_claims import read
from sso.identity import Identity

SAID = Identity("https://idp.example", "s-1", {}, datetime(2026, 5, 4, tzinfo=UTC))


def connection(**values: Any) -> Connection:
    known = {"type": "oidc", "provider": "entra", "mapping": {}, "group_attribute": "groups"}
    return Connection(**{**known, **values})


@pytest.mark.parametrize(
    ("claims", "groups"),
    [
        ({"groups": ("a", "b")}, ("a", "b")),
        ({}, ()),
        ({"_claim_names.groups": ("src1",)}, None),
        ({"http://schemas.microsoft.com/claims/groups.link": ("https://graph.example",)}, None),
    ],
)
def test_groups_that_were_left_out_are_none_and_groups_that_were_too_many_are_not(
    claims: dict[str, tuple[str, ...]], groups: tuple[str, ...] | None
) -> None:
    assert read(connection(), replace(SAID, claims=claims)).groups == groups


def test_nothing_is_said_of_groups_where_nobody_has_named_an_attribute_and_none_came() -> None:
    assert read(connection(group_attribute=None), SAID).groups is None


@pytest.mark.parametrize(("values", "subject"), [(("7",), "7"), ((), ""), (("7", "8"), "")])
def test_an_attribute_that_people_are_known_by_comes_once(values: tuple[str, ...], subject: str) -> None:
    said = replace(SAID, claims={"employeeNumber": values} if values else {})
    assert read(connection(subject_attribute="employeeNumber"), said).subject == subject


def test_an_address_proves_nothing_where_the_provider_has_not_verified_it() -> None:
    for verified, proves in ((True, True), (None, True), (False, False)):
        assert read(connection(), replace(SAID, email_verified=verified)).email_proves is proves


def test_what_a_field_is_filled_by_is_the_mappings_before_the_presets() -> None:
    said = replace(SAID, claims={"given_name": ("Ada",), "nick": ("Countess",), "email": ("ada@example.com",)})
    found = read(connection(mapping={"nickName": "nick"}), said)
    assert found.values["nickName"] == "Countess"
    assert found.values["name"] == {"givenName": "Ada"}
    assert found.email == "ada@example.com"
    assert "emails" not in found.values
