"""Which addresses may be called, as plain claims."""

import pytest

from proxy.upstream.address import refuses

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused_unless_allowed(address: str) -> None:
    assert refuses(address, private_network=False)
    assert not refuses(address, private_network=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_what_is_public_is_never_refused(address: str) -> None:
    assert not refuses(address, private_network=False)


@pytest.mark.parametrize("address", ["", "localhost", "127.1", "0x7f.0.0.1", "2130706433"])
def test_what_is_no_address_is_always_refused(address: str) -> None:
    assert refuses(address, private_network=True)
