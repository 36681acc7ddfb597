"""Request bodies for intake tests: a small valid one, any field replaced; nothing here judges."""

from typing import Any

import orjson

from proxy.domain.chat import Chat
from proxy.domain.errors import Refusal
from proxy.stages.intake import parse


def request(**changes: Any) -> dict[str, Any]:
    """A valid one-message request to `auto`."""
    return {"model": "auto", "messages": [{"role": "user", "content": "Hello."}], **changes}


def body(**changes: Any) -> bytes:
    return orjson.dumps(request(**changes))


def chat(**changes: Any) -> Chat:
    """The parsed request, which must be valid."""
    found = parse(body(**changes))
    assert isinstance(found, Chat), found
    return found


def refusal(**changes: Any) -> Refusal:
    """The refusal of the request, which must be wrong."""
    found = parse(body(**changes))
    assert isinstance(found, Refusal), found
    return found


def param(**changes: Any) -> str | None:
    """The field that the refusal of the request names."""
    found = refusal(**changes)
    assert found.code == "invalid_request"
    assert found.status == 400
    return found.param


def message_param(*messages: Any) -> str | None:
    return param(messages=list(messages))
