"""For sign-ins in a real browser: the product, and identity providers of Debian and npm.

SimpleSAMLphp and its product speak https, each on a site of its own, as in production; so what a browser does with
cookies between sites is shown. The OpenID provider and its product speak http on this machine, as while developing.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium.chrome import Chrome, chrome
from tests.chromium.https import https
from tests.chromium.worlds import IDP, PRODUCT, OidcWorld, SamlWorld
from tests.idp.oidc_provider import oidc_provider
from tests.idp.simplesamlphp import simplesamlphp
from tests.sign_in.products import product


@pytest.fixture(scope="session")
def saml(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamlWorld]:
    folder = tmp_path_factory.mktemp("saml")
    with (
        product(folder, f"sqlite:///{folder / 'product.db'}", public_url=f"https://{PRODUCT}") as running,
        simplesamlphp(folder / "simplesamlphp", url=f"https://{IDP}") as idp,
        https(folder, PRODUCT, running.server.port) as product_port,
        https(folder, IDP, idp.port) as idp_port,
    ):
        running.found("acme.test", "staff.test", "sealed.test", "desk.test")
        yield SamlWorld(running, idp, {PRODUCT: product_port, IDP: idp_port})


@pytest.fixture(scope="session")
def oidc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcWorld]:
    folder = tmp_path_factory.mktemp("oidc")
    with product(folder, f"sqlite:///{folder / 'product.db'}") as running, oidc_provider(folder) as provider:
        running.found("acme.test", "keys.test", "plain.test")
        yield OidcWorld(running, provider)


@pytest.fixture
def browser(saml: SamlWorld, tmp_path: Path) -> Iterator[Chrome]:
    """Somebody's, who knows the sites of the SAML world."""
    with chrome(tmp_path, hosts=saml.hosts) as running:
        yield running


@pytest.fixture
def local_browser(tmp_path: Path) -> Iterator[Chrome]:
    """Somebody's, who knows this machine only."""
    with chrome(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of pages are put for people to look at."""
    folder = os.environ.get("SIGN_IN_PICTURES")
    path = Path(folder) if folder else tmp_path_factory.mktemp("pictures")
    path.mkdir(parents=True, exist_ok=True)
    return path
