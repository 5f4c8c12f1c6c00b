"""The token endpoint of OAuth 2.0 (RFC 6749 §3.2): a client says who it is, and gets an access token.

Authlib reads the request and finds out how the client authenticates; here is what it asks of us: which clients there
are, whose assertions are good (`assertions.py`), and what a token is. A refusal is one of the words of RFC 6749 §5.2
and a sentence, which tells nobody which clients there are.
"""

import base64
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientCredentialsGrant, ClientMixin, InvalidClientError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import OAuthClient
from scim_server.services import clients, keys
from scim_server.services.assertions import Assertion

# The one thing that an access token is good for. A client may ask for anything, and is told that this is what it got.
SCOPE = "scim"

_SECRET_METHODS = ("client_secret_basic", "client_secret_post")
_KEY_METHOD = "private_key_jwt"

_SENTENCES = {
    "invalid_request": "A parameter is missing, malformed or there twice, or the client authenticates in two ways.",
    "invalid_client": "The client is unknown or revoked, or does not authenticate as it has to.",
    "unsupported_grant_type": "The grant_type must be client_credentials.",
}


class Refused(Exception):
    """What RFC 6749 §5.2 says to a client that gets no token; everything it did is undone."""

    def __init__(self, error: str) -> None:
        self.error = error
        self.status = 401 if error == "invalid_client" else 400
        super().__init__(_SENTENCES[error])


def token_url(settings: Settings) -> str:
    return f"{settings.base_url}/oauth2/token"


def metadata_url(settings: Settings) -> str:
    return f"{settings.base_url}/.well-known/oauth-authorization-server"


def metadata(settings: Settings) -> dict[str, Any]:
    """What RFC 8414 §2 has an authorization server say about itself."""
    return {
        "issuer": settings.base_url,
        "token_endpoint": token_url(settings),
        "token_endpoint_auth_methods_supported": [*_SECRET_METHODS, _KEY_METHOD],
        "token_endpoint_auth_signing_alg_values_supported": list(keys.ALGORITHMS),
        "grant_types_supported": [ClientCredentialsGrant.GRANT_TYPE],
        "response_types_supported": [],  # required, and there is no authorization endpoint
        "scopes_supported": [SCOPE],
    }


def read_form(body: bytes) -> dict[str, str]:
    """The parameters of a request (RFC 6749 §3.2): one without a value is none, and none may be there twice.

    Raises Refused.
    """
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=50, errors="strict")
    except ValueError:
        raise Refused("invalid_request") from None
    if len({name for name, _ in pairs}) < len(pairs):
        raise Refused("invalid_request")
    return dict(pairs)


def token(
    session: Session, settings: Settings, form: dict[str, str], authorization: str, *, now: datetime
) -> dict[str, Any]:
    """What a client gets that asks for a token (RFC 6749 §5.1). `authorization` is the header of that name.

    Raises Refused.
    """
    ways = (authorization, "client_secret" in form, "client_assertion" in form)
    if "grant_type" not in form or sum(map(bool, ways)) > 1:  # RFC 6749 §2.3
        raise Refused("invalid_request")
    if authorization and not _is_basic(authorization):
        raise Refused("invalid_client")
    answer: Any = _Server(session, settings, now).create_token_response(_Request(form, authorization))
    return dict(answer)


def _is_basic(authorization: str) -> bool:
    """Whether a header is one that Authlib can take to pieces."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        return scheme.lower() == "basic" and ":" in base64.b64decode(encoded).decode()
    except ValueError:
        return False


class _Request(OAuth2Request):
    def __init__(self, form: dict[str, str], authorization: str) -> None:
        # TLS ends at the proxy, so the URL of the request cannot tell Authlib that there is any.
        super().__init__("POST", "https://localhost/oauth2/token", headers={"Authorization": authorization})
        self.payload = BasicOAuth2Payload(form)
        self._form = form

    @property
    def form(self) -> dict[str, str]:
        return self._form


class _Client(ClientMixin):
    """A client as Authlib asks about one."""

    def __init__(self, row: OAuthClient) -> None:
        self.row = row

    def check_client_secret(self, client_secret: str) -> bool:
        return clients.has_secret(self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return endpoint == "token" and (method == _KEY_METHOD if self.row.jwks else method in _SECRET_METHODS)

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == ClientCredentialsGrant.GRANT_TYPE


class _Grant(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = (*_SECRET_METHODS, _KEY_METHOD)

    def authenticate_token_endpoint_client(self) -> ClientMixin:
        client = super().authenticate_token_endpoint_client()
        assert isinstance(client, _Client)
        # RFC 7521 §4.2: where it is there as well, it is the one that authenticates.
        if self.request.form.get("client_id", client.row.public_id) != client.row.public_id:
            raise InvalidClientError
        return client

    def create_token_response(self) -> Any:
        # Authlib's own writes the token into the log.
        return 200, self.generate_token(), []


class _Server(AuthorizationServer):
    """Authlib's server for one request, in its transaction."""

    def __init__(self, session: Session, settings: Settings, now: datetime) -> None:
        super().__init__()
        self._session, self._now = session, now
        self._lifetime = timedelta(seconds=settings.access_token_seconds)
        audiences = frozenset({settings.base_url, token_url(settings)})
        self.register_client_auth_method(_KEY_METHOD, Assertion(session, audiences, now))
        self.register_grant(_Grant)

    def query_client(self, client_id: str) -> ClientMixin:
        row = clients.known_client(self._session, client_id)
        if row is None:
            raise InvalidClientError
        return _Client(row)

    def generate_token(self, grant_type: str, client: ClientMixin, *_: Any, **__: Any) -> dict[str, str | int]:
        del grant_type  # there is one
        assert isinstance(client, _Client)
        secret = clients.issue_token(self._session, client.row, lifetime=self._lifetime, now=self._now)
        seconds = int(self._lifetime.total_seconds())
        return {"access_token": secret, "token_type": "Bearer", "expires_in": seconds, "scope": SCOPE}

    def create_oauth2_request(self, request: _Request) -> _Request:
        return request

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: Any) -> Any:
        del status, headers  # always the same: an error is raised
        return body

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> NoReturn:
        del request
        raise Refused(error.error or "invalid_request")
