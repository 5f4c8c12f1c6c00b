"""/login as people meet it: by keyboard alone, without JavaScript, on a desk and on a telephone."""

from pathlib import Path

import pytest

from tests.chromium.chrome import DESKTOP, PHONE, Chrome, chrome
from tests.chromium.worlds import SamlWorld, assert_signed_in
from tests.sign_in.products import Connection, code_in


@pytest.fixture(scope="module")
def acme(saml: SamlWorld) -> Connection:
    return saml.connect("desk.test")


def test_whoever_types_their_address_is_led_to_their_organizations_way_in(
    saml: SamlWorld, acme: Connection, browser: Chrome
) -> None:
    browser.open(f"{saml.product.url}/login")
    browser.keys("dee@desk.test")  # the field has the focus
    browser.enter()
    browser.wait_for(saml.idp.url)
    browser.fill(username="dee", password="desk")
    browser.enter()
    browser.wait_for(saml.product.url)
    assert_signed_in(saml.product, browser, "dee@desk.test")


def test_it_needs_no_javascript(saml: SamlWorld, acme: Connection, tmp_path: Path) -> None:
    with chrome(tmp_path, javascript=False, hosts=saml.hosts) as browser:
        browser.open(f"{saml.product.url}/login")
        browser.fill(email="dee@desk.test")
        browser.press()
        saml.prove(browser, "dee", "desk")
        browser.press("Submit")  # what sends itself with JavaScript
        browser.wait_for(saml.product.url)
        assert_signed_in(saml.product, browser, "dee@desk.test")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_fits_a_desk_and_a_telephone(
    saml: SamlWorld, acme: Connection, browser: Chrome, pictures: Path, size: tuple[int, int]
) -> None:
    def look(name: str) -> None:
        browser.picture(pictures / f"{name}-{size[0]}.png")
        assert browser.width_of_page <= size[0], f"{name} has to be scrolled sideways"

    browser.be(size)
    browser.open(f"{saml.product.url}/login")
    look("login")
    browser.fill(email="somebody@nowhere.test")
    browser.press()
    browser.wait_for(f"{saml.product.url}/login/password")
    look("password")
    saml.sign_in(browser, acme, "eve", "dropper")
    assert code_in(browser.text)
    look("refused")
