"""Invitations, sessions and tokens: how somebody comes in."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from scim_server.models import Way
from scim_server.services import directories, invitations, lifecycle, roles, sessions, users
from scim_server.services.errors import DomainError
from tests.invitations import PASSWORD, secret
from tests.promises.any_order.world import DAY, World, actors, addresses, crews, people, role_names

ages = st.sampled_from([0, 0, 0, 8])


class Invitations(World):
    @rule(
        target=people,
        by=actors,
        email=addresses,
        role=st.none() | role_names,
        teams=st.lists(crews, max_size=1),
    )
    def somebody_is_invited(self, by: str | None, email: str, role: str | None, teams: list[str]) -> Any:
        made: list[str] = []
        with self.trying(by) as ctx:
            given = roles.find_role(ctx, role) if role else None
            new = invitations.invite(ctx, email, role=given, team_ids=[UUID(each) for each in teams])
            self.links.append(secret(new.link))
            made.append(str(new.user.id))
        return multiple(*made)

    @rule(target=people, email=addresses)
    def the_first_admin_is_invited(self, email: str) -> Any:
        made: list[str] = []
        with self.trying() as ctx:
            new = invitations.invite_first_admin(ctx, email)
            self.links.append(secret(new.link))
            made.append(str(new.user.id))
        return multiple(*made)

    @rule(by=actors, email=addresses)
    def an_invitation_is_sent_again(self, by: str | None, email: str) -> None:
        with self.trying(by) as ctx:
            self.links.append(secret(invitations.resend(ctx, invitations.find_pending(ctx, email)).link))

    @rule(by=actors, email=addresses)
    def an_invitation_is_revoked(self, by: str | None, email: str) -> None:
        with self.trying(by) as ctx:
            invitations.revoke(ctx, invitations.find_pending(ctx, email))

    @precondition(lambda self: self.links)
    @rule(back=st.integers(0, 2), days=ages)
    def a_link_is_opened_and_accepted(self, back: int, days: int) -> None:
        link = self.links[-1 - min(back, len(self.links) - 1)]
        when = datetime.now(UTC) + days * DAY
        with suppress(DomainError), self.database.writing() as session:
            how: dict[str, Any] = {"password": PASSWORD, "now": when, "request_id": "r-1"}
            invitations.look_at(session, link, now=when)
            invitations.accept(session, self.settings, link, **how)

    @rule(person=people)
    def somebody_signs_in(self, person: str) -> None:
        with self.trying() as ctx:
            sessions.open_session(ctx, users.get_user_to_change(ctx, UUID(person)), sessions.Proof(Way.PASSWORD))

    @rule(by=actors, person=people)
    def somebody_is_signed_out(self, by: str | None, person: str) -> None:
        with self.trying(by) as ctx:
            lifecycle.sign_out(ctx, users.get_user_to_change(ctx, UUID(person)))

    @rule(person=people)
    def somebody_gets_a_token(self, person: str) -> None:
        with self.trying() as ctx:
            user = users.get_user_to_change(ctx, UUID(person))
            if user.active:
                directories.create_user_token(ctx, user)
