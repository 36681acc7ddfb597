"""A chat and the terms of one candidate in, the body of a Messages request out; passes no field that it has not read.

https://platform.claude.com/docs/en/api/messages/create
"""

from collections.abc import Mapping
from typing import Final

from proxy.domain.chat import Chat, Json, Terms
from proxy.stages.provider.anthropic.messages import called_names, system, turns
from proxy.stages.provider.asked import Tools, is_marked, schema, stops, tools

# Shares of the output bound in percent, as OpenRouter documents them; no budget is below 1,024 tokens.
# https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
_BUDGET_PERCENT: Final[Mapping[str, int]] = {"minimal": 10, "low": 20, "medium": 50, "high": 80, "xhigh": 95}
_BUDGET_TOKENS_MIN: Final = 1_024
_ANYTHING: Final = {"type": "object", "properties": {}}
_CHOICES: Final = {"auto": "auto", "none": "none", "required": "any"}


def body_of(chat: Chat, terms: Terms) -> Json:
    """Only what was asked for is said; the bound is always there, as both sides require."""
    said = {
        "model": terms.upstream_name,
        "max_tokens": terms.output_tokens_max,
        "messages": turns(chat.messages),
        "system": system(chat.messages, terms.system_prompt),
        **_tools(chat),
        "stop_sequences": stops(chat.fields),
        "temperature": chat.fields.get("temperature"),
        "top_p": chat.fields.get("top_p"),
        "thinking": _thinking(chat, terms),
        "output_config": _output_config(chat, terms),
        "metadata": terms.end_user_hash and {"user_id": terms.end_user_hash},
        "stream": terms.stream or None,
    }
    return {name: value for name, value in said.items() if value is not None and value != [] and value != {}}


def _tools(chat: Chat) -> Json:
    offered = tools(chat.fields)
    if not offered.tools:
        return _history_tools(chat)
    return {"tools": [_tool(tool) for tool in offered.tools], "tool_choice": _choice(offered, chat)}


def _tool(tool: Json) -> Json:
    function = tool["function"]
    return {
        "name": function["name"],
        **({"description": function["description"]} if function.get("description") else {}),
        "input_schema": {**_ANYTHING, **(function.get("parameters") or {})},
        **({"strict": True} if function.get("strict") is True else {}),
        **({"cache_control": {"type": "ephemeral"}} if is_marked(tool) else {}),
    }


def _choice(offered: Tools, chat: Chat) -> Json:
    named = {"type": _CHOICES[offered.mode]} if offered.name is None else {"type": "tool", "name": offered.name}
    one_by_one = chat.fields.get("parallel_tool_calls") is False and offered.mode != "none"
    return {**named, "disable_parallel_tool_use": True} if one_by_one else named


def _history_tools(chat: Chat) -> Json:
    """A conversation that shows calls must define their tools, even when none is on offer any more."""
    defined = [{"name": name, "input_schema": _ANYTHING} for name in called_names(chat.messages)]
    return {"tools": defined, "tool_choice": {"type": "none"}} if defined else {}


def _thinking(chat: Chat, terms: Terms) -> Json | None:
    """https://platform.claude.com/docs/en/build-with-claude/thinking"""
    effort = chat.fields.get("reasoning_effort")
    if effort is None or terms.thinking is None:
        return None
    if effort == "none":
        return {"type": "disabled"}
    if terms.thinking == "effort":
        return {"type": "adaptive", "display": "summarized"}
    share = terms.output_tokens_max * _BUDGET_PERCENT[effort] // 100
    return {"type": "enabled", "budget_tokens": max(_BUDGET_TOKENS_MIN, share)}


def _output_config(chat: Chat, terms: Terms) -> Json:
    """https://platform.claude.com/docs/en/build-with-claude/structured-outputs and .../effort"""
    effort, wanted = chat.fields.get("reasoning_effort"), schema(chat)
    config: Json = {} if wanted is None else {"format": {"type": "json_schema", "schema": wanted}}
    if effort not in (None, "none") and terms.thinking == "effort":
        config["effort"] = "low" if effort == "minimal" else effort
    return config
