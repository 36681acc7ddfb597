"""A Receipt in, what callers are told of usage and price out; rebuilt from our own counts, never from a provider's words."""

from proxy.domain.call import Receipt
from proxy.domain.chat import Json
from proxy.domain.money import credits_text
from proxy.domain.usage import Usage


def usage_object(usage: Usage) -> Json:
    """OpenAI's `usage`: totals with what is cached and reasoned inside them."""
    return {
        "prompt_tokens": usage.input_total,
        "completion_tokens": usage.output_total,
        "total_tokens": usage.input_total + usage.output_total,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def signalbox_object(receipt: Receipt) -> Json:
    """The `signalbox` field (contract 2): who answered, why, and the price in credits. Remarks only where there are any."""
    value: Json = {
        "call": receipt.call_id,
        "model": receipt.model_id,
        "assistant": receipt.assistant_id,
        "reason": receipt.reason,
        "attempts": receipt.attempts,
        "credits": credits_text(receipt.credits_milli),
        "usage_source": receipt.usage.source,
    }
    if receipt.mode is not None:
        value |= {"mode": receipt.mode, "why": list(receipt.why)}
    if receipt.rescued_by:
        value["rescued_by"] = receipt.rescued_by
    if receipt.note is not None:
        value["note"] = receipt.note
    if receipt.explain is not None:
        value["explain"] = receipt.explain
    return value
