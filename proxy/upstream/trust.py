"""What https is spoken with: certificates to trust in, a TLS context out; opens no connection."""

import ssl
from pathlib import Path


class ResumingContext(ssl.SSLContext):
    """Verifies every server and its name, and resumes with each the session it gave last."""

    sessions: dict[str, ssl.SSLSession]

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        known = self.sessions.get(str(server_hostname))
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session or known)

    def remember(self, spoken: ssl.SSLObject) -> None:
        """Keeps the session of a connection that has carried an answer; a server gives it with its first bytes."""
        if spoken.session is not None:
            self.sessions[str(spoken.server_hostname)] = spoken.session


def tls_context(ca_file: Path | None = None) -> ResumingContext:
    """For HTTP/1.1. Certificates of `ca_file` (PEM) are trusted besides the system's. Raises OSError."""
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sessions = {}
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
