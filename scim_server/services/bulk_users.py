"""What is done with many users at once: invited, given a role, deactivated, reactivated, restored."""

from collections.abc import Callable, Sequence
from uuid import UUID

from scim_server.models import User, UserStatus
from scim_server.services import handmade_teams, invitations, lifecycle, ownership, roles, team_ownership, teams
from scim_server.services.addresses import read_email, read_recipient
from scim_server.services.bulk_acts import (
    Report,
    Result,
    Verdict,
    act_on_each,
    all_or_report,
    begun,
    check_number,
)
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole
from scim_server.services.errors import DomainError, InvalidValue, NoOwnerYet, NotAllowed
from scim_server.services.languages import Language
from scim_server.services.lookup_many import find_many, find_many_deleted, lock_addressed, lock_many
from scim_server.services.permissions import Manage, require, require_to_give
from scim_server.services.profiles import folded
from scim_server.services.savepoints import attempt

Act = Callable[[Context, User], bool]


def deactivate_many(ctx: Context, named: Sequence[str], *, only_if_all: bool = False) -> Report:
    """Bar many users from signing in, as services/lifecycle.py bars one.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.USERS)
    return _act_on_many(ctx, named, _deactivate, only_if_all=only_if_all)


def reactivate_many(ctx: Context, named: Sequence[str], *, only_if_all: bool = False) -> Report:
    """Let many deactivated users sign in again, as long as there are seats, in the order in which they are named.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.USERS)
    return _act_on_many(ctx, named, _reactivate, only_if_all=only_if_all)


def restore_many(ctx: Context, named: Sequence[str], *, only_if_all: bool = False) -> Report:
    """Bring many deleted users back, as services/lifecycle.py brings back one.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.USERS)
    return _act_on_many(ctx, named, _restore, only_if_all=only_if_all, deleted=True)


def change_role_of_many(ctx: Context, named: Sequence[str], role: DeclaredRole, *, only_if_all: bool = False) -> Report:
    """Give many users another role.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.ROLES)
    require_to_give(ctx, role)

    def give(ctx: Context, user: User) -> bool:
        if user.role_by_hand_id == role.id:
            return False
        roles.give_role(ctx, user, role)
        return True

    return _act_on_many(ctx, named, give, only_if_all=only_if_all)


def invite_many(
    ctx: Context,
    emails: Sequence[str],
    *,
    role: DeclaredRole | None = None,
    team_ids: Sequence[UUID] = (),
    language: Language = Language.EN,
    only_if_all: bool = False,
) -> Report:
    """Invite many by mail, as services/invitations.py invites one, as long as there are seats. All who are invited join
    these teams.

    Raises NotAllowed, InvalidValue, NoOwnerYet, NotFound, OwnedByDirectory.
    """
    require(ctx, Manage.USERS)
    check_number(emails)
    _check_can_invite(ctx, role, team_ids)
    bulk, because = begun(ctx)
    lock_addressed(ctx, {key for email in emails for key in _keys(email)})

    def invite_all() -> list[Result]:
        seen: dict[str, int] = {}
        results = [
            _invite(because, email, number, seen, role, language) for number, email in enumerate(emails, start=1)
        ]
        invited = [each.user_id for each in results if each.verdict is Verdict.DONE and each.user_id]
        for team_id in dict.fromkeys(team_ids) if invited else ():
            team = handmade_teams.find_team(because, str(team_id))
            handmade_teams.add_mates(because, team, invited)
        return results

    return Report(bulk, all_or_report(ctx, invite_all, only_if_all=only_if_all))


def _act_on_many(ctx: Context, named: Sequence[str], act: Act, *, only_if_all: bool, deleted: bool = False) -> Report:
    check_number(named)
    bulk, because = begun(ctx)
    found = find_many_deleted(ctx, named) if deleted else find_many(ctx, named)
    found, rows = lock_many(ctx, found, deleted=deleted)

    def act_on_all() -> list[Result]:
        return act_on_each(because, named, found, rows, lambda user: act(because, user))

    return Report(bulk, all_or_report(ctx, act_on_all, only_if_all=only_if_all))


def _deactivate(ctx: Context, user: User) -> bool:
    if user.status == UserStatus.DEACTIVATED:
        return False
    lifecycle.deactivate_user(ctx, user)
    return True


def _reactivate(ctx: Context, user: User) -> bool:
    if user.status == UserStatus.INVITED:
        raise NotAllowed(f"{user.user_name} is invited, and comes in by accepting.")
    if user.status == UserStatus.ACTIVE:
        return False
    lifecycle.activate_user(ctx, user)
    return True


def _restore(ctx: Context, user: User) -> bool:
    lifecycle.restore_user(ctx, user)
    return True


def _check_can_invite(ctx: Context, role: DeclaredRole | None, team_ids: Sequence[UUID]) -> None:
    """Refuse at once what would be refused of everybody."""
    if ownership.find_owner(ctx) is None:
        raise NoOwnerYet
    roles.role_to_give(ctx, role)
    if team_ids:
        require(ctx, Manage.TEAMS)
    for team_id in team_ids:
        team_ownership.check_hands_may(ctx, teams.get_team(ctx, team_id))


def _invite(
    ctx: Context, email: str, number: int, seen: dict[str, int], role: DeclaredRole | None, language: Language
) -> Result:
    keys = _keys(email)
    before = min((seen[key] for key in keys if key in seen), default=None)
    if before is not None:
        note = f"{email.strip()} is named twice, first as number {before}."
        return Result(email, Verdict.UNCHANGED, user_name=email.strip(), note=note)
    seen.update(dict.fromkeys(keys, number))
    try:
        with attempt(ctx):
            made = invitations.invite(ctx, email, role=role, language=language)
            return Result(email, Verdict.DONE, made.user.id, made.user.user_name)
    except DomainError as error:
        return Result(email, Verdict.REFUSED, error=error)


def _keys(email: str) -> set[str]:
    """What an address is looked up by; nothing where it is none, which inviting tells."""
    try:
        return {folded(read_recipient(email)), folded(read_email(email).text)}
    except InvalidValue:
        return set()
