"""Which role and which teams follow from being in some groups."""

from uuid import UUID

import pytest

from scim_server.models import GroupSource
from scim_server.services.mapping_rules import Group, Rule, decide

IT = Group(GroupSource.SCIM, "", "it")
STAFF = Group(GroupSource.SCIM, "", "staff")
SAML = Group(GroupSource.SAML, "corp", "it")
OIDC = Group(GroupSource.OIDC, "corp", "it")
ADMIN, AGENT, VIEWER, DESK, FIELD = (UUID(int=n) for n in range(10, 15))


def rule(number: int, group: Group, priority: int = 100, **said: object) -> Rule:
    return Rule(UUID(int=number), group, priority, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("groups", "rules", "owned", "role", "teams"),
    [
        ([], [rule(1, IT, role_id=AGENT)], True, None, set()),
        ([IT], [], True, None, set()),
        ([IT], [rule(1, IT, role_id=AGENT, team_id=DESK)], True, AGENT, {DESK}),
        ([IT], [rule(1, IT, role_id=AGENT, enabled=False)], True, None, set()),
        # The lowest number comes first, whichever was made first; of two alike, the older.
        ([IT, STAFF], [rule(1, IT, 2, role_id=AGENT), rule(2, STAFF, 1, role_id=VIEWER)], True, VIEWER, set()),
        ([IT, STAFF], [rule(2, IT, role_id=AGENT), rule(1, STAFF, role_id=VIEWER)], True, VIEWER, set()),
        # One that gives no role does not stand in the way of the next; teams are those of all.
        (
            [IT, STAFF],
            [rule(1, IT, 1, team_id=DESK), rule(2, STAFF, 2, role_id=VIEWER, team_id=FIELD)],
            True,
            VIEWER,
            {DESK, FIELD},
        ),
        # Admin by nobody but a rule that says that it may; the next one counts.
        ([IT], [rule(1, IT, role_id=ADMIN, gives_admin=True)], True, None, set()),
        ([IT], [rule(1, IT, role_id=ADMIN, gives_admin=True, may_give_admin=True)], True, ADMIN, set()),
        ([IT], [rule(1, IT, 1, role_id=ADMIN, gives_admin=True), rule(2, IT, 2, role_id=AGENT)], True, AGENT, set()),
        # The same name from elsewhere is another group.
        ([SAML], [rule(1, OIDC, role_id=AGENT)], False, None, set()),
        ([SAML], [rule(1, SAML, role_id=AGENT, team_id=DESK)], False, AGENT, {DESK}),
        # A directory comes before claims, for its users and for its teams.
        ([SAML], [rule(1, SAML, role_id=AGENT, team_id=DESK)], True, None, set()),
        ([SAML], [rule(1, SAML, role_id=AGENT, team_id=DESK, team_owned=True)], False, AGENT, set()),
        ([IT], [rule(1, IT, team_id=DESK, team_owned=True)], False, None, {DESK}),
    ],
)
def test_what_groups_give(
    groups: list[Group], rules: list[Rule], owned: bool, role: UUID | None, teams: set[UUID]
) -> None:
    decision = decide(groups, rules, owned=owned)

    assert (decision.role_id, set(decision.team_ids)) == (role, teams)
    assert (decision.role_by is None) == (role is None)
