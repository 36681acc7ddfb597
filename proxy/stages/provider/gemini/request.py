"""A chat and the terms of one candidate in, the body of a generateContent request out; passes no field that it has not read.

https://ai.google.dev/api/generate-content
"""

from collections.abc import Mapping
from typing import Final

from proxy.domain.chat import Chat, Json, Terms
from proxy.stages.provider.asked import Tools, schema, stops, tools
from proxy.stages.provider.gemini.contents import contents, system

# What the provider's own reading of OpenAI's words makes of an effort: https://ai.google.dev/gemini-api/docs/openai
_BUDGET_TOKENS: Final[Mapping[str, int]] = {"none": 0, "minimal": 1_024, "low": 1_024, "medium": 8_192, "high": 24_576}
_MODES: Final = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
# Seeds are 32 bits wide here; any seed repeats itself as well as any other.
_SEEDS: Final = 2**31


def body_of(chat: Chat, terms: Terms) -> Json:
    """Only what was asked for is said; the output bound is always there (contract 5)."""
    said = {
        "contents": contents(chat.messages, signed=terms.thinking == "effort"),
        "systemInstruction": system(chat.messages, terms.system_prompt),
        **_tools(tools(chat.fields)),
        "generationConfig": _config(chat, terms),
    }
    return {name: value for name, value in said.items() if value != {}}


def _tools(offered: Tools) -> Json:
    if not offered.tools:
        return {}
    mode = _MODES[offered.mode]
    config: Json = {"mode": "VALIDATED" if mode == "AUTO" and offered.are_strict else mode}
    if offered.name is not None:
        config["allowedFunctionNames"] = [offered.name]
    declared = [_declaration(tool["function"]) for tool in offered.tools]
    return {"tools": [{"functionDeclarations": declared}], "toolConfig": {"functionCallingConfig": config}}


def _declaration(function: Json) -> Json:
    return {
        "name": function["name"],
        "description": function.get("description") or "",
        **({"parametersJsonSchema": function["parameters"]} if function.get("parameters") else {}),
    }


def _config(chat: Chat, terms: Terms) -> Json:
    fields = chat.fields
    said = {
        "maxOutputTokens": terms.output_tokens_max,
        "candidateCount": chat.n if chat.n > 1 else None,
        "temperature": fields.get("temperature"),
        "topP": fields.get("top_p"),
        "seed": None if fields.get("seed") is None else fields["seed"] % _SEEDS,
        "stopSequences": stops(fields) or None,
        "presencePenalty": fields.get("presence_penalty"),
        "frequencyPenalty": fields.get("frequency_penalty"),
        "responseMimeType": None if chat.format == "text" else "application/json",
        "responseJsonSchema": schema(chat),
        "responseLogprobs": True if fields.get("logprobs") else None,
        "logprobs": fields.get("top_logprobs") if fields.get("logprobs") else None,
        "thinkingConfig": _thinking(chat, terms),
    }
    return {name: value for name, value in said.items() if value is not None}


def _thinking(chat: Chat, terms: Terms) -> Json | None:
    """https://ai.google.dev/gemini-api/docs/thinking"""
    effort = chat.fields.get("reasoning_effort")
    if effort is None or terms.thinking is None:
        return None
    if terms.thinking == "effort":
        return {"thinkingLevel": "low" if effort == "minimal" else effort, "includeThoughts": True}
    # Thoughts count against the bound: a fifth of it is left for the answer.
    budget = min(_BUDGET_TOKENS[effort], terms.output_tokens_max * 4 // 5)
    return {"thinkingBudget": budget, "includeThoughts": effort != "none"}
