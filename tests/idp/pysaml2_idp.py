"""An identity provider made of pysaml2, as a process: what a test knows of it and tells it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import orjson

from tests.idp.keys import make_keys
from tests.idp.programs import CHECKOUT, PYTHON, program
from tests.processes import PATIENCE, free_port


@dataclass(frozen=True)
class Pysaml2Idp:
    """One that runs. It is called `localhost`, so that it is another site than a product on 127.0.0.1."""

    url: str

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/metadata"

    def metadata(self) -> str:
        return self._ask("/metadata")

    def trust(self, sp_metadata_url: str) -> None:
        """Take up the service provider whose metadata is there."""
        self._ask(f"/told?{urlencode({'trust': sp_metadata_url})}")

    def be(self, **settings: bool) -> None:
        """`encrypt` its assertions, `sign_response` besides them."""
        self._ask(f"/told?{urlencode({'settings': orjson.dumps(settings).decode()})}")

    def start_url(self, user_name: str, sp_entity_id: str, relay_state: str = "") -> str:
        """Where somebody who is signed in here begins."""
        query = {"user_name": user_name, "sp_entity_id": sp_entity_id, "RelayState": relay_state}
        return f"{self.url}/start?{urlencode(query)}"

    def sign_out_url(self, user_name: str) -> str:
        return f"{self.url}/sign-out?{urlencode({'user_name': user_name})}"

    def _ask(self, path: str) -> str:
        with urlopen(f"{self.url}{path}", timeout=PATIENCE) as answer:  # noqa: S310 — a server of this test
            return str(answer.read().decode())


@contextmanager
def pysaml2_idp(folder: Path) -> Iterator[Pysaml2Idp]:
    """One that answers, with a key of its own in this folder."""
    port = free_port()
    keys = make_keys("pysaml2 of a test")
    (folder / "idp.key").write_text(keys.private_key)
    (folder / "idp.crt").write_text(keys.certificate)
    url = f"http://localhost:{port}"
    settings = orjson.dumps({"port": port, "url": url, "folder": str(folder)})
    command = [PYTHON, "-W", "ignore", "-m", "tests.idp.pysaml2_server"]
    with program(command, port=port, log=folder / "pysaml2.log", told=settings, folder=CHECKOUT):
        yield Pysaml2Idp(url)
