"""Where a browser is: the address of its connection, or what our own proxies say, and never what anybody says."""

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.web import browser
from scim_server.web.state import State, keep


def seen(
    settings: Settings, proxies: int, forwarded: str | None, remote: str | None, agent: str = "x"
) -> tuple[str | None, str | None]:
    app = Flask("test")
    told = settings.model_copy(update={"trusted_proxies": proxies})
    keep(app.extensions, State(told, None, None, None, None, None, None))  # type: ignore[arg-type]
    headers = {"User-Agent": agent} | ({} if forwarded is None else {"X-Forwarded-For": forwarded})
    with app.test_request_context(headers=headers, environ_overrides={"REMOTE_ADDR": remote}):
        found = browser.device()
    return found.ip, found.user_agent


@pytest.mark.parametrize(
    ("proxies", "forwarded", "ip"),
    [
        (0, None, "192.0.2.1"),
        (0, "198.51.100.7", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.5, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.5, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", "192.0.2.1"),
        (1, None, None),
        (1, "unknown", None),
        (1, "198.51.100.7:4711", None),
        (1, "::ffff:198.51.100.7", "198.51.100.7"),
        (1, "2001:DB8:0:0::1", "2001:db8::1"),
        (1, "<script>", None),
    ],
)
def test_the_address_is_what_we_know(settings: Settings, proxies: int, forwarded: str | None, ip: str | None) -> None:
    assert seen(settings, proxies, forwarded, "192.0.2.1")[0] == ip


@pytest.mark.parametrize("remote", [None, "", "unix:"])
def test_a_connection_without_an_address_has_none(settings: Settings, remote: str | None) -> None:
    assert seen(settings, 0, None, remote)[0] is None


def test_what_a_browser_calls_itself_is_printable_and_not_long(settings: Settings) -> None:
    assert seen(settings, 0, None, None, "a\x7f\x1b[1m" + "b" * 500)[1] == "a[1m" + "b" * 296
    assert seen(settings, 0, None, None, "")[1] is None
