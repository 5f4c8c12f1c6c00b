"""What can go wrong in a use case, in the words of the domain; the edges translate.

DomainError
├── NotAuthenticated      nobody we know, or with a token that is not theirs any more
│   ├── NotSignedIn       a browser without a session, or with one that is over
│   ├── SignInRefused     an attempt to come in that was written down
│   ├── WrongCode         a code, a passkey or a link that is wrong, or is good no more
│   └── TooManyTries      it is not even looked at for a while
├── NotAllowed            somebody whom we know, but who may not do that
│   ├── OwnedByDirectory  a directory says it, so that nobody else does
│   ├── OwnerProtected    the owner of an organization stays an active admin
│   ├── LastAdminProtected  and so does the last admin
│   ├── BreakGlassProtected  and so does whoever comes in when the identity provider is away
│   ├── NoSeatLeft        the plan has no seat for one more user
│   ├── NoOwnerYet        the first admin has not accepted, and nobody else is invited before
│   ├── NotLetIn          somebody has proven who they are, and is not let in all the same
│   └── LinkOver          the link of an invitation that nobody can accept, any more
├── NotFound              no such thing in this organization
│   └── NotAUser          nobody is "me" for a token that acts for a directory
├── AlreadyExists         the name is taken
│   ├── SlugTaken
│   ├── UserNameTaken
│   ├── TeamNameTaken
│   ├── EmailTaken        another account has proven that it is theirs
│   ├── PhoneTaken
│   ├── AccountTaken      the person is a user of the organization already
│   ├── PasskeyTaken
│   ├── RoleNameTaken
│   ├── PermissionKeyTaken
│   ├── PositionNameTaken
│   ├── SchemaTaken
│   ├── EntryTaken        an entry of the product's in the activity log
│   └── DomainTaken       another organization has verified it, and which one is its own business
├── InvalidValue          a value that we cannot keep
│   ├── WeakPassword      one that is easy to guess
│   ├── NotImportable     a file that cannot be imported
│   └── NotUsable         what somebody gave us of an identity provider
├── WouldLoseData         a schema cannot lose what users and groups have
├── InUse                 what would go is what somebody has
├── IsMainTeam            new users join that team, so that it stays
├── CircularNesting       a team would be within itself
├── CircularPositions     a position would be below itself
├── PositionInUse         a position that has others below it, or holders
├── NotReady              a connection of which something is not known yet
├── AlreadyAsked          the Idempotency-Key of a request has come before
│   ├── UnderWay          with the same request, which is not answered yet
│   └── KeyUsedTwice      with another request
├── HeldBack              a directory removes too many users, and an admin has to let it through
├── WrongState            it is not as far as that, or too far
└── Outdated              somebody changed it in between
"""

from collections.abc import Sequence
from uuid import UUID


class DomainError(Exception):
    """The root of the tree; `str()` is a sentence for the person or program that asked."""


class NotAuthenticated(DomainError):
    """Deliberately silent about which part was wrong: an organization's existence is nobody's business."""

    def __init__(self) -> None:
        super().__init__("The bearer token is missing, unknown, expired or revoked.")


class NotSignedIn(NotAuthenticated):
    def __init__(self) -> None:
        DomainError.__init__(self, "There is no session, or it is over: sign in.")


class SignInRefused(NotAuthenticated):
    """`reason` is typed (services/sign_in.py); by `code` an admin finds what there is to know of the attempt."""

    def __init__(self, reason: str, code: str) -> None:
        self.reason, self.code = reason, code
        DomainError.__init__(self, f"This sign-in was refused; its number is {code}.")


class WrongCode(NotAuthenticated):
    """Silent about which of both it is, and whether there is anybody of that name."""

    def __init__(self, what: str = "code") -> None:
        DomainError.__init__(self, f"This {what} is wrong, was used already, or is too old.")


class TooManyTries(NotAuthenticated):
    def __init__(self) -> None:
        DomainError.__init__(self, "There were too many tries. Wait a while, and try again.")


class NotAllowed(DomainError):
    """The sentence says what they may not do, or what they may."""


