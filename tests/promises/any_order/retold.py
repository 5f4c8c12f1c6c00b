"""What the events of an organization tell, from the first to the last: who is what, and who is in which team."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Event, UserStatus
from scim_server.services.context import Context
from scim_server.services.events import Action


@dataclass
class Story:
    """`kept` are those who have kept a role that a mapping would take from them; `main` is the main team."""

    statuses: dict[UUID, str] = field(default_factory=dict)
    roles: dict[UUID, str] = field(default_factory=dict)
    members: set[tuple[UUID, UUID]] = field(default_factory=set)
    kept: set[UUID] = field(default_factory=set)
    owner: UUID | None = None
    main: UUID | None = None
    newcomer: UUID | None = None

    @classmethod
    def of(cls, ctx: Context) -> "Story":
        story = cls()
        for event in ctx.session.scalars(select(Event).where(Event.org_id == ctx.org.id).order_by(Event.id)):
            story.goes_on(event)
        assert story.newcomer is None, "and joins the main team"
        return story

    def goes_on(self, event: Event) -> None:  # noqa: C901  one case for each kind of event
        who, changes = event.target_id, event.changes
        if self.newcomer is not None:
            assert (event.action, who) == (Action.TEAM_MEMBERS_ADDED, self.main), "who is new joins the main team"
            assert changes["members"] == [[], [str(self.newcomer)]]
            self.newcomer = None
        if "status" in changes:
            before, after = changes["status"]
            assert self.statuses.get(who) == before
            self.statuses[who] = after
        if "members" in changes:
            self._members(who, *changes["members"])
        match event.action:
            case Action.USER_CREATED:
                self.roles[who] = changes["role"][1]
                self.newcomer = who if self.main else None
            case Action.USER_ROLE_CHANGED:
                assert self.roles[who] == changes["role"][0]
                self.roles[who] = changes["role"][1]
            case Action.USER_ROLE_KEPT:
                self.kept.add(who)
            case Action.ROLE_UPDATED if "name" in changes:
                before, after = changes["name"]
                self.roles = {id: after if role == before else role for id, role in self.roles.items()}
            case Action.ROLE_DELETED:
                assert changes["name"][0] not in self.roles.values(), "whoever had it has another one by now"
            case Action.USER_DELETED | Action.USER_RESTORED:
                self._teams(who, *changes.get("teams", ([], [])))
            case Action.USER_PURGED:
                assert self.statuses.pop(who) == UserStatus.DELETED
                del self.roles[who]
            case Action.OWNER_CHANGED:
                assert _id(changes["owner"][0]) == self.owner
                self.owner = _id(changes["owner"][1])
            case Action.ORGANIZATION_UPDATED if "main_team" in changes:
                assert _id(changes["main_team"][0]) == self.main
                self.main = _id(changes["main_team"][1])

    def _members(self, team: UUID, gone: list[str], new: list[str]) -> None:
        left, joined = ({(team, UUID(each)) for each in ids} for ids in (gone, new))
        assert left <= self.members
        assert not joined & self.members
        self.members = (self.members - left) | joined

    def _teams(self, user: UUID, left: list[str], back: list[str]) -> None:
        gone, new = ({(UUID(each), user) for each in ids} for ids in (left, back))
        assert gone <= self.members
        assert not new & self.members
        self.members = (self.members - gone) | new


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
