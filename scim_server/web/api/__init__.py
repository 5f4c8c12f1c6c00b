"""/api/v1, the management API: what the services can do, for programs; and for the product's pages, who has signed in.

A module is a room of endpoints that belong together. They are served in the order in which they stand here.
"""

from scim_server.web.api import (
    accounts,
    alarms,
    api_keys,
    bulk,
    checklists,
    directories,
    directory_requests,
    domains,
    exports,
    invitations,
    mappings,
    me,
    openapi,
    positions,
    reviews,
    roles,
    scim_clients,
    scim_tokens,
    teams,
    user_life,
    user_rights,
    user_sessions,
    users,
)
from scim_server.web.api.blueprint import bp

__all__ = [
    "accounts",
    "alarms",
    "api_keys",
    "bp",
    "bulk",
    "checklists",
    "directories",
    "directory_requests",
    "domains",
    "exports",
    "invitations",
    "mappings",
    "me",
    "openapi",
    "positions",
    "reviews",
    "roles",
    "scim_clients",
    "scim_tokens",
    "teams",
    "user_life",
    "user_rights",
    "user_sessions",
    "users",
]
