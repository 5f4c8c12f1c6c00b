"""/api/v1/bulk: what is done with many users at once."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from scim_server.services import bulk_teams, bulk_users, handmade_teams, roles
from scim_server.services.built_in import Manage
from scim_server.services.bulk_acts import MOST, Report, Result, Verdict
from scim_server.services.context import Context
from scim_server.services.handmade_teams import Part
from scim_server.services.languages import Language
from scim_server.web.api.endpoints import Room
from scim_server.web.api.problems import code_of
from scim_server.web.api.shapes import Input, Shape, Text

acts = Room(
    "Many at once",
    "What is done with up to 1,000 users in one request. Each is done or refused by itself, by the rules for one user, "
    "and the answer says of each, in the order in which they were sent. With `only_if_all`, nothing is done where one "
    "is refused, and whoever could have been done is `not_done`. Whoever is sent twice is done once.",
)

Asked = Annotated[
    list[Annotated[Text, Field(min_length=1, max_length=512)]],
    Field(min_length=1, max_length=MOST, description="Each by id, userName or e-mail address."),
]


class ManyUsers(Input):
    users: Asked
    only_if_all: Annotated[bool, Field(description="Do nothing where somebody is refused.")] = False


class ManyInvited(Input):
    emails: Annotated[list[Annotated[Text, Field(min_length=1, max_length=512)]], Field(min_length=1, max_length=MOST)]
    role_id: Annotated[UUID | None, Field(description="Without it, they get the default role.")] = None
    team_ids: Annotated[list[UUID], Field(default_factory=list, max_length=100, description="Teams that they join.")]
    language: Annotated[Language, Field(description="That of the message.")] = Language.EN
    only_if_all: Annotated[bool, Field(description="Do nothing where somebody is refused.")] = False


class ManyOfRole(ManyUsers):
    role_id: UUID


class ManyOfTeam(ManyUsers):
    team_id: UUID


class ManyWithPart(ManyOfTeam):
    part: Annotated[Part | None, Field(description="What they do there. Without it, whoever is new is a user.")] = None


class ResultShape(Shape):
    asked: Annotated[str, Field(description="How they were named.")]
    verdict: Verdict
    user_id: UUID | None
    user_name: str | None
    code: Annotated[str | None, Field(description="Why they were refused, as the code of a problem says it.")]
    detail: Annotated[str | None, Field(description="Why, or what else there is to say, in a sentence.")]


class ReportShape(Shape):
    id: Annotated[UUID, Field(description="Every event of this has it, as `bulk` in its details.")]
    done: int
    unchanged: int
    refused: int
    not_done: int
    results: list[ResultShape]


@acts.post("/bulk/invite", needs=Manage.USERS)
def invite_many(ctx: Context, body: ManyInvited) -> ReportShape:
    """Invite many by mail.

    To give them another role than the default one also takes `roles.manage`, and whatever that role may; to put them
    into teams, `teams.manage`.
    """
    role = roles.find_role(ctx, str(body.role_id)) if body.role_id else None
    return _told(
        bulk_users.invite_many(
            ctx,
            body.emails,
            role=role,
            team_ids=body.team_ids,
            language=body.language,
            only_if_all=body.only_if_all,
        )
    )


@acts.post("/bulk/change-role", needs=Manage.ROLES)
def change_role_of_many(ctx: Context, body: ManyOfRole) -> ReportShape:
    """Give many another role.

    Nobody gives what they may not do themselves.
    """
    role = roles.find_role(ctx, str(body.role_id))
    return _told(bulk_users.change_role_of_many(ctx, body.users, role, only_if_all=body.only_if_all))


@acts.post("/bulk/add-to-team", needs=Manage.TEAMS)
def add_many_to_team(ctx: Context, body: ManyWithPart) -> ReportShape:
    """Put many into a team.

    It must be no directory's.
    """
    team = handmade_teams.find_team(ctx, str(body.team_id))
    return _told(bulk_teams.add_many_to_team(ctx, team, body.users, part=body.part, only_if_all=body.only_if_all))


@acts.post("/bulk/remove-from-team", needs=Manage.TEAMS)
def remove_many_from_team(ctx: Context, body: ManyOfTeam) -> ReportShape:
    """Take many out of a team.

    Whoever a directory or a mapping holds there as well stays, which `detail` says.
    """
    team = handmade_teams.find_team(ctx, str(body.team_id))
    return _told(bulk_teams.remove_many_from_team(ctx, team, body.users, only_if_all=body.only_if_all))


@acts.post("/bulk/deactivate", needs=Manage.USERS)
def deactivate_many(ctx: Context, body: ManyUsers) -> ReportShape:
    """Bar many from signing in.

    Their sessions and tokens end at once, and their seats are free.
    """
    return _told(bulk_users.deactivate_many(ctx, body.users, only_if_all=body.only_if_all))


@acts.post("/bulk/reactivate", needs=Manage.USERS)
def reactivate_many(ctx: Context, body: ManyUsers) -> ReportShape:
    """Let many deactivated users sign in again.

    As long as there are seats, in the order in which they are sent.
    """
    return _told(bulk_users.reactivate_many(ctx, body.users, only_if_all=body.only_if_all))


@acts.post("/bulk/restore", needs=Manage.USERS)
def restore_many(ctx: Context, body: ManyUsers) -> ReportShape:
    """Bring many deleted users back.

    Each is the one with that id, or whoever was deleted last of that userName.
    """
    return _told(bulk_users.restore_many(ctx, body.users, only_if_all=body.only_if_all))


def _told(report: Report) -> ReportShape:
    counts = {verdict.value: report.count(verdict) for verdict in Verdict}
    return ReportShape(id=report.id, **counts, results=[_result(each) for each in report.results])


def _result(result: Result) -> ResultShape:
    return ResultShape(
        asked=result.asked,
        verdict=result.verdict,
        user_id=result.user_id,
        user_name=result.user_name,
        code=code_of(type(result.error)) if result.error else None,
        detail=result.sentence,
    )
