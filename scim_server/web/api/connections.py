"""/api/v1/connections: through which identity providers the people of an organization sign in."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from flask import Response
from pydantic import Field

from scim_server.services import (
    connection_changes,
    connection_files,
    connection_lifecycle,
    connection_refresh,
    connection_views,
    users,
)
from scim_server.services import connections as services
from scim_server.services.built_in import Manage
from scim_server.services.connection_config import config_of
from scim_server.services.connection_files import Outside
from scim_server.services.connection_refresh import Came
from scim_server.services.context import ADMIN, Context
from scim_server.web.api.callers import Work
from scim_server.web.api.connection_inputs import ConnectionChanges, NewConnection
from scim_server.web.api.connection_shapes import ConnectionListed, ConnectionShape, GuideShape, listed, whole
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, page
from scim_server.web.state import now, state

connections = Room(
    "Connections",
    "The identity providers that people sign in through, by SAML or OpenID Connect. A connection is a draft, until a "
    "test sign-in has passed and an admin enables it.",
)

METADATA = "application/samlmetadata+xml"


class TestSignIn(Input):
    by: Annotated[UUID | None, Field(description="The admin who is to make it: it counts for requiring SSO.")] = None


class TestShape(Shape):
    url: Annotated[str, Field(description="Where it begins, for whoever opens it.")]
    expires_at: datetime


class LookShape(Shape):
    came: Came
    why: Annotated[list[str], Field(description="Sentences for an admin.")]
    connection: ConnectionShape


@connections.get("/connections", needs=Manage.DIRECTORIES_VIEW)
def list_connections(ctx: Context, query: ListQuery) -> Page[ConnectionListed]:
    """List the connections, the oldest first."""
    return page(connection_views.read_list(ctx, query.cut()), lambda found: listed(ctx, found))


@connections.post("/connections", needs=Manage.DIRECTORIES, status=201)
def create_connection(work: Work, body: NewConnection) -> ConnectionShape:
    """Connect an identity provider.

    The body is a connection file; what it names by an address is fetched. The answer has what to paste at the
    provider; `guide` says where each goes.
    """
    with work.reading():  # whether there is such an organization is told before a provider is asked
        pass
    read = connection_files.read(body.given(), _outside())
    with work.writing() as ctx:
        return whole(ctx, connection_lifecycle.create_connection(ctx, read))


@connections.get("/connections/<uuid:connection_id>", needs=Manage.DIRECTORIES_VIEW)
def show_connection(ctx: Context, connection_id: UUID) -> ConnectionShape:
    """Show a connection, but no secrets."""
    return whole(ctx, services.get_connection(ctx, connection_id))


@connections.patch("/connections/<uuid:connection_id>", needs=Manage.DIRECTORIES)
def change_connection(work: Work, connection_id: UUID, body: ConnectionChanges) -> ConnectionShape:
    """Change a connection: what is left out stays as it is, and null takes something away.

    Whatever is changed of how people are recognised makes a tested connection a draft again. Of an enabled one, only
    an admin changes that, and nobody its provider: make a second connection, test it, and enable it in its place.
    """
    return change(work, connection_id, lambda _: body.given())


@connections.delete("/connections/<uuid:connection_id>", needs=Manage.DIRECTORIES)
def delete_connection(ctx: Context, connection_id: UUID) -> None:
    """Forget a connection, with whom it knows, and end the sessions that began there.

    Nothing brings it back.
    """
    connection_lifecycle.delete_connection(ctx, services.get_connection_to_change(ctx, connection_id))


@connections.get("/connections/<uuid:connection_id>/guide", needs=Manage.DIRECTORIES_VIEW)
def show_connection_guide(ctx: Context, connection_id: UUID) -> GuideShape:
    """Say what to paste where at the provider, in the words of its console."""
    return GuideShape.model_validate(connection_views.guide(ctx, services.get_connection(ctx, connection_id)))


@connections.get("/connections/<uuid:connection_id>/metadata", needs=Manage.DIRECTORIES_VIEW, produces=(METADATA,))
def show_connection_metadata(ctx: Context, connection_id: UUID) -> Response:
    """Show our SAML metadata for the provider, as XML."""
    found = connection_views.our_metadata(ctx, services.get_connection(ctx, connection_id))
    return Response(found, mimetype=METADATA)


@connections.post("/connections/<uuid:connection_id>/test", needs=Manage.DIRECTORIES)
def start_connection_test(ctx: Context, connection_id: UUID, body: TestSignIn) -> TestShape:
    """Begin a test sign-in.

    Whoever opens the address within the hour goes through all of a sign-in and is told what came of it; nobody is let
    in.
    """
    by = users.get_user(ctx, body.by) if body.by else None
    url = services.start_test(ctx, services.get_connection(ctx, connection_id), by)
    return TestShape(url=url, expires_at=ctx.now + services.TEST_LIFETIME)


@connections.post("/connections/<uuid:connection_id>/enable", needs=ADMIN)
def enable_connection(ctx: Context, connection_id: UUID) -> ConnectionShape:
    """Let people in through a connection, once a test sign-in has passed."""
    found = services.get_connection_to_change(ctx, connection_id)
    connection_lifecycle.enable_connection(ctx, found)
    return whole(ctx, found)


@connections.post("/connections/<uuid:connection_id>/disable", needs=Manage.DIRECTORIES)
def disable_connection(ctx: Context, connection_id: UUID) -> ConnectionShape:
    """Let nobody in through a connection any more, not even to test it; who is in stays."""
    found = services.get_connection_to_change(ctx, connection_id)
    connection_lifecycle.disable_connection(ctx, found)
    return whole(ctx, found)


@connections.post("/connections/<uuid:connection_id>/look", needs=Manage.DIRECTORIES)
def look_at_provider(work: Work, connection_id: UUID) -> LookShape:
    """Look at what the provider says of itself now.

    The server does so every day by itself. What may put another provider in its place waits for somebody to accept it.
    """
    look = connection_refresh.refresh(work.writing, connection_id, state().http)
    with work.reading() as ctx:
        shown = whole(ctx, services.get_connection(ctx, connection_id))
    return LookShape(came=look.came, why=list(look.why), connection=shown)


@connections.post("/connections/<uuid:connection_id>/pending/accept", needs=Manage.DIRECTORIES)
def accept_pending_metadata(ctx: Context, connection_id: UUID) -> ConnectionShape:
    """Trust metadata that wait for somebody to look at them.

    Of an enabled connection, only an admin does.
    """
    found = services.get_connection_to_change(ctx, connection_id)
    connection_refresh.accept_pending(ctx, found)
    return whole(ctx, found)


@connections.post("/connections/<uuid:connection_id>/pending/reject", needs=Manage.DIRECTORIES)
def reject_pending_metadata(ctx: Context, connection_id: UUID) -> ConnectionShape:
    """Go on with what is trusted already."""
    found = services.get_connection_to_change(ctx, connection_id)
    connection_refresh.reject_pending(ctx, found)
    return whole(ctx, found)


@connections.delete("/connections/<uuid:connection_id>/client-secret", needs=Manage.DIRECTORIES)
def forget_client_secret(ctx: Context, connection_id: UUID) -> None:
    """Authenticate at an OpenID provider by a key of ours, and by no client secret any more."""
    connection_changes.forget_secret(ctx, services.get_connection_to_change(ctx, connection_id))


def change(work: Work, connection_id: UUID, changes: Callable[[dict[str, Any]], dict[str, Any]]) -> ConnectionShape:
    """Change a connection as `changes` says of what it is as a file. The provider is asked between transactions.

    Raises NotAllowed, NotFound, InvalidValue, NotReady, Outdated.
    """
    with work.reading() as ctx:
        found = services.get_connection(ctx, connection_id)
        seen, current, config = found.version, connection_changes.as_file(ctx, found), config_of(found)
    read = connection_changes.read_changes(current, config, changes(current), _outside())
    with work.writing() as ctx:
        found = services.get_connection_to_change(ctx, connection_id)
        connection_changes.change_connection(ctx, found, read, seen=seen)
        return whole(ctx, found)


def _outside() -> Outside:
    return Outside(state().http, now(), allow_http=state().settings.allow_private_networks)
