"""What programs ask of the management API, with keys that may do everything and keys that may not."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule
from werkzeug.test import TestResponse

from scim_server.services import import_work
from tests.programs import program
from tests.promises.any_order.world import (
    World,
    addresses,
    crews,
    names,
    people,
    permissions,
    role_names,
    team_names,
    which,
)

titles = st.sampled_from(["", "Chief"])
holders = st.sampled_from(["boss", "boss", "hr"])
ACTS = ["activate", "deactivate", "sign-out", "release"]


class Programs(World):
    def __init__(self) -> None:
        super().__init__()
        self.keys = {
            "boss": program(self.app, self.office),
            "hr": program(self.app, self.office, "users.manage", "teams.manage"),
        }

    def asks(self, by: str, method: str, path: str, body: Any = None, **more: Any) -> Any:
        response: TestResponse = self.keys[by].send(method, path, body, **more)
        assert response.status_code < 500, response.get_data(as_text=True)
        if response.status_code >= 400:
            assert "detail" in response.get_data(as_text=True)
        return response

    def makes(self, by: str, path: str, body: Any) -> Any:
        response = self.asks(by, "POST", path, body)
        return response.json["id"] if response.status_code == 201 and response.json else multiple()

    @rule(target=people, by=holders, name=names, status=st.sampled_from(["active", "invited"]))
    def a_program_creates_a_user(self, by: str, name: str, status: str) -> Any:
        emails = [{"value": name, "primary": True}] if "@" in name else []
        return self.makes(by, "/users", {"profile": {"user_name": name, "emails": emails}, "status": status})

    @rule(by=holders, person=people, name=st.none() | names, title=st.none() | st.just("Chief"))
    def a_program_changes_a_user(self, by: str, person: str, name: str | None, title: str | None) -> None:
        profile = {"title": title} | ({"user_name": name} if name else {})
        self.asks(by, "PATCH", f"/users/{person}", {"profile": profile})

    @rule(by=holders, person=people, act=st.sampled_from(ACTS))
    def a_program_moves_a_user_on(self, by: str, person: str, act: str) -> None:
        self.asks(by, "POST", f"/users/{person}/{act}", {} if act == "deactivate" else None)

    @rule(by=holders, person=people)
    def a_program_deletes_a_user(self, by: str, person: str) -> None:
        self.asks(by, "DELETE", f"/users/{person}")

    @precondition(lambda self: self.seen.deleted)
    @rule(by=holders, back=which, for_good=st.booleans())
    def a_program_restores_or_purges_a_user(self, by: str, back: int, for_good: bool) -> None:
        person = self.seen.deleted[-1 - back % len(self.seen.deleted)]
        if for_good:
            self.asks(by, "DELETE", f"/deleted-users/{person}")
        else:
            self.asks(by, "POST", f"/deleted-users/{person}/restore")

    @rule(by=holders, person=people, name=role_names)
    def a_program_gives_a_role(self, by: str, person: str, name: str) -> None:
        for role in [each for each in self.asks("boss", "GET", "/roles").json["items"] if each["name"] == name]:
            self.asks(by, "PUT", f"/users/{person}/role", {"role_id": role["id"]})

    @rule(by=holders, person=people, key=permissions, granted=st.none() | st.booleans())
    def a_program_grants_or_revokes(self, by: str, person: str, key: str, granted: bool | None) -> None:
        path = f"/users/{person}/permissions/{key}"
        if granted is None:
            self.asks(by, "DELETE", path)
        else:
            self.asks(by, "PUT", path, {"granted": granted})

    @rule(target=crews, by=holders, name=team_names)
    def a_program_makes_a_team(self, by: str, name: str) -> Any:
        return self.makes(by, "/teams", {"name": name})

    @rule(by=holders, crew=crews, act=st.sampled_from(["DELETE", "restore"]))
    def a_program_deletes_or_restores_a_team(self, by: str, crew: str, act: str) -> None:
        if act == "DELETE":
            self.asks(by, "DELETE", f"/teams/{crew}")
        else:
            self.asks(by, "POST", f"/teams/{crew}/restore")

    @rule(by=holders, crew=crews, members=st.lists(people, min_size=1, max_size=3), go=st.booleans())
    def a_program_puts_users_into_a_team_or_takes_them_out(
        self, by: str, crew: str, members: list[str], go: bool
    ) -> None:
        self.asks(by, "POST", f"/teams/{crew}/members{'/remove' if go else ''}", {"user_ids": members})

    @rule(by=holders, crew=crews, within=crews, out=st.booleans())
    def a_program_puts_a_team_into_a_team_or_takes_it_out(self, by: str, crew: str, within: str, out: bool) -> None:
        self.asks(by, "POST", f"/teams/{within}/subteams{'/remove' if out else ''}", {"team_ids": [crew]})

    @rule(by=holders, name=names)
    def a_program_invites_somebody(self, by: str, name: str) -> None:
        self.asks(by, "POST", "/invitations", {"email": name})

    @rule(
        by=holders,
        rows=st.lists(st.tuples(addresses, st.sampled_from(["", "Agent", "Viewer", "Admin"]), titles), max_size=4),
        mode=st.sampled_from(["add", "update", "both"]),
        invite=st.booleans(),
    )
    def a_program_imports_users(self, by: str, rows: list[tuple[str, str, str]], mode: str, invite: bool) -> None:
        text = "email,role,title\n" + "".join(",".join(row) + "\n" for row in rows)
        options = {"mode": mode, "invite": str(invite).lower()}
        checked = self.asks(by, "POST", "/imports", data=text, content_type="text/csv", query_string=options)
        if checked.status_code != 201:
            return
        path = f"/imports/{checked.json['id']}"
        self.asks(by, "POST", f"{path}/start")
        while import_work.work(self.database, self.settings, rows=5):
            pass
        for row in self.asks(by, "GET", f"{path}/rows").json["items"]:
            assert row["outcome"] == row["planned_outcome"], row

    @rule(
        by=holders,
        act=st.sampled_from(["deactivate", "reactivate"]),
        users=st.lists(people, min_size=1, max_size=3),
        all_of_them=st.booleans(),
    )
    def a_program_acts_on_many(self, by: str, act: str, users: list[str], all_of_them: bool) -> None:
        answer = self.asks(by, "POST", f"/bulk/{act}", {"users": users, "only_if_all": all_of_them})
        if answer.status_code == 200:
            verdicts = {each["verdict"] for each in answer.json["results"]}
            assert not (all_of_them and {"done", "refused"} <= verdicts), answer.json
