"""Certificates for servers of this machine: a folder in, a server's TLS context and the file that makes a client trust
it out."""

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Certified:
    """A server that signed its certificate itself, for `localhost` and 127.0.0.1; who trusts `ca_file` trusts it."""

    server: ssl.SSLContext
    ca_file: Path


def certified(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> Certified:
    """A new certificate for `names`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    key, certificate = str(folder / "key.pem"), folder / "certificate.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=test"]
    made = [openssl, "req", "-x509", *kind, "-addext", f"subjectAltName={names}", "-keyout", key, "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return Certified(context, certificate)
