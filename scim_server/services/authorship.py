"""Who says what of a user: the directory that owns them, a person, or what they sign in through.

A user's `by_hand` has the attributes that a person wrote last. Whatever else is in the profile of a user of a directory
is the directory's, which hands do not write; and what hands wrote is not lost by a directory that says nothing of it.
"""

from collections.abc import Collection
from typing import NamedTuple

from scim_server.services.context import ActorKind, Context
from scim_server.services.events import differences
from scim_server.services.fields import flattened, of_parts
from scim_server.services.profiles import Profile
from scim_server.services.user_columns import Changing, search_of

# The row has it; the document only has that it is shown.
_NOBODYS = frozenset({"active"})


def of_directory(user: Changing) -> frozenset[str]:
    """The attributes that the user's directory says, by their full names."""
    if user.directory_id is None:
        return frozenset()
    return frozenset(flattened(user.document)) - _NOBODYS - frozenset(user.by_hand)


def with_what_hands_wrote(ctx: Context, user: Changing, profile: Profile) -> Profile:
    """What a directory says of a user, and of what it does not say, what a person has written.

    No value, null and an empty array all say nothing (RFC 7643 §2.5): JumpCloud sends the last two for whatever a user
    has no value of (exchange 54).
    """
    if not user.by_hand:
        return profile
    said = flattened(profile.document)
    missing = [name for name in user.by_hand if name not in said]
    if not missing:
        return profile
    document, search = flattened(user.document), flattened(search_of(ctx, user))
    return of_parts(
        said | {name: document[name] for name in missing if name in document},
        flattened(profile.search) | {name: search[name] for name in missing if name in search},
    )


def hands_have_a_say(ctx: Context, user: Changing) -> bool:
    """Whether a person has written anything of a user, or does so now; of nearly all, a directory alone says it all."""
    return bool(user.by_hand) or _is_person(ctx)


def written_by_hand(ctx: Context, profile: Profile) -> list[str]:
    """The attributes of somebody who is new that a person has written."""
    return sorted(flattened(profile.document).keys() - _NOBODYS) if _is_person(ctx) else []


class Authors(NamedTuple):
    """The attributes that a person wrote last, and those that were a person's, and are a directory's from now on, or
    nobody's, since it has removed them.
    """

    by_hand: list[str]
    taken_over: list[str]


def authors(ctx: Context, user: Changing, profile: Profile, said: Collection[str]) -> Authors:
    """Who has written the attributes of a user whose profile becomes this one: those that differ, and those that are
    `said`, though they may be what they were.
    """
    if not hands_have_a_say(ctx, user):
        return Authors(user.by_hand, [])
    theirs, is_person = set(user.by_hand), _is_person(ctx)
    after = flattened(profile.document)
    written = {*said, *differences(flattened(user.document), after)}
    hands = theirs | written if is_person else theirs - written
    return Authors(sorted(hands & after.keys() - _NOBODYS), sorted(theirs - hands))


def _is_person(ctx: Context) -> bool:
    return ctx.directory is None and ctx.actor.kind is not ActorKind.CONNECTION
