"""Connections on the command line: the contract of `connection create`, and a connection's life."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.connection_files import DOCUMENT, ISSUER, oidc_file, saml_file
from tests.sso.saml.providers import OKTA


@pytest.fixture
def organization(command: Command) -> Command:
    assert command("org", "create", "acme").exit_code == 0
    assert command("domain", "add", "acme", "acme.example", "--verified").exit_code == 0
    return command


def written(content: Any) -> str:
    Path("f.json").write_text(json.dumps(content))
    return "f.json"


def created(command: Command, content: Any, **settings: str) -> dict[str, str]:
    result = command("connection", "create", "acme", "--file", written(content), **settings)
    assert result.exit_code == 0, result.stderr
    answer: dict[str, str] = json.loads(result.stdout)
    return answer


@contextmanager
def serving(pages: dict[str, bytes]) -> Iterator[str]:
    """A server on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in pages else 404)
            self.end_headers()
            self.wfile.write(pages.get(self.path, b""))

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # looks so often whether it is over
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_saml_connection_prints_the_contract(organization: Command) -> None:
    answer = created(organization, saml_file(enabled=True), public_url="https://scim.example.com")

    at = f"https://scim.example.com/sso/saml/{answer['id']}"
    assert answer == {
        "id": answer["id"],
        "login_url": f"{at}/login",
        "sp_entity_id": f"{at}/metadata",
        "acs_url": f"{at}/acs",
        "metadata_url": f"{at}/metadata",
    }


def test_an_openid_connection_prints_the_contract_and_asks_the_provider(organization: Command) -> None:
    pages: dict[str, bytes] = {}
    with serving(pages) as url:
        document = json.dumps(DOCUMENT).replace(ISSUER, url)
        pages["/.well-known/openid-configuration"] = document.encode()
        content = oidc_file(issuer=url, enabled=True)
        private = {"allow_private_networks": "true", "public_url": "https://scim.example.com"}
        answer = created(organization, content, **private)
        refused = organization("connection", "create", "acme", "--file", written(content))

    at = f"https://scim.example.com/sso/oidc/{answer['id']}"
    assert answer == {"id": answer["id"], "login_url": f"{at}/login", "redirect_uri": f"{at}/callback"}
    # Without that setting, nothing on this machine is asked.
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "issuer: " in refused.stderr


def test_metadata_is_fetched_from_its_address(organization: Command) -> None:
    with serving({"/metadata": OKTA.encode()}) as url:
        content = saml_file(idp_metadata_xml=None, idp_metadata_url=f"{url}/metadata")
        id = created(organization, content, allow_private_networks="true")["id"]
        looked = organization("connection", "refresh", "acme", id, allow_private_networks="true")
    gone = organization("connection", "refresh", "acme", id, allow_private_networks="true")

    assert json.loads(looked.stdout) == {"came": "nothing_new", "why": []}
    assert gone.exit_code == 1
    assert json.loads(organization("connection", "show", "acme", id).stdout)["refresh_problem"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"type": "ldap"}, "type must be saml or oidc."),
        (saml_file(domains=["globex.example"]), "domains has globex.example, which is no domain of the organization"),
        (saml_file(colour="blue"), "colour is no entry of a connection of this type."),
        ("{", "is no JSON"),
    ],
)
def test_a_wrong_file_is_a_sentence_and_makes_nothing(organization: Command, content: Any, sentence: str) -> None:
    Path("f.json").write_text(content if isinstance(content, str) else json.dumps(content))

    result = organization("connection", "create", "acme", "--file", "f.json")

    assert result.exit_code == 1
    assert sentence in result.stderr
    assert organization("connection", "list", "acme").stdout == ""


def test_a_connection_lives_on_the_command_line(organization: Command) -> None:
    id = created(organization, saml_file(idp_metadata_xml=None))["id"]

    def run(*arguments: str) -> str:
        result = organization("connection", *arguments)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def shown() -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(run("show", "acme", "Okta"))
        return answer

    assert json.loads(run("list", "acme"))["status"] == "draft"
    assert shown()["needs"] == "the metadata of the identity provider"
    assert id in run("metadata", "acme", id)
    assert f"{id}/acs" in run("guide", "acme", id)
    assert organization("connection", "test", "acme", id).exit_code == 1
    Path("idp.xml").write_text(OKTA)
    run("set", "acme", id, "--metadata", "idp.xml")
    assert shown()["identity_provider"]["idp_entity_id"] == "http://www.okta.com/exk1fcia6d6EmPFEi5d7"
    assert "/sso/test/" in run("test", "acme", "Okta")
    run("enable", "acme", "Okta")
    assert shown()["status"] == "enabled"
    run("set", "acme", "Okta", "--file", written({"allow_idp_initiated": True, "mapping": {"email": "mail"}}))
    assert shown()["identity_provider"]["allow_idp_initiated"]
    assert "BEGIN CERTIFICATE" in run("rotate-key", "acme", "Okta")
    assert len(shown()["keys"]) == 2
    run("drop-old-key", "acme", "Okta")
    assert len(shown()["keys"]) == 1
    run("disable", "acme", "Okta")
    assert shown()["status"] == "disabled"
    run("delete", "acme", "Okta", "--yes")
    assert run("list", "acme") == ""


def test_no_command_prints_a_secret(organization: Command) -> None:
    id = created(organization, oidc_file(issuer=None, client_secret="hunter22"))["id"]

    said = [organization("connection", verb, "acme", id).output for verb in ("show", "list", "guide")]

    assert json.loads(said[0])["has_client_secret"] is True
    assert "hunter22" not in "".join(said)


def test_two_of_one_name_are_told_apart_by_id(organization: Command) -> None:
    first, second = (created(organization, saml_file())["id"] for _ in range(2))

    result = organization("connection", "enable", "acme", "Okta")

    assert result.exit_code == 1
    assert first in result.stderr
    assert second in result.stderr


def test_the_secret_key_changes_and_what_it_sealed_is_still_read(organization: Command) -> None:
    old, new = "o" * 40, "n" * 40
    id = created(organization, oidc_file(issuer=None, client_secret="hunter22"), secret_key=old)["id"]

    lost = organization("connection", "show", "acme", id, secret_key=new)
    kept = organization("connection", "show", "acme", id, secret_key=new, previous_secret_keys=f"{'x' * 40} {old}")
    assert (lost.exit_code, kept.exit_code) == (1, 0)
    assert "SCIM_SECRET_KEY" in lost.stderr

    assert organization("db", "reseal", secret_key=new).exit_code == 1
    resealed = organization("db", "reseal", secret_key=new, previous_secret_keys=old)
    assert resealed.exit_code == 0, resealed.stderr
    assert organization("connection", "show", "acme", id, secret_key=new).exit_code == 0
