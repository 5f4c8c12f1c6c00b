"""A sign-in by SAML without https, as while developing: the product on 127.0.0.1, the provider on localhost.

To Chromium these are two sites, and what the provider's page posts comes with no cookie that is `Lax`.
"""

from pathlib import Path

from tests.chromium.chrome import Chrome
from tests.chromium.worlds import OidcWorld, assert_signed_in
from tests.idp.pysaml2_idp import pysaml2_idp


def test_somebody_signs_in_across_two_sites_of_one_machine(
    oidc: OidcWorld, local_browser: Chrome, tmp_path: Path
) -> None:
    product = oidc.product
    with pysaml2_idp(tmp_path) as idp:
        connection = product.connect_saml(
            name="Without https",
            domains=["plain.test"],
            provisioning_mode="jit",
            idp_metadata_url=idp.metadata_url,
        )
        idp.trust(connection.metadata_url)
        local_browser.open(connection.login_url)
        local_browser.wait_for(idp.url)
        local_browser.fill(user_name="pam@plain.test")
        local_browser.press("Sign in")
        local_browser.wait_for(product.url)
    assert_signed_in(product, local_browser, "pam@plain.test")
