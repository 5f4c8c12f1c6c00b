"""scim2-server's contract for storages, held against ours."""

from datetime import UTC, datetime

import pytest
from scim2_models import ResourceType, ScimProvider
from scim2_server.testing import ScimStorageContract

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.scim import discovery
from scim_server.services import organizations
from scim_server.services.context import OPERATOR
from tests.compliance.storage import OurStorage


class TestOurStorage(ScimStorageContract):
    @pytest.fixture
    def provider(self, settings: Settings, database: Database) -> ScimProvider:
        now = datetime.now(UTC)
        with database.writing() as session:
            for slug in ("acme", "globex"):
                organizations.create_organization(session, settings, actor=OPERATOR, now=now, slug=slug)
            return discovery.provider(organizations.open_organization(session, settings, "acme", now=now))

    @pytest.fixture
    def storage(
        self,
        settings: Settings,
        database: Database,
        provider: ScimProvider,
        user_type: ResourceType,
        group_type: ResourceType,
    ) -> OurStorage:
        models = {"User": provider.model_for(user_type), "Group": provider.model_for(group_type)}
        return OurStorage(settings, database, "acme", models)
