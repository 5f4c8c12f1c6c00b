"""`scim-server bulk`: what is done with many users at once."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO, TypeVar
from uuid import UUID

import click

from scim_server.cli.base import Failure, operator, show
from scim_server.cli.invitations import LANGUAGES
from scim_server.services import bulk_teams, bulk_users, handmade_teams, roles
from scim_server.services.bulk_acts import Report, Result, Verdict
from scim_server.services.context import Context
from scim_server.services.handmade_teams import Part
from scim_server.services.languages import Language

PARTS = click.Choice([part.value for part in Part])
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def bulk() -> None:
    """Many users at once: at most 1,000.

    A USER is told by name, e-mail address or id; --file has one a line. What becomes of each is printed; the exit code
    is 1 where somebody was refused.
    """


def _many(what: str) -> Callable[[Command], Command]:
    """The options of every command here; `what` is what a line names."""

    def decorate(command: Command) -> Command:
        for option in (
            click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line."),
            click.option("--only-if-all", is_flag=True, help="Do nothing where somebody is refused."),
            click.option(
                "--file",
                type=click.File(encoding="utf-8-sig"),
                help=f"A file with one {what} a line; - is standard input.",
            ),
            click.argument(what.lower(), nargs=-1),
        ):
            command = option(command)
        return command

    return decorate


@bulk.command("invite")
@click.argument("slug")
@click.option("--role", metavar="NAME", help="The role that they get.  [default: that of whoever is given none]")
@click.option("--team", "teams", metavar="ID", type=click.UUID, multiple=True, help="A team to join; may be repeated.")
@click.option("--language", type=LANGUAGES, default=Language.EN.value, show_default=True, help="That of the message.")
@_many("EMAIL")
def bulk_invite(
    slug: str, role: str | None, teams: tuple[UUID, ...], language: str, email: tuple[str, ...], **how: Any
) -> None:
    """Invite many by mail.

    Each EMAIL gets an invitation to the organization SLUG.
    """

    def act(ctx: Context, named: Sequence[str], **how: bool) -> Report:
        given = roles.find_role(ctx, role) if role else None
        return bulk_users.invite_many(ctx, named, role=given, team_ids=teams, language=Language(language), **how)

    _act(slug, email, act, **how)


@bulk.command("role")
@click.argument("slug")
@click.argument("role")
@_many("USER")
def bulk_role(slug: str, role: str, user: tuple[str, ...], **how: Any) -> None:
    """Give many another role.

    Each USER of the organization SLUG has the ROLE then.
    """

    def act(ctx: Context, named: Sequence[str], **how: bool) -> Report:
        return bulk_users.change_role_of_many(ctx, named, roles.find_role(ctx, role), **how)

    _act(slug, user, act, **how)


@bulk.command("team-add")
@click.argument("slug")
@click.argument("team")
@click.option("--part", type=PARTS, help="What they do there.  [default: user]")
@_many("USER")
def bulk_team_add(slug: str, team: str, part: str | None, user: tuple[str, ...], **how: Any) -> None:
    """Put many into a team.

    Each USER joins the TEAM (name or id) of the organization SLUG, which must be no directory's.
    """

    def act(ctx: Context, named: Sequence[str], **how: bool) -> Report:
        found = handmade_teams.find_team(ctx, team)
        return bulk_teams.add_many_to_team(ctx, found, named, part=Part(part) if part else None, **how)

    _act(slug, user, act, **how)


@bulk.command("team-remove")
@click.argument("slug")
@click.argument("team")
@_many("USER")
def bulk_team_remove(slug: str, team: str, user: tuple[str, ...], **how: Any) -> None:
    """Take many out of a team.

    Each USER leaves the TEAM (name or id) of the organization SLUG, unless a directory or a mapping holds them there.
    """

    def act(ctx: Context, named: Sequence[str], **how: bool) -> Report:
        found = handmade_teams.find_team(ctx, team)
        return bulk_teams.remove_many_from_team(ctx, found, named, **how)

    _act(slug, user, act, **how)


@bulk.command("deactivate")
@click.argument("slug")
@_many("USER")
def bulk_deactivate(slug: str, user: tuple[str, ...], **how: Any) -> None:
    """Bar many from signing in.

    Each USER of the organization SLUG is deactivated, as by `user deactivate`.
    """
    _act(slug, user, bulk_users.deactivate_many, **how)


@bulk.command("reactivate")
@click.argument("slug")
@_many("USER")
def bulk_reactivate(slug: str, user: tuple[str, ...], **how: Any) -> None:
    """Let many deactivated users sign in again.

    Each USER of the organization SLUG, as long as there are seats, in the order in which they stand here.
    """
    _act(slug, user, bulk_users.reactivate_many, **how)


@bulk.command("restore")
@click.argument("slug")
@_many("USER")
def bulk_restore(slug: str, user: tuple[str, ...], **how: Any) -> None:
    """Bring many deleted users back.

    Each USER (name or id) of the organization SLUG is as they were.
    """
    _act(slug, user, bulk_users.restore_many, **how)


def _act(
    slug: str,
    named: Sequence[str],
    act: Callable[..., Report],
    *,
    file: TextIO | None,
    only_if_all: bool,
    as_json: bool,
) -> None:
    every = [*named, *_lines(file)]
    with operator(slug) as ctx:
        report = act(ctx, every, only_if_all=only_if_all)
    for line in _objects(report) if as_json else _table(report):
        show(line) if isinstance(line, dict) else click.echo(line)
    counts = ", ".join(f"{report.count(verdict)} {_word(verdict)}" for verdict in Verdict if report.count(verdict))
    click.echo(f"{counts}. This was the bulk act {report.id}.", err=True)
    if report.count(Verdict.REFUSED):
        raise click.exceptions.Exit(1)


def _lines(file: TextIO | None) -> list[str]:
    try:
        return [line.strip() for line in file or () if line.strip()]
    except UnicodeDecodeError:
        raise Failure(f"{getattr(file, 'name', 'The file')} is no text in UTF-8.") from None


def _objects(report: Report) -> Iterator[dict[str, Any]]:
    for each in report.results:
        yield {
            "asked": each.asked,
            "verdict": each.verdict.value,
            "id": str(each.user_id) if each.user_id else None,
            "user_name": each.user_name,
            "why": each.sentence,
        }


def _table(report: Report) -> Iterator[str]:
    rows = [(_word(each.verdict), _shown(each.asked), _shown(_said(each))) for each in report.results]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for row in rows:
        yield f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}".rstrip()


def _said(result: Result) -> str:
    if result.sentence:
        return result.sentence
    return result.user_name if result.user_name and result.user_name != result.asked else ""


def _shown(text: str) -> str:
    """A text that somebody else chose, without what a terminal would obey."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def _word(verdict: Verdict) -> str:
    return verdict.value.replace("_", " ")
