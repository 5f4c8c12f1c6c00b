"""One answer of an identity provider, sent by many at once to several workers, to several servers: one session."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from tests.browsing import Browser, Form, Page
from tests.idp.pysaml2_idp import Pysaml2Idp
from tests.sign_in.products import Careful, Connection, Product, another_server

AT_ONCE = 6
ROUNDS = 3


@pytest.fixture(scope="module")
def servers(the_product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[str]]:
    """Where a server with two workers listens, and another one on the same database."""
    with another_server(the_product, tmp_path_factory.mktemp("another")) as other:
        yield [the_product.url, other.url]


@pytest.fixture(scope="module")
def connection(the_product: Product, pysaml2: Pysaml2Idp) -> Connection:
    connection = the_product.connect_saml(
        name="Once",
        domains=["once.test"],
        provisioning_mode="jit",
        idp_metadata_url=pysaml2.metadata_url,
        allow_idp_initiated=True,
    )
    pysaml2.trust(connection.metadata_url)
    return connection


def send_at_once(careful: Careful, page: Page, form: Form, product: Product, servers: Sequence[str]) -> list[Browser]:
    """The same form by as many browsers, all with the cookies of the one that asked, to one server or another."""
    browsers, ready = [careful.copy() for _ in range(AT_ONCE)], Barrier(AT_ONCE)

    def send(number: int) -> int:
        there = replace(form, action=form.action.replace(product.url, servers[number % len(servers)]))
        ready.wait()
        return browsers[number].submit(page, there).status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(send, range(AT_ONCE)))
    assert all(status < 500 for status in statuses), statuses
    return browsers


@pytest.mark.parametrize("how_many", [1, 2], ids=["two workers", "two servers"])
@pytest.mark.parametrize("begins", ["here", "there"])
def test_one_response_sent_many_times_at_once_opens_one_session(
    the_product: Product,
    servers: Sequence[str],
    connection: Connection,
    pysaml2: Pysaml2Idp,
    how_many: int,
    begins: str,
) -> None:
    """Of a sign-in that begins here, the attempt is good once; of one that begins there, the assertion alone is."""
    for number in range(ROUNDS):
        careful, nobody_yet = Careful(the_product), f"nobody-yet-{begins}-{how_many}-{number}@once.test"
        if begins == "here":
            page = careful.get(connection.login_url)
            page = careful.submit(page, page.form("user_name"), user_name=nobody_yet)
        else:
            page = careful.get(pysaml2.start_url(nobody_yet, connection.sp_entity_id))
        [form] = page.forms
        browsers = send_at_once(careful, page, form, the_product, servers[:how_many])
        signed_in = [browser for browser in browsers if the_product.me(browser).status == 200]
        assert len(signed_in) == 1
