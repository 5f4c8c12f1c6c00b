"""The line of managers, as the directory tells it.

A row keeps what the directory said of somebody's manager: an id, or another name. Who that is follows when it is asked:
the living user who has that id, else that externalId, else that userName. So nothing has to be kept in step: a manager
may come later than those who report to them, be deleted and restored, or be renamed, and the line is what the rows say.
Nobody stops a directory from closing a circle; a walk (UNION, not UNION ALL) comes to each user once.
"""

from uuid import UUID

from sqlalchemy import CTE, ColumnElement, ScalarSelect, Select, and_, func, literal, or_, select
from sqlalchemy.orm import aliased

from scim_server.models import User, UserStatus
from scim_server.models.types import Id
from scim_server.services.context import Context


def manager_of(ctx: Context, user: type[User]) -> ColumnElement[UUID | None]:
    """The id of a user's manager, in a query about `user`; NULL where there is none who lives."""

    def living(found: type[User], condition: ColumnElement[bool]) -> ScalarSelect[UUID]:
        # Of several with one externalId, the oldest. Ordered by the id alone, SQLite would read all ids instead.
        return (
            select(found.id)
            .where(found.org_id == ctx.org.id, condition, found.status != UserStatus.DELETED)
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


def above(ctx: Context, user_id: UUID) -> CTE:
    """A user, and everybody whom they report to: `id`, and `manager_id` of each.

    It begins at whoever it is, dead or alive, and goes on through the living.
    """
    first, manager = aliased(User), aliased(User)
    line = (
        select(first.id.label("id"), manager_of(ctx, first).label("manager_id"))
        .where(first.org_id == ctx.org.id, first.id == user_id)
        .cte("above", recursive=True)
    )
    return line.union(
        select(manager.id, manager_of(ctx, manager))
        .join(line, line.c.manager_id == manager.id)
        .where(manager.org_id == ctx.org.id)
    )


def below(ctx: Context, user_id: UUID) -> CTE:
    """A user who lives, and every living one who reports to them, directly or not: `id` of each."""
    first, report = aliased(User), aliased(User)
    start = first.org_id == ctx.org.id, first.id == user_id
    alive = report.status != UserStatus.DELETED
    if not _are_named(ctx):  # then one index has all that there is to know
        found = select(first.id).where(*start).cte("below", recursive=True)
        by_id = (report.org_id == ctx.org.id) & (report.manager_id == found.c.id)
        return found.union(select(report.id).join(found, by_id).where(alive))
    found = select(first.id, first.external_id, first.user_name_key).where(*start).cte("below", recursive=True)
    return found.union(
        select(report.id, report.external_id, report.user_name_key)
        .join(found, reports_to(ctx, report, found.c.id, found.c.external_id, found.c.user_name_key))
        .where(alive)
    )


def reports(ctx: Context, manager: User) -> Select[UUID]:
    """The ids of the living who report directly to a user, which is nobody where that one is deleted."""
    report = aliased(User)
    return select(report.id).where(
        reports_to(ctx, report, manager.id, manager.external_id, manager.user_name_key),
        report.status != UserStatus.DELETED,
        literal(manager.status != UserStatus.DELETED),
        report.id != manager.id,
    )


def chain(ctx: Context, user: User) -> list[UUID]:
    """The managers of a user, the nearest first, each once."""
    line = above(ctx, user.id)
    rows = ctx.session.execute(select(line.c.id, line.c.manager_id))
    managers = {row.id: row.manager_id for row in rows}
    found: list[UUID] = []
    step = managers.get(user.id)
    while step is not None and step != user.id and step not in found:
        found.append(step)
        step = managers[step]
    return found


def reports_to(ctx: Context, user: type[User], id: object, external_id: object, key: object) -> ColumnElement[bool]:
    """`user` has the living manager of that id, externalId and userName."""
    # The organization stands in each part, so that an index answers each for itself. Only a name may mean somebody else
    # than the one who has it: an id comes before an externalId, and that before a userName.
    here, meant = user.org_id == ctx.org.id, manager_of(ctx, user) == id
    return or_(
        and_(here, user.manager_id == id),
        and_(here, user.manager_name == external_id, meant),
        and_(here, user.manager_name_key == key, meant),
    )


def _are_named(ctx: Context) -> bool:
    """Whether the directory means any manager by something else than our id."""
    named = select(User.id).where(User.org_id == ctx.org.id, User.manager_name.is_not(None))
    return ctx.session.scalar(named.limit(1)) is not None
