"""Teams as rows, which is what a change needs of them: objects of the session take three times as long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Update,
    bindparam,
    insert,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.orm.attributes import set_committed_value

from scim_server.db import Transaction
from scim_server.models import Subteam, Team
from scim_server.models.types import Id
from scim_server.premises import IT_HOLDS
from scim_server.prepared import fetch
from scim_server.services.constraints import flush, send
from scim_server.services.context import Context
from scim_server.services.errors import DomainError, TeamNameTaken


@dataclass(slots=True)
class Held:
    """What a change looks at of a team that nobody else changes until the transaction ends.

    It is unseen from the first change on: whatever else this transaction changes makes no other version of it.
    """

    id: UUID
    directory_id: UUID | None
    linked: bool
    display_name: str
    document: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime
    is_unseen: bool = False


Changing = Team | Held

# Put together once, as in services/shown_users.py.
_HELD = (
    *(Team.id, Team.directory_id, Team.linked, Team.display_name),
    *(Team.document, Team.version, Team.created_at, Team.updated_at),
)
_LIVING = Team.org_id == bindparam("org_id"), Team.deleted_at.is_(None)


def _held(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    # Not FOR UPDATE: whoever puts the team into another, or somebody into the team, looks whether it is there, and
    # would wait for us, who may wait for them.
    return select(*_HELD).where(*_LIVING, *conditions).with_for_update(key_share=True)


def _one_to_delete() -> Select[*tuple[Any, ...]]:
    containing = select(Subteam.team_id).where(
        Subteam.org_id == bindparam("org_id"), Subteam.member_id == bindparam("team_id")
    )
    concerned = union_all(select(bindparam("team_id", type_=Id())), containing)
    return _held(Team.id.in_(concerned)).order_by(Team.id)  # two that lock several of the same do so in one order


_ONE = _held(Team.id == bindparam("team_id"))
_ONE_TO_DELETE = _one_to_delete()
_CALLED = Team.display_name_key == bindparam("called"), Team.directory_id.is_(None)
_CANDIDATE = _held(*_CALLED)
# What new teams differ in; the rest is in the statement, or is the database's to fill in.
_TOLD = (
    *("org_id", "id", "directory_id", "created_at"),
    *("display_name", "display_name_key", "external_id", "document", "search"),
)


def _insert_unless_known() -> Insert:
    teams: Any = Team.__table__
    values: dict[str, Any] = {name: bindparam(name, type_=teams.c[name].type) for name in _TOLD}
    values |= {"updated_at": values["created_at"], "version": literal_column("1")}
    row = select(*values.values()).where(~select(Team.id).where(*_LIVING, *_CALLED).exists(), IT_HOLDS)
    return (
        insert(teams).from_select(list(values), row, include_defaults=False).execution_options(preserve_rowcount=True)
    )


_INSERT = _insert_unless_known()


def hold_team(ctx: Context, team_id: UUID) -> Held | None:
    """The living team with this id."""
    return _read(ctx, _ONE, team_id=team_id).get(team_id)


def hold_team_to_delete(ctx: Context, team_id: UUID) -> Held | None:
    """As `hold_team`; with it, the teams that it is in are held."""
    return _read(ctx, _ONE_TO_DELETE, team_id=team_id).get(team_id)


def hold_candidate(ctx: Context, name_key: str | None) -> Held | None:
    """The team of this name that is no directory's."""
    return next(iter(_read(ctx, _CANDIDATE, called=name_key).values()), None)


def insert_team(ctx: Context, row: Mapping[str, Any], *, unless: str | None = None) -> bool:
    """Send a new team, unless one that is no directory's is called so already. Whether it was sent.

    Raises TeamNameTaken.
    """
    return send(ctx.session, _INSERT, {**row, "called": unless}, _taken(row["display_name"])) == 1


def write(ctx: Context, team: Changing, values: Mapping[str, Any]) -> None:
    """Give columns of a team new values, and make it another version of itself.

    Raises TeamNameTaken.
    """
    told = _taken(values.get("display_name", team.display_name))
    flush(ctx.session, told)
    send(ctx.session, *_change(ctx, team, values), told)


def change(ctx: Context, team: Changing, **values: Any) -> None:
    """As `write`, of columns that no constraint is about, or of none: it is sent with whatever else there is."""
    if values or not _is_unseen(team):
        assert isinstance(ctx.session, Transaction), "what changes something is in a transaction that writes"
        ctx.session.change(*_change(ctx, team, values))


def held(row: Mapping[str, Any]) -> Held:
    """A new team that was sent."""
    at = row["created_at"]
    said = row["id"], row["directory_id"], False, row["display_name"], row["document"]
    return Held(*said, version=1, created_at=at, updated_at=at, is_unseen=True)


def _read(ctx: Context, statement: Select[*tuple[Any, ...]], **parameters: Any) -> dict[UUID, Held]:
    ctx.session.flush()
    rows = fetch(ctx.session.connection(), statement, {"org_id": ctx.org.id, **parameters})
    return {row.id: Held(*row) for row in rows}


def _change(ctx: Context, team: Changing, values: Mapping[str, Any]) -> tuple[Update, dict[str, Any]]:
    """A change of a team, which is known from now on as it will be then."""
    if not _is_unseen(team):
        values = {**values, "version": team.version + 1, "updated_at": ctx.now}
    _know(team, values)
    told = {f"now_{name}": value for name, value in values.items()}
    return _update(tuple(values)), {"of_org": ctx.org.id, "of_team": team.id, **told}


def _is_unseen(team: Changing) -> bool:
    return isinstance(team, Held) and team.is_unseen


def _know(team: Changing, values: Mapping[str, Any]) -> None:
    if isinstance(team, Held):
        team.is_unseen = True
    for name, value in values.items():
        if isinstance(team, Team):
            set_committed_value(team, name, value)
        elif name in Held.__slots__:
            setattr(team, name, value)


@cache
def _update(names: tuple[str, ...]) -> Update:
    """A statement that gives new values to these columns of one team."""
    here = Team.org_id == bindparam("of_org"), Team.id == bindparam("of_team")
    return update(Team).where(*here).values({name: bindparam(f"now_{name}") for name in names})


def _taken(name: str) -> dict[str, DomainError]:
    return {"uq_teams_display_name": TeamNameTaken(name)}
