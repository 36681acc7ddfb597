"""One request of our own to a provider: its row and our key in, status and a bounded body out; reads no dialect."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from proxy.domain.catalog import Catalog, Provider, Timeouts
from proxy.domain.errors import Fault
from proxy.domain.value import dataclass, replace
from proxy.ports import Clock, Upstream, UpstreamError, UpstreamRequest
from proxy.stages.provider.adapter import Dialect

# An operator waits for this, so it ends sooner than a call may.
TOTAL_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class Rooms:
    """What an inquiry may use. `keys` are those of providers, by id; `dialects` as the pipeline's; `ca_file` is
    trusted besides the system's certificates."""

    catalog: Catalog
    upstream: Upstream
    clock: Clock
    keys: Mapping[str, str]
    dialects: Mapping[str, Dialect]
    ca_file: Path | None = None


class Asked(NamedTuple):
    """A request below a provider's base URL."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    timeouts: Timeouts = Timeouts()


class Reply(NamedTuple):
    """All that came back, at most as many bytes as were asked for. `first_byte_ms` is wall time."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    first_byte_ms: int


async def ask(rooms: Rooms, provider: Provider, asked: Asked, bytes_max: int) -> Reply | Fault:
    """Asks once, as the gateway would: the same key, headers and address rules. More than `bytes_max` is a fault."""
    if lacks_key(rooms, provider):
        return Fault("our_key")
    try:
        exchange = await rooms.upstream.open(_request(rooms, provider, asked))
    except UpstreamError as error:
        return error.fault
    try:
        first_byte_ms = rooms.clock.now_ms()
        body = b""
        while data := await exchange.next_bytes():
            body += data
            if len(body) > bytes_max:
                return Fault("garbled", status=exchange.status)
        return Reply(exchange.status, exchange.headers, body, first_byte_ms)
    except UpstreamError as error:
        return error.fault
    finally:
        await exchange.close()


def lacks_key(rooms: Rooms, provider: Provider) -> bool:
    """Whether nobody set the key that this provider asks for."""
    return provider.key_variable is not None and provider.id not in rooms.keys


def _request(rooms: Rooms, provider: Provider, asked: Asked) -> UpstreamRequest:
    key = rooms.keys.get(provider.id)
    shown = {} if key is None else rooms.dialects[provider.dialect].authorization(key)
    return UpstreamRequest(
        provider_id=provider.id,
        method=asked.method,
        url=provider.base_url + asked.path,
        headers={**provider.headers, **asked.headers, **shown},
        body=asked.body,
        timeouts=replace(asked.timeouts, total_ms=min(TOTAL_MS, asked.timeouts.total_ms)),
        concurrency_max=provider.concurrency_max,
        private_network=provider.private_network,
        transport=provider.transport,
    )
