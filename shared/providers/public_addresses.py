"""Which IP addresses are public: a deny list of our own, because `is_global` differs between Python versions."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

IPAddress = IPv4Address | IPv6Address

_DENIED_V4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's platform address
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "199.36.153.0/24",  # Google APIs from inside a VPC
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
_DENIED_V6 = tuple(
    map(
        ip_network,
        (
            "::/16",  # unspecified, loopback, v4-compatible, v4-translated
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "100::/8",
            "200::/7",
            "400::/6",
            "800::/5",
            "1000::/4",
            "2001::/23",  # Teredo, benchmarking, ORCHID
            "2001:db8::/32",
            "2002::/16",
            "2600:2d00:2:1000::/64",  # Google APIs from inside a VPC
            "2600:2d00:2:2000::/64",
            "2620:4f:8000::/48",
            "3fff::/20",
            "4000::/2",
            "8000::/1",
        ),
    )
)
_ISATAP = {0x00005EFE, 0x02005EFE}


def parse(text: str) -> IPAddress | None:
    """Read an address in its one plain spelling; a v4-mapped one becomes the IPv4 address it stands for."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_public(address: IPAddress) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _DENIED_V4)
    tunnelled = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return not tunnelled and address.scope_id is None and not any(address in network for network in _DENIED_V6)
