"""Acts on many users at once: each is done or refused by itself and told of by itself; or all are done, or none is.

The rules are those of the act on one user. All of it is one transaction, in which each user has a savepoint, so that
what a refused one has begun leaves nothing behind; every event says in its details which bulk act it belongs to.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from scim_server.models import User
from scim_server.models.base import new_id
from scim_server.services.context import Context
from scim_server.services.errors import DomainError, InvalidValue
from scim_server.services.lookup_many import Found
from scim_server.services.savepoints import attempt

MOST = 1000


class Verdict(StrEnum):
    """What became of one user. `NOT_DONE` could have been done, and was not, because others were refused."""

    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True)
class Result:
    """`asked` is how the user was named; `error` is why they were refused, and `note` what else there is to say."""

    asked: str
    verdict: Verdict
    user_id: UUID | None = None
    user_name: str | None = None
    error: DomainError | None = None
    note: str | None = None

    @property
    def sentence(self) -> str | None:
        return str(self.error) if self.error else self.note


@dataclass(frozen=True, slots=True)
class Report:
    """What became of all, in the order in which they were named. `id` is in the details of every event."""

    id: UUID
    results: list[Result]

    def count(self, verdict: Verdict) -> int:
        return sum(result.verdict is verdict for result in self.results)


class _SomeRefused(Exception):
    pass


def check_number(named: Sequence[str]) -> None:
    """Raises InvalidValue of nobody, and of more than there may be at once."""
    if not named:
        raise InvalidValue("users", "must name somebody")
    if len(named) > MOST:
        raise InvalidValue("users", f"are {len(named)}: at most {MOST} can be named at once")


def begun(ctx: Context) -> tuple[UUID, Context]:
    """The id of a new bulk act, and the context in which every event says it."""
    bulk = new_id()
    return bulk, replace(ctx, because={**ctx.because, "bulk": str(bulk)})


def all_or_report(ctx: Context, act: Callable[[], list[Result]], *, only_if_all: bool) -> list[Result]:
    """What `act` did; where it is to do all or nothing and somebody was refused, nothing is done."""
    results: list[Result] = []
    with suppress(_SomeRefused), attempt(ctx):
        results = act()
        if only_if_all and any(each.verdict is Verdict.REFUSED for each in results):
            raise _SomeRefused
    if only_if_all and any(each.verdict is Verdict.REFUSED for each in results):
        return [replace(each, verdict=Verdict.NOT_DONE) if each.verdict is Verdict.DONE else each for each in results]
    return results


def once_each(named: Sequence[str], found: Sequence[Found | DomainError]) -> Iterator[tuple[str, Found | Result]]:
    """Each name, and whom it means; or what became of it, where it is nobody's or of somebody named before."""
    seen: dict[UUID, int] = {}
    for number, (name, each) in enumerate(zip(named, found, strict=True), start=1):
        if isinstance(each, DomainError):
            yield name, Result(name, Verdict.REFUSED, error=each)
        elif (before := seen.setdefault(each.id, number)) != number:
            note = f"{each.user_name} is named twice, first as number {before}."
            yield name, Result(name, Verdict.UNCHANGED, each.id, each.user_name, note=note)
        else:
            yield name, each


def act_on_each(
    ctx: Context,
    named: Sequence[str],
    found: Sequence[Found | DomainError],
    rows: dict[UUID, User],
    act: Callable[[User], bool],
) -> list[Result]:
    """Do something with each user, who is in `rows`, locked. `act` returns whether there was anything to do."""

    def one(name: str, who: Found) -> Result:
        user = rows[who.id]
        ctx.session.add(user)  # what was attempted before has let go of everybody
        try:
            with attempt(ctx):
                changed = act(user)
        except DomainError as error:
            return Result(name, Verdict.REFUSED, who.id, who.user_name, error=error)
        return Result(name, Verdict.DONE if changed else Verdict.UNCHANGED, who.id, who.user_name)

    return [each if isinstance(each, Result) else one(name, each) for name, each in once_each(named, found)]
