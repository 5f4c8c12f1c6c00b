"""SimpleSAMLphp, from Debian's package, on PHP's own web server: no Apache, and nothing kept after the test."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.idp.keys import make_keys
from tests.idp.programs import program
from tests.processes import free_port

INSTALLED = Path("/usr/share/simplesamlphp")
_OURS = Path(__file__).parent / "config"

# Who can sign in there: user name and password, and what is asserted of each.
PEOPLE = {
    "ada:engine": {"uid": ["ada"], "mail": ["ada@acme.test"], "givenName": ["Ada"], "sn": ["Lovelace"]},
    "bob:builder": {"uid": ["bob"], "mail": ["bob@acme.test"], "givenName": ["Bob"], "sn": ["Kahn"]},
    "eve:dropper": {"uid": ["eve"], "mail": ["eve@elsewhere.test"], "givenName": ["Eve"], "sn": ["Moore"]},
    "sam:wise": {"uid": ["sam"], "mail": ["sam@staff.test"], "givenName": ["Sam"], "sn": ["Gamgee"]},
    "dee:desk": {"uid": ["dee"], "mail": ["dee@desk.test"], "givenName": ["Dee"], "sn": ["Blake"]},
    "sue:seal": {"uid": ["sue"], "mail": ["sue@sealed.test"], "givenName": ["Sue"], "sn": ["Storm"]},
}


@dataclass
class SimpleSamlPhp:
    """One that runs. Its settings are read at each request, so what it knows of others can change meanwhile."""

    folder: Path
    port: int
    url: str
    sign_response: bool = False
    service_providers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def entity_id(self) -> str:
        return f"{self.url}/idp"

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/simplesaml/saml2/idp/metadata.php"

    @property
    def logout_url(self) -> str:
        """Where a person ends their session at the identity provider, and so everywhere."""
        return f"{self.url}/simplesaml/saml2/idp/SingleLogoutService.php?ReturnTo={self.url}/simplesaml/"

    def start_url(self, sp_entity_id: str, relay_state: str = "") -> str:
        """Where a person begins at the identity provider: its own tile for the product."""
        query = f"spentityid={sp_entity_id}" + (f"&RelayState={relay_state}" if relay_state else "")
        return f"{self.url}/simplesaml/saml2/idp/SSOService.php?{query}"

    @property
    def log(self) -> str:
        path = self.folder / "simplesamlphp.log"
        return path.read_text() if path.exists() else ""

    def trust(self, metadata_url: str, **settings: object) -> None:
        """Take the service provider up whose metadata is there; `settings` are SimpleSAMLphp's own of it."""
        self.service_providers = [each for each in self.service_providers if each["metadata_url"] != metadata_url]
        self.service_providers.append({"metadata_url": metadata_url, "settings": settings})
        self.write()

    def write(self) -> None:
        settings = {
            "url": self.url,
            "entity_id": self.entity_id,
            "salt": "only-for-tests",
            "trusted": [],
            "people": PEOPLE,
            "sign_response": self.sign_response,
            "service_providers": self.service_providers,
        }
        draft = self.folder / "settings.draft"
        draft.write_bytes(orjson.dumps(settings))
        draft.replace(self.folder / "settings.json")


@contextmanager
def simplesamlphp(folder: Path, *, url: str | None = None) -> Iterator[SimpleSamlPhp]:
    """One that answers, in a folder of its own; `url` is how browsers call it, where something stands before it."""
    port = free_port()
    shutil.copytree(_OURS, folder, dirs_exist_ok=True)
    for name in ("cert", "data", "sessions", "temp", "www"):
        (folder / name).mkdir()
    (folder / "www" / "simplesaml").symlink_to(INSTALLED / "www")
    keys = make_keys("SimpleSAMLphp of a test")
    (folder / "cert" / "idp.key").write_text(keys.private_key)
    (folder / "cert" / "idp.crt").write_text(keys.certificate)
    provider = SimpleSamlPhp(folder, port, url or f"http://127.0.0.1:{port}")
    provider.write()
    command = ["php", *_options(folder), "-S", f"127.0.0.1:{port}", "-t", folder / "www"]
    environment = {"SIMPLESAMLPHP_CONFIG_DIR": str(folder), "PHP_CLI_SERVER_WORKERS": "3"}
    with program(command, port=port, log=folder / "php.log", environment=environment):
        yield provider


def _options(folder: Path) -> Sequence[str]:
    """What PHP 8.2 deprecates is not this test's business, nor anything of a page."""
    settings: Mapping[str, str] = {
        "display_errors": "0",
        "error_reporting": "E_ALL & ~E_DEPRECATED",
        "session.save_path": str(folder / "sessions"),
        "allow_url_fopen": "1",
    }
    return [part for name, value in settings.items() for part in ("-d", f"{name}={value}")]
