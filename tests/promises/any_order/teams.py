"""Teams by hand, and what being in a group of a directory gives."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, multiple, precondition, rule

from scim_server.models import GroupMapping, GroupSource
from scim_server.services import handmade_teams, mapping, roles, users
from scim_server.services.context import Context
from scim_server.services.handmade_teams import Part
from scim_server.services.mapping import ClaimSource
from tests.promises.any_order.world import World, actors, crews, people, role_names, team_names, which

mappings: Bundle[str] = Bundle("mappings")
GROUPS = ["staff", "boss"]
groups = st.sampled_from(GROUPS)
SAML = ClaimSource(GroupSource.SAML, "office")

Switch = Callable[[Context, GroupMapping], None]
switches: Any = st.sampled_from([mapping.enable_mapping, mapping.disable_mapping, mapping.remove_mapping])


class Teams(World):
    @initialize(target=mappings)
    def there_are_mappings(self) -> Any:
        with self.office.acting() as ctx:
            viewer, admin = roles.find_role(ctx, "Viewer"), roles.find_role(ctx, "Admin")
            made = [
                mapping.map_claim(ctx, SAML, "staff", role=viewer, priority=1),
                mapping.map_claim(ctx, SAML, "boss", role=admin, priority=0, may_give_admin=True),
            ]
            for row in made:
                mapping.enable_mapping(ctx, row)
            return multiple(*[str(row.id) for row in made])

    @rule(target=crews, by=actors, name=team_names)
    def hands_make_a_team(self, by: str | None, name: str) -> Any:
        made: list[str] = []
        with self.trying(by) as ctx:
            made.append(str(handmade_teams.create_team(ctx, name).id))
        return multiple(*made)

    @rule(by=actors, crew=crews, name=team_names)
    def hands_rename_a_team(self, by: str | None, crew: str, name: str) -> None:
        with self.trying(by) as ctx:
            handmade_teams.rename_team(ctx, handmade_teams.find_team(ctx, crew), name)

    @rule(by=actors, crew=crews)
    def hands_delete_a_team(self, by: str | None, crew: str) -> None:
        with self.trying(by) as ctx:
            handmade_teams.delete_team(ctx, handmade_teams.find_team(ctx, crew))

    @rule(by=actors, crew=crews, members=st.lists(people, max_size=3), part=st.none() | st.sampled_from(Part))
    def hands_put_somebody_into_a_team(self, by: str | None, crew: str, members: list[str], part: Part | None) -> None:
        with self.trying(by) as ctx:
            team = handmade_teams.find_team(ctx, crew)
            handmade_teams.add_mates(ctx, team, [UUID(each) for each in members], part=part)

    @rule(by=actors, crew=crews, members=st.lists(people, max_size=3))
    def hands_take_somebody_out_of_a_team(self, by: str | None, crew: str, members: list[str]) -> None:
        with self.trying(by) as ctx:
            team = handmade_teams.find_team(ctx, crew)
            handmade_teams.remove_mates(ctx, team, [UUID(each) for each in members])

    @rule(crew=st.one_of(crews, crews, crews, st.none()))
    def a_team_becomes_the_main_one(self, crew: str | None) -> None:
        with self.trying() as ctx:
            handmade_teams.set_main_team(ctx, handmade_teams.find_team(ctx, crew) if crew else None)

    @rule(
        target=mappings,
        by=actors,
        group=groups | crews,
        role=st.none() | role_names,
        crew=st.none() | crews,
        priority=st.integers(0, 2),
        on=st.sampled_from([True, True, False]),
    )
    def hands_make_a_mapping(
        self, by: str | None, group: str, role: str | None, crew: str | None, priority: int, on: bool
    ) -> Any:
        made: list[str] = []
        with self.trying(by) as ctx:
            given = roles.find_role(ctx, role) if role else None
            team = handmade_teams.find_team(ctx, crew) if crew else None
            how: dict[str, Any] = {"role": given, "team": team, "priority": priority, "may_give_admin": True}
            if group in GROUPS:
                row = mapping.map_claim(ctx, SAML, group, **how)
            else:
                row = mapping.map_pushed_group(ctx, handmade_teams.find_team(ctx, group), **how)
            if on:
                mapping.enable_mapping(ctx, row)
            made.append(str(row.id))
        return multiple(*made)

    @rule(by=actors, id=mappings, step=switches)
    def hands_switch_a_mapping(self, by: str | None, id: str, step: Switch) -> None:
        with self.trying(by) as ctx:
            step(ctx, mapping.find_mapping(ctx, id))

    @rule(group=groups, on=st.booleans())
    def what_a_sign_in_gives_is_switched(self, group: str, on: bool) -> None:
        with self.trying() as ctx:
            for row in mapping.list_mappings(ctx):
                if row.value == group:
                    (mapping.enable_mapping if on else mapping.disable_mapping)(ctx, row)

    @rule(id=mappings, priority=st.integers(0, 2))
    def hands_change_a_priority(self, id: str, priority: int) -> None:
        with self.trying() as ctx:
            mapping.change_priority(ctx, mapping.find_mapping(ctx, id), priority)

    @precondition(lambda self: self.seen.nobodys)
    @rule(back=which, claimed=st.lists(groups, unique=True))
    def a_sign_in_tells_of_groups(self, back: int, claimed: list[str]) -> None:
        with self.trying() as ctx:
            person = self.seen.nobodys[-1 - back % len(self.seen.nobodys)]
            mapping.apply_claims(ctx, users.get_user_to_change(ctx, person), {SAML: claimed})
