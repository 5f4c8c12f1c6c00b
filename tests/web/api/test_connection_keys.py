"""Keys and certificates of a connection: each side changes what it signs with, without a gap."""

import pytest
from flask import Flask

from scim_server.db import Database
from scim_server.models import ConnectionStatus
from scim_server.services.built_in import Manage
from tests.connection_files import connected, oidc_file, to_change
from tests.hands import Hands
from tests.idp.keys import make_keys
from tests.programs import Program, program, refused
from tests.sign_on import set_status
from tests.web.api.asked import actions, events


@pytest.fixture
def path(office: Hands) -> str:
    """A connection by SAML that was tested."""
    id = connected(office)
    set_status(office, id, ConnectionStatus.TESTED)
    return f"/connections/{id}"


def test_a_key_of_ours_is_changed_for_another(boss: Program, path: str, database: Database) -> None:
    [old] = boss.get(f"{path}/keys")["items"]

    new = boss.post(f"{path}/keys")
    both = boss.get(f"{path}/keys")["items"]
    refused(boss.send("POST", f"{path}/keys"), 403, "not_allowed")
    metadata = boss.send("GET", f"{path}/metadata").get_data(as_text=True)
    signs = boss.post(f"{path}/keys/drop-old")
    refused(boss.send("POST", f"{path}/keys/drop-old"), 409, "not_ready")

    assert both == [old, new]
    assert signs == new
    assert boss.get(f"{path}/keys")["items"] == [new]
    assert boss.get(path)["keys"] == [new]
    for each in both:
        assert "".join(each["pem"].splitlines()[1:3]) in metadata.replace("\n", "").replace(" ", "")
    assert actions(database) == ["connection.key_added", "connection.key_dropped"]
    assert "PRIVATE" not in repr([both, [event.changes for event in events(database)]])


def test_a_certificate_of_the_provider_is_changed_for_another(boss: Program, path: str, database: Database) -> None:
    [old] = boss.get(f"{path}/certificates")["items"]
    pem = make_keys("another").certificate

    both = boss.post(f"{path}/certificates", {"certificate": pem})["items"]
    again = boss.post(f"{path}/certificates", {"certificate": pem})["items"]
    boss.delete(f"{path}/certificates/{old['fingerprint']}")

    assert (both[0], len(both), again) == (old, 2, both)
    assert boss.get(f"{path}/certificates")["items"] == [both[1]]
    assert boss.get(path)["status"] == "draft"
    assert boss.get(path)["certificates_end_at"] == both[1]["not_after"]
    gone = boss.send("DELETE", f"{path}/certificates/{old['fingerprint'].lower()}")
    assert "certificate" in refused(gone, 404, "not_found")["detail"]
    assert actions(database) == ["connection.updated", "connection.updated"]


@pytest.mark.parametrize("certificate", ["", "nonsense", None, "AB:CD", ["x"]])
def test_what_is_no_certificate_is_not_trusted(boss: Program, path: str, certificate: object) -> None:
    before = boss.get(f"{path}/certificates")

    refused(boss.send("POST", f"{path}/certificates", {"certificate": certificate}), 422)

    assert boss.get(f"{path}/certificates") == before


def test_the_last_certificate_of_an_enabled_connection_stays(boss: Program, office: Hands) -> None:
    path = f"/connections/{connected(office)}"
    [only] = boss.get(f"{path}/certificates")["items"]

    refused(boss.send("DELETE", f"{path}/certificates/{only['fingerprint']}"), 403, "not_allowed")

    assert boss.get(f"{path}/certificates")["items"] == [only]


def test_it_takes_an_admin_to_trust_a_certificate_of_an_enabled_connection(app: Flask, office: Hands) -> None:
    path = f"/connections/{connected(office)}"
    keeper = program(app, office, Manage.DIRECTORIES)

    response = keeper.send("POST", f"{path}/certificates", {"certificate": make_keys("another").certificate})

    refused(response, 403, "not_allowed")
    assert keeper.post(f"{path}/keys")["fingerprint"]
    refused(keeper.send("GET", f"{path}/keys"), 403, "not_allowed")


def test_an_openid_provider_has_no_certificates(boss: Program, office: Hands) -> None:
    id = connected(office, oidc_file(), enabled=False)
    path = f"/connections/{id}"

    assert boss.get(f"{path}/certificates")["items"] == boss.get(f"{path}/keys")["items"] == []
    pem = make_keys("another").certificate
    assert refused(boss.send("POST", f"{path}/certificates", {"certificate": pem}), 422)["attribute"] == "certificates"
    assert refused(boss.send("DELETE", f"{path}/certificates/AB"), 404)
    with office.acting() as ctx:
        assert to_change(ctx, id).version == 1
