"""Whole sign-ins by SAML with pysaml2 as the identity provider: what it signs, a person comes in with."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.browsing import Browser, Page
from tests.idp.pysaml2_idp import Pysaml2Idp
from tests.processes import user
from tests.sign_in.products import Careful, Connection, Product


@dataclass(frozen=True)
class World:
    """The product, and its connections to one and the same identity provider, a mode of provisioning each."""

    product: Product
    idp: Pysaml2Idp
    jit: Connection
    pre_provisioned: Connection
    directory: Connection

    def sign_in(self, browser: Browser, connection: Connection, email: str) -> Page:
        """From the product to the identity provider, and back."""
        return self.tell(browser, browser.get(connection.login_url), email)

    def tell(self, browser: Browser, page: Page, email: str) -> Page:
        assert page.url.startswith(self.idp.url), f"it ended at {page.url} ({page.status}): {page.text}"
        return browser.submit(page, page.form("user_name"), user_name=email)


@pytest.fixture(scope="module")
def world(the_product: Product, pysaml2: Pysaml2Idp) -> Iterator[World]:
    modes = [("jit", "jit.test"), ("pre_provisioned", "staff.test"), ("directory", "directory.test")]
    connections = []
    for mode, domain in modes:
        connection = the_product.connect_saml(
            name=f"pysaml2, {mode}",
            domains=[domain],
            provisioning_mode=mode,
            idp_metadata_url=pysaml2.metadata_url,
            allow_idp_initiated=mode == "jit",
        )
        pysaml2.trust(connection.metadata_url)
        connections.append(connection)
    yield World(the_product, pysaml2, *connections)
    pysaml2.be(encrypt=False, sign_response=False)


def test_somebody_new_is_created_and_known_again(world: World, browser: Browser) -> None:
    page = world.sign_in(browser, world.jit, "ada@jit.test")
    assert page.url.startswith(world.product.url), page.text
    ada = world.product.who(browser)
    assert ada["email"] == "ada@jit.test"
    assert ada["role"] == "Agent"

    another = Browser()
    world.sign_in(another, world.jit, "ada@jit.test")
    assert world.product.who(another) == ada


def test_only_somebody_who_exists_comes_in_where_people_are_made_beforehand(world: World, browser: Browser) -> None:
    page = world.sign_in(browser, world.pre_provisioned, "bob@staff.test")
    world.product.assert_refused(browser, page, "unknown_user")

    world.product.command("user", "create", "acme", "--email", "bob@staff.test", "--given-name", "Robert")
    world.sign_in(browser, world.pre_provisioned, "bob@staff.test")
    assert world.product.who(browser)["email"] == "bob@staff.test"


def test_only_somebody_whom_the_directory_sent_comes_in_where_it_decides(world: World, browser: Browser) -> None:
    world.product.command("user", "create", "acme", "--email", "hand@directory.test")
    by_hand = Browser()
    world.product.assert_refused(
        by_hand, world.sign_in(by_hand, world.directory, "hand@directory.test"), "not_provisioned"
    )

    scim = world.product.directory()
    email = {"value": "carol@directory.test", "type": "work", "primary": True}
    carol = scim.send("POST", "/Users", user("carol@directory.test") | {"emails": [email]})
    assert carol.status == 201, carol.json
    world.sign_in(browser, world.directory, "carol@directory.test")
    assert world.product.who(browser)["id"] == carol.id

    # Deactivated by the directory, she is out at once and does not come in again.
    replaced = scim.send("PUT", f"/Users/{carol.id}", carol.json | {"active": False})
    assert replaced.status == 200, replaced.json
    world.product.assert_nobody(browser)
    world.product.assert_refused(
        browser, world.sign_in(browser, world.directory, "carol@directory.test"), "deactivated"
    )


def test_an_address_of_a_domain_that_is_not_the_organizations_is_refused(world: World, browser: Browser) -> None:
    page = world.sign_in(browser, world.jit, "eve@elsewhere.test")
    world.product.assert_refused(browser, page, "foreign_domain")


@pytest.mark.parametrize("signed", [False, True])
def test_an_encrypted_assertion_is_read(world: World, browser: Browser, signed: bool) -> None:
    world.idp.be(encrypt=True, sign_response=signed)
    world.sign_in(browser, world.jit, "fay@jit.test")
    world.idp.be(encrypt=False, sign_response=False)
    assert world.product.who(browser)["email"] == "fay@jit.test"


def test_a_sign_in_may_begin_at_the_identity_provider_where_that_is_allowed(world: World, browser: Browser) -> None:
    page = browser.get(world.idp.start_url("ada@jit.test", world.jit.sp_entity_id))
    assert page.url.startswith(world.product.url), page.text
    assert world.product.who(browser)["email"] == "ada@jit.test"

    another = Browser()
    page = another.get(world.idp.start_url("bob@staff.test", world.pre_provisioned.sp_entity_id))
    world.product.assert_refused(another, page, "unsolicited")


def test_a_response_is_good_once(world: World) -> None:
    careful = Careful(world.product)
    page = world.sign_in(careful, world.jit, "gus@jit.test")
    [form] = page.forms
    first, second = careful.copy(), careful.copy()
    first.submit(page, form)
    assert world.product.who(first)["email"] == "gus@jit.test"
    world.product.assert_refused(second, second.submit(page, form), "no_attempt")


def test_a_response_is_good_only_in_the_browser_that_asked_for_it(world: World, browser: Browser) -> None:
    careful = Careful(world.product)
    page = world.sign_in(careful, world.jit, "gus@jit.test")
    [form] = page.forms
    world.product.assert_refused(browser, browser.submit(page, form), "no_attempt")


def test_signing_out_at_the_identity_provider_ends_the_session_here(world: World, browser: Browser) -> None:
    world.sign_in(browser, world.jit, "hal@jit.test")
    assert world.product.who(browser)["email"] == "hal@jit.test"
    page = browser.get(world.idp.sign_out_url("hal@jit.test"))
    assert page.text == "You are signed out everywhere."
    world.product.assert_nobody(browser)


def test_signing_out_here_is_told_to_the_identity_provider(world: World, browser: Browser) -> None:
    world.sign_in(browser, world.jit, "hal@jit.test")
    page = browser.get(f"{world.product.url}/account")
    [form] = [form for form in page.forms if form.action == f"{world.product.url}/logout"]
    page = browser.submit(page, form)
    assert any(url.startswith(f"{world.idp.url}/slo?SAMLRequest=") for url in page.passed)
    assert page.url.startswith(world.product.url), page.text
    world.product.assert_nobody(browser)
    assert browser.get(world.idp.sign_out_url("hal@jit.test")).text == "Nobody of that name is signed in."


def test_one_that_takes_its_requests_by_post_is_asked_so(
    the_product: Product, pysaml2: Pysaml2Idp, browser: Browser
) -> None:
    redirect = '<ns0:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
    metadata = pysaml2.metadata()
    assert redirect in metadata
    before, _, after = metadata.partition(redirect)
    by_post_only = before + after.partition("/>")[2]
    connection = the_product.connect_saml(
        name="By POST", domains=["post.test"], provisioning_mode="jit", idp_metadata_xml=by_post_only
    )
    pysaml2.trust(connection.metadata_url)
    page = browser.get(connection.login_url)
    assert page.url == f"{pysaml2.url}/sso", "the product sent a form, and no query"
    browser.submit(page, page.form("user_name"), user_name="ian@post.test")
    assert the_product.who(browser)["email"] == "ian@post.test"
