"""Connections as a program makes them: from a connection file, tested by somebody who really signs in, and enabled."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask

from scim_server.app import create_app
from scim_server.config import Settings, load_settings
from scim_server.db import Database
from scim_server.models import ConnectionStatus
from scim_server.services.built_in import Manage
from scim_server.services.connection_config import OidcConfig, SamlConfig
from scim_server.services.connection_entries import OidcEntries, SamlEntries
from scim_server.web.api.connection_inputs import ConnectionChanges, NewOidcConnection, NewSamlConnection
from tests.cli.test_connections import serving
from tests.conftest import PUBLIC_URL
from tests.connection_files import (
    BOTH,
    DOCUMENT,
    ISSUER,
    OTHER_CERTIFICATE,
    SECRET,
    connected,
    oidc_file,
    own,
    saml_file,
)
from tests.hands import Hands
from tests.idp.saml import SamlIdp
from tests.pages import BROWSER
from tests.programs import Program, product, program, refused
from tests.promises.databases import statements
from tests.sign_on import SamlSignOn, set_status
from tests.sso.saml.providers import OKTA
from tests.web.api.asked import actions, events

NOBODY = "0199e9a0-0000-7000-8000-000000000000"


@pytest.fixture
def near(settings: Settings, database: Database, office: Hands) -> Program:
    """A program of acme's, at a server that may ask what is on this machine."""
    own(office)
    found = load_settings(database_url=settings.database_url, public_url=PUBLIC_URL, allow_private_networks=True)
    return program(create_app(found, database), office)


def made(boss: Program, office: Hands, **changes: Any) -> Any:
    own(office)
    return boss.post("/connections", saml_file(**changes))


def of(idp: SamlIdp) -> dict[str, Any]:
    """The entries of a connection to an identity provider that really signs."""
    return {
        "provider": "custom",
        "idp_metadata_xml": None,
        "idp_entity_id": idp.entity_id,
        "sso_redirect_url": idp.sso_url,
        "certificates": idp.keys.certificate,
        "domains": ["example.com"],
    }


def try_out(app: Flask, office: Hands, idp: SamlIdp, connection_id: str, url: str) -> None:
    """Somebody opens the address of a test sign-in, and signs in at the identity provider."""
    saml = SamlSignOn(app, office, idp, UUID(connection_id))
    form = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded"}
    begun = saml.browser.post(urlsplit(url).path, headers=form)
    response = saml.post(saml.respond(idp.read_request(begun.headers["Location"])))
    assert response.status_code == 200, response.get_data(as_text=True)


def test_a_saml_connection_is_tested_enabled_and_ended(
    app: Flask, boss: Program, office: Hands, database: Database
) -> None:
    idp, ada = SamlIdp(), office.create("ada", role="Admin", emails=[{"value": "ada@example.com"}])
    own(office, "example.com")
    draft = boss.post("/connections", saml_file(**of(idp)))
    path = f"/connections/{draft['id']}"
    at = f"{PUBLIC_URL}/sso/saml/{draft['id']}"
    assert (draft["status"], draft["needs"]) == ("draft", None)
    assert (draft["sp_entity_id"], draft["acs_url"]) == (f"{at}/metadata", f"{at}/acs")
    assert (draft["login_url"], draft["metadata_url"], draft["redirect_uri"]) == (f"{at}/login", f"{at}/metadata", None)

    untested = refused(boss.send("POST", f"{path}/enable"), 409, "not_ready")
    test = boss.post(f"{path}/test", {"by": str(ada)})
    try_out(app, office, idp, draft["id"], test["url"])
    tested = boss.get(path)
    enabled = boss.post(f"{path}/enable")
    disabled = boss.post(f"{path}/disable")
    boss.delete(path)

    assert "a test sign-in that passes" in untested["detail"]
    assert datetime.fromisoformat(test["expires_at"]) > datetime.now(UTC)
    assert (tested["status"], tested["tested_by"]) == ("tested", str(ada))
    assert (enabled["status"], disabled["status"]) == ("enabled", "disabled")
    refused(boss.send("GET", path), 404, "not_found")
    assert actions(database, of=draft["id"]) == [
        "connection.created",
        "connection.enabled",
        "connection.disabled",
        "connection.deleted",
    ]


