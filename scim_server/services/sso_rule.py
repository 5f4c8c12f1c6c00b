"""Who may come in otherwise than through a connection: the rule, without a database."""

from scim_server.models import Organization
from scim_server.services.events import Target


def closed_to(org: Organization, user: Target) -> bool:
    """Whether every way in but a connection is closed to somebody: password, access code, passkey, a link by mail."""
    return org.sso_required_at is not None and not is_break_glass(org, user)


def is_break_glass(org: Organization, user: Target) -> bool:
    """Whether somebody is the one admin who comes in when the identity provider cannot be reached."""
    return org.break_glass_user_id is not None and org.break_glass_user_id == user.id
