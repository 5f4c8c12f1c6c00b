"""What Microsoft Entra ID expects of the service as a whole: exchanges 50 and 51.

The exchanges were gathered as tests/vendors/entra.py says; none was recorded by us.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from scim_server.app import create_app
from scim_server.config import ConfigError, Settings, load_settings
from scim_server.db import Database
from scim_server.models import Provider
from tests.clients import ENTERPRISE_USER, GROUP, LIST_RESPONSE, USER, Directory, assert_error
from tests.vendors.entra import DOCUMENTED_USER, RANDOM_GUID, assert_found, post_user

PROVIDER = Provider.ENTRA

# What the documentation wants to be served of each tenant, in a second.
A_SECOND = 25


def values(json: Any) -> Iterator[Any]:
    """Every value of a document, at whatever depth."""
    yield json
    for each in json.values() if isinstance(json, dict) else json if isinstance(json, list) else ():
        yield from values(each)


def names(json: Any) -> set[str]:
    return {name for value in values(json) if isinstance(value, dict) for name in value}


def test_the_schemas_can_be_discovered(acme: Directory) -> None:
    """Exchange 50, from the documentation: Schema discovery, a list in camel case and without a null."""
    found = acme.get("/Schemas")

    assert found.status == 200
    assert found.headers["content-type"] == "application/scim+json"
    assert found["schemas"] == [LIST_RESPONSE]
    assert found["totalResults"] == found["itemsPerPage"] == len(found.resources)
    assert {USER, GROUP, ENTERPRISE_USER} <= {each["id"] for each in found.resources}
    assert all(each["attributes"] for each in found.resources)
    assert None not in list(values(found.json))
    assert {name for name in names(found.json) if not re.fullmatch(r"[a-z][A-Za-z]*", name)} == {"Resources"}
    for each in found.resources:
        assert acme.get(f"/Schemas/{each['id']}").json == each


def test_the_schema_of_users_says_what_can_be_mapped(acme: Directory) -> None:
    """Exchange 50, from the documentation: what the validator takes its attributes from."""
    schemas = {each["id"]: each for each in acme.get("/Schemas").resources}
    core = {each["name"]: each for each in schemas[USER]["attributes"]}
    enterprise = {each["name"]: each for each in schemas[ENTERPRISE_USER]["attributes"]}

    assert (core["userName"]["required"], core["userName"]["uniqueness"]) == (True, "server")
    assert (core["active"]["type"], core["active"]["multiValued"]) == ("boolean", False)
    assert (core["emails"]["type"], core["emails"]["multiValued"]) == ("complex", True)
    assert {"type", "value", "primary"} <= {each["name"] for each in core["emails"]["subAttributes"]}
    assert enterprise["manager"]["type"] == "complex"


@pytest.fixture
def at_one_instant(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with the lowest limit that can be set, at an instant that lasts."""
    monkeypatch.setattr("scim_server.web.rate_limit.monotonic", lambda: 1000.0)
    return create_app(settings.model_copy(update={"rate_limit": A_SECOND}), database)


def test_no_tenant_can_be_limited_to_less_than_is_asked_for(settings: Settings) -> None:
    """Exchange 51, from the documentation: at least 25 requests a second for each tenant."""
    assert load_settings(database_url=settings.database_url).rate_limit >= A_SECOND
    with pytest.raises(ConfigError, match="SCIM_RATE_LIMIT"):
        load_settings(database_url=settings.database_url, rate_limit=A_SECOND - 1)


def test_a_cycle_looks_up_each_user_at_the_pace_that_is_asked_for(
    at_one_instant: Flask, acme: Directory, globex: Directory
) -> None:
    """Exchange 51, from the documentation: an initial cycle, which reads each user by a filter; beyond it, 429."""
    user, theirs = post_user(acme, DOCUMENTED_USER), post_user(globex, DOCUMENTED_USER)
    look_up = f'userName eq "{DOCUMENTED_USER["userName"]}"'
    tenant, other = (Directory(at_one_instant, each.slug, each.token) for each in (acme, globex))

    for _ in range(A_SECOND):
        assert_found(tenant.search(look_up), user)
    refused = tenant.search(look_up)

    assert_error(refused, 429)
    assert re.fullmatch("[0-9]+", refused.headers["retry-after"])
    assert_found(other.search(look_up), theirs)


def test_a_token_that_is_not_ours_is_unauthorized_and_says_so_in_scim(acme: Directory) -> None:
    """Exchange 51, from the documentation: 401 puts a job into quarantine, so nothing else may answer it."""
    stranger = Directory(acme.app, acme.slug, RANDOM_GUID)

    assert_error(stranger.search(f'userName eq "{RANDOM_GUID}"'), 401)
    assert_found(acme.search(f'userName eq "{RANDOM_GUID}"'))
