"""Whole sign-ins in Chromium with SimpleSAMLphp, each side on a site of its own, by https."""

import pytest

from tests.chromium.chrome import Chrome
from tests.chromium.worlds import SamlWorld, assert_nobody, assert_signed_in, sign_out
from tests.sign_in.products import Connection, code_in


@pytest.fixture(scope="module")
def acme(saml: SamlWorld) -> Connection:
    return saml.connect("acme.test", allow_idp_initiated=True)


@pytest.fixture(scope="module")
def staff(saml: SamlWorld) -> Connection:
    return saml.connect("staff.test", "pre_provisioned")


def test_somebody_new_signs_in_and_is_known_again(saml: SamlWorld, acme: Connection, browser: Chrome) -> None:
    saml.sign_in(browser, acme, "ada", "engine")
    assert_signed_in(saml.product, browser, "ada@acme.test")


def test_somebody_whose_domain_is_not_the_organizations_is_refused(
    saml: SamlWorld, acme: Connection, browser: Chrome
) -> None:
    saml.sign_in(browser, acme, "eve", "dropper")
    assert saml.product.why(code_in(browser.text)) == "foreign_domain"
    assert_nobody(saml.product, browser)


def test_somebody_who_begins_at_simplesamlphp_comes_in(saml: SamlWorld, acme: Connection, browser: Chrome) -> None:
    browser.open(saml.idp.start_url(acme.sp_entity_id))
    saml.prove(browser, "ada", "engine")
    browser.wait_for(saml.product.url)
    assert_signed_in(saml.product, browser, "ada@acme.test")


def test_somebody_who_begins_at_simplesamlphp_is_refused_where_that_is_not_allowed(
    saml: SamlWorld, staff: Connection, browser: Chrome
) -> None:
    saml.product.command("user", "create", "acme", "--email", "sam@staff.test")
    browser.open(saml.idp.start_url(staff.sp_entity_id))
    saml.prove(browser, "sam", "wise")
    browser.wait_for(saml.product.url)
    assert code_in(browser.text)
    assert_nobody(saml.product, browser)

    browser.open(staff.login_url)  # SimpleSAMLphp knows by now who it is
    browser.wait_for(saml.product.url)
    assert_signed_in(saml.product, browser, "sam@staff.test")


def test_signing_out_here_signs_out_there(saml: SamlWorld, acme: Connection, browser: Chrome) -> None:
    saml.sign_in(browser, acme, "ada", "engine")
    sign_out(saml.product, browser)
    browser.wait_for(f"{saml.product.url}/logout/done")
    assert_nobody(saml.product, browser)

    browser.open(acme.login_url)
    browser.wait_for(f"{saml.idp.url}/simplesaml/module.php/core/loginuserpass.php")


def test_signing_out_there_signs_out_here(saml: SamlWorld, acme: Connection, browser: Chrome) -> None:
    saml.sign_in(browser, acme, "ada", "engine")
    assert_signed_in(saml.product, browser, "ada@acme.test")
    browser.open(saml.idp.logout_url)
    browser.wait_for(saml.idp.url)
    assert_nobody(saml.product, browser)


def test_an_encrypted_assertion_of_old_is_read_only_where_an_admin_allows_it(saml: SamlWorld, browser: Chrome) -> None:
    """SimpleSAMLphp 1.19 encrypts with AES in CBC mode, and cannot do better."""
    sealed = saml.connect("sealed.test", at_the_idp={"assertion.encryption": True})
    saml.sign_in(browser, sealed, "sue", "seal")
    assert saml.product.why(code_in(browser.text)) == "weak_encryption"
    assert_nobody(saml.product, browser)

    saml.product.change(sealed, allow_weak_encryption=True)
    browser.open(sealed.login_url)  # SimpleSAMLphp knows by now who it is
    browser.wait_for(saml.product.url)
    assert_signed_in(saml.product, browser, "sue@sealed.test")