def test_an_openid_connection_asks_its_provider_and_shows_no_secret(near: Program, database: Database) -> None:
    pages: dict[str, bytes] = {}
    with serving(pages) as url:
        pages["/.well-known/openid-configuration"] = json.dumps(DOCUMENT).replace(ISSUER, url).encode()
        draft = near.post("/connections", oidc_file(issuer=url, max_age=60, acr_values=["mfa"]))
    path = f"/connections/{draft['id']}"

    assert draft["redirect_uri"] == f"{PUBLIC_URL}/sso/oidc/{draft['id']}/callback"
    assert (draft["has_client_secret"], draft["keys"], draft["certificates"]) == (True, [], [])
    assert draft["identity_provider"]["issuer"] == url
    assert draft["identity_provider"]["max_age"] == 60
    near.delete(f"{path}/client-secret")
    by_key = near.get(path)
    assert (by_key["has_client_secret"], len(by_key["keys"])) == (False, 1)
    assert near.patch(path, {"client_secret": "another one"})["has_client_secret"]
    told = repr([draft, by_key, near.get(path), [event.changes for event in events(database)]])
    for secret in (SECRET, "another one", "PRIVATE KEY"):
        assert secret not in told
    refused(near.send("GET", f"{path}/metadata"), 403, "not_allowed")


def test_metadata_is_fetched_from_its_address_and_looked_at_again(near: Program) -> None:
    pages = {"/metadata": OKTA.encode()}
    with serving(pages) as url:
        entries = saml_file(idp_metadata_xml=None, idp_metadata_url=f"{url}/metadata")
        path = f"/connections/{near.post('/connections', entries)['id']}"
        same = near.post(f"{path}/look")
        pages["/metadata"] = BOTH.encode()
        more = near.post(f"{path}/look")
    gone = near.post(f"{path}/look")

    assert [each["came"] for each in (same, more)] == ["nothing_new", "taken_up"]
    assert (len(same["connection"]["certificates"]), len(more["connection"]["certificates"])) == (1, 2)
    assert (gone["came"], bool(gone["why"])) == ("failed", True)
    assert gone["connection"]["refresh_problem"] in gone["why"]
    assert near.get(path) == gone["connection"]


def test_pending_metadata_is_accepted_or_rejected(near: Program, database: Database) -> None:
    pages = {"/metadata": OKTA.encode()}
    with serving(pages) as url:
        entries = saml_file(idp_metadata_xml=None, idp_metadata_url=f"{url}/metadata")
        path = f"/connections/{near.post('/connections', entries)['id']}"
        pages["/metadata"] = OTHER_CERTIFICATE.encode()
        waits = near.post(f"{path}/look")
    rejected = near.post(f"{path}/pending/reject")
    refused(near.send("POST", f"{path}/pending/reject"), 409, "not_ready")
    accepted = near.post(f"{path}/pending/accept")
    refused(near.send("POST", f"{path}/pending/accept"), 409, "not_ready")

    assert waits["came"] == "waits"
    assert waits["connection"]["pending"]["why"] == waits["why"]
    assert (rejected["pending"]["rejected"], accepted["pending"]) == (True, None)
    assert accepted["certificates"] != rejected["certificates"]
    assert [each for each in actions(database) if each.startswith("connection.")][1:] == [
        "connection.held_back",
        "connection.rejected",
        "connection.refreshed",
    ]


def test_a_connection_is_changed_entry_by_entry(boss: Program, office: Hands, database: Database) -> None:
    draft = made(boss, office, group_attribute="groups", mapping={"email": "mail"})
    path = f"/connections/{draft['id']}"

    changed = boss.patch(
        path, {"name": "Everybody", "provisioning_mode": "directory", "group_attribute": None, "sign_metadata": True}
    )
    emptied = boss.patch(path, {"mapping": {}, "domains": []})

    assert (changed["name"], changed["provisioning_mode"], changed["group_attribute"]) == (
        "Everybody",
        "directory",
        None,
    )
    assert changed["identity_provider"]["sign_metadata"]
    assert changed["mapping"] == draft["mapping"] != {}
    assert changed["certificates"] == draft["certificates"]
    assert (emptied["mapping"], emptied["domains"]) == ({}, [])
    assert boss.get(path) == emptied
    assert boss.patch(path, {}) == emptied
    assert actions(database, of=draft["id"]) == ["connection.created", "connection.updated", "connection.updated"]


