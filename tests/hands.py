"""The people of an organization and its operator, who act without a directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Origin, User, UserStatus
from scim_server.services import organizations, users
from scim_server.services.context import OPERATOR, Actor, ActorKind, Context
from scim_server.services.declared import declared
from scim_server.services.profiles import Profile, folded
from tests.clients import USER


@dataclass(frozen=True)
class Hands:
    """What is done by hand in one organization; each block of `acting` is a transaction of its own."""

    settings: Settings
    database: Database
    slug: str

    @contextmanager
    def acting(self, actor: Actor | UUID = OPERATOR, *, later: timedelta = timedelta()) -> Iterator[Context]:
        """A transaction of the operator, or of a user, now or some time from now."""
        with self.database.writing() as session:
            ctx = organizations.open_organization(session, self.settings, self.slug, now=datetime.now(UTC) + later)
            if isinstance(actor, UUID):
                actor = Actor(ActorKind.USER, users.get_user(ctx, actor).user_name, actor)
            yield replace(ctx, actor=actor)

    def create(
        self,
        name: str,
        *,
        status: UserStatus = UserStatus.ACTIVE,
        role: str = "Agent",
        origin: Origin = Origin.HAND,
        **attributes: Any,
    ) -> UUID:
        with self.acting() as ctx:
            document = {"schemas": [USER], "userName": name, "displayName": name.title(), "active": True, **attributes}
            search = document | {"userName": folded(name), "displayName": folded(name)}
            user = users.create_user(
                ctx, Profile(document, search), status=status, origin=origin, role=declared(ctx).role(role)
            )
            return user.id

    def user(self, id: UUID | str) -> User:
        """A user as they are now, deleted or not."""
        with self.acting() as ctx:
            return ctx.session.scalars(select(User).where(User.org_id == ctx.org.id, User.id == UUID(str(id)))).one()

    def status(self, id: UUID | str) -> str:
        return self.user(id).status
