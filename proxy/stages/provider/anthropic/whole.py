"""The body of a whole Messages answer in, an Answer in OpenAI's shape out, or the Fault that it is; never raises.

https://platform.claude.com/docs/en/api/messages/create (returns)
"""

import orjson

from proxy.domain.chat import Answer, Json
from proxy.domain.errors import Fault
from proxy.stages.provider.anthropic.messages import REASONING_FORMAT
from proxy.stages.provider.anthropic.usage import read_usage
from proxy.stages.provider.anthropic.words import finish_reason, is_broken
from proxy.stages.provider.faults import fault_inside
from proxy.stages.provider.reading import read
from proxy.stages.provider.speech import answer, tool_call


def read_answer(body: bytes) -> Answer | Fault:
    """An answer with status 200. An error inside and what is no answer at all are Faults."""
    value = read(body)
    if not isinstance(value, dict):
        return Fault("garbled", status=200)
    if value.get("error"):
        return fault_inside(value["error"])
    content = value.get("content")
    if not isinstance(content, list):
        return Fault("garbled", status=200)
    if is_broken(value.get("stop_reason")):
        return Fault("error_event", status=200)
    message = _message([block for block in content if isinstance(block, dict)])
    usage = value.get("usage")
    ended = finish_reason(value.get("stop_reason")) or ("tool_calls" if "tool_calls" in message else "stop")
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": ended}
    return answer([choice], read_usage(usage) if isinstance(usage, dict) else None)


def _message(blocks: list[Json]) -> Json:
    thought = "".join(_texts(blocks, "thinking"))
    details = [detail for i, block in enumerate(blocks) if (detail := _detail(block, i))]
    calls = [_call(block, i) for i, block in enumerate(blocks) if block.get("type") == "tool_use"]
    return {
        "role": "assistant",
        "content": "".join(_texts(blocks, "text")) or None,
        "refusal": None,
        **({"reasoning_content": thought} if thought else {}),
        **({"reasoning_details": details} if details else {}),
        **({"tool_calls": calls} if calls else {}),
    }


def _texts(blocks: list[Json], kind: str) -> list[str]:
    found = [block.get(kind) for block in blocks if block.get("type") == kind]
    return [text for text in found if isinstance(text, str)]


def _detail(block: Json, index: int) -> Json | None:
    given = {name: block[name] for name in ("thinking", "signature", "data") if isinstance(block.get(name), str)}
    if block.get("type") == "thinking" and "signature" in given:
        said = {"type": "reasoning.text", "text": given.get("thinking", ""), "signature": given["signature"]}
    elif block.get("type") == "redacted_thinking" and "data" in given:
        said = {"type": "reasoning.encrypted", "data": given["data"]}
    else:
        return None
    return {**said, "format": REASONING_FORMAT, "index": index}


def _call(block: Json, position: int) -> Json:
    given_id, name, given = block.get("id"), block.get("name"), block.get("input")
    call_id = given_id if isinstance(given_id, str) and given_id else f"call_{position}"
    arguments = orjson.dumps(given if isinstance(given, dict) else {}).decode()
    return tool_call(None, call_id, name if isinstance(name, str) else "", arguments)
