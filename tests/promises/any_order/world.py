"""What the machine begins with, and what its steps have in common."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import User, UserStatus
from scim_server.services import handmade_teams, lookup, ownership, users
from scim_server.services.context import OPERATOR, Actor, ActorKind, Context
from scim_server.services.errors import DomainError
from tests.accounts import person
from tests.clients import Directory, Reply, founded
from tests.conftest import emptied
from tests.hands import Hands
from tests.organizations import another_directory
from tests.promises.any_order.holding import Seen, holds
from tests.promises.databases import contents, id_of

NAMES = ("ada@example.com", "ADA@example.com", "bob@example.com", "eve@example.com", "bob")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

names = st.sampled_from(NAMES)
addresses = st.sampled_from([name for name in NAMES if "@" in name])
role_names = st.sampled_from(["Admin", "Agent", "Viewer", "Sales", "Desk"])
team_names = st.sampled_from(["Crew", "crew", "Watch"])
permissions = st.sampled_from(["tickets.delete", "roles.manage", "users.manage", "teams.manage"])

people: Bundle[str] = Bundle("people")
crews: Bundle[str] = Bundle("crews")

which = st.integers(0, 3)
# Whoever does by hand what is done: the operator, or one of the users, who may not be allowed to.
actors = st.one_of(st.none(), st.none(), st.none(), people)


class World(RuleBasedStateMachine):
    """One organization with two directories, to which things happen, and another, to which nothing does."""

    app: Flask
    settings: Settings
    database: Database

    def __init__(self) -> None:
        super().__init__()
        emptied(self.database)
        acme = founded(self.app, self.settings, self.database, "acme")
        self.directories = {"generic": acme, "okta": another_directory(self.settings, self.database, acme)}
        self.globex = founded(self.app, self.settings, self.database, "globex")
        eve = self.globex.create_user("eve@example.com")
        self.globex.create_group("Crew", eve)
        person(self.settings, self.database, {"globex": eve.id}, "eve@example.com")
        self.office = Hands(self.settings, self.database, "acme")
        self.globex_id = id_of(self.database, "globex")
        self.elsewhere = contents(self.database, self.globex_id)
        self.seen = Seen()
        self.links: list[str] = []

    @initialize(target=crews)
    def there_are_teams(self) -> Any:
        dora = self.directories["generic"].create_user("dora")
        group = self.directories["generic"].create_group("Crew", dora).id
        with self.office.acting() as ctx:
            return multiple(group, str(handmade_teams.create_team(ctx, "Desk").id))

    @initialize(target=people, owned=st.booleans())
    def somebody_owns_it_or_nobody_does(self, owned: bool) -> Any:
        if not owned:
            return str(self.office.create("hal", role=""))
        owner = self.office.create("olga@example.com", role="Admin", status=UserStatus.ACTIVE)
        with self.office.acting() as ctx:
            ownership.make_first_owner(ctx, users.get_user_to_change(ctx, owner))
        return str(owner)

    @contextmanager
    def trying(self, by: str | None = None, *, later: timedelta = timedelta()) -> Iterator[Context]:
        """What may be refused, and then nothing of it is there."""
        actor = Actor(ActorKind.USER, "somebody", UUID(by)) if by else OPERATOR
        with suppress(DomainError), self.office.acting(actor, later=later) as ctx:
            yield ctx

    def directory(self, provider: str) -> Directory:
        return self.directories[provider]

    @rule(target=people, name=names)
    def somebody_is_looked_up(self, name: str) -> Any:
        with self.office.acting() as ctx:
            found = [str(user.id) for user in lookup.search_users(ctx, text=name)]
        return multiple(*found[:1])

    @invariant()
    def what_must_hold_holds(self) -> None:
        with self.office.acting() as ctx:
            holds(ctx, self.seen)

    @invariant()
    def what_scim_shows_is_what_there_is(self) -> None:
        with self.office.acting() as ctx:
            living = select(User.id, User.status).where(User.org_id == ctx.org.id, User.status != UserStatus.DELETED)
            rows = {str(row.id): row.status == UserStatus.ACTIVE for row in ctx.session.execute(living)}
        # A PATCH may have removed `active`, but here none does.
        shown = self.directories["generic"].get("/Users").json.get("Resources", [])
        assert {each["id"]: each["active"] for each in shown} == rows

    def teardown(self) -> None:
        """Nothing has happened elsewhere."""
        assert contents(self.database, self.globex_id) == self.elsewhere


def answered(reply: Reply) -> Reply:
    assert reply.status < 500, reply.json
    return reply


def created(reply: Reply) -> Any:
    return answered(reply).id if reply.status == 201 else multiple()
