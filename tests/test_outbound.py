"""What the outbound client fetches, and what it keeps its hands off; against servers that really listen.

To `strict`, 127.0.0.1 stands for the public Internet, and 127.0.0.2 stays what it is.
"""

import re
import ssl
from collections.abc import Sequence
from socket import socket

import pytest

from scim_server.config import load_settings
from scim_server.outbound import OutboundClient
from tests.certificates import Authority
from tests.listeners import Listener, Part, answer, listening, redirect
from tests.outbound import PATIENT, local, problem, strict


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server("idp.example", "other.example", "127.0.0.1")


def test_a_document_is_fetched_by_https(authority: Authority, tls: ssl.SSLContext) -> None:
    with listening(answer(b"hello", Content_Type="text/plain", X_Twice="1"), tls=tls) as server:
        found = strict(authority).get(f"https://idp.example:{server.port}/a/b?c=d#e", headers={"Accept": "text/plain"})
    assert (found.status, found.body, found.headers["content-type"]) == (200, b"hello", "text/plain")
    [asked] = server.heard
    assert asked.startswith(b"GET /a/b?c=d HTTP/1.1\r\n")
    assert f"Host: idp.example:{server.port}\r\n".encode() in asked
    assert b"Accept: text/plain\r\n" in asked
    assert b"User-Agent: scim-server/" in asked


def test_a_form_is_posted(authority: Authority, tls: ssl.SSLContext) -> None:
    with listening(answer(b"{}", status="400 Bad Request"), tls=tls) as server:
        url = f"https://idp.example:{server.port}/token"
        found = strict(authority).post_form(url, {"code": "a&b ü"}, headers={"Authorization": "Basic eA=="})
    assert (found.status, found.body) == (400, b"{}")
    [asked] = server.heard
    assert asked.startswith(b"POST /token HTTP/1.1\r\n")
    assert asked.endswith(b"\r\n\r\ncode=a%26b+%C3%BC")
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in asked
    assert b"Authorization: Basic eA==\r\n" in asked


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://idp.example/metadata", "must begin with https://"),
        ("file:///etc/passwd", "must begin with https://"),
        ("gopher://idp.example/", "must begin with https://"),
        ("ftp://idp.example/", "must begin with https://"),
        ("/metadata", "must begin with https://"),
        ("", "must be a plain URL"),
        ("https://", "must name a host"),
        ("https:///metadata", "must name a host"),
        ("https://.example/", "must name a host"),
        ("https://a..example/", "must name a host"),
        ("https://[fe80::1%25eth0]/", "is no URL|must name a host"),
        (f"https://{'a' * 64}.example/", "must name a host"),
        ("https://user:password@idp.example/", "must have no user"),
        ("https://idp.example@127.0.0.1/", "must have no user"),
        ("https://idp.example:22/", "must have no port"),
        ("https://idp.example:0/", "must have no port"),
        ("https://idp.example:99999/", "is no URL"),
        ("https://idp.example:x/", "is no URL"),
        ("https://idp.example\\@127.0.0.1/", "must be a plain URL"),
        ("https://idp.example/\r\nHost: evil", "must be a plain URL"),
        ("https://idp.exam\tple/", "must be a plain URL"),
        ("https://\u0131dp.example/", "must be a plain URL"),
        ("https://idp.example/" + "a" * 2000, "must be a plain URL"),
    ],
)
def test_a_url_that_is_not_plainly_of_a_public_web_server_is_refused(authority: Authority, url: str, why: str) -> None:
    said = problem(strict(authority), url)
    assert re.search(f"could not be fetched: the address ({why})", said)
    assert "password" not in said.removesuffix("must have no user and no password in it.")