def test_what_recognises_people_is_tested_anew_when_it_changes(boss: Program, office: Hands) -> None:
    id = str(connected(office))

    changed = boss.patch(f"/connections/{id}", {"subject_attribute": "uid"})
    other = refused(boss.send("PATCH", f"/connections/{id}", {"idp_entity_id": "https://evil.example"}), 403)

    assert (changed["status"], changed["tested_at"]) == ("enabled", None)
    assert "make a second connection" in other["detail"]


@pytest.mark.parametrize(
    ("body", "attribute"),
    [
        ({"type": "ldap"}, None),
        ({}, None),
        (saml_file(domains=["globex.example"]), "domains"),
        (saml_file(colour="blue"), None),
        (saml_file(issuer="https://x.example"), None),
        (saml_file(idp_metadata_xml="nonsense"), "idp_metadata_xml"),
        (saml_file(idp_metadata_xml=None, idp_metadata_url="http://127.0.0.1/x"), "idp_metadata_url"),
        (saml_file(idp_metadata_xml=None, idp_metadata_url="file:///etc/passwd"), "idp_metadata_url"),
        (saml_file(idp_metadata_xml=None, certificates="nonsense"), "certificates"),
        (saml_file(provisioning_mode="everybody"), None),
        (saml_file(mapping={"shoe_size": "x"}), "mapping.shoe_size"),
        (saml_file(links_email="yes"), None),
        (saml_file(name=""), None),
        (saml_file(name="a\nb"), "name"),
        (saml_file(provider="myspace"), "provider"),
        (oidc_file(issuer="https://169.254.169.254"), "issuer"),
        (oidc_file(issuer=None, client_secret=None, algorithms=["none"]), "algorithms"),
        (oidc_file(max_age=-1), None),
        (oidc_file(client_secret=""), None),
    ],
)
def test_a_wrong_file_is_a_sentence_and_makes_nothing(
    boss: Program, office: Hands, body: Any, attribute: str | None
) -> None:
    own(office)

    problem = refused(boss.send("POST", "/connections", body), 422)

    assert problem.get("attribute") == attribute
    assert boss.get("/connections")["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        *({"type": "oidc"}, {"provider": "entra"}, {"enabled": True}, {"client_secret": None}, {"status": "enabled"}),
        *({"issuer": "https://x.example"}, {"client_secret": "x"}, {"domains": ["globex.example"]}, {"keys": []}),
        *({"certificates": []}, {"certificates": ["x"] * 21}, {"mapping": []}, {"idp_metadata_url": "x"}),
    ],
)
def test_a_wrong_change_changes_nothing(boss: Program, office: Hands, body: Any) -> None:
    id = str(connected(office))
    before = boss.get(f"/connections/{id}")

    response = boss.send("PATCH", f"/connections/{id}", body)

    assert response.status_code in (403, 422), response.get_data(as_text=True)
    assert boss.get(f"/connections/{id}") == before


def test_null_is_as_if_it_were_not_there_in_a_new_one(boss: Program, office: Hands) -> None:
    own(office)
    nulls = {name: None for name in NewSamlConnection.model_fields if name not in ("type", "domains")}

    bare = boss.post("/connections", {"type": "saml"} | nulls)

    assert bare["needs"] == "the metadata of the identity provider"
    assert (bare["name"], bare["provisioning_mode"], bare["links_email"]) == (
        boss.post("/connections", {"type": "saml"})["name"],
        "jit",
        True,
    )


def test_only_the_installation_enables_what_nobody_has_tested(
    app: Flask, boss: Program, office: Hands, settings: Settings, database: Database
) -> None:
    own(office)
    ours = product(app, settings, database, "acme")

    refused(boss.send("POST", "/connections", saml_file(enabled=True)), 403, "not_allowed")
    assert boss.get("/connections")["items"] == []
    vouched = ours.post("/connections", saml_file(enabled=True))
    draft = boss.post("/connections", saml_file(name="Another"))
    refused(boss.send("POST", f"/connections/{draft['id']}/enable"), 409, "not_ready")

    assert vouched["status"] == "enabled"
    assert ours.post(f"/connections/{draft['id']}/enable")["status"] == "enabled"


