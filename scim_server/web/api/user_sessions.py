"""/api/v1/users/…/sessions and preferences: where users are signed in, and what they have chosen."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from scim_server.services import lifecycle, preferences, sessions, users
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.devices import device_name
from scim_server.services.errors import NotFound
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Page, Shape
from scim_server.web.api.users import people

signed_in = Room("Sessions", "Where users are signed in. Whoever is deactivated or deleted is signed in nowhere.")


class SessionShape(Shape):
    id: UUID
    way: Annotated[str, Field(description="How they signed in.")]
    connection_id: UUID | None
    created_at: datetime
    last_seen_at: Annotated[datetime, Field(description="To within a minute.")]
    expires_at: datetime
    ip: str | None
    user_agent: str | None
    device: Annotated[str | None, Field(description="What people call it, such as Firefox 128 on Windows.")] = None


class EndedShape(Shape):
    ended: Annotated[int, Field(description="How many sessions there were.")]


class PreferencesShape(Shape):
    """What holds for the user: what they chose, or else what follows from their profile and the organization."""

    language: str
    time_zone: str
    date_pattern: str
    hour_cycle: str
    theme: str
    signature: str
    notifications: dict[str, list[str]]


@people.get("/users/<uuid:user_id>/preferences", needs=Manage.USERS)
def show_preferences(ctx: Context, user_id: UUID) -> PreferencesShape:
    """Show the personal settings of a user.

    They are the person's own: no admin, no directory and no key changes them.
    """
    found = preferences.read_preferences(ctx, users.get_user(ctx, user_id))
    return PreferencesShape.model_validate(found.model_dump(mode="json"))


@signed_in.get("/users/<uuid:user_id>/sessions", needs=Manage.USERS)
def list_sessions(ctx: Context, user_id: UUID) -> Page[SessionShape]:
    """List the open sessions of a user, the one that was used last first."""
    rows = sessions.list_sessions(ctx, users.get_user(ctx, user_id))
    return Page(items=[_session(SessionShape.model_validate(row)) for row in rows], next=None)


@signed_in.delete("/users/<uuid:user_id>/sessions/<uuid:session_id>", needs=Manage.USERS)
def end_session(ctx: Context, user_id: UUID, session_id: UUID) -> None:
    """End one session, at once."""
    row = sessions.get_session(ctx, session_id)
    if row.user_id != user_id:
        raise NotFound("open session", session_id)
    sessions.end_session(ctx, row, "ended through the API")


@signed_in.post("/users/<uuid:user_id>/sign-out", needs=Manage.USERS)
def sign_user_out(ctx: Context, user_id: UUID) -> EndedShape:
    """End every session of a user, who may sign in again."""
    return EndedShape(ended=lifecycle.sign_out(ctx, users.get_user_to_change(ctx, user_id)))


def _session(shape: SessionShape) -> SessionShape:
    return shape.model_copy(update={"device": device_name(shape.user_agent)})
