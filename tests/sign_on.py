"""Signing in through a connection, as a browser does it, with identity providers that really sign."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from scim_server.db import Database
from scim_server.models import ConnectionStatus, Domain, ProvisioningMode, SignIn, UserSession
from scim_server.services import connections
from scim_server.services.connection_config import OidcConfig, SamlConfig, Secrets, kept, seal_secrets
from scim_server.services.context import Context
from tests.connections import connection_of, new_connection, verified_domain
from tests.hands import Hands
from tests.idp.keys import make_keys
from tests.idp.oidc import Crooked, Provider
from tests.idp.saml import Asked, SamlIdp
from tests.idp.saml_answers import Attribute
from tests.pages import BROWSER

ACROSS_SITES = {**BROWSER, "Sec-Fetch-Site": "cross-site", "Origin": "https://idp.example"}
PERSON = {"sub": "1", "email": "ada@example.com", "email_verified": True, "name": "Ada Lovelace", "groups": ["staff"]}


class Browser:
    """A browser that keeps cookies, and finds us at our public address."""

    def __init__(self, app: Flask, base_url: str) -> None:
        self._client, self._base = app.test_client(), base_url

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._client.get(path, **{"base_url": self._base, "headers": BROWSER, **options})

    def post(self, path: str, **options: Any) -> TestResponse:
        return self._client.post(path, **{"base_url": self._base, "headers": BROWSER, **options})


ADA: dict[str, Any] = {"name_id": "ada@example.com", "attributes": (Attribute("firstName", ("Ada",)),)}


@dataclass
class SamlSignOn:
    """An organization whose people sign in by SAML, and one browser."""

    app: Flask
    office: Hands
    idp: SamlIdp
    id: UUID
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.another_browser()

    def another_browser(self) -> Browser:
        return Browser(self.app, self.office.settings.base_url)

    @property
    def path(self) -> str:
        return f"/sso/saml/{self.id}"

    def begin(self, query: str = "") -> Asked:
        """The browser goes to the identity provider."""
        response = self.browser.get(f"{self.path}/login{query}", headers=BROWSER)
        assert response.status_code == 303, response.get_data(as_text=True)
        return self.idp.read_request(response.headers["Location"])

    def respond(self, asked: Asked, **changes: Any) -> dict[str, str]:
        """The form that the identity provider has the browser post, after somebody has signed in there."""
        said = {**ADA, **changes}
        posted = {"SAMLResponse": self.idp.respond_to(asked, datetime.now(UTC), **said)}
        return posted | ({"RelayState": asked.relay_state} if asked.relay_state else {})

    def post(self, form: dict[str, str], browser: Browser | None = None, path: str | None = None) -> TestResponse:
        return (browser or self.browser).post(f"{path or self.path}/acs", data=form, headers=ACROSS_SITES)

    def sign_in(self, **changes: Any) -> TestResponse:
        return self.post(self.respond(self.begin(), **changes))

    def unsolicited(self, **changes: Any) -> dict[str, str]:
        """What an identity provider posts when somebody begins there."""
        base = f"{self.office.settings.base_url}{self.path}"
        provider = self.idp.connection(sp_entity_id=f"{base}/metadata", acs_url=f"{base}/acs")
        said = {**ADA, **changes}
        return {"SAMLResponse": self.idp.respond(provider, None, datetime.now(UTC), **said)}


@dataclass
class OidcSignOn:
    """An organization whose people sign in by OpenID Connect, and one browser."""

    app: Flask
    office: Hands
    idp: Provider
    id: UUID
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.app, self.office.settings.base_url)

    @property
    def path(self) -> str:
        return f"/sso/oidc/{self.id}"

    def begin(self, query: str = "") -> str:
        response = self.browser.get(f"{self.path}/login{query}", headers=BROWSER)
        assert response.status_code == 303, response.get_data(as_text=True)
        return response.headers["Location"]

    def authorize(self, url: str, crooked: Crooked | None = None, **claims: Any) -> dict[str, str]:
        return self.idp.authorize(url, datetime.now(UTC), {**PERSON, **claims}, crooked)

    def come_back(self, parameters: dict[str, str], browser: Browser | None = None) -> TestResponse:
        return (browser or self.browser).get(f"{self.path}/callback", query_string=parameters, headers=ACROSS_SITES)

    def sign_in(self, crooked: Crooked | None = None, **claims: Any) -> TestResponse:
        return self.come_back(self.authorize(self.begin(), crooked, **claims))


def saml_sign_on(app: Flask, office: Hands, idp: SamlIdp | None = None, **values: Any) -> SamlSignOn:
    idp = idp or SamlIdp()
    known = {
        "idp_entity_id": idp.entity_id,
        "sso_redirect_url": idp.sso_url,
        "slo_redirect_url": idp.slo_url,
        "certificates": (idp.keys.certificate,),
    }
    config = SamlConfig.model_validate({**known, **values.pop("config", {})})
    with office.acting() as ctx:
        row = new_connection(
            ctx,
            values.pop("mode", ProvisioningMode.JIT),
            _domain(ctx, values.pop("domain", "example.com")),
            config=kept(config),
            **values,
        )
        row.secrets = seal_secrets(ctx.settings, row.id, Secrets(keys=(make_keys("sp"),)), ctx.now)
        return SamlSignOn(app, office, idp, row.id)


def oidc_sign_on(app: Flask, office: Hands, idp: Provider, **values: Any) -> OidcSignOn:
    config = OidcConfig(
        issuer=idp.issuer, client_id=idp.client_id, provider=idp.discovery(), **values.pop("config", {})
    )
    with office.acting() as ctx:
        row = new_connection(
            ctx,
            values.pop("mode", ProvisioningMode.JIT),
            _domain(ctx, values.pop("domain", "example.com")),
            type="oidc",
            config=kept(config),
            **values,
        )
        row.secrets = seal_secrets(ctx.settings, row.id, Secrets(client_secret=idp.client_secret), ctx.now)
        return OidcSignOn(app, office, idp, row.id)


def _domain(ctx: Context, name: str) -> Domain:
    there = ctx.session.scalar(select(Domain).where(Domain.org_id == ctx.org.id, Domain.name == name))
    return there or verified_domain(ctx, name)


def set_status(office: Hands, id: UUID, status: ConnectionStatus) -> None:
    with office.acting() as ctx:
        connection_of(ctx, id).status = status


def link_of_a_test(office: Hands, id: UUID, by: UUID | None = None) -> str:
    """The path at which a test of a connection begins."""
    with office.acting() as ctx:
        user = None if by is None else office.user(by)
        return urlsplit(connections.start_test(ctx, connection_of(ctx, id), user)).path


def open_sessions(database: Database) -> list[UserSession]:
    with database.reading() as session:
        return list(session.scalars(select(UserSession).where(UserSession.ended_at.is_(None))))


def records(database: Database) -> list[SignIn]:
    """Each attempt of which there is a record, the oldest first."""
    with database.reading() as session:
        return list(session.scalars(select(SignIn).order_by(SignIn.id)))


def assert_refused(response: TestResponse, database: Database, reason: str) -> SignIn:
    """Nobody is let in, the person reads a short id, and the record has why."""
    assert response.status_code == 403, response.get_data(as_text=True)
    written = records(database)[-1]
    assert (written.outcome, written.reason) == ("refused", reason)
    assert written.code in response.get_data(as_text=True)
    assert reason not in response.get_data(as_text=True)
    assert open_sessions(database) == []
    assert "session=" not in "".join(response.headers.getlist("Set-Cookie"))
    return written
