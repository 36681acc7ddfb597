"""How far one comes on the way to a provider: an address in, the step that fails out; sends no request and no key."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from proxy.upstream.address import refuses
from proxy.upstream.trust import tls_context

# Why a provider cannot be reached, in the order in which that shows; `reached`: nothing is in the way now.
Reach = Literal["unresolved", "private", "refused", "silent", "untrusted", "no_tls", "reached"]

STEP_S: Final = 5.0
_PORTS: Final = {"https": 443, "http": 80}


async def reach(url: str, private_network: bool, step_s: float = STEP_S, ca_file: Path | None = None) -> Reach:
    """Resolves the host of `url`, connects and shakes hands, each within `step_s`. An address that the rules refuse is not
    connected to; certificates of `ca_file` are trusted besides the system's."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    addresses = await _resolved(host, port, step_s)
    if not addresses:
        return "unresolved"
    allowed = [address for address in addresses if not refuses(address, private_network)]
    if not allowed:
        return "private"
    tls = tls_context(ca_file) if parts.scheme == "https" else None
    return await _connected(allowed, host, port, tls, step_s)


async def _resolved(host: str, port: int, step_s: float) -> list[str]:
    try:
        async with asyncio.timeout(step_s):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        return []
    return list(dict.fromkeys(str(row[4][0]) for row in found))


async def _connected(addresses: list[str], host: str, port: int, tls: ssl.SSLContext | None, step_s: float) -> Reach:
    """What the first address that takes a connection says, else why the last one took none."""
    failure: Reach = "silent"
    for address in addresses:
        try:
            async with asyncio.timeout(step_s):
                _, writer = await asyncio.open_connection(address, port)
        except TimeoutError:
            failure = "silent"
        except OSError:
            failure = "refused"
        else:
            return _left(writer) if tls is None else await _shaken(writer, host, tls, step_s)
    return failure


async def _shaken(writer: asyncio.StreamWriter, host: str, tls: ssl.SSLContext, step_s: float) -> Reach:
    try:
        async with asyncio.timeout(step_s):
            await writer.start_tls(tls, server_hostname=host)
    except ssl.SSLCertVerificationError:
        return "untrusted"
    except (OSError, TimeoutError):
        return "no_tls"
    finally:
        writer.close()
    return "reached"


def _left(writer: asyncio.StreamWriter) -> Reach:
    writer.close()
    return "reached"
