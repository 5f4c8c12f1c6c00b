"""Whole sign-ins in Chromium with node's oidc-provider, which takes no code without PKCE."""

import pytest

from tests.chromium.chrome import Chrome
from tests.chromium.worlds import OidcWorld, assert_nobody, assert_signed_in, sign_out
from tests.processes import wait_until
from tests.sign_in.products import Connection, code_in

SECRET = "only for tests " * 3


@pytest.fixture(scope="module")
def acme(oidc: OidcWorld) -> Connection:
    connection = oidc.connect("acme.test", "by-secret", client_secret=SECRET)
    oidc.register(connection, "by-secret", client_secret=SECRET)
    return connection


def test_somebody_new_signs_in(oidc: OidcWorld, acme: Connection, local_browser: Chrome) -> None:
    oidc.sign_in(local_browser, acme, "ada")
    assert_signed_in(oidc.product, local_browser, "ada@acme.test")


def test_somebody_whose_domain_is_not_the_organizations_is_refused(
    oidc: OidcWorld, acme: Connection, local_browser: Chrome
) -> None:
    oidc.sign_in(local_browser, acme, "eve")
    assert code_in(local_browser.text)
    assert_nobody(oidc.product, local_browser)


def test_somebody_who_turns_back_at_the_provider_reads_so(
    oidc: OidcWorld, acme: Connection, local_browser: Chrome
) -> None:
    local_browser.open(acme.login_url)
    local_browser.wait_for(f"{oidc.provider.issuer}/interaction/")
    local_browser.follow("Cancel")
    local_browser.wait_for(oidc.product.url)
    assert code_in(local_browser.text)
    assert_nobody(oidc.product, local_browser)


def test_signing_out_here_signs_out_there(oidc: OidcWorld, acme: Connection, local_browser: Chrome) -> None:
    oidc.sign_in(local_browser, acme, "ada")
    sign_out(oidc.product, local_browser)
    local_browser.wait_for(f"{oidc.provider.issuer}/session/end")
    local_browser.press("Yes, sign me out")
    local_browser.wait_for(oidc.product.url)
    assert_nobody(oidc.product, local_browser)

    local_browser.open(acme.login_url)
    local_browser.wait_for(f"{oidc.provider.issuer}/interaction/")


def test_signing_out_there_signs_out_here_behind_the_browsers_back(
    oidc: OidcWorld, acme: Connection, local_browser: Chrome
) -> None:
    oidc.sign_in(local_browser, acme, "bob")
    assert_signed_in(oidc.product, local_browser, "bob@acme.test")
    told = oidc.provider.log.count("backchannel.success")
    local_browser.open(oidc.provider.end_session_url)
    local_browser.press("Yes, sign me out")
    wait_until(lambda: oidc.provider.log.count("backchannel.success") > told, "the provider has told the product")
    assert_nobody(oidc.product, local_browser)


def test_a_key_of_ours_proves_us_where_there_is_no_secret(oidc: OidcWorld, local_browser: Chrome) -> None:
    connection = oidc.connect("keys.test", "by-key")
    oidc.register(connection, "by-key", token_endpoint_auth_method="private_key_jwt", jwks_uri=connection.at("jwks"))
    oidc.sign_in(local_browser, connection, "kay")
    assert_signed_in(oidc.product, local_browser, "kay@keys.test")
