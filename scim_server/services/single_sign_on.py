"""Single sign-on: sending somebody to their identity provider, and what its answer leads to.

The parts of one sign-in are transactions of their own: the attempt is used up by the first answer, whatever becomes of
it; a provider may be asked in between, and nobody waits for it; and of what is refused, its record stays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from scim_server.models import Connection, GroupSource, Outcome, Purpose, Way
from scim_server.sealing import seal
from scim_server.services import (
    connection_claims,
    connection_lifecycle,
    connections,
    login_attempts,
    provisioning,
    sessions,
)
from scim_server.services.attempts import Attempt
from scim_server.services.connections import Found
from scim_server.services.context import Actor, ActorKind, Context
from scim_server.services.errors import NotFound, NotLetIn, NotReady
from scim_server.services.login_attempts import Taken
from scim_server.services.provisioning import Admitted, Said
from scim_server.services.provisioning_rules import Decision, Refusal
from scim_server.services.sessions import NewSession, Proof
from scim_server.services.sign_ins import Trace, record_sign_in
from sso.connection import Protocol
from sso.errors import Refused, SsoError, Unreachable
from sso.http import HttpClient
from sso.identity import Identity, LoginAttempt, Send
from sso.oidc import login as oidc_login
from sso.oidc.keys import Keys
from sso.saml import login as saml_login

HINT = "logout at an identity provider"

# Why somebody is refused who is not who the connection is for; all else is to be mended before it is of any use.
_OF_THE_PERSON = frozenset(
    {
        Refusal.UNKNOWN_USER,
        Refusal.NOT_PROVISIONED,
        Refusal.DEACTIVATED,
        Refusal.DELETED,
        Refusal.OTHER_USER,
        Refusal.AMBIGUOUS,
        Refusal.NO_SEAT,
    }
)


@dataclass(frozen=True, slots=True)
class Started:
    """Where to send a browser, which is to keep `browser` as its secret, for the attempt of this `key`."""

    send: Send
    key: str
    browser: str


@dataclass(frozen=True, slots=True)
class LetIn:
    """Somebody who has signed in; `return_to` is where they were going."""

    session: NewSession
    return_to: str | None


@dataclass(frozen=True, slots=True)
class Tried:
    """What a test sign-in came to: whom the provider has proven, and what a real one would make of them."""

    connection: Connection
    code: str
    identity: Identity
    said: Said
    decision: Decision | None
    refusal: NotLetIn | None

    @property
    def passed(self) -> bool:
        return self.refusal is None or self.refusal.reason in _OF_THE_PERSON


class TurnedAway(Exception):
    """Nobody is let in. `code` is what the person tells their admin; `connection` is set where it was a test."""

    def __init__(self, reason: str, code: str | None, trace: Trace, connection: Connection | None = None) -> None:
        self.reason, self.code, self.trace, self.connection = reason, code, trace, connection
        super().__init__(f"Refused: {reason.replace('_', ' ')}.")


Prove = Callable[[LoginAttempt | None], Identity]


def begin(
    attempt: Attempt,
    protocol: Protocol,
    connection_id: UUID,
    *,
    return_to: str | None = None,
    email: str | None = None,
) -> Started:
    """Send somebody to an identity provider, who has said, perhaps, that this is their address.

    Raises NotFound, NotReady, TurnedAway where nobody signs in through the connection, sso.errors.Unusable.
    """
    with attempt.database.writing() as session:
        ctx, connection = _find(attempt, session, connection_id, protocol)
        if not connections.may_sign_in(connection):
            trace = Trace(_way(connection), Refusal.CONNECTION_OFF, "an enabled connection", connection.status)
            raise TurnedAway(Refusal.CONNECTION_OFF, None, trace)
        return _begin(ctx, connection, email, return_to=return_to)


def begin_test(attempt: Attempt, sealed: str) -> Started:
    """Send somebody to an identity provider to try a connection out, by the address that `start_test` made.

    Raises WrongCode, NotReady, sso.errors.Unusable.
    """
    with attempt.database.writing() as session:
        trial = connections.find_test(session, attempt.settings, sealed, attempt.now)
        ctx, connection = _acting(attempt, trial.ctx), trial.connection
        return _begin(ctx, connection, None, purpose=Purpose.TEST, tested_by=trial.by)


def answer_saml(
    attempt: Attempt, connection_id: UUID, response: str, key: str | None, browser: str | None
) -> LetIn | Tried:
    """What a SAML response leads to. `key` is the RelayState that came with it, and `browser` the secret which this
    browser has of the attempt of that key.

    Raises NotFound, TurnedAway.
    """

    def prove(begun: LoginAttempt | None) -> Identity:
        with attempt.database.reading() as session:
            provider = connections.to_saml(*_find(attempt, session, connection_id))
        return saml_login.finish(provider, response, begun, attempt.now)

    return _answer(attempt, Protocol.SAML, connection_id, key, browser, prove)


def answer_oidc(
    attempt: Attempt,
    connection_id: UUID,
    parameters: Mapping[str, str],
    browser: str | None,
    http: HttpClient,
    keys: Keys,
) -> LetIn | Tried:
    """What an OpenID provider's answer leads to. Raises NotFound, TurnedAway."""

    def prove(begun: LoginAttempt | None) -> Identity:
        with attempt.database.reading() as session:
            provider = connections.to_oidc(*_find(attempt, session, connection_id))
        return oidc_login.finish(provider, parameters, begun, http, keys, attempt.now)

    return _answer(attempt, Protocol.OIDC, connection_id, parameters.get("state"), browser, prove)


