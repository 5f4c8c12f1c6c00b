"""The product and one identity provider, from the point of view of whoever signs in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.chromium.chrome import Chrome
from tests.idp.oidc_provider import OidcProvider
from tests.idp.simplesamlphp import SimpleSamlPhp
from tests.sign_in.products import Connection, Product

PRODUCT, IDP = "product.test", "idp.test"


def who(product: Product, browser: Chrome) -> dict[str, Any] | None:
    """The user that a browser is signed in as, if any."""
    answer = browser.json(f"{product.url}/api/v1/me")
    user: dict[str, Any] | None = answer.get("user")
    return user


def assert_signed_in(product: Product, browser: Chrome, email: str) -> None:
    user = who(product, browser)
    assert user is not None, browser.text
    assert user["email"] == email


def sign_out(product: Product, browser: Chrome) -> None:
    """As by the button of a page of ours."""
    browser.open(f"{product.url}/account")
    browser.press("Sign out")


def assert_nobody(product: Product, browser: Chrome) -> None:
    assert who(product, browser) is None


@dataclass
class SamlWorld:
    """SimpleSAMLphp, its product, and the ports at which their hosts are on this machine."""

    product: Product
    idp: SimpleSamlPhp
    hosts: Mapping[str, int]

    def connect(self, domain: str, provisioning_mode: str = "jit", **what: Any) -> Connection:
        """A connection on both sides, each of which reads the other's metadata from where that publishes it."""
        settings = what.pop("at_the_idp", {})
        connection = self.product.connect_saml(
            name=f"SimpleSAMLphp for {domain}",
            domains=[domain],
            provisioning_mode=provisioning_mode,
            mapping={"email": "mail", "given_name": "givenName", "family_name": "sn"},
            # Servers talk to each other on this machine; what is in the metadata is for browsers.
            idp_metadata_url=f"http://127.0.0.1:{self.idp.port}/simplesaml/saml2/idp/metadata.php",
            **what,
        )
        path = connection.metadata_url.removeprefix(self.product.url)
        self.idp.trust(f"{self.product.server.url}{path}", **settings)
        return connection

    def prove(self, browser: Chrome, user_name: str, password: str) -> None:
        """Sign in on SimpleSAMLphp's own page, to which one has come."""
        browser.wait_for(self.idp.url)
        browser.fill(username=user_name, password=password)
        browser.press("Login")

    def sign_in(self, browser: Chrome, connection: Connection, user_name: str, password: str) -> None:
        browser.open(connection.login_url)
        self.prove(browser, user_name, password)
        browser.wait_for(self.product.url)


@dataclass
class OidcWorld:
    """node's oidc-provider, and its product."""

    product: Product
    provider: OidcProvider

    def connect(self, domain: str, client_id: str, **what: Any) -> Connection:
        """A connection on our side; what the provider knows of it is `register`ed after."""
        return self.product.connect(
            type="oidc",
            name=f"oidc-provider for {domain}",
            domains=[domain],
            provisioning_mode="jit",
            issuer=self.provider.issuer,
            client_id=client_id,
            **what,
        )

    def register(self, connection: Connection, client_id: str, **client: object) -> None:
        self.provider.register(
            client_id,
            redirect_uris=[connection.redirect_uri],
            post_logout_redirect_uris=[f"{self.product.url}/login"],
            backchannel_logout_uri=connection.at("backchannel-logout"),
            backchannel_logout_session_required=True,
            **client,
        )

    def prove(self, browser: Chrome, user_name: str) -> None:
        """Sign in on the provider's own page, and let it tell the product who one is."""
        browser.wait_for(f"{self.provider.issuer}/interaction/")
        browser.fill(login=user_name, password="any will do")
        browser.press("Sign-in")
        browser.wait_for_text("Authorize")
        browser.press("Continue")

    def sign_in(self, browser: Chrome, connection: Connection, user_name: str) -> None:
        browser.open(connection.login_url)
        self.prove(browser, user_name)
        browser.wait_for(self.product.url)
