"""What rows of others say of somebody: who their manager is, who gave them what, which requests named them.

It is taken out when that person is purged. Their id stays where it is: it is a random number, and says nothing of them.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Text, delete, false, or_, select, type_coerce, update
from sqlalchemy.orm import undefer

from scim_server.models import Alarm, Event, Import, ImportRow, LoggedRequest, SignIn, User, UserPermission, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services.context import ActorKind, Context
from scim_server.services.events import Action, differences, record
from scim_server.services.fields import flattened, of_parts
from scim_server.services.profiles import ENTERPRISE_USER, folded

PSEUDONYM = "a purged user"
_NOT_KEPT = f"(not kept: it names {PSEUDONYM})"
_MANAGER = f"{ENTERPRISE_USER}:manager"
_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"')
# As a Document is written.
_VALUE = re.compile(r'"value":"((?:[^"\\]|\\.)*+)"')
_AT_ONCE = 500


# As a manager


def erase_as_managers(ctx: Context, gone: Sequence[User]) -> None:
    """Take these users out of whatever has them as a manager, and out of what events tell of it.

    A name of theirs that means somebody who lives by now (services/managers.py) is that one's.
    """
    ids, external_ids, keys = _names(ctx, gone)
    reports = ctx.session.scalars(
        select(User)
        .where(
            User.org_id == ctx.org.id,
            or_(
                any_of(User.manager_id, ids),
                User.manager_name.in_(external_ids) if external_ids else false(),
                User.manager_name_key.in_(keys) if keys else false(),
            ),
            ~any_of(User.id, ids),
        )
        .options(undefer(User.search))
        .order_by(User.id)
        .with_for_update()
    )
    meant = {*map(str, ids), *map(folded, external_ids), *keys}
    for report in reports.all():
        _forget_manager(ctx, report, meant)
    _erase_managers_from_events(ctx, meant)


def _names(ctx: Context, gone: Sequence[User]) -> tuple[list[Any], set[str], set[str]]:
    """What a directory may have called these users: their ids, and their other names that nobody has who lives."""
    external_ids = {user.external_id for user in gone if user.external_id}
    keys = {user.user_name_key for user in gone}
    living = User.org_id == ctx.org.id, User.status != UserStatus.DELETED
    external_ids -= set(
        ctx.session.scalars(select(User.external_id).where(*living, User.external_id.in_(external_ids)))
    )
    keys -= set(ctx.session.scalars(select(User.user_name_key).where(*living, User.user_name_key.in_(keys))))
    return [user.id for user in gone], external_ids, keys


def _forget_manager(ctx: Context, report: User, meant: Collection[str]) -> None:
    before = report.document
    profile = of_parts(_without(flattened(report.document)), _without(flattened(report.search)))
    report.document, report.search = dict(profile.document), dict(profile.search)
    report.manager_id = report.manager_name = report.manager_name_key = None
    report.by_hand = [name for name in report.by_hand if name != _MANAGER]
    report.changed(ctx.now)
    changes = differences(before, report.document)
    record(ctx, Action.USER_UPDATED, report, {name: _scrubbed(pair, meant) for name, pair in changes.items()})


def _without(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if name != _MANAGER}


def _erase_managers_from_events(ctx: Context, meant: Collection[str]) -> None:
    """Of the events about other users, only those are taken apart that tell of any manager, and have a value of these:
    there are many of them, and others wait meanwhile.
    """
    text = type_coerce(Event.changes, Text)
    rows = ctx.session.execute(
        select(Event.id, text)
        .where(
            Event.org_id == ctx.org.id,
            Event.target_kind == "user",
            text.contains('"manager"', autoescape=True),
        )
        .execution_options(yield_per=_AT_ONCE)
    )
    telling = [
        (id, changes) for id, changes in rows if any(folded(_unescaped(v)) in meant for v in _VALUE.findall(changes))
    ]
    for id, changes in telling:
        ctx.session.execute(
            update(Event)
            .where(Event.org_id == ctx.org.id, Event.id == id)
            .values(changes=_scrubbed(orjson.loads(changes), meant))
            .execution_options(synchronize_session=False)
        )


def _scrubbed(value: Any, meant: Collection[str]) -> Any:
    """A part of an event, with whatever is said of a manager who is one of those."""
    if isinstance(value, dict):
        return {
            name: _nobody(each) if name == "manager" and _is_meant(each, meant) else _scrubbed(each, meant)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_scrubbed(each, meant) for each in value]
    return value


def _is_meant(manager: Any, meant: Collection[str]) -> bool:
    value = manager.get("value") if isinstance(manager, dict) else None
    return isinstance(value, str) and folded(value) in meant


def _nobody(manager: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(manager, PSEUDONYM)


# As somebody who acted


def erase_as_actors(ctx: Context, gone: Sequence[User]) -> None:
    """Have whatever these users did, done by somebody, from anywhere."""
    _erase_whereabouts(ctx, gone)
    theirs = Event.org_id == ctx.org.id, any_of(Event.actor_id, [user.id for user in gone])
    names = set(ctx.session.scalars(select(Event.actor_name).where(*theirs).distinct())) - {PSEUDONYM}
    if not names:
        return
    quietly = {"synchronize_session": False}
    ctx.session.execute(update(Event).where(*theirs).values(actor_name=PSEUDONYM), execution_options=quietly)
    # These rows have no id of whoever it was. That of somebody else with the same name goes as well; events still tell.
    given = UserPermission.org_id == ctx.org.id, UserPermission.given_by.in_(names)
    ctx.session.execute(update(UserPermission).where(*given).values(given_by=PSEUDONYM), execution_options=quietly)
    decided = Alarm.org_id == ctx.org.id, Alarm.decided_by.in_(names)
    ctx.session.execute(update(Alarm).where(*decided).values(decided_by=PSEUDONYM), execution_options=quietly)


def _erase_whereabouts(ctx: Context, gone: Sequence[User]) -> None:
    """Forget where these users were: as they acted, and as a connection did because they were signing in, or out."""
    ids = [user.id for user in gone]
    acts = ActorKind.CONNECTION, ActorKind.SYSTEM
    about = select(Event.request_id).where(
        Event.org_id == ctx.org.id, any_of(Event.target_id, ids), Event.actor_kind.in_(acts), Event.ip.is_not(None)
    )
    on_their_way = Event.actor_kind.in_(acts) & Event.request_id.in_(about.scalar_subquery())
    for theirs in (any_of(Event.actor_id, ids), on_their_way):
        ctx.session.execute(
            update(Event).where(Event.org_id == ctx.org.id, theirs).values(ip=None, user_agent=None),
            execution_options={"synchronize_session": False},
        )


# In what the product says of people


def erase_from_entries(ctx: Context, gone: Sequence[User]) -> None:
    """Empty the product's entries about these users, and those about others that name them.

    What is left of an entry is when it was, and of which kind.
    """
    ids, names = {user.id for user in gone}, _Names(gone)
    rows = ctx.session.execute(
        select(Event.id, Event.target_id, type_coerce(Event.details, Text))
        .where(Event.org_id == ctx.org.id, Event.action == Action.PRODUCT_ENTRY)
        .execution_options(yield_per=_AT_ONCE)
    )
    naming = [(id, details) for id, target_id, details in rows if target_id in ids or names.are_in(_strings(details))]
    for id, details in naming:
        ctx.session.execute(
            update(Event)
            .where(Event.org_id == ctx.org.id, Event.id == id)
            .values(details={"kind": orjson.loads(details)["kind"], "sentence": _NOT_KEPT}, external_id=None)
            .execution_options(synchronize_session=False)
        )


# In the log of what directories asked for


def erase_from_requests(ctx: Context, gone: Sequence[User]) -> None:
    """Empty the entries that name these users, such as a listing that they were in.

    Whoever was deleted longer ago than the log goes back is in none that was about them.
    """
    reaches_back = ctx.now - timedelta(days=ctx.settings.request_log_days)
    lately = [user for user in gone if user.deleted_at is None or user.deleted_at > reaches_back]
    names = {name for user in lately for name in _said_of(user)}
    if not names:
        return
    log = LoggedRequest
    rows = ctx.session.execute(
        select(log.id, log.path, log.request_body, log.answer_body)
        .where(log.org_id == ctx.org.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    naming = [(row.id, row.path) for row in rows if any(not names.isdisjoint(_strings(text)) for text in row[1:])]
    for id, path in naming:
        ctx.session.execute(
            update(log)
            .where(log.org_id == ctx.org.id, log.id == id)
            .values(path=path.partition("?")[0], request_body=_NOT_KEPT, answer_body=_NOT_KEPT)
            .execution_options(synchronize_session=False)
        )


# In the record of who signed in


def erase_from_sign_ins(ctx: Context, gone: Sequence[User]) -> None:
    """Remove the attempts of these users to sign in, and empty those of others, or of nobody, that name them."""
    mine = SignIn.org_id == ctx.org.id
    ctx.session.execute(
        delete(SignIn).where(mine, any_of(SignIn.user_id, [user.id for user in gone])),
        execution_options={"synchronize_session": False},
    )
    names = _Names(gone)
    rows = ctx.session.execute(
        select(SignIn.id, SignIn.claimed, type_coerce(SignIn.details, Text))
        .where(mine, or_(SignIn.claimed.is_not(None), type_coerce(SignIn.details, Text) != "{}"))
        .execution_options(yield_per=_AT_ONCE)
    )
    naming = [id for id, claimed, details in rows if names.are_in({folded(claimed or ""), *_strings(details)})]
    for id in naming:
        ctx.session.execute(
            update(SignIn)
            .where(mine, SignIn.id == id)
            .values(claimed=PSEUDONYM, ip=None, user_agent=None, details={})
            .execution_options(synchronize_session=False)
        )


# In imported files


def erase_from_imports(ctx: Context, gone: Sequence[User]) -> None:
    """Empty the rows of files that name these users, and say of imports that somebody did them."""
    for kind in ("creator", "starter"):
        id, name = getattr(Import, f"{kind}_id"), getattr(Import, f"{kind}_name")
        theirs = Import.org_id == ctx.org.id, any_of(id, [user.id for user in gone])
        ctx.session.execute(
            update(Import).where(*theirs).values({name: PSEUDONYM}), execution_options={"synchronize_session": False}
        )
    names = _Names(gone)
    rows = ctx.session.execute(
        select(
            ImportRow.import_id,
            ImportRow.number,
            *(type_coerce(each, Text) for each in (ImportRow.values, ImportRow.planned, ImportRow.result)),
        )
        .where(ImportRow.org_id == ctx.org.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    naming = [(row[0], row[1]) for row in rows if any(names.are_in(_strings(text)) for text in row[2:])]
    for import_id, number in naming:
        here = ImportRow.org_id == ctx.org.id, ImportRow.import_id == import_id, ImportRow.number == number
        told = {"why": _NOT_KEPT, "changes": {}, "notes": []}
        ctx.session.execute(
            update(ImportRow)
            .where(*here)
            .values(values={}, planned=told, result=told)
            .execution_options(synchronize_session=False)
        )


class _Names:
    """What tells of some users. A sentence may have an address or a userName in it; a first name is theirs only where
    it is the whole value.
    """

    def __init__(self, gone: Sequence[User]) -> None:
        self._whole = {name for user in gone for name in _said_of(user)}
        keys = {name for name in self._whole if "@" in name} | {user.user_name_key for user in gone}
        self._within = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(keys)))})(?!\w)")

    def are_in(self, texts: Collection[str]) -> bool:
        """Whether one of these texts, which are folded, names one of them."""
        return not self._whole.isdisjoint(texts) or any(self._within.search(each) for each in texts)


def _said_of(user: User) -> Iterator[str]:
    """The names and addresses of a user, folded."""
    document = user.document
    names = [*(document.get("name") or {}).values(), user.user_name, user.display_name, user.external_id]
    addresses = [entry.get("value") for kind in ("emails", "phoneNumbers") for entry in document.get(kind) or ()]
    yield from (folded(text) for text in (*names, *addresses) if isinstance(text, str) and text)


def _strings(text: str | None) -> set[str]:
    """The strings in a text that is JSON, or a part of it, or has a filter in it."""
    return {folded(_unescaped(found)) for found in _STRING.findall(text or "")}


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    try:
        return str(orjson.loads(f'"{text}"'))
    except orjson.JSONDecodeError:
        return text
