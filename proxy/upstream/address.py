"""Which addresses we may call: an address in, yes or no out; never resolves a name or opens a socket."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

# RFC 6052: the last four bytes of such an address are the IPv4 address that a translator will call.
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")


def refuses(host_ip: str, private_network: bool) -> bool:
    """Whether a connection to `host_ip` must not be used. What is no address is refused; so is every address that is not
    public (private, loopback, link-local, shared, reserved) unless the operator allowed the provider's `private_network`."""
    try:
        address = ip_address(host_ip.partition("%")[0])
    except ValueError:
        return True
    return not private_network and not _is_public(_innermost(address))


def _innermost(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one, where there is one: it decides where the bytes go."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved
