"""Which addresses an outbound request may reach."""

import pytest

from scim_server.networks import why_not

_PUBLIC = ("1.1.1.1", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001::1")
_LOCAL = (
    "127.0.0.1",
    "127.8.9.10",
    "::1",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "fc00::1",
    "fdff::1",
)
_NEVER = (
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "169.254.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "ff02::1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "2001:db8::1",
    "3fff::1",
    "198.18.0.1",
    "240.0.0.1",
    "192.88.99.1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2002:7f00:1::",
    "2002:101:101::",
    "2001:10::1",
    "64:ff9b:1::7f00:1",
    "::7f00:1",
    "::1.1.1.1",
    "fec0::1",
    "5f00::1",
    "4000::1",
)


def _embedded(address: str) -> tuple[str, ...]:
    return (f"::ffff:{address}", f"64:ff9b::{address}") if ":" not in address else ()


@pytest.mark.parametrize("address", [each for plain in _PUBLIC for each in (plain, *_embedded(plain))])
def test_the_public_internet_may_be_reached(address: str) -> None:
    assert why_not(address, allow_private=False) is None
    assert why_not(address, allow_private=True) is None


@pytest.mark.parametrize("address", [each for plain in _LOCAL for each in (plain, *_embedded(plain))])
def test_this_machine_and_private_networks_may_be_reached_where_the_operator_allows_it(address: str) -> None:
    assert why_not(address, allow_private=False)
    assert why_not(address, allow_private=True) is None


@pytest.mark.parametrize("address", [each for plain in _NEVER for each in (plain, *_embedded(plain))])
def test_no_setting_lets_reach_metadata_services_or_what_is_no_host_of_a_network(address: str) -> None:
    assert why_not(address, allow_private=False)
    assert why_not(address, allow_private=True)
