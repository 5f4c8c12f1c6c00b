"""A product as its operator runs it, with the commands of the contract, and as its people's browsers meet it."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from click.testing import CliRunner

from scim_server.cli import main
from tests.browsing import Browser, Form, Page
from tests.processes import Server, Wire, free_port, serving

Command = Callable[..., str]

# What a person reads to somebody over the telephone (services/sign_ins.py).
_CODE = re.compile(r"(?<![0-9A-Za-z])[0-9A-HJKMNP-TV-Z]{8}(?![0-9A-Za-z])")


@dataclass(frozen=True)
class Connection:
    """What `connection create` prints."""

    id: str
    login_url: str
    sp_entity_id: str = ""
    acs_url: str = ""
    metadata_url: str = ""
    redirect_uri: str = ""

    def at(self, name: str) -> str:
        """One of its other addresses, beside that for login."""
        return f"{self.login_url.removesuffix('/login')}/{name}"


@dataclass
class Product:
    """One organization, acme, on a server that runs."""

    server: Server
    command: Command
    folder: Path
    told: Mapping[str, Any]
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    @property
    def url(self) -> str:
        """How browsers call it."""
        return str(self.told["public_url"])

    def found(self, *domains: str) -> None:
        """The organization, and domains that its operator vouches for."""
        self.command("org", "create", "acme", "--seats", "100")
        for domain in domains:
            self.command("domain", "add", "acme", domain, "--verified")

    def connect(self, **what: Any) -> Connection:
        """A connection that is enabled, out of a file."""
        file = self._file({"provider": "custom", "enabled": True, **what})
        printed = orjson.loads(self.command("connection", "create", "acme", "--file", str(file)))
        return Connection(**{name: value for name, value in printed.items() if name in Connection.__annotations__})

    def connect_saml(self, **what: Any) -> Connection:
        return self.connect(type="saml", **what)

    def connect_oidc(self, **what: Any) -> Connection:
        return self.connect(type="oidc", client_id="scim-server", client_secret="only for tests" * 3, **what)

    def change(self, connection: Connection, **what: Any) -> None:
        self.command("connection", "set", "acme", connection.id, "--file", str(self._file(what)))

    def why(self, code: str) -> str:
        """The reason that an admin finds by the short id of a refusal."""
        reason: str = orjson.loads(self.command("sign-in", "show", "acme", code))["reason"]
        return reason

    def directory(self) -> Wire:
        """The organization's directory, which provisions by SCIM."""
        return Wire(self.server, "acme", self.command("token", "create", "acme"))

    def me(self, browser: Browser) -> Page:
        return browser.get(f"{self.url}/api/v1/me")

    def who(self, browser: Browser) -> dict[str, Any]:
        """The user that a browser is signed in as."""
        page = self.me(browser)
        assert page.status == 200, f"{page.status}: nobody is signed in"
        assert page.json["organization"]["slug"] == "acme"
        user: dict[str, Any] = page.json["user"]
        return user

    def assert_nobody(self, browser: Browser) -> None:
        assert self.me(browser).status == 401

    def _file(self, content: Mapping[str, Any]) -> Path:
        file = self.folder / f"connection-{next(self._numbers)}.json"
        file.write_bytes(orjson.dumps(content))
        return file

    def assert_refused(self, browser: Browser, page: Page, why: str) -> None:
        """A page says no, and nobody is signed in; by the short id on it an admin finds why."""
        assert page.url.startswith(self.url), f"it ended at {page.url}: {page.text}"
        assert 400 <= page.status < 500, f"{page.status}: {page.text}"
        self.assert_nobody(browser)
        found = self.why(code_in(page.text))
        assert found == why, f"{found}, and not {why}: {page.text}"


def code_in(text: str) -> str:
    """The short id in what a page says."""
    codes = set(_CODE.findall(text))
    assert len(codes) == 1, text
    return str(codes.pop())


class Careful(Browser):
    """A browser that stops before it sends what an identity provider has it send to the product."""

    def __init__(self, product: Product) -> None:
        super().__init__()
        self._product = product

    def halted(self, form: Form) -> bool:
        return form.action.startswith(self._product.url)

    def copy(self) -> Browser:
        """The same person's, with the cookies that it has by now, and not careful."""
        return Browser(dict(self.cookies))


@contextmanager
def product(folder: Path, database_url: str, *, workers: int = 1, public_url: str | None = None) -> Iterator[Product]:
    """A product that runs, on an empty database. What an operator says to it runs in this process, to save time."""
    port = free_port()
    told: dict[str, Any] = {
        "database_url": database_url,
        "public_url": public_url or f"http://127.0.0.1:{port}",
        "secret_key": "only for tests " * 4,
        "allow_private_networks": 1,
        "rate_limit": 100_000,
        "mail_url": f"file:{folder}",
    }

    def command(*arguments: str) -> str:
        before = logging.root.handlers[:], logging.root.level
        environment: dict[str, str | None] = {f"SCIM_{name}".upper(): str(value) for name, value in told.items()}
        result = CliRunner().invoke(main, arguments, env={"SCIM_ENV": None, **environment})
        logging.root.handlers[:], level = before
        logging.root.setLevel(level)
        assert result.exit_code == 0, f"{arguments}: {result.output}"
        return str(result.stdout).strip()

    command("db", "upgrade")
    with serving(folder, port=port, workers=workers, **told) as server:
        yield Product(server, command, folder, told)


@contextmanager
def another_server(product: Product, folder: Path) -> Iterator[Server]:
    """One more server of the same product, on the same database."""
    with serving(folder, workers=1, **product.told) as server:
        yield server
