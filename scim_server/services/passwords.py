"""Passwords: how good one must be, keeping one so that nobody can read it, and telling whether one is right.

What stands here follows NIST SP 800-63B §3.1.1: length and guessability, no rules of composition, no expiry.
"""

import base64
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import update
from zxcvbn import zxcvbn

from scim_server.models import AccessCode, Account, PasswordReset
from scim_server.services import sessions
from scim_server.services.accounts import AccountContext, Place, in_place, record_everywhere, users_of
from scim_server.services.errors import InvalidValue, WeakPassword
from scim_server.services.events import Action

MIN_LENGTH, MAX_LENGTH = 8, 128

# Of zxcvbn's scores from 0 to 4, the first that takes more than 10⁸ guesses.
_MIN_SCORE = 3
# zxcvbn takes seconds for a long one made of digits and signs; what begins well enough is good enough.
_WEIGHED = 32

# How the words of a name are written together.
_BETWEEN = ("", " ", "-", "_", ".")

# The second choice of OWASP's list, for its memory: four sign-ins at once in each of two workers take 150 MB.
# A password that was hashed with others is hashed anew when its owner next signs in.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)


class Weakness(StrEnum):
    """What makes a password easy to guess; for each, a page says what would be better."""

    COMMON = "common"
    PERSONAL = "personal"
    NAME = "name"
    WORD = "word"
    KEYBOARD = "keyboard"
    REPEATED = "repeated"
    SEQUENCE = "sequence"
    DATE = "date"
    SHORT = "short"


# By zxcvbn's names: of its dictionaries, and of its other patterns.
_DICTIONARIES = {
    "passwords": Weakness.COMMON,
    "user_inputs": Weakness.PERSONAL,
    "female_names": Weakness.NAME,
    "male_names": Weakness.NAME,
    "surnames": Weakness.NAME,
    "english_wikipedia": Weakness.WORD,
    "us_tv_and_film": Weakness.WORD,
}
_PATTERNS = {
    "spatial": Weakness.KEYBOARD,
    "repeat": Weakness.REPEATED,
    "sequence": Weakness.SEQUENCE,
    "date": Weakness.DATE,
    "regex": Weakness.DATE,  # of which there is one, for years
    "bruteforce": Weakness.SHORT,
}


def _no_hash(hasher: PasswordHasher) -> str:
    """The hash of no password, which takes as long to refuse as any other's."""
    salt, digest = (base64.b64encode(bytes(length)).decode().rstrip("=") for length in (16, 32))
    parameters = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${parameters}${salt}${digest}"


_NO_HASH = _no_hash(_HASHER)


def set_password(about: AccountContext, password: str) -> None:
    """Give an account a password, in place of whichever it had; every session that was open with it ends.

    Raises InvalidValue.
    """
    account = about.account
    places = users_of(about.session, account)
    normal = check_strength(password, [account.email, *(name for place in places for name in _names(place))])
    before = account.password_hash is not None
    account.password_hash = _HASHER.hash(normal)
    account.password_changed_at = about.now
    account.changed(about.now)
    _end_ways_around(about)
    end_sessions(about, "the password was changed")
    record_everywhere(about, Action.USER_PASSWORD_CHANGED, first=not before)


def check_strength(password: str, known: Iterable[str] = ()) -> str:
    """The form of a password that is hashed, if it is a good one; `known` is what others know of the person.

    Raises InvalidValue, WeakPassword.
    """
    normal = _normalized(password)
    if not MIN_LENGTH <= len(normal) <= MAX_LENGTH:
        raise InvalidValue("password", f"must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    weighed = zxcvbn(normal[:_WEIGHED], user_inputs=sorted(_guesses(known)), max_length=MAX_LENGTH)
    if weighed["score"] < _MIN_SCORE:
        raise WeakPassword(_weakness(weighed["sequence"]))
    return normal


def is_password(account: Account | None, password: str) -> bool:
    """Whether this is the password of an account. It takes as long where there is no account, or none with a password.

    It writes nothing, and is better asked outside a transaction that does: it takes its time.
    """
    try:
        normal = _normalized(password)
    except InvalidValue:
        normal = ""
    # A longer one is nobody's, and would take longer.
    too_long = len(normal) > MAX_LENGTH
    kept = account.password_hash if account is not None else None
    try:
        right = _HASHER.verify(kept or _NO_HASH, normal[:MAX_LENGTH])
    except (Argon2Error, InvalidHashError):
        return False
    return right and kept is not None and not too_long


def improve_hash(about: AccountContext, password: str) -> None:
    """Hash a password, which has just been found right, as passwords are hashed nowadays."""
    kept = about.account.password_hash
    if kept is not None and _HASHER.check_needs_rehash(kept):
        about.account.password_hash = _HASHER.hash(_normalized(password))


def end_sessions(about: AccountContext, why: str) -> int:
    """End every session of a person, in every organization, and return how many there were."""
    return sum(
        sessions.end_all(in_place(about, place), place.user, why) for place in users_of(about.session, about.account)
    )


def _end_ways_around(about: AccountContext) -> None:
    """End what was sent out to get in without the password: somebody else may have it."""
    for table in (PasswordReset, AccessCode):
        about.session.execute(
            update(table)
            .where(table.account_id == about.account.id, table.ended_at.is_(None))
            .values(ended_at=about.now)
            .execution_options(synchronize_session="fetch")
        )


def _weakness(matches: Iterable[Mapping[str, Any]]) -> Weakness:
    """What is most to blame: the longest part of a password that a guesser would know."""
    longest = max(matches, key=lambda match: (match["pattern"] != "bruteforce", len(match["token"])))
    if longest["pattern"] == "dictionary":
        return _DICTIONARIES[longest["dictionary_name"]]
    return _PATTERNS[longest["pattern"]]


def _normalized(password: str) -> str:
    """One password, however a keyboard composes its letters (SP 800-63B §3.1.1.2). Raises InvalidValue."""
    try:
        password.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        raise InvalidValue("password", "must be text") from None
    return unicodedata.normalize("NFKC", password)


def _names(place: Place) -> Iterator[str]:
    """What others know of a person in an organization."""
    document = place.user.document
    yield from (place.org.name, place.org.slug, place.user.user_name, place.user.display_name)
    name = [text for text in (document.get("name") or {}).values() if isinstance(text, str)]
    yield from (*name, " ".join(name))
    yield from (entry["value"] for entry in document.get("emails") or () if isinstance(entry.get("value"), str))


def _guesses(known: Iterable[str]) -> set[str]:
    """What somebody who knows these texts would try first: each, its words, and these written together."""
    found: set[str] = set()
    for text in {part for each in known for part in (each, each.partition("@")[0])}:
        words = "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()
        found |= {text.lower(), *words}
        found |= {sign.join(order) for sign in _BETWEEN for order in (words, words[::-1])}
    return {guess for guess in found if len(guess) >= 3}
