"""Whose a team is: a directory's, which alone says what it is called and who is in it, or that of hands."""

from uuid import UUID

from scim_server.models import Directory, Team
from scim_server.services import team_rows
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed, OwnedByDirectory
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.team_rows import Changing, Held


def claim(ctx: Context, team: Held) -> bool:
    """Ask whether a directory may change a team, and take over one that hands have made, if the directory is to.

    It is true where the team was taken over. Raises OwnedByDirectory, NotAllowed.
    """
    if not _is_foreign(ctx, team):
        return False
    assert ctx.directory is not None
    if not ctx.directory.adopt_teams:
        raise NotAllowed(
            f"The group {team.display_name!r} was made by hand, and this directory is set not to take over such groups."
        )
    _adopt(ctx, team)
    return True


def check_directory_may_delete(ctx: Context, team: Changing) -> None:
    """Ask whether a directory may delete a team: only one of its own, since there is nothing to take over.

    Raises OwnedByDirectory, NotAllowed.
    """
    if _is_foreign(ctx, team):
        raise NotAllowed(f"The group {team.display_name!r} was made by hand: this directory cannot delete it.")


def find_candidate(ctx: Context, name_key: str) -> Held | None:
    """The team, made by hand, that a directory means when it pushes a new one of the same name; nobody else changes it
    until this transaction ends. It is the directory's from now on.
    """
    team = team_rows.hold_candidate(ctx, name_key)
    if team is not None:
        _adopt(ctx, team)
    return team


def check_hands_may(ctx: Context, team: Changing) -> None:
    """Ask whether people may say of a team what a directory says: not while it is a directory's.

    Raises OwnedByDirectory.
    """
    if ctx.actor.is_hand and team.directory_id is not None:
        raise OwnedByDirectory(team.display_name, "change it there")


def set_adoption_of_teams(ctx: Context, directory: Directory, adopts: bool) -> None:
    """Say what becomes of a team made by hand when a directory pushes one of the same name.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    if directory.adopt_teams != adopts:
        record(ctx, Action.DIRECTORY_UPDATED, directory, {"adopt_teams": (directory.adopt_teams, adopts)})
        directory.adopt_teams = adopts
        directory.changed(ctx.now)


def put_back_owner(ctx: Context, team: Team, owner: str | None) -> None:
    """Make a team the one's whose it was before a directory took it over (services/undo.py)."""
    before = str(team.directory_id) if team.directory_id else None
    team.directory_id = UUID(owner) if owner else None
    team.changed(ctx.now)
    record(ctx, Action.TEAM_RELEASED, team, {"directory": (before, owner)})


def _is_foreign(ctx: Context, team: Changing) -> bool:
    """Whether a directory asks, and the team is that of hands. Raises OwnedByDirectory where it is another's."""
    if ctx.directory is None or team.directory_id == ctx.directory.id:
        return False
    if team.directory_id is not None:
        raise OwnedByDirectory(team.display_name, "another one, which alone can change it")
    return True


def _adopt(ctx: Context, team: Held) -> None:
    """Make a team the directory's. Whoever was in it stays; what hands gave, hands can still take back."""
    assert ctx.directory is not None, "only a directory adopts"
    team_rows.change(ctx, team, directory_id=ctx.directory.id, linked=True)
    record(ctx, Action.TEAM_ADOPTED, team, {"directory": (None, str(ctx.directory.id))})
