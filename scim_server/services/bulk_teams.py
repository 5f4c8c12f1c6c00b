"""Many users put into a team at once, or taken out of it.

However many they are, it is one change of the team, with one event: who can go is known before anybody goes.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Membership, Source, Team
from scim_server.models.expressions import any_of
from scim_server.services import handmade_teams, membership, team_ownership
from scim_server.services.bulk_acts import Report, Result, Verdict, begun, check_number, once_each
from scim_server.services.context import Context
from scim_server.services.errors import DomainError, NotAllowed, NotFound, OwnedByDirectory
from scim_server.services.handmade_teams import Part, part_of
from scim_server.services.lookup_many import Found, find_many
from scim_server.services.permissions import Manage, require

_OF_HANDS = Source.HAND | Source.MAIN


def add_many_to_team(
    ctx: Context, team: Team, named: Sequence[str], *, part: Part | None = None, only_if_all: bool = False
) -> Report:
    """Put many users into a team that is no directory's. All of them do what `part` says; where it says nothing,
    whoever is new is a user.

    Raises NotAllowed, InvalidValue, OwnedByDirectory.
    """
    require(ctx, Manage.TEAMS)
    team_ownership.check_hands_may(ctx, team)
    check_number(named)
    bulk, because = begun(ctx)
    found = _living(ctx, find_many(ctx, named))
    seats = _seats(ctx, team, found)

    def add(name: str, who: Found) -> Result:
        sources, has = seats.get(who.id, (0, None))
        there = sources & Source.HAND and part in (None, has)
        return Result(name, Verdict.UNCHANGED if there else Verdict.DONE, who.id, who.user_name)

    def do(ids: Collection[UUID]) -> None:
        handmade_teams.add_mates(because, team, ids, part=part)

    return Report(bulk, _planned(named, found, add, do, only_if_all=only_if_all))


def remove_many_from_team(ctx: Context, team: Team, named: Sequence[str], *, only_if_all: bool = False) -> Report:
    """Take many users out of a team, as far as people put them there. Who is there by a directory or a mapping as well
    stays, which the result notes.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.TEAMS)
    check_number(named)
    bulk, because = begun(ctx)
    found = find_many(ctx, named)
    seats = _seats(ctx, team, found)

    def remove(name: str, who: Found) -> Result:
        sources, _ = seats.get(who.id, (0, None))
        if not sources:
            return Result(name, Verdict.UNCHANGED, who.id, who.user_name)
        if not sources & _OF_HANDS:
            return Result(name, Verdict.REFUSED, who.id, who.user_name, error=_held(team, who, sources))
        stays = sources & ~_OF_HANDS
        note = f"{who.user_name} stays in {team.display_name!r} {_held_by(sources)}." if stays else None
        return Result(name, Verdict.DONE, who.id, who.user_name, note=note)

    def do(ids: Collection[UUID]) -> None:
        handmade_teams.remove_mates(because, team, ids)

    return Report(bulk, _planned(named, found, remove, do, only_if_all=only_if_all))


def _planned(
    named: Sequence[str],
    found: Sequence[Found | DomainError],
    one: Callable[[str, Found], Result],
    do: Callable[[Collection[UUID]], None],
    *,
    only_if_all: bool,
) -> list[Result]:
    results = [each if isinstance(each, Result) else one(name, each) for name, each in once_each(named, found)]
    if only_if_all and any(each.verdict is Verdict.REFUSED for each in results):
        return [replace(each, verdict=Verdict.NOT_DONE) if each.verdict is Verdict.DONE else each for each in results]
    if todo := [each.user_id for each in results if each.verdict is Verdict.DONE and each.user_id]:
        do(todo)
    return results


def _living(ctx: Context, found: Sequence[Found | DomainError]) -> list[Found | DomainError]:
    """Who was found and is not deleted until this transaction ends."""
    known = membership.lock_known_users(ctx, [each.id for each in found if isinstance(each, Found)])
    return [NotFound("user", each.id) if isinstance(each, Found) and each.id not in known else each for each in found]


def _seats(ctx: Context, team: Team, found: Sequence[Found | DomainError]) -> dict[UUID, tuple[int, Part | None]]:
    """Who of these is in the team: by whose gift, and what they do there; and nobody changes that meanwhile."""
    ids = [each.id for each in found if isinstance(each, Found)]
    rows = ctx.session.execute(
        select(Membership.user_id, Membership.sources, Membership.is_user, Membership.is_supervisor)
        .where(Membership.org_id == ctx.org.id, Membership.team_id == team.id, any_of(Membership.user_id, ids))
        .order_by(Membership.user_id)
        .with_for_update()
    )
    return {id: (sources, part_of(user, supervisor)) for id, sources, user, supervisor in rows}


def _held(team: Team, who: Found, sources: int) -> DomainError:
    if sources & Source.DIRECTORY:
        return OwnedByDirectory(team.display_name, f"take {who.user_name} out of the group there")
    return NotAllowed(
        f"{who.user_name} is in {team.display_name!r} {_held_by(sources)}: change the mapping, or the group."
    )


def _held_by(sources: int) -> str:
    return "by its directory" if sources & Source.DIRECTORY else "by a group mapping"
