"""What came of an inquiry in, what is wrong and what would mend it in plain words out; no key, path or provider's text."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from proxy.domain.catalog import Model, Provider
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.money import NANO_USD_PER_DOLLAR
from proxy.inquiry.asking import TOTAL_MS
from proxy.inquiry.trial import Trial
from proxy.stages.provider.words import REGION_CODE
from proxy.upstream.reach import Reach

# From here on an answer of one word is called slow.
SLOW_MS: Final = 10_000
# Gemini's word for a place that it does not serve; its sentence is not always the same.
_REGION_CODES: Final = frozenset({REGION_CODE, "failed_precondition"})

_FAULTS: Final[Mapping[FaultKind, str]] = {
    "connect": "address cannot be reached: {reach}",
    "connect_timeout": "address cannot be reached: {reach}",
    "first_byte_timeout": "too slow: no answer within {limit}. Try again later, or raise its timeouts.",
    "idle_timeout": "too slow: its answer stopped midway. Try again later.",
    "total_timeout": "too slow: no whole answer within {limit}. Try again later.",
    "deadline": "too slow: no whole answer within {limit}. Try again later.",
    "reset": "failing: it broke the connection off. Try again later; if it stays so, look at base_url and what stands between.",
    "rate_limited": "busy: a rate limit or quota is used up ({status}). Wait, or look at the account's limits and billing.",
    "server_error": "failing: it says that the trouble is its own ({status}). Try again later.",
    "garbled": "no API there: what came back is no answer ({status}). Correct base_url or dialect of the provider.",
    "empty": "failing: its answer was empty. Try again later.",
    "truncated": "failing: its answer was cut short. Try again later.",
    "error_event": "failing: it answered with an error. Try again later.",
    "disjoint": "failing: it went on with something else. Try again later.",
    "our_key": "key wrong: it refuses the key ({status}). {key}",
    "our_credit": "no credit: its account cannot pay ({status}). Top it up there, or raise the spending limit of the key.",
    "bad_request": "request refused ({status}){param}. Look at its dialect and output_bound, and at the row of {model}.",
    "context_length": "request refused: it finds one word too long ({status}). Look at the row of {model}.",
    "content_refused": "request refused: its content policy refuses a greeting ({status}). Look at its account.",
    "unknown_model": "model unknown: it serves no {upstream_name} ({status}). Correct upstream_name of {model}; {listing}",
}
_REACHES: Final[Mapping[Reach, str]] = {
    "unresolved": "the name {host} is not known. Correct base_url, or look at the DNS of this machine.",
    "private": "{host} is at a private address. If the server is your own: private_network = true.",
    "refused": "{host} takes no connection. Correct base_url, start the server, or open the firewall.",
    "silent": "{host} does not answer. Correct base_url, or look at the firewall and the way out of this network.",
    "untrusted": "TLS: the certificate of {host} is not trusted, not its own or out of date. Look at base_url, at this"
    " machine's clock, and at what stands between.",
    "no_tls": "TLS: {host} does not speak it there. Correct the port or scheme of base_url.",
    "reached": "{host} took no connection just now, but does again. Try once more.",
}


def verdict(trial: Trial) -> str:
    """One line on one provider, its id first."""
    return f"{trial.provider.id}: {_came_of(trial)}"


def failure(provider: Provider, fault: Fault, model: Model | None = None, reach: Reach | None = None) -> str:
    """What a fault means to the operator."""
    if fault.kind == "our_key" and fault.status is None:
        return f'key missing: {provider.key_variable} is not set. Set it, or status = "disabled" for a provider you do not use.'
    if fault.kind == "our_key" and fault.provider_code in _REGION_CODES:
        return f"wrong region: it does not serve the place we call from ({_status(fault)}). Call from one that it serves."
    if fault.kind == "unknown_model" and (model is None or fault.provider_code is None):
        return f"no API there, or no such model ({_status(fault)}): correct base_url, it may lack its path{_or_name(model)}."
    return _FAULTS[fault.kind].format(
        status=_status(fault),
        limit=f"{_limit_ms(fault, model) / 1_000:g} s",
        param=f", for its {fault.param}" if fault.param else "",
        key=_key(provider, model),
        model="the model" if model is None else model.id,
        upstream_name="such model" if model is None else repr(model.upstream_name),
        listing=f"`signalbox catalog import {provider.id}` lists what there is.",
        reach=_REACHES[reach or "silent"].format(host=urlsplit(provider.base_url).hostname),
    )


def dollars(nano_usd: int) -> str:
    """An amount in full: fractions of a cent are what this is about."""
    return f"${Decimal(nano_usd) / NANO_USD_PER_DOLLAR:f}"


def _came_of(trial: Trial) -> str:
    if trial.model is None:
        return "not tried: it has no active chat model with a price."
    if trial.fault is not None:
        return failure(trial.provider, trial.fault, trial.model, trial.reach)
    if trial.attempt is None:
        return "not tried."
    took_ms = trial.attempt.ended_ms - trial.attempt.started_ms
    slow = ", but it is slow" if took_ms >= SLOW_MS else ""
    disabled = "" if trial.provider.status == "active" else " Its status is disabled, so the gateway does not call it."
    cost = dollars(trial.attempt.raw_nano_usd)
    return f"works{slow}. {trial.model.id} answered in {took_ms / 1_000:g} s, for {cost}.{disabled}"


def _status(fault: Fault) -> str:
    return "no status" if fault.status is None else f"status {fault.status}"


def _limit_ms(fault: Fault, model: Model | None) -> int:
    if model is None:
        return TOTAL_MS
    own = model.timeouts.first_byte_ms if fault.kind == "first_byte_timeout" else model.timeouts.total_ms
    return min(own, TOTAL_MS)


def _key(provider: Provider, model: Model | None) -> str:
    if provider.key_variable is None:
        return "Name the variable that holds one: key_variable."
    may_use = "" if model is None else f" that may use {model.upstream_name!r}"
    return f"Put one{may_use} into {provider.key_variable}."


def _or_name(model: Model | None) -> str:
    return "" if model is None else f"; or upstream_name of {model.id}"
