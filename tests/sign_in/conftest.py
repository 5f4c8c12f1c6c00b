"""For whole sign-ins: a product on either database, and identity providers that no one here wrote."""

from collections.abc import Iterator

import pytest

from scim_server.config import Settings
from tests.browsing import Browser
from tests.idp.oidc_mock import OidcMock, oidc_mock
from tests.idp.pysaml2_idp import Pysaml2Idp, pysaml2_idp
from tests.promises.databases import migrated_database
from tests.sign_in.products import Product, product

# Each of these has one connection, which speaks for it.
DOMAINS = (
    "jit.test",
    "staff.test",
    "directory.test",
    "post.test",
    "once.test",
    "oidc.test",
    "hired.test",
    "synced.test",
)


@pytest.fixture(scope="session")
def the_product(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with (
        migrated_database(settings, tmp_path_factory.mktemp("database")) as (own, _),
        product(tmp_path_factory.mktemp("product"), own.database_url, workers=2) as running,
    ):
        running.found(*DOMAINS)
        yield running


@pytest.fixture(scope="session")
def pysaml2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pysaml2Idp]:
    with pysaml2_idp(tmp_path_factory.mktemp("pysaml2")) as provider:
        yield provider


@pytest.fixture(scope="session")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcMock]:
    with oidc_mock(tmp_path_factory.mktemp("oidc-mock")) as provider:
        yield provider


@pytest.fixture
def browser() -> Browser:
    return Browser()
