"""What a sign-in says of a person's profile, and whether it is the one to say it.

A directory comes first: of a user whom one owns, a sign-in writes nothing. A person comes second: what somebody has
written by hand stays. The rest follows what the identity provider says, at each sign-in.
"""

from collections.abc import Mapping
from typing import Any

from scim_server.models import Origin, User, UserStatus
from scim_server.services import users
from scim_server.services.context import Context
from scim_server.services.errors import DomainError, InvalidValue, NoSeatLeft, NotLetIn, UserNameTaken
from scim_server.services.fields import FIELDS, flattened, made_by_hand, rewritten
from scim_server.services.profiles import Profile
from scim_server.services.provisioning_rules import Refusal

# What a user is found by stays as it was when they came.
_FIXED = frozenset({"userName"})


def usable(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Of what a provider says, that which a profile can keep, and the names of the rest: a telephone number that is
    none keeps nobody from signing in.
    """
    kept: dict[str, Any] = {}
    for name, value in values.items():
        try:
            FIELDS[name].read(name, value)
        except (InvalidValue, KeyError):
            continue
        kept[name] = value
    return kept, tuple(sorted(values.keys() - kept.keys()))


def create_user(ctx: Context, values: Mapping[str, Any], email: str) -> User:
    """Somebody who comes for the first time, and is a user from now on.

    Raises NotLetIn.
    """
    told = {"userName": email, "emails": _emails(email), **values}
    try:
        return users.create_user(ctx, made_by_hand(told), status=UserStatus.ACTIVE, origin=Origin.JIT)
    except NoSeatLeft as problem:
        raise NotLetIn(Refusal.NO_SEAT, expected="a free seat", came=str(problem)) from problem
    except UserNameTaken as problem:
        raise NotLetIn(Refusal.AMBIGUOUS, expected="a user name that is free", came=str(problem)) from problem
    except InvalidValue as problem:
        raise NotLetIn(Refusal.UNUSABLE_PROFILE, expected="a profile", came=str(problem)) from problem


def update_user(ctx: Context, user: User, values: Mapping[str, Any], email: str) -> None:
    """Have the profile of a user follow what their identity provider says of them, as far as it may say it."""
    if user.directory_id is not None:
        return
    theirs = {*user.by_hand, *_FIXED}
    said = {"emails": _emails(email), **values}
    changes = {name: value for name, value in said.items() if name not in theirs}
    before = Profile(user.document, user.search)
    try:
        after = rewritten(before, changes)
    except DomainError:  # what is there no longer fits together with it; each sign-in tries anew
        return
    if flattened(after.document) != flattened(before.document):
        users.write_profile(ctx, user, after)


def _emails(email: str) -> list[dict[str, Any]]:
    return [{"value": email, "type": "work", "primary": True}]
