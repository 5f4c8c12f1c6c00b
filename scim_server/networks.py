"""Which addresses of the Internet Protocol are those of the public Internet.

From IANA's registries of special-purpose addresses (RFC 6890), written out: what Python's `ipaddress` calls private
differs from one patch of it to the next.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# The first that an address is in, it belongs to.
_SPECIAL = tuple(
    (ip_network(network), what)
    for what, networks in (
        # They hand out the keys of a machine to whoever asks from it.
        (
            "the metadata service of a cloud",
            (
                "169.254.169.254/32",
                "168.63.129.16/32",  # Azure, and in no special network
                "100.100.100.200/32",  # Alibaba
                "192.0.0.192/32",  # Oracle
                "fd00:ec2::254/128",  # Amazon
                "fd20:ce::254/128",  # Google
            ),
        ),
        ("this machine itself", ("127.0.0.0/8", "::1/128")),
        ("a private network", ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")),
        ("a link-local network", ("169.254.0.0/16", "fe80::/10")),
        ("a group of machines", ("224.0.0.0/4", "255.255.255.255/32", "ff00::/8")),
        ("no machine at all", ("0.0.0.0/8", "::/128")),
        (
            "a network for documentation",
            ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"),
        ),
        # Inside of either may be any address of version 4 (Teredo and 6to4), and nothing that is served to the public.
        ("a tunnel", ("2001::/32", "2002::/16", "192.88.99.0/24")),
        ("a reserved network", ("192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "2001::/23")),
    )
    for network in networks
)
_LOCAL = ("this machine itself", "a private network")

_PUBLIC_6 = ip_network("2000::/3")
# An address of version 4 as one of version 6: what is reached is the former (RFC 4291 §2.5.5.2, RFC 6052 §2.1).
_MAPPED, _TRANSLATED = ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96")


def why_not(address: str, *, allow_private: bool) -> str | None:
    """What an address belongs to, if not to the public Internet; None for one that may be reached.

    With `allow_private`, this machine and private networks may be reached as well, and nothing else.
    """
    found = _reached(ip_address(address))
    what = next((what for network, what in _SPECIAL if found in network), None)
    if what is None and isinstance(found, IPv6Address) and found not in _PUBLIC_6:
        what = "a reserved network"
    return None if allow_private and what in _LOCAL else what


def _reached(address: Address) -> Address:
    if address in _MAPPED or address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
