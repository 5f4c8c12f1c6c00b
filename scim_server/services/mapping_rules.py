"""What follows from being in some groups: the rule of group mappings, without a database."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from scim_server.models import GroupSource


class Group(NamedTuple):
    """A group of a directory: of SCIM by the id of its team, or by what a connection calls it."""

    source: GroupSource
    connection: str
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A mapping. `gives_admin` is whether the role is Admin's; `team_owned` whether a directory owns the team."""

    id: UUID
    group: Group
    priority: int
    role_id: UUID | None = None
    team_id: UUID | None = None
    enabled: bool = True
    gives_admin: bool = False
    may_give_admin: bool = False
    team_owned: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody gets: a role, by which mapping, and teams."""

    role_id: UUID | None
    role_by: UUID | None
    team_ids: frozenset[UUID]


def decide(groups: Collection[Group], rules: Iterable[Rule], *, owned: bool) -> Decision:
    """The role of the first rule that gives one, and the teams of all of them.

    A directory comes before claims: what sign-in tells of a user whom a directory owns counts for nothing, nor does it
    put anybody into a team that a directory owns. Admin is given only by a rule that says that it may.
    """
    role: Rule | None = None
    teams: set[UUID] = set()
    for rule in sorted(rules, key=lambda rule: (rule.priority, rule.id)):
        by_claim = rule.group.source is not GroupSource.SCIM
        if not rule.enabled or rule.group not in groups or (by_claim and owned):
            continue
        if role is None and rule.role_id is not None and (rule.may_give_admin or not rule.gives_admin):
            role = rule
        if rule.team_id is not None and not (by_claim and rule.team_owned):
            teams.add(rule.team_id)
    return Decision(role.role_id if role else None, role.id if role else None, frozenset(teams))
