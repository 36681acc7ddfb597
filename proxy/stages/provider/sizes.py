"""One delta or message of OpenAI's shape in, the bytes of what it says out; what a tool is called with counts as said."""

from proxy.domain.chat import Json


def text_bytes(part: Json) -> int:
    """UTF-8 bytes of content and refusal."""
    content, refusal = part.get("content"), part.get("refusal")
    # Nearly always there is one of them, and this is done for every answer and many a delta.
    return _size(content) + _size(refusal) if refusal else _size(content)


def reasoning_bytes(part: Json) -> int:
    """UTF-8 bytes of visible reasoning; providers that send it under both names say the same twice."""
    said = part.get("reasoning_content") or part.get("reasoning")
    return _size(said) if said else 0


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
