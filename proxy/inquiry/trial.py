"""One smallest call of a provider's cheapest model: rows and keys in, the attempt that it was out; charges nobody."""

from typing import Final, NamedTuple

from proxy.domain.call import Attempt
from proxy.domain.catalog import Catalog, Model, Provider
from proxy.domain.chat import Chat, Terms
from proxy.domain.errors import Fault
from proxy.domain.money import raw_cost_nano_usd, worst_raw_nano_usd, worst_tiers, worst_usage
from proxy.domain.usage import Usage
from proxy.inquiry.asking import Asked, Reply, Rooms, ask, lacks_key
from proxy.upstream.reach import Reach, reach

ANSWER_BYTES_MAX: Final = 1024 * 1024
_WORD: Final = "Hi"
# The word and whatever a provider puts around it; 5 tokens as a rule.
_INPUT_TOKENS_MAX: Final = 64


class Trial(NamedTuple):
    """What came of trying a provider. `attempt` is None when there was nothing to call, or no key to call it with; `reach` is
    how far one comes where no connection stood."""

    provider: Provider
    model: Model | None
    attempt: Attempt | None = None
    fault: Fault | None = None
    reach: Reach | None = None

    @property
    def works(self) -> bool:
        return self.attempt is not None and self.fault is None


def cheapest(catalog: Catalog, provider_id: str) -> Model | None:
    """The model whose smallest call costs least, the first of those that cost the same; None where the provider has no chat
    model that may be called."""
    own = (model for model in catalog.models.values() if model.provider_id == provider_id and model.active and model.tiers)
    return min((model for model in own if model.kind == "chat"), key=cost_max_nano_usd, default=None)


def cost_max_nano_usd(model: Model) -> int:
    """The most that the smallest call of a model can cost."""
    return worst_raw_nano_usd(model.tiers, _INPUT_TOKENS_MAX, model.output_tokens_min)


def callable_providers(catalog: Catalog) -> list[Provider]:
    """Providers that the gateway would call: active, with a model to try."""
    return [one for one in catalog.providers.values() if one.status == "active" and cheapest(catalog, one.id) is not None]


async def attempted(rooms: Rooms, provider: Provider) -> Trial:
    """Tries it once, whatever its status is."""
    model = cheapest(rooms.catalog, provider.id)
    if model is None:
        return Trial(provider, None)
    if lacks_key(rooms, provider):
        return Trial(provider, model, fault=Fault("our_key"))
    started_ms = rooms.clock.now_ms()
    reply = await ask(rooms, provider, _asked(rooms, provider, model), ANSWER_BYTES_MAX)
    came = _read(rooms, provider, model, reply)
    fault = came if isinstance(came, Fault) else None
    attempt = Attempt(
        number=1,
        model_id=model.id,
        provider_id=provider.id,
        family=model.family,
        started_ms=started_ms,
        first_byte_ms=reply.first_byte_ms if isinstance(reply, Reply) else None,
        ended_ms=rooms.clock.now_ms(),
        fault=None if fault is None else fault.kind,
        provider_status=reply.status,
        provider_code=None if fault is None else fault.provider_code,
        provider_request_id=_request_id(rooms, provider, reply),
        usage=came if isinstance(came, Usage) else None,
        raw_nano_usd=raw_cost_nano_usd(model.tiers, came) if isinstance(came, Usage) else 0,
        credits_milli=0,
        multiplier_ppm=0,
        charged=False,
    )
    found = await _reach(rooms, provider) if fault is not None and fault.kind in ("connect", "connect_timeout") else None
    return Trial(provider, model, attempt, fault, found)


async def _reach(rooms: Rooms, provider: Provider) -> Reach:
    return await reach(provider.base_url, provider.private_network, ca_file=rooms.ca_file)


def _asked(rooms: Rooms, provider: Provider, model: Model) -> Asked:
    encoded = rooms.dialects[provider.dialect].encode(_chat(model), _terms(provider, model))
    return Asked("POST", encoded.path, encoded.headers, encoded.body, model.timeouts)


def _chat(model: Model) -> Chat:
    return Chat(
        asked=(model.id,),
        messages=({"role": "user", "content": _WORD},),
        fields={},
        unknown={},
        stream=False,
        include_usage=False,
        output_tokens_max=model.output_tokens_min,
        n=1,
        text_bytes=len(_WORD),
        image_count=0,
        audio=False,
        tools=False,
        format="text",
    )


def _terms(provider: Provider, model: Model) -> Terms:
    return Terms(
        upstream_name=model.upstream_name,
        output_tokens_max=model.output_tokens_min,
        stream=False,
        output_bound=provider.output_bound,
        thinking=model.thinking,
        routing=provider.routing,
    )


def _read(rooms: Rooms, provider: Provider, model: Model, reply: Reply | Fault) -> Usage | Fault:
    """What it used; what it said is not looked at. Without a report, the most that it can have used."""
    if isinstance(reply, Fault):
        return reply
    dialect = rooms.dialects[provider.dialect]
    if reply.status != 200:
        return dialect.classify(reply.status, reply.headers, reply.body)
    answer = dialect.answer(reply.body)
    if isinstance(answer, Fault):
        return answer
    if answer.usage is not None:
        return answer.usage
    return worst_usage(worst_tiers(model.tiers, _INPUT_TOKENS_MAX), _INPUT_TOKENS_MAX, model.output_tokens_min)


def _request_id(rooms: Rooms, provider: Provider, reply: Reply | Fault) -> str | None:
    return None if isinstance(reply, Fault) else rooms.dialects[provider.dialect].request_id(reply.headers)
