"""Whole sign-ins by OpenID Connect with oidc-provider-mock as the provider."""

from dataclasses import dataclass

import pytest

from tests.browsing import Browser, Page
from tests.idp.oidc_mock import OidcMock
from tests.processes import user
from tests.sign_in.products import Connection, Product


@dataclass(frozen=True)
class World:
    """The product, and its connections to one and the same provider, a mode of provisioning each."""

    product: Product
    mock: OidcMock
    jit: Connection
    pre_provisioned: Connection
    directory: Connection

    def sign_in(self, browser: Browser, connection: Connection, email: str, **answers: str) -> Page:
        page = browser.get(connection.login_url)
        assert page.url.startswith(self.mock.issuer), f"it ended at {page.url} ({page.status}): {page.text}"
        return browser.submit(page, page.form("sub"), **{"sub": email, **answers})


@pytest.fixture(scope="module")
def world(the_product: Product, mock: OidcMock) -> World:
    connections = [
        the_product.connect_oidc(name=f"The mock, {mode}", domains=[domain], provisioning_mode=mode, issuer=mock.issuer)
        for mode, domain in [("jit", "oidc.test"), ("pre_provisioned", "hired.test"), ("directory", "synced.test")]
    ]
    for email in ("ada@oidc.test", "bob@hired.test", "carol@synced.test", "eve@elsewhere.test"):
        given_name = email.partition("@")[0].title()
        mock.claim(email, email=email, email_verified=True, given_name=given_name, family_name="of the mock")
    return World(the_product, mock, *connections)


def test_somebody_new_is_created_and_known_again(world: World, browser: Browser) -> None:
    page = world.sign_in(browser, world.jit, "ada@oidc.test")
    assert page.url.startswith(world.product.url), page.text
    ada = world.product.who(browser)
    assert ada["email"] == "ada@oidc.test"

    another = Browser()
    world.sign_in(another, world.jit, "ada@oidc.test")
    assert world.product.who(another) == ada


def test_only_somebody_who_exists_comes_in_where_people_are_made_beforehand(world: World, browser: Browser) -> None:
    world.product.assert_refused(
        browser, world.sign_in(browser, world.pre_provisioned, "bob@hired.test"), "unknown_user"
    )

    world.product.command("user", "create", "acme", "--email", "bob@hired.test")
    world.sign_in(browser, world.pre_provisioned, "bob@hired.test")
    assert world.product.who(browser)["email"] == "bob@hired.test"


def test_only_somebody_whom_the_directory_sent_comes_in_where_it_decides(world: World, browser: Browser) -> None:
    world.product.assert_refused(
        browser, world.sign_in(browser, world.directory, "carol@synced.test"), "not_provisioned"
    )

    email = {"value": "carol@synced.test", "type": "work", "primary": True}
    carol = world.product.directory().send("POST", "/Users", user("carol@synced.test") | {"emails": [email]})
    assert carol.status == 201, carol.json
    world.sign_in(browser, world.directory, "carol@synced.test")
    assert world.product.who(browser)["id"] == carol.id


def test_an_address_of_a_domain_that_is_not_the_organizations_is_refused(world: World, browser: Browser) -> None:
    world.product.assert_refused(browser, world.sign_in(browser, world.jit, "eve@elsewhere.test"), "foreign_domain")


def test_somebody_whom_the_provider_refuses_reads_so(world: World, browser: Browser) -> None:
    page = world.sign_in(browser, world.jit, "ada@oidc.test", action="deny")
    world.product.assert_refused(browser, page, "no_attempt")  # it forgets the state where it refuses


def test_an_answer_is_good_only_in_the_browser_that_asked_for_it(world: World, browser: Browser) -> None:
    victim = Browser()
    page = world.sign_in(browser, world.jit, "ada@oidc.test")
    [answer] = [url for url in page.passed if url.startswith(world.jit.redirect_uri)]
    world.product.assert_refused(victim, victim.get(answer), "no_attempt")
