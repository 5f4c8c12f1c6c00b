"""node's `oidc-provider`, which is certified as an OpenID provider, as a process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.idp.programs import program
from tests.processes import free_port

_PROGRAM = Path(__file__).parent / "server.mjs"

# Who is there, by the user name that they type (any password will do), and what is claimed of each.
PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "ada": {"email": "ada@acme.test", "email_verified": True, "given_name": "Ada", "family_name": "Lovelace"},
    "bob": {"email": "bob@acme.test", "email_verified": True, "given_name": "Bob", "family_name": "Kahn"},
    "eve": {"email": "eve@elsewhere.test", "email_verified": True, "given_name": "Eve", "family_name": "Moore"},
    "kay": {"email": "kay@keys.test", "email_verified": True, "given_name": "Kay", "family_name": "Nakamura"},
}


@dataclass(frozen=True)
class OidcProvider:
    """One that runs. It is called `localhost`, so that it is another site than a product on 127.0.0.1."""

    folder: Path
    issuer: str

    @property
    def end_session_url(self) -> str:
        """Where a person signs out at the provider itself."""
        return f"{self.issuer}/session/end"

    @property
    def log(self) -> str:
        return (self.folder / "oidc-provider.log").read_text()

    def register(self, client_id: str, **client: object) -> None:
        """Know this client from now on, by the metadata of RFC 7591."""
        others = [each for each in orjson.loads(self._clients.read_bytes()) if each["client_id"] != client_id]
        draft = self.folder / "clients.draft"
        draft.write_bytes(orjson.dumps([*others, {"client_id": client_id, **client}]))
        draft.replace(self._clients)

    @property
    def _clients(self) -> Path:
        return self.folder / "clients.json"


@contextmanager
def oidc_provider(folder: Path, people: Mapping[str, Mapping[str, Any]] = PEOPLE) -> Iterator[OidcProvider]:
    """One that answers, and as yet has no client."""
    port = free_port()
    provider = OidcProvider(folder, f"http://localhost:{port}")
    (folder / "clients.json").write_bytes(b"[]")
    settings = {
        "issuer": provider.issuer,
        "port": port,
        "people": people,
        "clients": str(folder / "clients.json"),
    }
    with program(["node", _PROGRAM], port=port, log=folder / "oidc-provider.log", told=orjson.dumps(settings)):
        yield provider
