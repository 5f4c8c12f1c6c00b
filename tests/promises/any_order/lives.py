"""What people do by hand with users: their life and their profile."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from scim_server.models import User, UserStatus
from scim_server.services import adoption, hands, lifecycle, retention, roles, users
from scim_server.services.context import Context
from scim_server.services.profiles import ENTERPRISE_USER
from tests.promises.any_order.world import DAY, World, actors, names, people, role_names, which

statuses = st.sampled_from([UserStatus.ACTIVE, UserStatus.INVITED])
steps: Any = st.sampled_from([lifecycle.activate_user, lifecycle.deactivate_user, lifecycle.delete_user])


class Lives(World):
    @rule(target=people, by=actors, name=names, role=st.none() | role_names, status=statuses)
    def hands_create_a_user(self, by: str | None, name: str, role: str | None, status: UserStatus) -> Any:
        made: list[str] = []
        with self.trying(by) as ctx:
            given = roles.find_role(ctx, role) if role else None
            made.append(str(hands.create_user_by_hand(ctx, {"userName": name}, status=status, role=given).id))
        return multiple(*made)

    @rule(by=actors, person=people, step=steps)
    def hands_change_the_state(self, by: str | None, person: str, step: Callable[[Context, User], object]) -> None:
        with self.trying(by) as ctx:
            step(ctx, users.get_user_to_change(ctx, UUID(person)))

    @rule(person=people, another=people)
    def hands_deactivate_in_favour_of_another(self, person: str, another: str) -> None:
        with self.trying() as ctx:
            successor = users.get_user(ctx, UUID(another))
            lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, UUID(person)), successor=successor)

    @precondition(lambda self: self.seen.deleted)
    @rule(back=which)
    def hands_restore(self, back: int) -> None:
        with self.trying() as ctx:
            gone = self.seen.deleted[-1 - back % len(self.seen.deleted)]
            lifecycle.restore_user(ctx, users.get_deleted_user_to_change(ctx, gone))

    @precondition(lambda self: self.seen.deleted)
    @rule(back=which)
    def hands_purge(self, back: int) -> None:
        with self.trying() as ctx:
            gone = self.seen.deleted[-1 - back % len(self.seen.deleted)]
            retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, gone))

    @precondition(lambda self: self.seen.deleted)
    @rule(days=st.sampled_from([1, 31]))
    def the_time_of_the_deleted_is_over(self, days: int) -> None:
        with self.trying(later=days * DAY) as ctx:
            retention.purge_expired(ctx, limit=10)

    @rule(person=people)
    def hands_release(self, person: str) -> None:
        with self.trying() as ctx:
            adoption.release_user(ctx, users.get_user_to_change(ctx, UUID(person)))

    @rule(by=actors, person=people, name=st.none() | names, title=st.none() | st.just("Boss"), manager=people)
    def hands_change_a_profile(
        self, by: str | None, person: str, name: str | None, title: str | None, manager: str
    ) -> None:
        changes = {"title": title, f"{ENTERPRISE_USER}:manager": {"value": manager}}
        with self.trying(by) as ctx:
            user = users.get_user_to_change(ctx, UUID(person))
            hands.change_profile(ctx, user, changes | ({"userName": name} if name else {}))
