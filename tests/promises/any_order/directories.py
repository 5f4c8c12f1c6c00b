"""What directories send, and what is decided about them."""

from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from scim_server.models import Adoption, BrakeMode, Provider
from scim_server.scim.keeping import keeping
from scim_server.services import adoption, alarms, brake, directories, team_ownership, undo
from scim_server.services.errors import DomainError
from tests.promises.any_order.world import (
    HOUR,
    World,
    answered,
    created,
    crews,
    names,
    people,
    role_names,
    team_names,
)

providers = st.sampled_from(["generic", "okta"])
actives = st.booleans()
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


class Directories(World):
    @rule(target=people, of=providers, name=names, active=actives, role=st.none() | role_names)
    def scim_creates_a_user(self, of: str, name: str, active: bool, role: str | None) -> Any:
        attributes: dict[str, Any] = {"roles": [{"value": role}]} if role else {}
        if "@" in name:
            attributes["emails"] = [{"value": name, "type": "work", "primary": True}]
        return created(self.directory(of).post("/Users", {"userName": name, "active": active, **attributes}))

    @rule(of=providers, person=people, active=actives)
    def scim_sets_active(self, of: str, person: str, active: bool) -> None:
        operation = {"op": "replace", "path": "active", "value": active}
        answered(self.directory(of).patch(f"/Users/{person}", operation))

    @rule(of=providers, person=people, name=names, active=st.none() | actives, role=st.none() | role_names)
    def scim_replaces_a_user(self, of: str, person: str, name: str, active: bool | None, role: str | None) -> None:
        said: dict[str, Any] = {"active": active, "roles": [{"value": role}] if role else None}
        said = {key: value for key, value in said.items() if value is not None}
        answered(self.directory(of).put(f"/Users/{person}", {"userName": name, **said}))

    @rule(of=providers, person=people)
    def scim_deletes_a_user(self, of: str, person: str) -> None:
        answered(self.directory(of).delete(f"/Users/{person}"))

    @rule(target=crews, of=providers, name=team_names, members=st.lists(people | crews, max_size=3))
    def scim_creates_a_group(self, of: str, name: str, members: list[str]) -> Any:
        body = {"displayName": name, "members": [{"value": member} for member in members]}
        return created(self.directory(of).post("/Groups", body))

    @rule(
        of=providers,
        crew=crews,
        op=st.sampled_from(["add", "remove", "replace"]),
        members=st.lists(people | crews, max_size=3),
    )
    def scim_changes_members(self, of: str, crew: str, op: str, members: list[str]) -> None:
        value = [{"value": member} for member in members]
        answered(self.directory(of).patch(f"/Groups/{crew}", {"op": op, "path": "members", "value": value}))

    @rule(of=providers, crew=crews)
    def scim_deletes_a_group(self, of: str, crew: str) -> None:
        answered(self.directory(of).delete(f"/Groups/{crew}"))

    @rule(target=people, of=providers, name=names, gone=people, crew=crews)
    def scim_sends_many_things_at_once(self, of: str, name: str, gone: str, crew: str) -> Any:
        join = {"op": "add", "path": "members", "value": [{"value": "bulkId:new"}]}
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": "new", "data": {"userName": name}},
            {"method": "PATCH", "path": f"/Groups/{crew}", "data": {"Operations": [join]}},
            {"method": "DELETE", "path": f"/Users/{gone}"},
        ]
        reply = answered(self.directory(of).post("/Bulk", {"schemas": [BULK], "Operations": operations}))
        done = reply.json.get("Operations", [])
        assert all(int(each["status"]) < 500 for each in done), reply.json
        made = [each["location"].rpartition("/")[2] for each in done if each["status"] == "201"]
        return multiple(*made)

    # What is decided about them

    @rule(
        of=providers,
        links=st.none() | st.sampled_from(Adoption),
        teams=st.none() | st.booleans(),
        mode=st.none() | st.sampled_from(BrakeMode),
        most=st.none() | st.integers(1, 3),
    )
    def a_directory_is_set(
        self, of: str, links: Adoption | None, teams: bool | None, mode: BrakeMode | None, most: int | None
    ) -> None:
        with self.trying() as ctx:
            found = directories.find_directory(ctx, Provider(of))
            if links is not None:
                adoption.set_adoption(ctx, found, links)
            if teams is not None:
                team_ownership.set_adoption_of_teams(ctx, found, teams)
            brake.set_brake(ctx, found, brake_mode=mode, brake_users=most)

    @precondition(lambda self: self.seen.alarms)
    @rule(decision=st.sampled_from(["dismiss", "let through", "undo"]))
    def somebody_decides_on_the_latest_alarm(self, decision: str) -> None:
        alarm_id: UUID | None = None
        with self.trying() as ctx:
            alarm_id = next((raised.alarm.id for raised in alarms.list_alarms(ctx)), None)
        if alarm_id is None:
            return
        if decision == "undo":
            self._undo(alarm_id)
            return
        with self.trying() as ctx:
            if decision == "dismiss":
                alarms.dismiss(ctx, alarm_id)
            else:
                alarms.let_through(ctx, alarm_id, lifetime=HOUR)

    def _undo(self, alarm_id: UUID) -> None:
        try:
            for _ in undo.undo(self.office.acting, alarm_id, keeping):
                pass
        except DomainError:
            return
        self.seen.seats_may_be_exceeded = True  # whoever comes back had a seat, and asks for none
