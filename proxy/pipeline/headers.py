"""The headers of an answer: what is known at the commit point in, pairs of bytes out; nothing a provider said."""

from proxy.domain.journey import Journey

JSON_TYPE = b"application/json"

Headers = list[tuple[bytes, bytes]]


def call_headers(call_id: str) -> Headers:
    """Headers of every call's answer; the request id is the door's to say."""
    return [(b"x-signalbox-call", call_id.encode())]


def answer_headers(journey: Journey, assistant_id: str | None, model_id: str, reason: str, attempts: int) -> Headers:
    """Headers of an answer whose model is known."""
    headers = call_headers(journey.call_id)
    if assistant_id is not None:
        headers.append((b"x-signalbox-assistant", assistant_id.encode()))
    headers.append((b"x-signalbox-model", model_id.encode()))
    headers.append((b"x-signalbox-reason", reason.encode()))
    headers.append((b"x-signalbox-attempts", str(attempts).encode()))
    return headers
