"""Our SCIM use cases as a storage of scim2-server, so that its contract can be held against them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import orjson
from scim2_models import Context as Direction
from scim2_models import (
    NotFoundException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage
from werkzeug.http import parse_etags

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.scim import groups, search, users
from scim_server.services import organizations
from scim_server.services.context import Context
from scim_server.services.errors import AlreadyExists, NotFound, Outdated

_ENDPOINTS: Mapping[str, ModuleType] = {"User": users, "Group": groups}


class OurStorage(ScimStorage):
    """Each method is one request of ours; models go in and out as JSON, as they do on the wire."""

    supports_cursors = True

    def __init__(self, settings: Settings, database: Database, slug: str, models: Mapping[str, Any]) -> None:
        self.settings = settings
        self.database = database
        self.slug = slug
        self.models = models

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        with self._context() as ctx:
            answer = self._endpoint(resource_type).read(ctx, resource_id, _query(response_parameters))
        return self._resource(resource_type, answer.body)

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        asked = {
            "filter": search_request.filter,
            "sortBy": search_request.sort_by,
            "sortOrder": search_request.sort_order,
            "startIndex": search_request.start_index,
            "count": search_request.count,
            # Our cursors are sealed, and stand for the positions that the contract passes back.
            "cursor": position or search_request.cursor,
        }
        query = {name: str(value) for name, value in asked.items() if value is not None}
        endpoint = self._endpoint(resource_types[0]) if len(resource_types) == 1 else search
        with self._context() as ctx:
            body = endpoint.search(ctx, query).body
        types = {resource_type.name: resource_type for resource_type in resource_types}
        return SearchPage(
            body.get("totalResults"),
            [self._resource(types[each["meta"]["resourceType"]], each) for each in body["Resources"]],
            next=body.get("nextCursor"),
            previous=body.get("previousCursor"),
        )

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        with self._context() as ctx:
            answer = self._endpoint(resource_type).create(ctx, resource.model_dump(), {})
        return self._resource(resource_type, answer.body)

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        payload = resource.model_dump()
        with self._context() as ctx:
            answer = self._endpoint(resource_type).replace(
                ctx, str(resource.id), payload, {}, parse_etags(expected_version)
            )
        return self._resource(resource_type, answer.body)

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        with self._context() as ctx:
            self._endpoint(resource_type).delete(ctx, resource_id, parse_etags(expected_version))

    @contextmanager
    def _context(self) -> Iterator[Context]:
        try:
            with self.database.writing() as session:
                yield organizations.open_organization(session, self.settings, self.slug, now=datetime.now(UTC))
        except NotFound as error:
            raise NotFoundException(detail=str(error)) from error
        except AlreadyExists as error:
            raise UniquenessException(detail=str(error)) from error
        except Outdated as error:
            raise PreconditionFailedException(detail=str(error)) from error

    def _endpoint(self, resource_type: ResourceType) -> Any:
        return _ENDPOINTS[str(resource_type.name)]

    def _resource(self, resource_type: ResourceType, body: dict[str, Any]) -> Resource[Any]:
        body = orjson.loads(orjson.dumps(body))  # parts of it are text already, or become text on their way out
        body.get("meta", {}).pop("location", None)  # the contract leaves it to the server around a storage
        resource: Resource[Any] = self.models[str(resource_type.name)].model_validate(
            body, scim_ctx=Direction.RESOURCE_QUERY_RESPONSE
        )
        return resource


def _query(response_parameters: ResponseParameters[Any] | None) -> dict[str, str]:
    if response_parameters is None:
        return {}
    asked = {
        "attributes": response_parameters.attributes,
        "excludedAttributes": response_parameters.excluded_attributes,
    }
    return {name: ",".join(map(str, paths)) for name, paths in asked.items() if paths}
