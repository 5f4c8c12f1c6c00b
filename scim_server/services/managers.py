"""The line of managers, as the directory tells it.

A row keeps what the directory said of somebody's manager: an id, or another name. Who that is follows when it is asked:
the living user who has that id, else that externalId, else that userName. So nothing has to be kept in step: a manager
may come later than those who report to them, be deleted and restored, or be renamed, and the line is what the rows say.
Nobody stops a directory from closing a circle; a walk (UNION, not UNION ALL) comes to each user once.

The queries take longer to build than to answer, so each is built once, with names for what it is asked about.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, ScalarSelect, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from scim_server.models import User, UserStatus
from scim_server.models.expressions import any_of_parameter
from scim_server.models.types import Id, key_text
from scim_server.services.context import Context

_ORG = bindparam("org_id", type_=Id())
_USER = bindparam("user_id", type_=Id())
_MANAGER = bindparam("manager_id", type_=Id())
_EXTERNAL_ID = bindparam("external_id", type_=key_text())
_KEY = bindparam("user_name_key", type_=key_text())


class Found(NamedTuple):
    """The ids of users, as a query and its parameters."""

    ids: Select[UUID]
    parameters: Mapping[str, Any]


def is_above(ctx: Context, manager: User, user_id: UUID) -> bool:
    """Whether somebody, dead or alive, reports to a living user, directly or through living ones."""
    parameters = {"org_id": ctx.org.id, "user_id": user_id, "manager_id": manager.id}
    return bool(ctx.session.scalar(_is_above(), parameters))


def chain(ctx: Context, user: User) -> list[UUID]:
    """The managers of a user, the nearest first, each once."""
    line = _above()
    rows = ctx.session.execute(select(line.c.id, line.c.manager_id), {"org_id": ctx.org.id, "user_id": user.id})
    managers = {row.id: row.manager_id for row in rows}
    found: list[UUID] = []
    step = managers.get(user.id)
    while step is not None and step != user.id and step not in found:
        found.append(step)
        step = managers[step]
    return found


def managers_of(ctx: Context, user_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The manager of each of these users who has one; one query, however many they are."""
    rows = ctx.session.execute(_managers(), {"org_id": ctx.org.id, "user_ids": user_ids})
    return {user_id: manager_id for user_id, manager_id in rows if manager_id is not None}


def below(ctx: Context, user: User) -> Found:
    """A user who lives, and every living one who reports to them, directly or not."""
    walk = _below_by_name() if _are_named(ctx) else _below()
    return Found(select(walk.c.id), {"org_id": ctx.org.id, "user_id": user.id})


def reports(ctx: Context, manager: User) -> Found:
    """The living who report directly to a user who lives."""
    parameters = {"external_id": manager.external_id, "user_name_key": manager.user_name_key}
    return Found(_reports(), {"org_id": ctx.org.id, "user_id": manager.id} | parameters)


@cache
def _managers() -> Select[UUID, UUID | None]:
    user = aliased(User)
    return select(user.id, _manager_of(user)).where(user.org_id == _ORG, any_of_parameter(user.id, "user_ids"))


@cache
def _is_above() -> Select[bool]:
    return select(exists().where(_above().c.manager_id == _MANAGER))


@cache
def _above() -> CTE:
    first, manager = aliased(User), aliased(User)
    line = (
        select(first.id.label("id"), _manager_of(first).label("manager_id"))
        .where(first.org_id == _ORG, first.id == _USER)
        .cte("above", recursive=True)
    )
    return line.union(
        select(manager.id, _manager_of(manager))
        .join(line, line.c.manager_id == manager.id)
        .where(manager.org_id == _ORG)
    )


@cache
def _below() -> CTE:
    """Where every manager is named by id, one index has all that there is to know."""
    first, report = aliased(User), aliased(User)
    found = select(first.id).where(first.org_id == _ORG, first.id == _USER).cte("below", recursive=True)
    reports_to = (report.org_id == _ORG) & (report.manager_id == found.c.id)
    return found.union(select(report.id).join(found, reports_to).where(report.status != UserStatus.DELETED))


@cache
def _below_by_name() -> CTE:
    first, report = aliased(User), aliased(User)
    start = select(first.id, first.external_id, first.user_name_key).where(first.org_id == _ORG, first.id == _USER)
    found = start.cte("below", recursive=True)
    return found.union(
        select(report.id, report.external_id, report.user_name_key)
        .join(found, _reports_to(report, found.c.id, found.c.external_id, found.c.user_name_key))
        .where(report.status != UserStatus.DELETED)
    )


@cache
def _reports() -> Select[UUID]:
    report = aliased(User)
    return select(report.id).where(
        _reports_to(report, _USER, _EXTERNAL_ID, _KEY), report.status != UserStatus.DELETED, report.id != _USER
    )


def _reports_to(
    user: type[User], id: ColumnElement[Any], external_id: ColumnElement[Any], key: ColumnElement[Any]
) -> ColumnElement[bool]:
    """`user` has the living manager of that id, externalId and userName."""
    # The organization stands in each part, so that an index answers each for itself. Only a name may mean somebody else
    # than the one who has it: an id comes before an externalId, and that before a userName.
    here, meant = user.org_id == _ORG, _manager_of(user) == id
    return or_(
        and_(here, user.manager_id == id),
        and_(here, user.manager_name == external_id, meant),
        and_(here, user.manager_name_key == key, meant),
    )


def _manager_of(user: type[User]) -> ColumnElement[UUID | None]:
    """The id of a user's manager, in a query about `user`; NULL where there is none who lives."""

    def living(found: type[User], condition: ColumnElement[bool]) -> ScalarSelect[UUID]:
        # Of several with one externalId, the oldest. Ordered by the id alone, SQLite would read all ids instead.
        return (
            select(found.id)
            .where(found.org_id == _ORG, condition, found.status != UserStatus.DELETED)
            .order_by(found.created_at, found.id)
            .limit(1)
            .correlate(user)
            .scalar_subquery()
        )

    by_id, by_external_id, by_user_name = aliased(User), aliased(User), aliased(User)
    return func.coalesce(
        living(by_id, by_id.id == user.manager_id),
        living(by_external_id, by_external_id.external_id == user.manager_name),
        living(by_user_name, by_user_name.user_name_key == user.manager_name_key),
        type_=Id(),
    )


def _are_named(ctx: Context) -> bool:
    """Whether the directory means any manager by something else than our id."""
    named = select(User.id).where(User.org_id == ctx.org.id, User.manager_name.is_not(None))
    return ctx.session.scalar(named.limit(1)) is not None
