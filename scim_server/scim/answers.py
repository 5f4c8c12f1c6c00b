"""What a use case of the protocol gives back; the web says it in HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from scim_server.models import PatchResponse
from scim_server.services.context import Context

LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


class Versioned(Protocol):
    """A row that has versions, whole or as what is shown of it."""

    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """`version` is the ETag, `location` the URL of what was created, `body` a JSON value, with instants in UTC as they
    are, or None, and `retry_after` in how many seconds the same may be asked again.
    """

    status: int
    body: Any = None
    version: str | None = None
    location: str | None = None
    retry_after: int | None = None


def base_url(ctx: Context) -> str:
    """The URL that every SCIM resource of the organization is below."""
    return f"{ctx.settings.base_url}/scim/v2/{ctx.org.slug}"


def etag(row: Versioned) -> str:
    """RFC 7644 §3.14: weak, because the same version may be shown in other words."""
    return f'W/"{row.version}"'


def answers_without_body(ctx: Context, parameters: Mapping[str, str]) -> bool:
    """Whether a PATCH is answered with 204, as its directory has it; a body that is asked for is given."""
    asked = any(name.lower() in ("attributes", "excludedattributes") for name in parameters)  # RFC 7644 §3.5.2
    return not asked and ctx.directory is not None and ctx.directory.patch_response == PatchResponse.NO_CONTENT


def meta(root: str, resource_type: str, row: Any, version: str | None = None) -> dict[str, Any]:
    """What RFC 7643 §3.1 has every resource say of itself; `root` is the base URL. Instants are written with the rest
    of the answer (web/rendering.py).
    """
    return {
        "resourceType": resource_type,
        "created": row.created_at,
        "lastModified": row.updated_at,
        "location": f"{root}/{resource_type}s/{row.id}",
        "version": version or etag(row),
    }


def list_response(resources: list[Any], *, total: int, start_index: int = 1) -> dict[str, Any]:
    return {
        "schemas": [LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
