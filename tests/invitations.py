"""Invitations, as the tests need them: somebody who invites, and whoever holds a link."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Invitation, User
from scim_server.services import invitations, organizations
from scim_server.services.context import Actor, ActorKind, Context
from scim_server.services.invitations import Accepted, NewInvitation, Offer

PASSWORD = "gravel-teapot-sunset-ladder"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Host:
    """An organization that invites people, by the operator's hand or by that of one of its users."""

    settings: Settings
    database: Database
    slug: str = "acme"

    @contextmanager
    def acting(self, now: datetime = NOW, user: User | None = None) -> Iterator[Context]:
        with self.database.writing() as session:
            ctx = organizations.open_organization(session, self.settings, self.slug, now=now)
            actor = Actor(ActorKind.USER, user.display_name, user.id) if user else ctx.actor
            yield Context(session, self.settings, ctx.org, actor, now, request_id="r-1")

    def invite(self, email: str = "grace@example.com", now: datetime = NOW, **more: Any) -> NewInvitation:
        with self.acting(now) as ctx:
            return invitations.invite(ctx, email, **more)

    def invite_admin(self, email: str = "ada@example.com", now: datetime = NOW) -> NewInvitation:
        with self.acting(now) as ctx:
            return invitations.invite_first_admin(ctx, email)

    def resend(self, email: str = "grace@example.com", now: datetime = NOW) -> NewInvitation:
        with self.acting(now) as ctx:
            return invitations.resend(ctx, invitations.find_pending(ctx, email))

    def revoke(self, email: str = "grace@example.com", now: datetime = NOW) -> None:
        with self.acting(now) as ctx:
            invitations.revoke(ctx, invitations.find_pending(ctx, email))

    def pending(self, now: datetime = NOW) -> list[str]:
        with self.acting(now) as ctx:
            return [each.row.email for each in invitations.list_pending(ctx)]

    def look_at(self, link: str, now: datetime = NOW) -> Offer:
        with self.database.reading() as session:
            return invitations.look_at(session, secret(link), now=now)

    def accept(self, link: str, password: str | None = PASSWORD, now: datetime = NOW) -> Accepted:
        with self.database.writing() as session:
            return invitations.accept(
                session, self.settings, secret(link), password=password, now=now, request_id="r-2"
            )

    def with_owner(self) -> User:
        """Have the first admin accept."""
        made = self.invite_admin()
        self.accept(made.link)
        return self.user(made.user.id)

    def user(self, id: UUID) -> User:
        with self.database.reading() as session:
            return session.scalars(select(User).where(User.id == id)).one()

    def rows(self) -> list[Invitation]:
        with self.database.reading() as session:
            return list(session.scalars(select(Invitation).order_by(Invitation.id)))


def secret(link: str) -> str:
    return link.rpartition("/")[2]


def days(number: float) -> datetime:
    return NOW + timedelta(days=number)
