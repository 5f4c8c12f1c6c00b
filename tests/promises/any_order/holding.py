"""What must hold of an organization, whatever has happened."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select

from scim_server.models import (
    Alarm,
    BuiltIn,
    Invitation,
    Membership,
    OutgoingMail,
    Overage,
    Role,
    ScimToken,
    Source,
    Subteam,
    Team,
    TeamAncestor,
    User,
    UserSession,
    UserStatus,
)
from scim_server.services import seats
from scim_server.services.context import Context
from scim_server.services.mapping_effects import plan
from scim_server.services.mapping_facts import load_rules
from scim_server.services.roles import effective_role
from tests.promises.any_order.retold import Story


@dataclass
class Seen:
    """What was there after the step before, and what the step allows for."""

    used: int = 0
    admins: int = 0
    seats_may_be_exceeded: bool = False
    deleted: list[UUID] = field(default_factory=list)
    nobodys: list[UUID] = field(default_factory=list)
    alarms: int = 0

    def look(self, ctx: Context) -> None:
        """Who there is for the next step: so that it does not ask in vain."""
        rows = ctx.session.execute(
            select(User.id, User.status, User.directory_id).where(User.org_id == ctx.org.id).order_by(User.id)
        ).all()
        self.deleted = [row.id for row in rows if row.status == UserStatus.DELETED]
        self.nobodys = [row.id for row in rows if row.status != UserStatus.DELETED and row.directory_id is None]
        self.alarms = ctx.session.scalar(select(func.count()).select_from(Alarm).where(Alarm.org_id == ctx.org.id)) or 0


def nobody_is_admitted_beyond_a_plan_that_blocks(ctx: Context, seen: Seen) -> None:
    used = seats.seats(ctx).used
    if ctx.org.seats is not None and ctx.org.overage == Overage.BLOCK and not seen.seats_may_be_exceeded:
        assert used <= max(ctx.org.seats, seen.used)
    seen.used, seen.seats_may_be_exceeded = used, False


def there_is_one_owner_who_is_an_active_admin_and_an_admin_once_there_was_one(ctx: Context, seen: Seen) -> None:
    admins = select(User).join(Role, (Role.org_id == User.org_id) & (Role.id == User.role_id))
    active = admins.where(User.org_id == ctx.org.id, User.status == UserStatus.ACTIVE)
    found = set(ctx.session.scalars(active.where(Role.built_in == BuiltIn.ADMIN)))
    owners = set(ctx.session.scalars(select(User).where(User.org_id == ctx.org.id, User.is_owner)))
    assert len(owners) <= 1
    assert owners <= found
    assert found or not seen.admins
    seen.admins = len(found)


def no_two_living_users_have_one_name_or_one_account(ctx: Context, _: Seen) -> None:
    living = User.org_id == ctx.org.id, User.status != UserStatus.DELETED
    for column in (User.user_name_key, User.account_id):
        keys = list(ctx.session.scalars(select(column).where(*living, column.is_not(None))))
        assert len(keys) == len(set(keys))


def whoever_is_not_active_has_nothing_to_come_in_with(ctx: Context, _: Seen) -> None:
    inactive = User.status != UserStatus.ACTIVE
    for table, ended in ((UserSession, UserSession.ended_at), (ScimToken, ScimToken.revoked_at)):
        theirs = (User.org_id == table.org_id) & (User.id == table.user_id)
        open_ones = select(table.id).join(User, theirs).where(User.org_id == ctx.org.id, inactive, ended.is_(None))
        assert not ctx.session.scalars(open_ones).all()
    barred = User.status.in_([UserStatus.DEACTIVATED, UserStatus.DELETED])
    theirs = (User.org_id == Invitation.org_id) & (User.id == Invitation.user_id)
    pending = select(Invitation.id).join(User, theirs).where(User.org_id == ctx.org.id, Invitation.ended_at.is_(None))
    assert not ctx.session.scalars(pending.where(barred)).all()


def a_deleted_user_is_in_no_team(ctx: Context, _: Seen) -> None:
    theirs = (User.org_id == Membership.org_id) & (User.id == Membership.user_id)
    gone = select(Membership.user_id).join(User, theirs)
    assert not ctx.session.scalars(gone.where(User.org_id == ctx.org.id, User.status == UserStatus.DELETED)).all()


def somebody_holds_each_membership(ctx: Context, _: Seen) -> None:
    rows = ctx.session.execute(
        select(Membership.sources, Team.directory_id)
        .join(Team, (Team.org_id == Membership.org_id) & (Team.id == Membership.team_id))
        .where(Team.org_id == ctx.org.id)
    ).all()
    assert all(0 < sources <= sum(Source) for sources, _ in rows)


def who_is_in_what_is_what_the_teams_in_teams_say(ctx: Context, _: Seen) -> None:
    living = set(ctx.session.scalars(select(Team.id).where(Team.org_id == ctx.org.id, Team.deleted_at.is_(None))))
    links = ctx.session.execute(select(Subteam.member_id, Subteam.team_id).where(Subteam.org_id == ctx.org.id))
    direct = {(below, above) for below, above in links if below in living and above in living}
    every: set[tuple[object, object]] = set()
    while more := (direct | {(a, d) for a, b in every for c, d in direct if b == c}) - every:
        every |= more
    kept = ctx.session.execute(
        select(TeamAncestor.team_id, TeamAncestor.ancestor_id).where(TeamAncestor.org_id == ctx.org.id)
    )
    assert {(below, above) for below, above in kept} == every
    assert all(below != above for below, above in every)


def a_role_is_what_the_grants_say(ctx: Context, _: Seen) -> None:
    for user in ctx.session.scalars(select(User).where(User.org_id == ctx.org.id)):
        grants = user.role_by_hand_id, user.role_by_directory_id, user.role_by_mapping_id
        assert user.role_id == effective_role(ctx, *grants).id, user.user_name


def the_mappings_give_what_they_say_and_nothing_else_does(ctx: Context, _: Seen) -> None:
    living = select(User.id).where(User.org_id == ctx.org.id, User.status != UserStatus.DELETED)
    story = Story.of(ctx)
    for change in plan(ctx, ctx.session.scalars(living).all(), load_rules(ctx)):
        assert not change.gains | change.loses, change
        assert change.kept or change.person.id in story.kept, change


def the_events_tell_what_there_is(ctx: Context, _: Seen) -> None:
    story = Story.of(ctx)
    users = {user.id: user for user in ctx.session.scalars(select(User).where(User.org_id == ctx.org.id))}
    assert story.statuses == {user.id: user.status for user in users.values()}
    names = {row.id: row.name for row in ctx.session.scalars(select(Role).where(Role.org_id == ctx.org.id))}
    living = {user.id for user in users.values() if user.status != UserStatus.DELETED}
    assert {id: role for id, role in story.roles.items() if id in living} == {
        id: names[users[id].role_id] for id in living
    }
    rows = ctx.session.execute(select(Membership.team_id, Membership.user_id).where(Membership.org_id == ctx.org.id))
    assert {pair for pair in story.members if pair[1] in users} == {(team_id, user_id) for team_id, user_id in rows}
    owner = ctx.session.scalar(select(User.id).where(User.org_id == ctx.org.id, User.is_owner))
    assert story.owner == owner


def no_mail_is_in_clear(ctx: Context, _: Seen) -> None:
    for row in ctx.session.scalars(select(OutgoingMail).where(OutgoingMail.org_id == ctx.org.id)):
        assert "example" not in f"{row.content}{row.last_error}"


_ALL: tuple[Callable[[Context, Seen], None], ...] = (
    nobody_is_admitted_beyond_a_plan_that_blocks,
    there_is_one_owner_who_is_an_active_admin_and_an_admin_once_there_was_one,
    no_two_living_users_have_one_name_or_one_account,
    whoever_is_not_active_has_nothing_to_come_in_with,
    a_deleted_user_is_in_no_team,
    somebody_holds_each_membership,
    who_is_in_what_is_what_the_teams_in_teams_say,
    a_role_is_what_the_grants_say,
    the_mappings_give_what_they_say_and_nothing_else_does,
    the_events_tell_what_there_is,
    no_mail_is_in_clear,
)


def holds(ctx: Context, seen: Seen) -> None:
    for each in _ALL:
        each(ctx, seen)
    seen.look(ctx)
