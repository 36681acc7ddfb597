"""A provider's refusal in, a classified Fault out; keeps white-listed words only and lets no text of the provider through."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from proxy.domain.errors import Fault, FaultKind
from proxy.stages.provider.headers import request_id, retry_after_ms, within
from proxy.stages.provider.reading import read
from proxy.stages.provider.words import CODES, MEANINGS, PARAMS, PHRASES, REGION, REGION_CODE

_MESSAGE_CHARS_READ: Final = 2_000
_DETAILS_READ: Final = 16
_DELAY: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """What an answer with a status other than 200 means; `headers` have lower-case names."""
    said = _said(_error_in(read(body)))
    asked_ms = retry_after_ms(headers)
    return Fault(
        kind=_kind(status, said),
        status=status,
        retry_after_ms=said.retry_after_ms if asked_ms is None else asked_ms,
        param=said.param,
        provider_code=said.code,
        provider_request_id=request_id(headers),
    )


def fault_inside(error: object) -> Fault:
    """What an error means that came with status 200: as the whole body, as an event of a stream, or in a part of either."""
    said = _said(error)
    kind = _kind_said(said) if said.status is None else _kind(said.status, said)
    return Fault(
        kind=kind or "error_event",
        status=said.status or 200,
        retry_after_ms=said.retry_after_ms,
        param=said.param,
        provider_code=said.code,
    )


class _Said(NamedTuple):
    """What a provider's error says. `code` and `param` are white-listed; `words` and `message` serve to classify only."""

    words: frozenset[str] = frozenset()
    message: str = ""
    status: int | None = None
    code: str | None = None
    param: str | None = None
    retry_after_ms: int | None = None


def _error_in(value: object) -> object:
    """The error in a body: OpenAI's object, a list around it, a bare text, or an object that is the error itself."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        return value.get("error") or value
    return value


def _said(error: object) -> _Said:
    if isinstance(error, str):
        return _Said(message=error[:_MESSAGE_CHARS_READ])
    if not isinstance(error, dict):
        return _Said()
    details = list(_details(error))
    words = [
        word.lower() for word in (*map(error.get, ("code", "type", "status")), *map(_word, details)) if isinstance(word, str)
    ]
    texts = [error.get("message") or error.get("detail"), *(detail.get("raw") for detail in details)]
    message = "\n".join(text[:_MESSAGE_CHARS_READ] for text in texts if isinstance(text, str))
    return _Said(
        words=frozenset(words),
        message=message,
        status=_status_in(error.get("code")),
        code=REGION_CODE if REGION.search(message) else next((word for word in words if word in CODES), None),
        param=_param(error.get("param")),
        retry_after_ms=next((ms for detail in details if (ms := _delay_ms(detail.get("retryDelay"))) is not None), None),
    )


def _details(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What stands beside the sentence: Gemini's list, Anthropic's object, OpenRouter's `metadata`."""
    for given in (error.get("details"), error.get("metadata")):
        found = given[:_DETAILS_READ] if isinstance(given, list) else [given]
        yield from (detail for detail in found if isinstance(detail, dict))


def _word(detail: Mapping[str, Any]) -> object:
    """The word a detail is told by. A prompt that was moderated comes with what it was flagged for."""
    if isinstance(detail.get("reasons"), list) and "flagged_input" in detail:
        return "content_policy"
    return detail.get("reason") or detail.get("error_code")


def _delay_ms(delay: object) -> int | None:
    """A pause as protocol buffers write it in JSON: seconds and an s."""
    match = _DELAY.fullmatch(delay) if isinstance(delay, str) else None
    return None if match is None else within(int(float(match[1]) * 1_000))


def _status_in(code: object) -> int | None:
    text = str(code)
    return int(text) if re.fullmatch("[45][0-9]{2}", text) else None


def _param(param: object) -> str | None:
    """The request's own field that a path such as `messages[0].content` begins with."""
    field = re.match("[a-z_]*", param) if isinstance(param, str) else None
    return field.group() if field is not None and field.group() in PARAMS else None


def _kind(status: int, said: _Said) -> FaultKind:
    if status < 400:
        return "garbled"
    # The status speaks after the words: providers send an empty account as 429 and a refused prompt as 403.
    return "our_credit" if status == 402 else _kind_said(said) or _kind_of_status(status)


def _kind_said(said: _Said) -> FaultKind | None:
    phrase = next((kind for kind, pattern in PHRASES if pattern.search(said.message)), None)
    # An account that cannot pay is told in a sentence under words that mean something else.
    if phrase == "our_credit":
        return phrase
    return next((kind for kind, words in MEANINGS.items() if words & said.words), phrase)


def _kind_of_status(status: int) -> FaultKind:
    match status:
        case 401 | 403 | 407:
            return "our_key"
        case 404:
            return "unknown_model"
        case 429:
            return "rate_limited"
        case 408 | 409 | 425 | 499:
            return "server_error"
    return "bad_request" if status < 500 else "server_error"