def _begin(
    ctx: Context,
    connection: Connection,
    email: str | None,
    *,
    purpose: Purpose = Purpose.SIGN_IN,
    return_to: str | None = None,
    tested_by: UUID | None = None,
) -> Started:
    key, browser = login_attempts.new_secret(), login_attempts.new_secret()
    fresh = connections.always_fresh(connection)
    if connections.is_saml(connection):
        begun = saml_login.begin(connections.to_saml(ctx, connection), ctx.now, key=key, fresh=fresh, email=email)
    else:
        begun = oidc_login.begin(connections.to_oidc(ctx, connection), ctx.now, key=key, fresh=fresh, email=email)
    login_attempts.keep(
        ctx, connection, begun.attempt, browser, purpose=purpose, return_to=return_to, tested_by=tested_by
    )
    return Started(begun.send, key, browser)


def _answer(
    attempt: Attempt, protocol: Protocol, connection_id: UUID, key: str | None, browser: str | None, prove: Prove
) -> LetIn | Tried:
    with attempt.database.writing() as session:
        connection = _find(attempt, session, connection_id, protocol).connection
        taken = None
        if key and browser:
            taken = login_attempts.take(session, attempt.settings, connection, key, browser, now=attempt.now)
    trace = Trace(_way(connection))
    try:
        _check_may_go_on(connection, taken)
        identity = prove(taken.begun if taken else None)
        said = connection_claims.read(connection, identity)
        trace = replace(trace, claimed=said.email, details=_told(identity, said))
        if taken is not None and taken.purpose is Purpose.TEST:
            return _try(attempt, connection, identity, said, trace, taken.tested_by)
        return LetIn(_let_in(attempt, connection, identity, said, trace), taken.return_to if taken else None)
    except (SsoError, NotLetIn, NotReady) as problem:
        raise _turned_away(attempt, connection, trace, problem, taken) from problem


def _check_may_go_on(connection: Connection, taken: Taken | None) -> None:
    """Raises NotLetIn."""
    if taken is not None and taken.purpose is Purpose.LOGOUT:
        raise NotLetIn(Refusal.REPLAYED, expected="the answer to a sign-in", came="that to a logout")
    is_test = taken is not None and taken.purpose is Purpose.TEST
    if not (connections.may_be_tested(connection) if is_test else connections.may_sign_in(connection)):
        raise NotLetIn(Refusal.CONNECTION_OFF, expected="an enabled connection", came=connection.status)


def _let_in(attempt: Attempt, connection: Connection, identity: Identity, said: Said, trace: Trace) -> NewSession:
    with attempt.database.writing() as session:
        ctx, connection = _find(attempt, session, connection.id)
        _check_may_go_on(connection, None)  # it may have been switched off while the person was away
        if identity.assertion_id is not None:
            provisioning.accept_once(ctx, connection, identity.assertion_id, identity.expires_at)
        admitted = provisioning.sign_in(ctx, connection, said)
        user = admitted.user
        themselves = replace(ctx, actor=Actor(ActorKind.USER, user.user_name, user.id))
        opened = sessions.open_session(themselves, user, _proof(ctx, connection, identity))
        told = replace(trace, details={**trace.details, **_made_of(admitted)})
        record_sign_in(ctx, Outcome.SIGNED_IN, told, user=user, connection=connection, session_id=opened.row.id)
        return opened


