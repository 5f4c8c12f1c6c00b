"""Connections: made from a file, tested, enabled, changed and deleted; and what each is to sso/."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Connection, ConnectionStatus, Event, UserSession, Way
from scim_server.services import (
    connection_changes,
    connection_files,
    connection_keys,
    connection_lifecycle,
    connections,
    domains,
    roles,
    sessions,
    users,
)
from scim_server.services.connection_config import config_of, secrets_of
from scim_server.services.errors import (
    DomainError,
    InvalidValue,
    NotAllowed,
    NotFound,
    NotReady,
    NotUsable,
    Outdated,
    WrongCode,
)
from scim_server.services.sessions import Proof
from tests.clients import Directory
from tests.connection_files import (
    DOCUMENT,
    ISSUER,
    METADATA_URL,
    SECRET,
    Web,
    connected,
    create,
    oidc_file,
    outside,
    own,
    saml_file,
    the_web,
    to_change,
)
from tests.hands import Hands
from tests.sso.saml.providers import ENTRA, GOOGLE, OKTA, TWO

BASE = "https://scim.example.com/sso"


def test_a_saml_connection_is_what_the_metadata_says_and_what_the_settings_say(office: Hands) -> None:
    id = connected(office)

    with office.acting() as ctx:
        found = connections.to_saml(ctx, to_change(ctx, id))

    assert found.idp_entity_id == "http://www.okta.com/exk1fcia6d6EmPFEi5d7"
    assert found.sso_redirect_url == "https://acme.okta.com/app/acme_app_1/exk1fcia6d6EmPFEi5d7/sso/saml"
    assert found.slo_post_url == "https://acme.okta.com/app/acme_app_1/exk1fcia6d6EmPFEi5d7/slo/saml"
    assert len(found.certificates) == 1
    assert found.sp_entity_id == f"{BASE}/saml/{id}/metadata"
    assert found.acs_url == f"{BASE}/saml/{id}/acs"
    assert found.slo_url == f"{BASE}/saml/{id}/slo"
    assert len(found.keys) == 1
    assert not found.allow_idp_initiated


def test_an_openid_connection_is_what_the_document_says_and_what_the_settings_say(office: Hands) -> None:
    id = connected(office, oidc_file())

    with office.acting() as ctx:
        found = connections.to_oidc(ctx, to_change(ctx, id))

    assert (found.issuer, found.client_id, found.client_secret) == (ISSUER, "0oa1", SECRET)
    assert found.provider["token_endpoint"] == DOCUMENT["token_endpoint"]
    assert found.redirect_uri == f"{BASE}/oidc/{id}/callback"
    assert found.post_logout_redirect_uri == "https://scim.example.com/login"
    assert found.hosted_domains == ("acme.example",)
    assert found.scopes == ("openid", "email", "profile", "groups")
    assert found.keys == ()


def test_a_connection_without_a_secret_has_a_key(office: Hands) -> None:
    id = connected(office, oidc_file(client_secret=None))

    with office.acting() as ctx:
        found = connections.to_oidc(ctx, to_change(ctx, id))

    assert found.client_secret is None
    assert len(found.keys) == 1


def test_scopes_that_a_provider_does_not_have_are_not_asked_for(office: Hands) -> None:
    document = DOCUMENT | {"scopes_supported": ["openid", "email", "profile"]}
    own(office)

    with office.acting() as ctx:
        made = create(ctx, oidc_file(), Web({f"{ISSUER}/.well-known/openid-configuration": document}))
        assert connections.to_oidc(ctx, made).scopes == ("openid", "email", "profile")


def test_the_names_of_a_system_that_was_replaced_stay(office: Hands) -> None:
    old = {"sp_entity_id": "https://old.example/saml", "acs_url": "https://old.example/saml/acs"}
    id = connected(office, saml_file(**old))

    with office.acting() as ctx:
        found = connections.to_saml(ctx, to_change(ctx, id))

    assert (found.sp_entity_id, found.acs_url) == (old["sp_entity_id"], old["acs_url"])


def test_no_secret_is_kept_in_the_clear(office: Hands, database: Database) -> None:
    connected(office, oidc_file())
    with office.acting() as ctx:
        create(ctx, saml_file())

    with database.reading() as session:
        rows = session.scalars(select(Connection)).all()
        told = session.scalars(select(Event).where(Event.action.like("connection.%"))).all()
    kept = repr([(row.secrets, row.config) for row in rows]) + repr([(each.changes, each.details) for each in told])
    assert SECRET not in kept
    assert "PRIVATE KEY" not in kept


def test_secrets_are_of_one_connection(office: Hands) -> None:
    id = connected(office, oidc_file())
    with office.acting() as ctx:
        other = create(ctx, oidc_file(client_secret="another"))
        other.secrets = to_change(ctx, id).secrets

        with pytest.raises(NotReady, match="SCIM_SECRET_KEY"):
            secrets_of(other, ctx.settings, ctx.now)


@pytest.mark.parametrize("content", ["metadata", "issuer"])
def test_what_is_not_known_yet_makes_a_draft_that_tells_what_we_are(office: Hands, content: str) -> None:
    file = saml_file(idp_metadata_xml=None) if content == "metadata" else oidc_file(issuer=None, client_id=None)
    id = connected(office, file, enabled=False)

    with office.acting() as ctx:
        made = to_change(ctx, id)
        assert made.status == ConnectionStatus.DRAFT
        with pytest.raises(NotReady, match=content):
            connections.start_test(ctx, made, None)
        with pytest.raises(NotReady, match=content):
            connection_lifecycle.enable_connection(ctx, made)
        if content == "metadata":
            assert connections.service_provider(ctx, made).acs_url == f"{BASE}/saml/{id}/acs"
            with pytest.raises(NotReady):
                connections.to_saml(ctx, made)
        else:
            with pytest.raises(NotReady):
                connections.to_oidc(ctx, made)


WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "file must be a JSON object"),
    "no type": ({}, "type must be saml or oidc"),
    "an unknown type": ({"type": "ldap"}, "type must be saml or oidc"),
    "an unknown entry": (saml_file(idp_metadata="x"), "idp_metadata is no entry"),
    "an entry of the other type": (saml_file(issuer=ISSUER), "issuer is no entry"),
    "a text for a truth": (saml_file(enabled="true"), "enabled cannot be that"),
    "a number for a name": (saml_file(name=7), "name cannot be that"),
    "an unknown provider": (saml_file(provider="myspace"), "provider must be one of google, entra, okta, custom"),
    "an unknown mode": (saml_file(provisioning_mode="never"), "provisioning_mode must be one of jit"),
    "an unknown field": (saml_file(mapping={"shoe_size": "shoe"}), "mapping.shoe_size is no field of a profile"),
    "a mapping to nothing": (saml_file(mapping={"email": ""}), "mapping.email"),
    "a domain that is nobody's": (saml_file(domains=["gmail.com"]), "gmail.com is one at which anybody"),
    "a domain that is not added": (
        saml_file(domains=["other.example"]),
        "other.example, which is no domain",
    ),
    "no metadata": (saml_file(idp_metadata_xml="<html>"), "idp_metadata_xml: This is"),
    "an address of no metadata": (
        saml_file(idp_metadata_xml=None, idp_metadata_url="https://nowhere.example/"),
        "idp_metadata_url: .* cannot be reached",
    ),
    "an address that is not https": (
        saml_file(idp_metadata_xml=None, idp_metadata_url="http://idp.example/"),
        "idp_metadata_url: .* has to begin with https",
    ),
    "a script for an address": (
        saml_file(idp_metadata_xml=None, idp_entity_id="x", sso_redirect_url="javascript:alert(1)"),
        "sso_redirect_url: ",
    ),
    "no certificate": (saml_file(idp_metadata_xml=None, certificates="nonsense"), "certificates: This is not a certi"),
    "another issuer": (oidc_file(issuer="https://acme.okta.com/"), "issuer: The document names another issuer"),
    "an issuer that is not there": (oidc_file(issuer="https://nowhere.example"), "issuer: "),
    "an algorithm that proves nothing": (oidc_file(algorithms=["none"]), "algorithms has none"),
    "a symmetric algorithm": (oidc_file(algorithms=["HS256"]), "algorithms has HS256"),
    "an age below nothing": (oidc_file(max_age=-1), "max_age cannot be that"),
    "a name of several lines": (saml_file(name="Okta\nEvil"), "name must be one line"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_cannot_be_used_is_refused_by_the_name_of_its_entry(office: Hands, what: str) -> None:
    content, sentence = WRONG[what]
    own(office)

    with pytest.raises(InvalidValue, match=sentence), office.acting() as ctx:
        create(ctx, content)

    with office.acting() as ctx:
        assert connections.list_connections(ctx) == []


def test_null_is_as_if_it_were_not_there(office: Hands) -> None:
    own(office)

    with office.acting() as ctx:
        made = create(ctx, saml_file(mapping=None, group_attribute=None, issuer=None, enabled=None))
        assert (made.mapping, made.group_attribute, made.status) == ({}, None, "draft")


def test_a_mapping_is_read_as_people_write_it(office: Hands) -> None:
    mapping = {
        "email": "mail",
        "first_name": "givenName",
        "last_name": ["sn", "surname"],
        "department": "ou",
        "external_id": "uid",
        "groups": "memberOf",
    }
    own(office)

    with office.acting() as ctx:
        made = create(ctx, saml_file(mapping=mapping))
        read = connections.mapping_of(made)
        assert read["emails"] == ("mail",)
        assert read["name.givenName"] == ("givenName",)
        assert read["name.familyName"] == ("sn", "surname")
        assert read["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"] == ("ou",)
        assert read["displayName"][0] == "displayName"  # as the provider has it
        assert (made.subject_attribute, made.links_external_id) == ("uid", True)
        assert connections.group_attributes_of(made) == ("memberOf",)


@pytest.mark.parametrize(("metadata", "provider"), [(OKTA, "okta"), (ENTRA, "azure"), (GOOGLE, "google_workspace")])
def test_each_provider_is_imported_from_its_metadata(office: Hands, metadata: str, provider: str) -> None:
    own(office)

    with office.acting() as ctx:
        made = create(ctx, saml_file(idp_metadata_xml=metadata, provider=provider, enabled=True))
        assert connections.to_saml(ctx, made).certificates
        assert made.status == ConnectionStatus.ENABLED


def test_metadata_is_fetched_where_a_file_names_its_address(office: Hands) -> None:
    web = the_web()
    own(office)

    with office.acting() as ctx:
        made = create(ctx, saml_file(idp_metadata_xml=None, idp_metadata_url=METADATA_URL), web)
        assert connections.to_saml(ctx, made).idp_entity_id == "http://www.okta.com/exk1fcia6d6EmPFEi5d7"
    assert web.asked == [METADATA_URL]


def test_a_connection_is_found_by_its_id_with_its_organization(
    office: Hands, globex: Directory, settings: Settings, database: Database
) -> None:
    id = connected(office)
    now = datetime.now(UTC)

    with database.reading() as session:
        found = connections.find_connection(session, settings, id, now)
        assert (found.ctx.org.slug, found.connection.id) == ("acme", id)
        with pytest.raises(NotFound):
            connections.find_connection(session, settings, uuid4(), now)
    with Hands(settings, database, "globex").acting() as ctx, pytest.raises(NotFound):
        connections.get_connection(ctx, id)
    with Hands(settings, database, "globex").acting() as ctx, pytest.raises(NotFound):
        connections.get_connection_to_change(ctx, id)


def test_a_draft_may_have_a_domain_that_is_not_verified_and_nobody_comes_in_before_it_is(office: Hands) -> None:
    with office.acting() as ctx:
        domain = domains.add_domain(ctx, "acme.example")
        made = create(ctx, saml_file())
        with pytest.raises(NotReady, match=r"proof that acme\.example"):
            connection_lifecycle.enable_connection(ctx, made)
        domains.add_domain(ctx, domain.name, vouched=True)
        connection_lifecycle.enable_connection(ctx, made)
        assert made.status == ConnectionStatus.ENABLED


def test_without_a_domain_nobody_comes_in(office: Hands) -> None:
    own(office)

    with office.acting() as ctx, pytest.raises(NotReady, match="a domain"):
        create(ctx, saml_file(domains=[], enabled=True))


def test_an_admin_enables_what_was_tested(office: Hands) -> None:
    id = connected(office, enabled=False)
    olga = office.create("olga", role="Admin")

    with office.acting(olga) as ctx, pytest.raises(NotReady, match="a test sign-in that passes"):
        connection_lifecycle.enable_connection(ctx, to_change(ctx, id))
    with office.acting(olga) as ctx:
        made = to_change(ctx, id)
        connection_lifecycle.mark_tested(ctx, made, olga)
        assert (made.status, made.tested_by) == ("tested", olga)
    with office.acting(olga) as ctx:
        made = to_change(ctx, id)
        connection_lifecycle.enable_connection(ctx, made)
        assert made.status == "enabled"


def test_only_the_operator_skips_the_test(office: Hands) -> None:
    own(office)
    olga = office.create("olga", role="Admin")

    with office.acting(olga) as ctx, pytest.raises(NotAllowed, match="Only the operator enables"):
        create(ctx, saml_file(enabled=True))


def test_who_connects_directories_tests_but_only_an_admin_says_whom_everybody_trusts(office: Hands) -> None:
    own(office)
    with office.acting() as ctx:
        roles.create_role(ctx, "Connector", description="", permissions=["directories.manage"])
    carl = office.create("carl", role="Connector")

    with office.acting(carl) as ctx:
        id = create(ctx, saml_file()).id
        connection_lifecycle.mark_tested(ctx, to_change(ctx, id), carl)
    with office.acting(carl) as ctx, pytest.raises(NotAllowed, match="Only an admin"):
        connection_lifecycle.enable_connection(ctx, to_change(ctx, id))
    with office.acting() as ctx:
        connection_lifecycle.enable_connection(ctx, to_change(ctx, id))
    with pytest.raises(NotAllowed, match="Only an admin"), office.acting(carl) as ctx:
        change(ctx, id, {"allow_idp_initiated": True})


def test_a_test_sign_in_is_begun_by_an_address_that_is_good_for_an_hour(
    office: Hands, settings: Settings, database: Database
) -> None:
    id = connected(office, enabled=False)
    olga = office.create("olga", role="Admin")
    with office.acting(olga) as ctx:
        made = to_change(ctx, id)
        url = connections.start_test(ctx, made, users.get_user(ctx, olga))
    sealed = url.removeprefix(f"{BASE}/test/")
    now = datetime.now(UTC)

    with database.reading() as session:
        found = connections.find_test(session, settings, sealed, now)
        assert (found.connection.id, found.by, found.ctx.org.slug) == (id, olga, "acme")
        for wrong, at in (("nonsense", now), (sealed[:-2], now), (sealed, now + timedelta(minutes=61))):
            with pytest.raises(WrongCode):
                connections.find_test(session, settings, wrong, at)
    with office.acting() as ctx:
        connection_lifecycle.disable_connection(ctx, to_change(ctx, id))
    with database.reading() as session, pytest.raises(WrongCode):
        connections.find_test(session, settings, sealed, now)


def test_a_disabled_connection_is_enabled_again_as_it_was_tested(office: Hands) -> None:
    id = connected(office, enabled=False)
    olga = office.create("olga", role="Admin")

    with office.acting(olga) as ctx:
        made = to_change(ctx, id)
        connection_lifecycle.mark_tested(ctx, made, olga)
        connection_lifecycle.enable_connection(ctx, made)
        connection_lifecycle.disable_connection(ctx, made)
        assert made.status == "disabled"
        with pytest.raises(NotReady):
            connection_lifecycle.mark_tested(ctx, made, olga)
        connection_lifecycle.enable_connection(ctx, made)
        assert made.status == "enabled"


def test_the_sessions_that_came_through_a_connection_end_with_it_and_no_others(
    office: Hands, database: Database
) -> None:
    id = connected(office)
    ada = office.create("ada")
    with office.acting(ada) as ctx:
        user = users.get_user_to_change(ctx, ada)
        through = sessions.open_session(ctx, user, Proof(Way.SAML, connection_id=id, subject="ada")).row.id
        otherwise = sessions.open_session(ctx, user, Proof(Way.PASSWORD)).row.id

    with office.acting() as ctx:
        connection_lifecycle.delete_connection(ctx, to_change(ctx, id))

    with database.reading() as session:
        ended = {row.id: row.ended_at is not None for row in session.scalars(select(UserSession))}
    assert ended == {through: True, otherwise: False}
    with office.acting() as ctx, pytest.raises(NotFound):
        connections.get_connection(ctx, id)


def change(ctx: Any, id: UUID, given: dict[str, Any], web: Web | None = None) -> Connection:
    connection = to_change(ctx, id)
    config = config_of(connection)
    file = connection_changes.read_changes(connection_changes.as_file(ctx, connection), config, given, outside(web))
    connection_changes.change_connection(ctx, connection, file)
    return connection


NEEDS_A_TEST: dict[str, dict[str, Any]] = {
    "a certificate": {"certificates": [TWO]},
    "the provider": {"idp_metadata_xml": ENTRA},
    "by what people are known": {"subject_attribute": "uid"},
    "what fills a field": {"mapping": {"email": "mail"}},
    "weak encryption": {"allow_weak_encryption": True},
}


@pytest.mark.parametrize("what", NEEDS_A_TEST)
def test_what_was_tested_is_a_draft_again_when_it_is_something_else(office: Hands, what: str) -> None:
    id = connected(office, enabled=False)
    with office.acting() as ctx:
        connection_lifecycle.mark_tested(ctx, to_change(ctx, id), None)

    with office.acting() as ctx:
        changed = change(ctx, id, NEEDS_A_TEST[what])
        assert (changed.status, changed.tested_at) == ("draft", None)


@pytest.mark.parametrize("given", [{"name": "Work"}, {"provisioning_mode": "directory"}, {"group_attribute": "teams"}])
def test_what_says_nothing_of_who_comes_in_as_whom_needs_no_other_test(office: Hands, given: dict[str, Any]) -> None:
    id = connected(office, enabled=False)
    with office.acting() as ctx:
        connection_lifecycle.mark_tested(ctx, to_change(ctx, id), None)

    with office.acting() as ctx:
        assert change(ctx, id, given).status == "tested"


def test_an_enabled_connection_stays_open_while_its_details_change(office: Hands) -> None:
    id = connected(office)
    olga = office.create("olga", role="Admin")

    with office.acting(olga) as ctx:
        changed = change(ctx, id, {"allow_idp_initiated": True})
        assert connections.to_saml(ctx, changed).allow_idp_initiated
        assert changed.status == "enabled"


def test_nobody_puts_another_provider_in_the_place_of_an_enabled_one_but_the_operator(
    office: Hands, database: Database
) -> None:
    id = connected(office)
    olga = office.create("olga", role="Admin")

    with pytest.raises(NotAllowed, match="make a second connection"), office.acting(olga) as ctx:
        change(ctx, id, {"idp_metadata_xml": ENTRA})
    with office.acting() as ctx:
        changed = change(ctx, id, {"idp_metadata_xml": ENTRA})
        assert changed.status == "enabled"
        assert changed.tested_at is None

    with database.reading() as session:
        told = session.scalars(select(Event).where(Event.action == "connection.updated")).one()
    assert told.changes["idp_entity_id"][0] == "http://www.okta.com/exk1fcia6d6EmPFEi5d7"
    assert told.changes["idp_entity_id"][1].startswith("https://sts.windows.net/")


def test_an_issuer_is_asked_again_only_where_it_changes(office: Hands) -> None:
    id = connected(office, oidc_file(), enabled=False)
    web = Web()

    with office.acting() as ctx:
        changed = change(ctx, id, {"client_id": "0oa2"}, web)
        assert connections.to_oidc(ctx, changed).client_id == "0oa2"
        assert connections.to_oidc(ctx, changed).client_secret == SECRET
    assert web.asked == []


def test_a_new_secret_is_kept_and_told_by_no_event(office: Hands, database: Database) -> None:
    id = connected(office, oidc_file(), enabled=False)

    with office.acting() as ctx:
        changed = change(ctx, id, {"client_secret": "the next one"})
        assert connections.to_oidc(ctx, changed).client_secret == "the next one"

    with database.reading() as session:
        told = session.scalars(select(Event).where(Event.action == "connection.updated")).one()
    assert (told.changes, told.details["client_secret_changed"]) == ({}, True)


def test_a_secret_gives_way_to_a_key(office: Hands) -> None:
    id = connected(office, oidc_file(), enabled=False)

    with office.acting() as ctx:
        connection_changes.forget_secret(ctx, to_change(ctx, id))
        found = connections.to_oidc(ctx, to_change(ctx, id))
        assert (found.client_secret, len(found.keys)) == (None, 1)


def test_what_changes_nothing_leaves_no_trace(office: Hands, database: Database) -> None:
    id = connected(office)

    with office.acting() as ctx:
        version = to_change(ctx, id).version
        assert change(ctx, id, {"name": "Okta", "idp_metadata_xml": OKTA}).version == version

    with database.reading() as session:
        assert session.scalars(select(Event).where(Event.action == "connection.updated")).all() == []


def test_a_change_of_something_else_meanwhile_is_noticed(office: Hands) -> None:
    id = connected(office)

    with office.acting() as ctx:
        connection = to_change(ctx, id)
        file = connection_files.read(saml_file(), outside())
        with pytest.raises(Outdated):
            connection_changes.change_connection(ctx, connection, file, seen=connection.version + 1)


def test_the_domains_of_an_enabled_connection_stay_verified(office: Hands) -> None:
    id = connected(office)

    with office.acting() as ctx:
        domains.add_domain(ctx, "acme.test")
    with pytest.raises(NotReady), office.acting() as ctx:
        change(ctx, id, {"domains": ["acme.example", "acme.test"]})
    with office.acting() as ctx:
        assert connections.verified_domains(ctx, to_change(ctx, id)) == ("acme.example",)


def test_both_keys_are_there_while_we_rotate_and_the_old_one_signs(office: Hands) -> None:
    id = connected(office)

    with office.acting() as ctx:
        old = connection_keys.list_keys(ctx, to_change(ctx, id))[0]
        new = connection_keys.add_key(ctx, to_change(ctx, id))
        assert connection_keys.list_keys(ctx, to_change(ctx, id)) == [old, new]
        with pytest.raises(NotAllowed, match="under way"):
            connection_keys.add_key(ctx, to_change(ctx, id))
        assert connection_keys.drop_old_key(ctx, to_change(ctx, id)) == new
        assert connection_keys.list_keys(ctx, to_change(ctx, id)) == [new]
        with pytest.raises(NotReady):
            connection_keys.drop_old_key(ctx, to_change(ctx, id))


def test_every_refusal_says_what_to_do_in_a_sentence(office: Hands) -> None:
    own(office)

    with office.acting() as ctx, pytest.raises(DomainError) as refused:
        create(ctx, saml_file(idp_metadata_xml="<EntityDescriptor/>"))

    assert isinstance(refused.value, NotUsable)
    assert "Download the metadata" in str(refused.value)
