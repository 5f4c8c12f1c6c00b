"""The record that every change writes, in the transaction of the change."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import insert

from scim_server.db import Transaction
from scim_server.models import Event
from scim_server.models.base import new_id
from scim_server.services.context import Context
from scim_server.services.sign_in_details import whereabouts

_INSERT = insert(Event)

# What changed → what it was before, what it is after.
Changes = Mapping[str, tuple[Any, Any]]


class Action(StrEnum):
    """Everything that can happen: a closed vocabulary, which webhooks and the activity log speak too."""

    ORGANIZATION_CREATED = "organization.created"
    ORGANIZATION_UPDATED = "organization.updated"
    OWNER_CHANGED = "organization.owner_changed"
    SSO_REQUIRED = "organization.sso_required"
    SSO_NOT_REQUIRED = "organization.sso_not_required"
    SEATS_EXCEEDED = "organization.seats_exceeded"
    DIRECTORY_CREATED = "directory.created"
    DIRECTORY_UPDATED = "directory.updated"
    DIRECTORY_ALARM_RAISED = "directory.alarm_raised"
    DIRECTORY_ALARM_DISMISSED = "directory.alarm_dismissed"
    DIRECTORY_ALARM_LET_THROUGH = "directory.alarm_let_through"
    DIRECTORY_UNDO_BEGUN = "directory.undo_begun"
    DIRECTORY_UNDONE = "directory.undone"
    CONNECTION_CREATED = "connection.created"
    CONNECTION_UPDATED = "connection.updated"
    CONNECTION_TESTED = "connection.tested"
    CONNECTION_ENABLED = "connection.enabled"
    CONNECTION_DISABLED = "connection.disabled"
    CONNECTION_DELETED = "connection.deleted"
    CONNECTION_REFRESHED = "connection.refreshed"
    CONNECTION_HELD_BACK = "connection.held_back"
    CONNECTION_REJECTED = "connection.rejected"
    CONNECTION_EXPIRES = "connection.expires"
    CONNECTION_KEY_ADDED = "connection.key_added"
    CONNECTION_KEY_DROPPED = "connection.key_dropped"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    TOKEN_CREATED = "token.created"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    SCHEMA_DECLARED = "schema.declared"
    SCHEMA_UPDATED = "schema.updated"
    SCHEMA_REMOVED = "schema.removed"
    CLIENT_CREATED = "client.created"
    CLIENT_REVOKED = "client.revoked"
    ROLE_CREATED = "role.created"
    ROLE_UPDATED = "role.updated"
    ROLE_DELETED = "role.deleted"
    USER_CREATED = "user.created"
    USER_UPDATED = "user.updated"
    USER_AVAILABILITY_CHANGED = "user.availability_changed"
    USER_SETTINGS_CHANGED = "user.settings_changed"
    USER_ROLE_CHANGED = "user.role_changed"
    USER_ROLE_GRANTED = "user.role_granted"
    USER_PERMISSION_GRANTED = "user.permission_granted"
    USER_PERMISSION_REVOKED = "user.permission_revoked"
    USER_PERMISSION_RESET = "user.permission_reset"
    USER_POSITION_CHANGED = "user.position_changed"
    USER_ROLE_KEPT = "user.role_kept"
    USER_ACTIVATED = "user.activated"
    USER_DEACTIVATED = "user.deactivated"
    USER_DELETED = "user.deleted"
    USER_RESTORED = "user.restored"
    USER_PURGED = "user.purged"
    USER_ADOPTED = "user.adopted"
    USER_RELEASED = "user.released"
    USER_SIGNED_IN = "user.signed_in"
    USER_SIGNED_OUT = "user.signed_out"
    USER_SESSION_ENDED = "user.session_ended"
    USER_ACCOUNT_LINKED = "user.account_linked"
    USER_ACCOUNT_UPDATED = "user.account_updated"
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105
    USER_PASSWORD_RESET_ISSUED = "user.password_reset_issued"  # noqa: S105
    USER_SECOND_FACTOR_ADDED = "user.second_factor_added"
    USER_SECOND_FACTOR_REMOVED = "user.second_factor_removed"
    USER_SECOND_FACTORS_RESET = "user.second_factors_reset"
    USER_RECOVERY_CODES_RENEWED = "user.recovery_codes_renewed"
    USER_RECOVERY_CODE_USED = "user.recovery_code_used"
    INVITATION_CREATED = "invitation.created"
    INVITATION_RESENT = "invitation.resent"
    INVITATION_REVOKED = "invitation.revoked"
    INVITATION_ACCEPTED = "invitation.accepted"
    IMPORT_STARTED = "import.started"
    IMPORT_FINISHED = "import.finished"
    TEAM_CREATED = "team.created"
    TEAM_UPDATED = "team.updated"
    TEAM_ADOPTED = "team.adopted"
    TEAM_RELEASED = "team.released"
    TEAM_DELETED = "team.deleted"
    TEAM_RESTORED = "team.restored"
    TEAM_MEMBERS_ADDED = "team.members_added"
    TEAM_MEMBERS_REMOVED = "team.members_removed"
    POSITION_CREATED = "position.created"
    POSITION_UPDATED = "position.updated"
    POSITION_MOVED = "position.moved"
    POSITION_DELETED = "position.deleted"
    TEAM_MEMBERS_CHANGED = "team.members_changed"
    DOMAIN_ADDED = "domain.added"
    DOMAIN_VERIFIED = "domain.verified"
    DOMAIN_RECORD_MISSING = "domain.record_missing"
    DOMAIN_LOST = "domain.lost"
    DOMAIN_REMOVED = "domain.removed"
    MAPPING_CREATED = "mapping.created"
    MAPPING_UPDATED = "mapping.updated"
    MAPPING_ENABLED = "mapping.enabled"
    MAPPING_DISABLED = "mapping.disabled"
    MAPPING_REMOVED = "mapping.removed"
    PRODUCT_ENTRY = "product.entry"
    EXPORT_MADE = "export.made"
    CHECKLIST_TEMPLATE_UPDATED = "checklist_template.updated"
    CHECKLIST_OPENED = "checklist.opened"
    CHECKLIST_ITEM_TICKED = "checklist.item_ticked"
    CHECKLIST_ITEM_UNTICKED = "checklist.item_unticked"
    CHECKLIST_COMPLETED = "checklist.completed"
    CHECKLIST_CANCELLED = "checklist.cancelled"
    REVIEW_OPENED = "review.opened"
    REVIEW_DECIDED = "review.decided"
    REVIEW_REMINDED = "review.reminded"
    REVIEW_SIGNED_OFF = "review.signed_off"
    REVIEW_CANCELLED = "review.cancelled"


# What is about something else than its name begins with.
_KINDS = {Action.PRODUCT_ENTRY: "user"}


class Target(Protocol):
    @property
    def id(self) -> UUID: ...


def record(ctx: Context, action: Action, target: Target, changes: Changes | None = None, **details: Any) -> None:
    """Write down one change of one row, and what else whoever hears of it should know."""
    assert isinstance(ctx.session, Transaction), "what changes something is in a transaction that writes"
    ctx.session.append(_INSERT, event_of(ctx, action, target, changes, **details))


def event_of(
    ctx: Context, action: Action, target: Target, changes: Changes | None = None, **details: Any
) -> dict[str, Any]:
    """The columns of the event that `record` writes."""
    ip, user_agent = whereabouts(ctx.device)
    return {
        "org_id": ctx.org.id,
        "id": new_id(),
        "at": ctx.now,
        "action": action,
        "actor_kind": ctx.actor.kind,
        "actor_id": ctx.actor.id,
        "actor_name": ctx.actor.name,
        "target_kind": _KINDS.get(action, action.partition(".")[0]),
        "target_id": target.id,
        "changes": dict(changes or {}),
        "details": {**ctx.because, **details},
        "request_id": ctx.request_id,
        "ip": ip,
        "user_agent": user_agent,
    }


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What differs between two documents, attribute by attribute; absent reads as null."""
    if before == after:
        return {}
    return {
        name: (before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }
