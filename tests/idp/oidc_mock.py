"""oidc-provider-mock, an OpenID provider that came from a package index, as a process.

People are asked only who they are. It checks neither the client's secret nor its redirect URI; what it says is true.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import orjson

from tests.idp.programs import PYTHON, program
from tests.processes import PATIENCE, free_port


@dataclass(frozen=True)
class OidcMock:
    """One that runs. It is called `localhost`, so that it is another site than a product on 127.0.0.1."""

    issuer: str

    def claim(self, subject: str, **claims: object) -> None:
        """Have it know somebody, and claim this of them."""
        self._ask("PUT", f"/users/{subject}", claims)

    def _ask(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        headers = {"Content-Type": "application/json"}
        asked = Request(f"{self.issuer}{path}", orjson.dumps(body), headers, method=method)  # noqa: S310 — a test's own
        urlopen(asked, timeout=PATIENCE).close()  # noqa: S310


@contextmanager
def oidc_mock(folder: Path) -> Iterator[OidcMock]:
    """One that answers."""
    port = free_port()
    command = [PYTHON, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"]
    with program(command, port=port, log=folder / "oidc-mock.log"):
        yield OidcMock(f"http://localhost:{port}")
