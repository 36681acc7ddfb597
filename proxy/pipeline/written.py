"""A judged call and one of its candidates in, the request to the candidate's provider and what reads its answer out; sends
nothing."""

from collections.abc import Callable, Mapping
from typing import Final

from proxy.domain.catalog import Model, Provider, Timeouts
from proxy.domain.chat import Answer, Terms
from proxy.domain.decision import Candidate
from proxy.domain.errors import Fault
from proxy.domain.value import dataclass, maker
from proxy.pipeline.order import Judged, Rooms
from proxy.ports import UpstreamRequest

_new_terms: Final = maker(Terms)
_new_request: Final = maker(UpstreamRequest)
_new_timeouts: Final = maker(Timeouts)

# A path below the provider's base URL, headers of the dialect, and the body.
Said = tuple[str, Mapping[str, str], bytes]


@dataclass(frozen=True, slots=True)
class Written:
    """`reads` is what reads the whole answer to `request`."""

    request: UpstreamRequest
    reads: Callable[[bytes], Answer | Fault]


def written_for(rooms: Rooms, judged: Judged, candidate: Candidate) -> Written:
    """The call in the dialect of its candidate, within what is left of its time."""
    journey = judged.journey
    model = journey.catalog.models[candidate.model_id]
    provider = journey.catalog.providers[model.provider_id]
    dialect = rooms.dialects[provider.dialect]
    encoded = dialect.encoders[judged.ask.kind](journey.request, _terms(rooms, judged, candidate))
    timeouts = _timeouts(model, journey.request.stream, journey.left_ms(rooms.clock.monotonic_ns()))
    said = (encoded.path, encoded.headers, encoded.body)
    return Written(request_to(rooms, provider, said, timeouts, journey.traceparent), encoded.reads)


def request_to(
    rooms: Rooms, provider: Provider, said: Said, timeouts: Timeouts, traceparent: str | None = None
) -> UpstreamRequest:
    """What is `said` in a provider's dialect, as it is sent there: with our key and the headers of its row."""
    path, own_headers, body = said
    headers = {"content-type": "application/json", **provider.headers, **own_headers}
    key = rooms.provider_keys.get(provider.id)
    if key is not None:
        headers.update(rooms.dialects[provider.dialect].authorization(key))
    if traceparent is not None:
        headers["traceparent"] = traceparent
    return _new_request(
        provider_id=provider.id,
        method="POST",
        url=provider.base_url.rstrip("/") + path,
        headers=headers,
        body=body,
        timeouts=timeouts,
        concurrency_max=provider.concurrency_max,
        private_network=provider.private_network,
        transport=provider.transport,
    )


def _timeouts(model: Model, stream: bool, left_ms: int) -> Timeouts:
    own = model.timeouts
    first_byte_ms = own.first_byte_ms if stream else own.whole_ms
    return _new_timeouts(own.connect_ms, first_byte_ms, own.whole_ms, own.idle_ms, max(1, min(own.total_ms, left_ms)))


def _terms(rooms: Rooms, judged: Judged, candidate: Candidate) -> Terms:
    journey, picture = judged.journey, judged.ask.picture
    model = journey.catalog.models[candidate.model_id]
    provider = journey.catalog.providers[model.provider_id]
    return _new_terms(
        upstream_name=model.upstream_name,
        output_tokens_max=candidate.output_tokens_max,
        stream=journey.request.stream,
        system_prompt=judged.system_prompt,
        end_user_hash=rooms.ids.end_user(journey.caller.user.id),
        passes_unknown=provider.passes_unknown,
        output_bound=provider.output_bound,
        thinking=model.thinking,
        routing=provider.routing,
        picture=picture and model.makes(picture),
        lacks=model.lacks,
    )
