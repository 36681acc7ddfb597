"""Fields of a checked request in OpenAI's words in, the same as plain values out, for dialects with words of their own."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

import orjson

from proxy.domain.chat import Chat, Json
from proxy.domain.dialect import IMAGE_DATA

SYSTEM_ROLES: Final = frozenset({"system", "developer"})
_MARKS: Final = ("cache_control", "prompt_cache_breakpoint")


class Image(NamedTuple):
    """An image: base64 `data` of a `media_type`, or the `url` where the provider finds it (we fetch nothing)."""

    media_type: str | None = None
    data: str | None = None
    url: str | None = None


class Tools(NamedTuple):
    """What a model may call. `tools` are whole, with their cache marks; `name` is set when it must call that one."""

    tools: list[Json]
    mode: Literal["auto", "none", "required"]
    name: str | None = None

    @property
    def are_strict(self) -> bool:
        """Whether calls of any of them must follow its schema."""
        return any(tool["function"].get("strict") is True for tool in self.tools)


def parts(content: object) -> list[Json]:
    """Content as a list of parts; texts that say nothing are left out, for other dialects refuse them."""
    given = [{"type": "text", "text": content}] if isinstance(content, str) else content
    found = given if isinstance(given, list) else []
    return [part for part in found if part["type"] not in ("text", "refusal") or part[part["type"]].strip()]


def text(content: object) -> str:
    """All the text of a content."""
    return "".join(part[part["type"]] for part in parts(content) if part["type"] in ("text", "refusal"))


def image(part: Json) -> Image:
    """What an `image_url` part shows."""
    url: str = part["image_url"]["url"]
    match = IMAGE_DATA.match(url)
    return Image(url=url) if match is None else Image(match[1].lower(), url[match.end() :])


def arguments(function: Mapping[str, Any]) -> Json:
    """What a function was called with, as an object. Arguments that are none are shown whole under a name of their own."""
    said = function["arguments"]
    try:
        value = orjson.loads(said) if said.strip() else {}
    except orjson.JSONDecodeError:
        value = None
    return value if isinstance(value, dict) else {"arguments": said}


def tools(fields: Json) -> Tools:
    """The tools on offer and how they may be used. Tools that are not allowed are not offered, which comes to the same."""
    offered: list[Json] = fields.get("tools") or []
    choice = fields.get("tool_choice") or "auto"
    if isinstance(choice, str):
        return Tools(offered, "none" if choice == "none" else "required" if choice == "required" else "auto")
    allowed = choice.get("allowed_tools")
    if isinstance(allowed, dict):
        names = {_name(tool) for tool in allowed.get("tools") or ()}
        kept = [tool for tool in offered if tool["function"]["name"] in names]
        return Tools(kept, "required" if allowed.get("mode") == "required" else "auto")
    return Tools(offered, "required", _name(choice))


def stops(fields: Json) -> list[str]:
    """The texts to stop at."""
    given = fields.get("stop") or []
    return [given] if isinstance(given, str) else given


def schema(chat: Chat) -> Json | None:
    """The JSON schema that the answer must follow; None if none was given."""
    if chat.format != "json_schema":
        return None
    given = chat.fields["response_format"]["json_schema"].get("schema")
    return given if isinstance(given, dict) else {"type": "object"}


def is_marked(holder: Mapping[str, Any]) -> bool:
    """Whether the prompt up to here is to be cached."""
    return any(isinstance(holder.get(name), dict) for name in _MARKS)


def _name(holder: object) -> str:
    function = holder.get("function") if isinstance(holder, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else ""
