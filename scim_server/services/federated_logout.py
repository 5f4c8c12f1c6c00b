"""Single logout: a session that ends here ends at the identity provider too, and the other way round."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from scim_server.models import Connection, Purpose, UserSession
from scim_server.sealing import Broken, Expired, unseal
from scim_server.services import connections, login_attempts, provisioning, sessions
from scim_server.services.attempts import Attempt
from scim_server.services.connections import Found
from scim_server.services.context import Context
from scim_server.services.errors import NotFound, NotReady
from scim_server.services.single_sign_on import HINT, Started
from sso.http import HttpClient
from sso.identity import LoginAttempt, Send
from sso.oidc import logout as oidc_logout
from sso.oidc.keys import Keys
from sso.saml import logout as saml_logout
from sso.saml.bindings import Binding
from sso.saml.logout import Outcome, SamlSession

# Longer than any session.
_HINT_LIFETIME = timedelta(days=400)
_WHY = "signed out at the identity provider"


def begin(attempt: Attempt, row: UserSession) -> Started | None:
    """Where to send somebody who has just signed out here, to sign out of their identity provider as well; None where
    their session did not begin at one, or it has no place for that.
    """
    if row.connection_id is None or row.hint is None:
        return None
    with attempt.database.writing() as session:
        try:
            ctx, connection = _find(attempt, session, row.connection_id)
            hint = orjson.loads(unseal(ctx.settings, HINT, row.hint, ctx.now, _HINT_LIFETIME))
            found = _begin(ctx, connection, hint, login_attempts.new_secret())
        except (NotFound, NotReady, Broken, Expired):  # the connection is gone, or the key that sealed it
            return None
        if found is None:
            return None
        begun, send = found
        browser = login_attempts.new_secret()
        login_attempts.keep(ctx, connection, begun, browser, purpose=Purpose.LOGOUT)
    return Started(send, begun.key, browser)


def end_by_saml(
    attempt: Attempt, connection_id: UUID, fields: Mapping[str, str], query: bytes, binding: Binding
) -> Send | None:
    """End the sessions that a SAML identity provider asks us to end, and say where to send the browser with the answer.

    Raises NotFound, NotReady, NotLetIn, sso.errors.SsoError.
    """
    with attempt.database.reading() as session:
        ctx, connection = _find(attempt, session, connection_id)
        provider = connections.to_saml(ctx, connection)
    asked = saml_logout.read_request(provider, fields, query, attempt.now, binding)
    with attempt.database.writing() as session:
        ctx, connection = _find(attempt, session, connection_id)
        provisioning.accept_once(ctx, connection, f"logout {asked.request_id}", asked.expires_at)
        for index in asked.session_indexes or (None,):
            sessions.end_by_subject(ctx, connection.id, asked.name_id, index, _WHY)
    return saml_logout.answer(provider, asked, attempt.now, outcome=Outcome.COMPLETE)


def finish_by_saml(
    attempt: Attempt,
    connection_id: UUID,
    key: str | None,
    browser: str | None,
    fields: Mapping[str, str],
    query: bytes,
    binding: Binding,
) -> bool:
    """Whether the identity provider has ended all of what was to end.

    Raises NotFound, NotReady, sso.errors.SsoError.
    """
    with attempt.database.writing() as session:
        ctx, connection = _find(attempt, session, connection_id)
        provider = connections.to_saml(ctx, connection)
        taken = None
        if key and browser:
            taken = login_attempts.take(session, attempt.settings, connection, key, browser, now=attempt.now)
    begun = taken.begun if taken is not None and taken.purpose is Purpose.LOGOUT else None
    return saml_logout.read_response(provider, fields, query, begun, attempt.now, binding).complete


def end_by_oidc(attempt: Attempt, connection_id: UUID, token: str, http: HttpClient, keys: Keys) -> int:
    """End the sessions that an OpenID provider says are over, and return how many there were.

    Raises NotFound, NotReady, NotLetIn, sso.errors.SsoError.
    """
    with attempt.database.reading() as session:
        ctx, connection = _find(attempt, session, connection_id)
        provider = connections.to_oidc(ctx, connection)
    asked = oidc_logout.read_logout_token(provider, token, http, keys, attempt.now)
    with attempt.database.writing() as session:
        ctx, connection = _find(attempt, session, connection_id)
        provisioning.accept_once(ctx, connection, f"logout {asked.jti}", asked.expires_at)
        return sessions.end_by_subject(ctx, connection.id, asked.subject, asked.sid, _WHY)


def _find(attempt: Attempt, session: Session, connection_id: UUID) -> Found:
    """A connection as a part of this request. Raises NotFound."""
    ctx, connection = connections.find_connection(session, attempt.settings, connection_id, attempt.now)
    return Found(replace(ctx, request_id=attempt.request_id, device=attempt.device), connection)


def _begin(ctx: Context, connection: Connection, hint: Mapping[str, Any], key: str) -> tuple[LoginAttempt, Send] | None:
    if connections.is_saml(connection):
        begun = saml_logout.begin(connections.to_saml(ctx, connection), SamlSession(**hint), ctx.now, key=key)
        return None if begun is None else (begun.attempt, begun.send)
    send = oidc_logout.begin(connections.to_oidc(ctx, connection), id_token=hint.get("id_token"), key=key)
    return None if send is None else (LoginAttempt(key=key, started_at=ctx.now), send)
