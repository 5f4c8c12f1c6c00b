"""The types of resources that are served, each below its endpoint. A new one is one more line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from scim_server.models import Provider
from scim_server.scim import entitlements, groups, kinds, roles, users
from scim_server.scim.answers import Answer
from scim_server.scim.etags import EntityTags
from scim_server.scim.kinds import Kind
from scim_server.services.context import Context

Parameters = Mapping[str, str]
Payload = Mapping[str, Any]


_OKTA = frozenset({Provider.OKTA})


class Create(Protocol):
    """`id` is one that was made for the resource already."""

    def __call__(self, ctx: Context, payload: Payload, parameters: Parameters, *, id: UUID | None = None) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Writing:
    """The use cases that change resources of a type."""

    create: Create
    replace: Callable[[Context, str, Payload, Parameters, EntityTags | None], Answer]
    patch: Callable[[Context, str, Payload, Parameters, EntityTags | None], Answer]
    delete: Callable[[Context, str, EntityTags | None], Answer]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The use cases of a type of resources; `writing` is None where a directory only reads.

    `announced_to` are the providers that discovery tells of it: what is in Okta's own schemas, nobody else would know
    what to do with, and clients that try every type would try to write it.
    """

    path: str
    kind: Callable[[Context], Kind]
    read: Callable[[Context, str, Parameters], Answer]
    search: Callable[[Context, Parameters], Answer]
    writing: Writing | None = None
    announced_to: frozenset[Provider] = frozenset(Provider)


ENDPOINTS = (
    Endpoint(
        "/Users",
        kinds.users,
        users.read,
        users.search,
        Writing(users.create, users.replace, users.patch, users.delete),
    ),
    Endpoint(
        "/Groups",
        kinds.groups,
        groups.read,
        groups.search,
        Writing(groups.create, groups.replace, groups.patch, groups.delete),
    ),
    Endpoint("/Roles", lambda _ctx: kinds.ROLES, roles.read, roles.search, announced_to=_OKTA),
    Endpoint(
        "/Entitlements", lambda _ctx: kinds.ENTITLEMENTS, entitlements.read, entitlements.search, announced_to=_OKTA
    ),
)
