"""What can be claimed of an answer: small predicates that claims about faults are put together from; asserts nothing."""

import re
import zlib
from collections.abc import Callable
from typing import Any, Final

from proxy.simulator.tale import tale
from tests.simulator.speak import ASKED, WORDS, Got

Claim = Callable[[Got], bool]
TOLD: Final = tale(ASKED, WORDS)
FIRST_FIVE: Final = tale(ASKED, 5)


def error(status: int, code: str | None = None, **headers: str) -> Claim:
    """An error in OpenAI's shape, with this code and these headers."""
    wanted = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda it: (
        it.status == status
        and it.json["error"]["code"] == code
        and wanted.items() <= it.headers.items()
        and (bool(wanted) or not any(name.startswith("retry-after") for name in it.headers))
    )


def page(status: int) -> Claim:
    return lambda it: it.status == status and "html" in it.headers["content-type"] and b"<html>" in it.body


def body(status: int, text: bytes) -> Claim:
    return lambda it: (it.status, it.body) == (status, text)


def begins(raw: bytes) -> Claim:
    return lambda it: it.raw.startswith(raw) and it.end == "closed"


def after_five(end: str, proper: bool = False) -> Claim:
    """The first five words and nothing that says it is complete; then this end."""
    return lambda it: (
        it.said == FIRST_FIVE
        and (it.end, it.ended_properly) == (end, proper)
        and b"[DONE]" not in it.body
        and b'"finish_reason":"' not in it.body
    )


def after_all(end: str, proper: bool = False) -> Claim:
    return lambda it: (
        it.said == TOLD and (it.end, it.ended_properly) == (end, proper) and not re.search(rb'DONE|_reason":"', it.body)
    )


def last_event(check: Callable[[Any], bool]) -> Claim:
    return lambda it: it.said == FIRST_FIVE and it.end == "closed" and it.ended_properly and check(it.data[-1])


def told(check: Claim) -> Claim:
    """Every word arrives, and this is so."""
    return lambda it: it.said == TOLD and it.end == "closed" and check(it)


def framed(mark: bytes) -> Claim:
    return lambda it: mark in it.body and it.end == "closed"


def everywhere(check: Callable[[dict[str, Any]], bool]) -> Claim:
    """So it is in every event, or in the whole answer."""
    return lambda it: all(check(value) for value in (it.events if "event-stream" in it.headers["content-type"] else [it.json]))


def choice(check: Callable[[dict[str, Any]], bool]) -> Claim:
    """So it is in every choice, and there is one."""

    def claim(it: Got) -> bool:
        values = it.events if "event-stream" in it.headers["content-type"] else [it.json]
        found = [one for value in values for one in value["choices"]]
        return bool(found) and all(check(one) for one in found)

    return claim


def spoken(check: Callable[[dict[str, Any]], bool]) -> Claim:
    return choice(lambda one: check(one["message"] if "message" in one else one["delta"]))


def finish(reason: object) -> Claim:
    """The last choice that gives a reason at all gives this one."""

    def claim(it: Got) -> bool:
        values = it.events if "event-stream" in it.headers["content-type"] else [it.json]
        return bool([one.get("finish_reason") for value in values for one in value["choices"]][-1] == reason)

    return claim


def usage(check: Callable[[Any], bool]) -> Claim:
    """So is the usage that is not null, or the absence of one."""

    def claim(it: Got) -> bool:
        values = it.events if "event-stream" in it.headers["content-type"] else [it.json]
        return check([value["usage"] for value in values[-1:] if "usage" in value])

    return claim


def counts(check: Callable[[Any], bool]) -> Claim:
    return usage(
        lambda found: len(found) == 1 and all(check(found[0][name]) for name in ("prompt_tokens", "completion_tokens"))
    )


def calls(check: Callable[[dict[str, Any]], bool]) -> Claim:
    """So it is in every tool call or piece of one, and there is one."""

    def claim(it: Got) -> bool:
        values = it.events if "event-stream" in it.headers["content-type"] else [it.json]
        said = [one["message"] if "message" in one else one["delta"] for value in values for one in value["choices"]]
        found = [call for one in said for call in one.get("tool_calls", ())]
        return bool(found) and all(check(call) for call in found)

    return claim


def unpacked(it: Got) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(it.body)


def half(it: Got) -> bool:
    """A whole answer broke: its beginning, and no end of its JSON."""
    return it.status == 200 and it.body.startswith(b'{"id"') and not it.body.endswith(b"}")


def value_events(it: Got) -> int:
    return sum(bool(event.get("choices")) for event in it.events)
