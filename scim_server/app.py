"""The only place where anything is wired."""

from flask import Flask

from scim_server import jobs, logs
from scim_server.config import Settings, load_settings
from scim_server.db import Database, connect
from scim_server.outbound import OutboundClient
from scim_server.services.request_queue import RequestQueue
from scim_server.web import (
    account,
    account_factors,
    api,
    errors,
    health,
    invitations,
    login,
    login_steps,
    logout,
    oauth,
    oidc,
    pages,
    password_resets,
    requests,
    saml,
    scim,
    trials,
)
from scim_server.web.application import Application
from scim_server.web.rate_limit import RateLimit
from scim_server.web.state import State, keep, state
from sso.http import HttpClient
from sso.oidc.keys import Keys

_ROOMS = (
    scim,
    oauth,
    health,
    pages,
    invitations,
    password_resets,
    login,
    login_steps,
    logout,
    account,
    account_factors,
    saml,
    oidc,
    trials,
    api,
)


def create_app(
    settings: Settings | None = None, database: Database | None = None, http: HttpClient | None = None
) -> Flask:
    """Build the application; the tests hand over their own settings, database and HTTP client.

    Raises scim_server.config.ConfigError.
    """
    settings = settings or load_settings()
    logs.configure(settings)
    app = Application("scim_server", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes + 1  # see web.requests.body
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # a redirect would be an HTML page, to wherever the Host header says
    app.wsgi_app = requests.watch(app.wsgi_app)  # type: ignore[assignment]
    database = database or connect(settings)
    keep(
        app.extensions,
        State(
            settings,
            database,
            RequestQueue(database, settings),
            RateLimit(settings.rate_limit),
            RateLimit(settings.api_rate_limit),
            http or OutboundClient(settings),
            Keys(),
        ),
    )
    errors.handle_errors(app)
    for room in _ROOMS:
        app.register_blueprint(room.bp)
    return app


def create_worker() -> Flask:
    """Build the application in a worker process of `scim-server serve`."""
    app = create_app()
    with app.app_context():
        state().request_queue.start()  # which also takes away what is too old, whether anybody asks anything or not
        jobs.start(state().database, state().settings)
    return app
