"""Rows and their constraints."""

from scim_server.models.base import Base
from scim_server.models.directories import Directory, PatchResponse, Provider, ScimToken
from scim_server.models.events import Event
from scim_server.models.organizations import Organization
from scim_server.models.teams import Membership, Team
from scim_server.models.users import User, UserEmail, UserStatus

__all__ = [
    "Base",
    "Directory",
    "Event",
    "Membership",
    "Organization",
    "PatchResponse",
    "Provider",
    "ScimToken",
    "Team",
    "User",
    "UserEmail",
    "UserStatus",
]
