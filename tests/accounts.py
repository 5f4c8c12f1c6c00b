"""People with accounts, as the tests of signing in need them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Account, User, UserSession, Way
from scim_server.services import accounts, organizations, sessions, users
from scim_server.services.accounts import AccountContext

PASSWORD = sessions.Proof(Way.PASSWORD)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """Somebody with an account, of whom each transaction reads the rows anew."""

    settings: Settings
    database: Database
    id: UUID

    @contextmanager
    def acting(self, now: datetime = NOW) -> Iterator[AccountContext]:
        """A request of the person's."""
        with self.database.writing() as session:
            account = accounts.get_account_to_change(session, self.id)
            yield AccountContext(session, self.settings, account, now, request_id="r-1")

    def account(self) -> Account:
        with self.database.reading() as session:
            return session.scalars(select(Account).where(Account.id == self.id)).one()

    def places(self) -> list[accounts.Place]:
        with self.database.reading() as session:
            return accounts.users_of(session, self.account())

    def ended_sessions(self) -> list[str | None]:
        """Why each session of the person ended, or None of one that is open."""
        mine = [place.user.id for place in self.places()]
        with self.database.reading() as session:
            return list(session.scalars(select(UserSession.ended_why).where(UserSession.user_id.in_(mine))))

    def sign_in(self, slug: str, now: datetime = NOW, proof: sessions.Proof = PASSWORD) -> str:
        """Sign in, and return the secret of the session."""
        return open_session(self.settings, self.database, slug, self.user_id(slug), now, proof)

    def user_id(self, slug: str) -> UUID:
        [user_id] = [place.user.id for place in self.places() if place.org.slug == slug]
        return user_id


def open_session(
    settings: Settings,
    database: Database,
    slug: str,
    user_id: UUID,
    now: datetime = NOW,
    proof: sessions.Proof = PASSWORD,
) -> str:
    """The secret of a new session."""
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now)
        return sessions.open_session(ctx, users.get_user_to_change(ctx, user_id), proof).secret


def person(
    settings: Settings, database: Database, users_by_slug: dict[str, str], email: str = "ada@example.com"
) -> Person:
    """Somebody whose account is of an address, and who is these users, by their ids, of these organizations."""
    with database.writing() as session:
        account = accounts.provide_account(session, email, NOW)
        for slug, user_id in users_by_slug.items():
            ctx = organizations.open_organization(session, settings, slug, now=NOW)
            accounts.link(ctx, users.get_user(ctx, UUID(user_id)), account)
        return Person(settings, database, account.id)


def user_row(database: Database, user_id: str) -> User:
    with database.reading() as session:
        return session.scalars(select(User).where(User.id == UUID(user_id))).one()