class OwnedByDirectory(NotAllowed):
    """`advice` says what follows, in half a sentence."""

    def __init__(self, name: str, advice: str) -> None:
        super().__init__(f"{name} is provisioned by a directory: {advice}.")


class OwnerProtected(NotAllowed):
    def __init__(self, user_name: str) -> None:
        super().__init__(
            f"{user_name} owns the organization, and stays an active admin until somebody else has the ownership."
        )


class LastAdminProtected(NotAllowed):
    def __init__(self, user_name: str) -> None:
        super().__init__(f"{user_name} is the last active admin of the organization, which needs one.")


class BreakGlassProtected(NotAllowed):
    def __init__(self, user_name: str) -> None:
        super().__init__(
            f"{user_name} is the admin who comes in when the identity provider cannot be reached: name another one, or "
            "allow other ways in, first."
        )


class NoSeatLeft(NotAllowed):
    def __init__(self, seats: int) -> None:
        super().__init__(
            f"All {seats} seats of the organization's plan are taken: deactivate somebody, or get more seats."
        )


class NoOwnerYet(NotAllowed):
    def __init__(self) -> None:
        super().__init__(
            "Nobody can be invited before the first admin has accepted: scim-server admin invite makes their link."
        )


class NotLetIn(NotAllowed):
    """`reason` is one of services/provisioning_rules.py `Refusal`; `expected` and `came` are what an admin compares."""

    def __init__(self, reason: str, *, expected: str | None = None, came: str | None = None) -> None:
        self.reason, self.expected, self.came = reason, expected, came
        super().__init__(f"Refused: {reason.replace('_', ' ')}.")


class LinkOver(NotAllowed):
    """`why` is unknown, accepted, revoked, replaced, expired or sso; each has a sentence that says what to do."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(
            {
                "unknown": "This link is not known: open the one in the message again, whole.",
                "accepted": "This invitation was accepted already: sign in.",
                "revoked": "This invitation was withdrawn: ask whoever invited you.",
                "replaced": "There is a newer link than this one: open the one in the latest message.",
                "sso": "This organization signs in through its identity provider: sign in there, and you are in.",
                "expired": "This invitation is older than seven days: ask whoever invited you for a new one.",
            }[why]
        )


class NotFound(DomainError):
    def __init__(self, kind: str, id: UUID | str) -> None:
        super().__init__(f"There is no {kind} {id}.")


class NotAUser(NotFound):
    def __init__(self) -> None:
        DomainError.__init__(self, "This token acts for a directory, not for a user.")


class AlreadyExists(DomainError):
    """`attribute` is the one whose value is taken, by its SCIM name where it has one."""

    attribute: str

    def __init__(self, kind: str, value: str) -> None:
        super().__init__(f"There is already a {kind} whose {self.attribute} is {value!r}.")


class SlugTaken(AlreadyExists):
    attribute = "slug"

    def __init__(self, slug: str) -> None:
        super().__init__("organization", slug)


class UserNameTaken(AlreadyExists):
    attribute = "userName"

    def __init__(self, user_name: str) -> None:
        super().__init__("user", user_name)


class TeamNameTaken(AlreadyExists):
    attribute = "displayName"

    def __init__(self, name: str) -> None:
        super().__init__("group", name)


class EmailTaken(AlreadyExists):
    attribute = "email"

    def __init__(self, email: str) -> None:
        DomainError.__init__(self, f"{email} is what somebody else signs in with.")


class PhoneTaken(AlreadyExists):
    attribute = "phone"

    def __init__(self, phone: str) -> None:
        DomainError.__init__(self, f"{phone} is what somebody else signs in with.")


class AccountTaken(AlreadyExists):
    attribute = "account"

    def __init__(self, name: str) -> None:
        DomainError.__init__(self, f"The account of {name} is that of another user of this organization already.")


class PasskeyTaken(AlreadyExists):
    attribute = "credential"

    def __init__(self) -> None:
        DomainError.__init__(self, "This passkey is set up already.")


class RoleNameTaken(AlreadyExists):
    attribute = "name"

    def __init__(self, name: str) -> None:
        super().__init__("role", name)


class PermissionKeyTaken(AlreadyExists):
    attribute = "key"

    def __init__(self, key: str) -> None:
        super().__init__("permission", key)


class PositionNameTaken(AlreadyExists):
    attribute = "name"

    def __init__(self, name: str) -> None:
        super().__init__("position", name)


class EntryTaken(AlreadyExists):
    attribute = "external_id"

    def __init__(self, external_id: str) -> None:
        super().__init__("entry of the activity log", external_id)


class SchemaTaken(AlreadyExists):
    attribute = "urn"

    def __init__(self, urn: str) -> None:
        DomainError.__init__(self, f"There is already an extension schema {urn}.")


class DomainTaken(AlreadyExists):
    attribute = "domain"

    def __init__(self, name: str) -> None:
        DomainError.__init__(
            self, f"{name} is verified elsewhere already. If it is yours, ask whoever runs this server to look into it."
        )


class InvalidValue(DomainError):
    """`attribute` names what was refused, and the sentence says why."""

    def __init__(self, attribute: str, why: str) -> None:
        self.attribute = attribute
        super().__init__(f"{attribute} {why}.")


class WeakPassword(InvalidValue):
    """`why` is what makes it easy to guess, one of services/passwords.py `Weakness`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__("password", "is too easy to guess: take several words, and neither names nor dates of yours")


