"""What a user holds that has to end with them, told by the statement that changes their state: most hold nothing of it,
and a directory deactivates many.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, case, literal, select, union_all

from scim_server.models import (
    Checklist,
    ChecklistKind,
    ChecklistState,
    Invitation,
    Membership,
    ScimToken,
    Team,
    UserSession,
    UserStatus,
)
from scim_server.models.expressions import asked, json_rows
from scim_server.models.types import Id
from scim_server.prepared import fetch
from scim_server.services.context import Context
from scim_server.services.user_columns import Changing, another_version, note_columns, parameters, writing

# The ids of the open sessions, tokens, invitations and checklists of a user, and of the teams that they are in.
Held = dict[str, list[str]]

_KINDS = ("session", "token", "team", "deleted team", "invitation", *ChecklistKind)


def become(ctx: Context, user: Changing, status: UserStatus, columns: Mapping[str, Any] | None = None) -> Held:
    """Make this the state of a user whom nobody else changes, with some columns that go with it, and return what they
    hold. Whoever gives them anything of it has to hold the user, too, and has done so before, or comes too late.
    """
    values = {"status": status.value, **another_version(ctx, user), **(columns or {})}
    ctx.session.flush()
    statement = _becoming(tuple(values))
    ((told,),) = fetch(ctx.session.connection(), statement, parameters(ctx, user, values))
    note_columns(user, values)
    held: Held = {kind: [] for kind in _KINDS}
    for kind, id in sorted(told or ()):
        held[kind].append(id)
    return held


@lru_cache(maxsize=16)
def _becoming(names: tuple[str, ...]) -> Update:
    return writing(names).returning(_holdings())


def _holdings() -> ColumnElement[Any]:
    org, user = bindparam("changed_org_id", type_=Id()), bindparam("changed_user_id", type_=Id())
    tables = UserSession, ScimToken, Membership, Invitation, Checklist
    theirs = [(table.org_id == org) & (table.user_id == user) for table in tables]
    team = (Team.org_id == Membership.org_id) & (Team.id == Membership.team_id)
    kind = case((Team.deleted_at.is_(None), "team"), else_="deleted team")
    every = union_all(
        select(literal("session").label("kind"), UserSession.id).where(theirs[0], UserSession.ended_at.is_(None)),
        select(literal("token"), ScimToken.id).where(theirs[1], ScimToken.revoked_at.is_(None)),
        select(kind, Membership.team_id).join(Team, team).where(theirs[2]),
        select(literal("invitation"), Invitation.id).where(theirs[3], Invitation.ended_at.is_(None)),
        select(Checklist.kind, Checklist.id).where(theirs[4], Checklist.state == ChecklistState.OPEN),
    ).subquery()
    return asked(select(json_rows(every.c.kind, every.c.id)).scalar_subquery())
