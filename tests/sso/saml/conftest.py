"""A provider, a connection that trusts it, and a sign-in that is under way."""

import pytest

from sso.connection import SamlConnection
from tests.idp.saml import SamlIdp
from tests.sso.saml.attacks.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def idp(stage: Stage) -> SamlIdp:
    return stage.idp


@pytest.fixture
def connection(stage: Stage) -> SamlConnection:
    return stage.connection