def test_what_a_url_asks_is_not_told(authority: Authority) -> None:
    assert problem(strict(authority), "http://idp.example/metadata?key=secret#secret") == (
        "http://idp.example/metadata could not be fetched: the address must begin with https://."
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"])
def test_no_way_to_write_this_machine_reaches_it(host: str) -> None:
    client = OutboundClient(load_settings(allow_private_networks=False), limits=PATIENT)
    with listening(answer(b"secret")) as server:
        assert "leads to this machine itself" in problem(client, f"https://{host}:{server.port}/")
    assert server.heard == []


def test_a_metadata_service_is_not_reached_even_where_private_networks_are() -> None:
    assert "the metadata service of a cloud" in problem(local(), "http://169.254.169.254/latest/meta-data/")


def test_a_name_that_leads_anywhere_private_is_not_asked_at_its_public_address_either(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    def both(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1", "127.0.0.2"]

    client = strict(authority, resolve=both)
    with listening(answer(b"public"), tls=tls) as server:
        said = problem(client, f"https://idp.example:{server.port}/")
    assert "idp.example leads to this machine itself" in said
    assert server.heard == []


def test_a_name_that_leads_elsewhere_when_asked_again_is_never_asked_again(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    client = strict(authority, resolve=rebinding)
    with (
        listening(answer(b"public"), tls=tls) as public,
        listening(answer(b"private"), tls=tls, host="127.0.0.2", port=public.port) as private,
    ):
        url = f"https://idp.example:{public.port}/"
        assert client.get(url).body == b"public"
        assert asked == ["idp.example"]
        assert "leads to this machine itself" in problem(client, url)
    assert private.heard == []


def test_redirects_are_followed(authority: Authority, tls: ssl.SSLContext) -> None:
    with (
        listening(answer(b"there"), tls=tls) as there,
        listening(redirect(f"https://other.example:{there.port}/x"), tls=tls) as here,
    ):
        url = f"https://idp.example:{here.port}/"
        found = strict(authority).get(url, headers={"Authorization": "Bearer secret", "Accept": "a/b"})
    assert found.body == b"there"
    assert b"Authorization: Bearer secret" in here.heard[0]
    assert b"secret" not in there.heard[0]
    assert b"Accept: a/b\r\n" in there.heard[0]


def test_a_form_is_not_sent_on(authority: Authority, tls: ssl.SSLContext) -> None:
    with listening(redirect("/elsewhere", "307 Temporary Redirect"), tls=tls) as server:
        found = strict(authority).post_form(f"https://idp.example:{server.port}/", {"client_secret": "x"})
    assert found.status == 307
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("https://127.0.0.2:{port}/", "leads to this machine itself"),
        ("//127.0.0.2:{port}/", "leads to this machine itself"),
        ("https://169.254.169.254/latest/meta-data/", "leads to the metadata service of a cloud"),
        ("http://idp.example:{port}/", "must begin with https"),
        ("file:///etc/passwd", "must begin with https"),
        ("gopher://idp.example/", "must begin with https"),
        ("https://user:password@idp.example:{port}/", "must have no user"),
        ("https://idp.example\\@127.0.0.2/", "must be a plain URL"),
    ],
)
def test_a_redirect_leads_nowhere_that_a_url_does_not(
    authority: Authority, tls: ssl.SSLContext, location: str, why: str
) -> None:
    def resolve(host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"] if host == "idp.example" else [host]

    client = strict(authority, resolve=resolve)
    with (
        listening(answer(b"private"), tls=tls, host="127.0.0.2") as private,
        listening(redirect(location.format(port=private.port)), tls=tls) as server,
    ):
        assert why in problem(client, f"https://idp.example:{server.port}/")
    assert len(server.heard) == 1
    assert private.heard == []


def test_no_redirect_leads_from_https_to_http_even_where_http_is_allowed(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    client = OutboundClient(load_settings(allow_private_networks=True), limits=PATIENT, trust=authority.trust)
    with (
        listening(answer(b"plain")) as plain,
        listening(redirect(f"http://127.0.0.1:{plain.port}/"), tls=tls) as server,
    ):
        assert client.get(f"http://127.0.0.1:{plain.port}/").body == b"plain"
        assert "redirects from https to http://" in problem(client, f"https://127.0.0.1:{server.port}/")
    assert len(plain.heard) == 1


def test_three_redirects_are_followed_and_no_more() -> None:
    def countdown(listener: Listener) -> Part:
        def play(connection: socket, asked: bytes) -> None:
            left = int(asked.split()[1].strip(b"/"))
            part = redirect(f"/{left - 1}") if left else answer(b"at last")
            part(listener)(connection, asked)

        return play

    with listening(countdown) as server:
        assert local().get(f"http://127.0.0.1:{server.port}/3").body == b"at last"
        assert "redirects more than 3 times" in problem(local(), f"http://127.0.0.1:{server.port}/4")
    assert len(server.heard) == 8


def test_a_loop_of_redirects_ends() -> None:
    with listening(redirect("/again")) as server:
        assert "redirects more than 3 times" in problem(local(), f"http://127.0.0.1:{server.port}/")
    assert len(server.heard) == 4
