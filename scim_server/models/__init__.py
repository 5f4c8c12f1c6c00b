"""Rows and their constraints."""

from scim_server.models.access_codes import AccessCode
from scim_server.models.access_reviews import AccessReview, AccessReviewLine, Decision, ReviewState
from scim_server.models.accounts import Account
from scim_server.models.alarms import Alarm, AlarmState
from scim_server.models.api_keys import AnsweredRequest, ApiKey
from scim_server.models.base import Base
from scim_server.models.checklists import Checklist, ChecklistKind, ChecklistState, ChecklistTemplate, ForWhom
from scim_server.models.clients import ConsumedAssertion, OAuthClient
from scim_server.models.connections import (
    AcceptedMessage,
    Connection,
    ConnectionStatus,
    ConnectionSubject,
    LoginAttempt,
    ProvisioningMode,
    Purpose,
)
from scim_server.models.directories import Adoption, BrakeMode, Directory, PatchResponse, Provider, ScimToken
from scim_server.models.domains import ConnectionDomain, Domain
from scim_server.models.events import Event
from scim_server.models.guesses import Guesses
from scim_server.models.imports import Import, ImportMode, ImportRow, ImportState, MatchBy, RowOutcome
from scim_server.models.invitations import Invitation
from scim_server.models.mappings import ClaimedGroup, GroupMapping, GroupSource
from scim_server.models.organizations import Organization, Overage
from scim_server.models.outbox import OutgoingMail
from scim_server.models.password_resets import PasswordReset
from scim_server.models.permissions import AddedPermission, GrantSource, RolePermission, UserPermission
from scim_server.models.positions import Position, Scope
from scim_server.models.preferences import Channel, DatePattern, HourCycle, Notice, Theme, UserPreferences
from scim_server.models.purged_people import PurgedPerson
from scim_server.models.request_log import LoggedRequest
from scim_server.models.roles import BuiltIn, Role
from scim_server.models.schemas import ExtensionSchema
from scim_server.models.second_factors import FailedTry, Passkey, PasskeyChallenge, RecoveryCode, TotpSecret
from scim_server.models.sessions import UserSession
from scim_server.models.sign_ins import Outcome, SignIn, Way
from scim_server.models.teams import Membership, Source, Subteam, Team, TeamAncestor
from scim_server.models.users import Availability, Origin, User, UserEmail, UserStatus

__all__ = [
    "AcceptedMessage",
    "AccessCode",
    "AccessReview",
    "AccessReviewLine",
    "Account",
    "AddedPermission",
    "Adoption",
    "Alarm",
    "AlarmState",
    "AnsweredRequest",
    "ApiKey",
    "Availability",
    "Base",
    "BrakeMode",
    "BuiltIn",
    "Channel",
    "Checklist",
    "ChecklistKind",
    "ChecklistState",
    "ChecklistTemplate",
    "ClaimedGroup",
    "Connection",
    "ConnectionDomain",
    "ConnectionStatus",
    "ConnectionSubject",
    "ConsumedAssertion",
    "DatePattern",
    "Decision",
    "Directory",
    "Domain",
    "Event",
    "ExtensionSchema",
    "FailedTry",
    "ForWhom",
    "GrantSource",
    "GroupMapping",
    "GroupSource",
    "Guesses",
    "HourCycle",
    "Import",
    "ImportMode",
    "ImportRow",
    "ImportState",
    "Invitation",
    "LoggedRequest",
    "LoginAttempt",
    "MatchBy",
    "Membership",
    "Notice",
    "OAuthClient",
    "Organization",
    "Origin",
    "Outcome",
    "OutgoingMail",
    "Overage",
    "Passkey",
    "PasskeyChallenge",
    "PasswordReset",
    "PatchResponse",
    "Position",
    "Provider",
    "ProvisioningMode",
    "PurgedPerson",
    "Purpose",
    "RecoveryCode",
    "ReviewState",
    "Role",
    "RolePermission",
    "RowOutcome",
    "ScimToken",
    "Scope",
    "SignIn",
    "Source",
    "Subteam",
    "Team",
    "TeamAncestor",
    "Theme",
    "TotpSecret",
    "User",
    "UserEmail",
    "UserPermission",
    "UserPreferences",
    "UserSession",
    "UserStatus",
    "Way",
]
