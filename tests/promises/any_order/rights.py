"""What people do by hand with roles, single grants, positions, the ownership and the plan."""

from collections.abc import Callable
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import rule

from scim_server.models import Overage, Scope, User
from scim_server.services import grants, ownership, positions, roles, users
from scim_server.services.context import Context
from scim_server.services.organizations import Plan, change_organization
from scim_server.services.settings import change_settings
from tests.promises.any_order.world import World, actors, people, permissions, role_names

own_roles = st.sampled_from(["Sales", "Desk"])
position_names = st.sampled_from(["Chief", "Lead", "Clerk"])


class Rights(World):
    @rule(by=actors, person=people, role=role_names)
    def hands_give_a_role(self, by: str | None, person: str, role: str) -> None:
        with self.trying(by) as ctx:
            roles.give_role(ctx, users.get_user_to_change(ctx, UUID(person)), roles.find_role(ctx, role))

    @rule(person=people)
    def hands_take_their_role_back(self, person: str) -> None:
        with self.trying() as ctx:
            roles.assign_role(ctx, users.get_user_to_change(ctx, UUID(person)), None)

    @rule(by=actors, person=people, key=permissions, step=st.sampled_from([grants.grant, grants.revoke, grants.reset]))
    def hands_grant_or_revoke(
        self, by: str | None, person: str, key: str, step: Callable[[Context, User, str], None]
    ) -> None:
        with self.trying(by) as ctx:
            step(ctx, users.get_user_to_change(ctx, UUID(person)), key)

    @rule(by=actors, name=own_roles, keys=st.lists(permissions, max_size=2))
    def hands_make_a_role(self, by: str | None, name: str, keys: list[str]) -> None:
        with self.trying(by) as ctx:
            roles.create_role(ctx, name, description="", permissions=keys)

    @rule(by=actors, name=own_roles, another=own_roles, keys=st.lists(permissions, max_size=2))
    def hands_change_a_role(self, by: str | None, name: str, another: str, keys: list[str]) -> None:
        with self.trying(by) as ctx:
            role = roles.get_role_to_change(ctx, roles.find_role(ctx, name).id)
            roles.change_role(ctx, role, name=another, permissions=keys)

    @rule(by=actors, name=own_roles, instead=st.none() | role_names)
    def hands_delete_a_role(self, by: str | None, name: str, instead: str | None) -> None:
        with self.trying(by) as ctx:
            role = roles.get_role_to_change(ctx, roles.find_role(ctx, name).id)
            replacement = roles.find_role(ctx, instead) if instead else None
            roles.delete_role(ctx, role, replacement=replacement)

    @rule(name=position_names, below=st.none() | position_names, scope=st.sampled_from(Scope))
    def hands_make_or_move_a_position(self, name: str, below: str | None, scope: Scope) -> None:
        with self.trying() as ctx:
            parent = positions.find_position(ctx, below) if below else None
            if any(each.name == name for each in positions.list_positions(ctx)):
                positions.move_position(ctx, positions.find_position(ctx, name), parent)
            else:
                positions.create_position(ctx, name, scope, parent=parent)

    @rule(name=position_names)
    def hands_delete_a_position(self, name: str) -> None:
        with self.trying() as ctx:
            positions.delete_position(ctx, positions.find_position(ctx, name))

    @rule(person=people, name=st.none() | position_names)
    def hands_assign_a_position(self, person: str, name: str | None) -> None:
        with self.trying() as ctx:
            position = positions.find_position(ctx, name) if name else None
            positions.assign_position(ctx, users.get_user_to_change(ctx, UUID(person)), position)

    @rule(by=actors, person=people)
    def ownership_goes_to(self, by: str | None, person: str) -> None:
        with self.trying(by) as ctx:
            user = users.get_user_to_change(ctx, UUID(person))
            if by is not None or not ownership.make_first_owner(ctx, user):
                ownership.transfer_ownership(ctx, user, confirmation="acme")

    @rule(seats=st.none() | st.integers(1, 4), overage=st.sampled_from(Overage))
    def the_plan_changes(self, seats: int | None, overage: Overage) -> None:
        with self.trying() as ctx:
            change_organization(ctx, plan=Plan(seats, overage))
        self.seen.seats_may_be_exceeded = True

    @rule(counted=st.booleans(), days=st.sampled_from([0, 30]))
    def the_settings_change(self, counted: bool, days: int) -> None:
        with self.trying() as ctx:
            change_settings(ctx, invited_users_take_seats=counted, retention_days=days)
        self.seen.seats_may_be_exceeded = True