def test_it_takes_an_admin_to_say_who_signs_people_in(app: Flask, boss: Program, office: Hands) -> None:
    id = str(connected(office))
    path = f"/connections/{id}"
    keeper = program(app, office, Manage.DIRECTORIES)
    set_status(office, UUID(id), ConnectionStatus.TESTED)
    refused(keeper.send("POST", f"{path}/enable"), 403, "not_allowed")
    set_status(office, UUID(id), ConnectionStatus.ENABLED)

    refused(keeper.send("PATCH", path, {"subject_attribute": "uid"}), 403, "not_allowed")
    assert keeper.patch(path, {"name": "Harmless"})["name"] == "Harmless"
    assert keeper.post(f"{path}/disable")["status"] == "disabled"
    refused(keeper.send("POST", f"{path}/test", {}), 409, "not_ready")


def test_the_only_way_in_stays(boss: Program, office: Hands) -> None:
    id = str(connected(office))
    with office.acting() as ctx:
        ctx.org.sso_required_at = ctx.now

    for method, deed in (("POST", "/disable"), ("DELETE", "")):
        refused(boss.send(method, f"/connections/{id}{deed}"), 409, "in_use")
    assert boss.get(f"/connections/{id}")["status"] == "enabled"


def test_a_guide_has_each_value_in_the_words_of_the_provider(boss: Program, office: Hands) -> None:
    draft = made(boss, office)

    guide = boss.get(f"/connections/{draft['id']}/guide")
    metadata = boss.send("GET", f"/connections/{draft['id']}/metadata")

    pasted = {each["name"]: each for each in guide["paste"]}
    assert pasted["acs_url"]["value"] == draft["acs_url"]
    assert pasted["acs_url"]["field"]
    assert {each["entry"] for each in guide["copy_back"]} & {"idp_metadata_xml", "idp_metadata_url"}
    assert guide["where"]
    assert metadata.mimetype == "application/samlmetadata+xml"
    assert draft["acs_url"] in metadata.get_data(as_text=True)


def test_a_list_shows_domains_and_costs_the_same_however_long_it_is(
    boss: Program, office: Hands, database: Database
) -> None:
    costs = []
    boss.get("/connections")
    for number in range(3):
        made(boss, office, name=f"Number {number}")
        with statements(database) as counted:
            found = boss.get("/connections")["items"]
        costs.append(len(counted))

    assert [each["name"] for each in found] == [each["name"] for each in boss.all("/connections", limit=1)]
    assert found[0]["domains"] == [{"name": "acme.example", "verified": True}]
    assert len(set(costs)) == 1


def test_nothing_of_another_organization_is_there(boss: Program, hers: Program, office: Hands) -> None:
    id = made(boss, office)["id"]

    for method, deed, body in (
        *(("GET", deed, None) for deed in ("", "/guide", "/metadata", "/keys", "/certificates")),
        *(("POST", deed, None) for deed in ("/enable", "/disable", "/look", "/pending/accept", "/keys")),
        *(("DELETE", deed, None) for deed in ("", "/client-secret", "/certificates/AB")),
        ("PATCH", "", {"name": "Mine"}),
        ("POST", "/test", {}),
        ("POST", "/certificates", {"certificate": "x"}),
    ):
        refused(hers.send(method, f"/connections/{id}{deed}", body), 404, "not_found")
    assert hers.get("/connections")["items"] == []
    refused(boss.send("POST", f"/connections/{id}/test", {"by": NOBODY}), 404, "not_found")


def test_every_entry_of_a_file_can_be_sent_and_is_shown() -> None:
    assert NewSamlConnection.model_fields.keys() == SamlEntries.model_fields.keys()
    assert NewOidcConnection.model_fields.keys() == OidcEntries.model_fields.keys()
    either = SamlEntries.model_fields.keys() | OidcEntries.model_fields.keys()
    assert ConnectionChanges.model_fields.keys() == either - {"type", "provider", "enabled"}
    kept = SamlConfig.model_fields.keys() | OidcConfig.model_fields.keys()
    assert kept - either == {"metadata_url", "refresh_seconds"}
