"""What the application keeps for its requests."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask.globals import _cv_app

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services.request_queue import RequestQueue
from scim_server.web.rate_limit import RateLimit
from sso.http import HttpClient
from sso.oidc.keys import Keys

_NAME = "scim_server"


@dataclass(frozen=True, slots=True)
class State:
    settings: Settings
    database: Database
    request_queue: RequestQueue
    rate_limit: RateLimit
    api_rate_limit: RateLimit
    http: HttpClient
    keys: Keys


def keep(extensions: dict[str, object], state: State) -> None:
    extensions[_NAME] = state


def state() -> State:
    kept: State = _cv_app.get().app.extensions[_NAME]  # current_app takes four calls
    return kept


def now() -> datetime:
    return datetime.now(UTC)