def _try(
    attempt: Attempt, connection: Connection, identity: Identity, said: Said, trace: Trace, by: UUID | None
) -> Tried:
    """Do all that a sign-in would, and undo it; what stays is the record, and that the connection was tested."""
    with attempt.database.writing() as session:
        ctx, row = _find(attempt, session, connection.id)
        if identity.assertion_id is not None:
            provisioning.accept_once(ctx, row, identity.assertion_id, identity.expires_at)
        decision, user_id, refusal = _foresee(ctx, row, said)
        if refusal is not None:
            trace = replace(trace, reason=refusal.reason, expected=refusal.expected, came=refusal.came)
        tried = Tried(row, "", identity, said, decision, refusal)
        if tried.passed:
            # Who tests counts where they would have come in as themselves: "SSO required" leans on it.
            connection_lifecycle.mark_tested(ctx, row, by if by is not None and by == user_id else None)
        outcome = Outcome.TEST_PASSED if tried.passed else Outcome.TEST_FAILED
        return replace(tried, code=record_sign_in(ctx, outcome, trace, connection=row).code)


def _foresee(ctx: Context, connection: Connection, said: Said) -> tuple[Decision | None, UUID | None, NotLetIn | None]:
    """What a sign-in would come to: the decision and whose it is, or why not. Nothing of it stays."""
    try:
        with ctx.session.begin_nested() as tried:
            admitted = provisioning.sign_in(ctx, connection, said)
            found = admitted.decision, admitted.user.id
            tried.rollback()
    except NotLetIn as refusal:
        return None, None, refusal
    return (*found, None)


def _turned_away(
    attempt: Attempt, connection: Connection, trace: Trace, problem: Exception, taken: Taken | None
) -> TurnedAway:
    """Write down why, once all that was done is undone."""
    trace = _explained(trace, problem)
    is_test = taken is not None and taken.purpose is Purpose.TEST
    with attempt.database.writing() as session:
        ctx, row = _find(attempt, session, connection.id)
        outcome = Outcome.TEST_FAILED if is_test else Outcome.REFUSED
        code = record_sign_in(ctx, outcome, trace, connection=row).code
    return TurnedAway(trace.reason or "", code, trace, connection if is_test else None)


def _explained(trace: Trace, problem: Exception) -> Trace:
    if isinstance(problem, NotLetIn):
        return replace(trace, reason=problem.reason, expected=problem.expected, came=problem.came)
    if isinstance(problem, Refused):
        return replace(trace, reason=problem.reason.value, expected=problem.expected, came=problem.came)
    return replace(trace, reason="unreachable" if isinstance(problem, Unreachable) else "unusable", came=str(problem))


def _find(attempt: Attempt, session: Session, connection_id: UUID, protocol: Protocol | None = None) -> Found:
    """A connection as a part of this request; one of another protocol is not at this address.

    Raises NotFound.
    """
    ctx, connection = connections.find_connection(session, attempt.settings, connection_id, attempt.now)
    if protocol is not None and connection.type != protocol:
        raise NotFound("connection", connection_id)
    return Found(_acting(attempt, ctx), connection)


def _acting(attempt: Attempt, ctx: Context) -> Context:
    return replace(ctx, request_id=attempt.request_id, device=attempt.device)


def _way(connection: Connection) -> Way:
    return Way(GroupSource(connection.type).value)


def _proof(ctx: Context, connection: Connection, identity: Identity) -> Proof:
    """What is needed for a logout: what the provider will call the person and their session, and what it wants to hear
    when they sign out here.
    """
    if connections.is_saml(connection):
        subject, idp_session = identity.name_id, identity.session_index
        names = ("name_id", "name_id_format", "name_qualifier", "sp_name_qualifier", "session_index")
        told = {name: value for name in names if (value := getattr(identity, name)) is not None}
    else:
        subject, idp_session = next(iter(identity.claims.get("sub", ())), None), identity.sid
        told = {"id_token": identity.id_token} if identity.id_token else {}
    hint = seal(ctx.settings, HINT, orjson.dumps(told), ctx.now) if told else None
    return Proof(_way(connection), connection.id, subject, idp_session, hint)


def _told(identity: Identity, said: Said) -> dict[str, Any]:
    """Of an attribute that no mapping uses, the name: its value is nobody's here."""
    return {
        "issuer": identity.issuer,
        "subject": identity.subject,
        "attributes": sorted(identity.claims),
        "mapped": dict(said.values) | {"email": said.email},
        "groups": said.groups,
        "idp_initiated": identity.idp_initiated or None,
    }


def _made_of(admitted: Admitted) -> dict[str, Any]:
    return {"decision": admitted.decision.value, "skipped": list(admitted.skipped) or None}
