"""One delta or message of OpenAI's shape in, the bytes of what it says out; what a tool is called with counts as said."""

from proxy.domain.chat import Json


def text_bytes(part: Json) -> int:
    """UTF-8 bytes of content and refusal."""
    return _size(part.get("content")) + _size(part.get("refusal"))


def reasoning_bytes(part: Json) -> int:
    """UTF-8 bytes of visible reasoning; providers that send it under both names say the same twice."""
    return _size(part.get("reasoning_content") or part.get("reasoning"))


def tool_bytes(part: Json) -> int:
    """UTF-8 bytes of the names and arguments of called functions."""
    if "tool_calls" not in part and "function_call" not in part:
        return 0
    functions = [call["function"] for call in part.get("tool_calls") or ()]
    functions.append(part.get("function_call") or {})
    return sum(_size(function.get("name")) + _size(function.get("arguments")) for function in functions)


def _size(text: str | None) -> int:
    if not text:
        return 0
    return len(text) if text.isascii() else len(text.encode())
