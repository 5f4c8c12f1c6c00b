"""Who somebody is who has signed in, as the product asks for it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Account
from scim_server.services.declared import role_of
from scim_server.services.sessions import SignedIn
from scim_server.services.shown_users import teams_of_users


@dataclass(frozen=True, slots=True)
class Me:
    """`email` is the one that the organization knows the person by, or else that of their account; `teams` are the
    names of those that they are in, themselves or through another team.
    """

    user_id: UUID
    user_name: str
    display_name: str
    email: str | None
    role: str
    teams: tuple[str, ...]
    org_id: UUID
    slug: str
    organization: str


def about_me(signed_in: SignedIn) -> Me:
    ctx, user = signed_in.ctx, signed_in.user
    return Me(
        user_id=user.id,
        user_name=user.user_name,
        display_name=user.display_name,
        email=_email(signed_in),
        role=role_of(ctx, user.role_id).name,
        teams=tuple(team.team_name for team in teams_of_users(ctx, [user.id])[user.id]),
        org_id=ctx.org.id,
        slug=ctx.org.slug,
        organization=ctx.org.name,
    )


def _email(signed_in: SignedIn) -> str | None:
    entries = [each for each in signed_in.user.document.get("emails") or () if each.get("value")]
    if entries:
        return str(next((each for each in entries if each.get("primary") is True), entries[0])["value"])
    account_id = signed_in.user.account_id
    return signed_in.ctx.session.scalar(select(Account.email).where(Account.id == account_id)) if account_id else None
