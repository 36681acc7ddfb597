"""Claims about how far one comes on the way to a provider, against sockets of this machine."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.upstream.reach import reach


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Where somebody takes connections and answers whatever comes in words that are no TLS."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
def own_certificate(tmp_path: Path) -> ssl.SSLContext:
    """What a server shows that signed its certificate itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate that nobody trusts")
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_server_that_takes_a_connection_is_reached(port: int) -> None:
    assert await reach(f"http://127.0.0.1:{port}/v1", private_network=True) == "reached"


async def test_a_private_address_is_named_and_not_connected_to(port: int) -> None:
    assert await reach(f"http://127.0.0.1:{port}/v1", private_network=False) == "private"


async def test_a_name_that_nobody_knows_is_unresolved() -> None:
    assert await reach("https://nobody.invalid/v1", private_network=True) == "unresolved"
    assert await reach(f"https://{'x' * 80}.invalid/v1", private_network=True) == "unresolved"


async def test_a_closed_port_refuses() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert await reach(f"http://127.0.0.1:{bound.getsockname()[1]}", private_network=True) == "refused"


async def test_a_black_hole_is_silent() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        found = await reach(f"http://127.0.0.1:{full.getsockname()[1]}", private_network=True, step_s=0.2)
        for filler in fillers:
            filler.close()
    assert found == "silent"


async def test_a_port_that_speaks_no_tls_is_told(port: int) -> None:
    assert await reach(f"https://127.0.0.1:{port}/v1", private_network=True) == "no_tls"


async def test_a_certificate_that_nobody_trusts_is_told_from_no_tls(own_certificate: ssl.SSLContext) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=own_certificate)
    found = await reach(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", private_network=True)
    server.close()
    assert found == "untrusted"