class NotImportable(InvalidValue):
    """`sentence` says what is wrong with a file, and what to do about it."""

    def __init__(self, sentence: str) -> None:
        self.attribute = "file"
        DomainError.__init__(self, f"{sentence}.")


class NotUsable(InvalidValue):
    """`sentence` says what is wrong with metadata, a certificate or an issuer, and what to give us instead."""

    def __init__(self, attribute: str, sentence: str) -> None:
        self.attribute = attribute
        DomainError.__init__(self, f"{attribute}: {sentence}")


class WouldLoseData(DomainError):
    def __init__(self, urn: str, attributes: Sequence[str]) -> None:
        named = ", ".join(attributes)
        super().__init__(f"{urn} cannot change like that: there are values that {named} would lose or make invalid.")


class InUse(DomainError):
    """The sentence says who has it, and what to do."""


class IsMainTeam(DomainError):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is the main team, which new users join: choose another one, or none, first.")


class CircularNesting(DomainError):
    """`member` and `container` are the names of the two teams, the one of which is within the other already."""

    def __init__(self, *, member: str, container: str) -> None:
        why = "itself" if member == container else f"the group {container!r}, which is within it"
        super().__init__(f"The group {member!r} cannot be a member of {why}.")


class CircularPositions(DomainError):
    """`position` is to move below `parent`, which is within it already, or is it."""

    def __init__(self, *, position: str, parent: str) -> None:
        why = "itself" if position == parent else f"{parent!r}, which is below it"
        super().__init__(f"The position {position!r} cannot move below {why}.")


class PositionInUse(DomainError):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"The position {name!r} cannot be deleted: {why}.")


class NotReady(DomainError):
    """`missing` is what has to be there first."""

    def __init__(self, name: str, missing: str) -> None:
        super().__init__(f"The connection {name!r} is not ready: what it needs first is {missing}.")


class HeldBack(DomainError):
    """`wait` is in how many seconds it may be sent again: an admin will have decided, or not."""

    wait = 900

    def __init__(self, users: int, minutes: int) -> None:
        super().__init__(
            f"Held back: this directory may deactivate or delete {users} users within {minutes} minutes, and has done "
            "so already. Nothing of this request was done; it will be once an admin of the organization lets it "
            "through, so send it again later."
        )


class AlreadyAsked(DomainError):
    """The key has come before: with another request, or with one that is not answered yet."""


class UnderWay(AlreadyAsked):
    def __init__(self) -> None:
        super().__init__(
            "The request with this Idempotency-Key is under way, or was cut off: look what became of it before you "
            "send it again under another key."
        )


class KeyUsedTwice(AlreadyAsked):
    def __init__(self) -> None:
        super().__init__("This Idempotency-Key belongs to another request: every request needs a key of its own.")


class WrongState(DomainError):
    """The sentence says how far it is, and what can be done with it."""


class Outdated(DomainError):
    def __init__(self, version: int) -> None:
        super().__init__(f"It was changed in the meantime; it is at version {version} now.")
