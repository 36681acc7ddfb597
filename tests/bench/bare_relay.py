"""Another thing to measure: an ASGI application under our server that relays bytes through our upstream client and does nothing
else, so that what the gateway adds to them can be told. The bench alone starts it."""

import argparse
import socket
from typing import Final

import uvicorn
import uvloop

from proxy.api.body import read_body
from proxy.api.http10 import GatewayProtocol
from proxy.api.reply import Message, Receive, Send
from proxy.domain.catalog import Timeouts
from proxy.ports import UpstreamRequest
from proxy.serving import BACKLOG
from proxy.upstream.relay import RelayUpstream

BODY_BYTES_MAX: Final = 20 * 1024 * 1024


class BareRelay:
    """Body in, provider's bytes out. `url` is the provider without a path."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._upstream = RelayUpstream()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await read_body(receive, dict(scope["headers"]), BODY_BYTES_MAX)
        assert isinstance(body, bytes)
        headers = {"content-type": "application/json"}
        url = self._url + scope["path"]
        request = UpstreamRequest("bare", "POST", url, headers, body, Timeouts(), private_network=True)
        exchange = await self._upstream.open(request)
        kept = [(name.encode(), exchange.headers[name].encode()) for name in ("content-type",) if name in exchange.headers]
        await send({"type": "http.response.start", "status": exchange.status, "headers": kept})
        while data := await exchange.next_bytes():
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await exchange.close()
        await send({"type": "http.response.body", "body": b""})


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("url", help="the provider to relay to")
    given = parser.parse_args()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", given.port))
        listener.listen(BACKLOG)
        config = uvicorn.Config(
            BareRelay(given.url), http=GatewayProtocol, ws="none", lifespan="off", log_config=None, access_log=False
        )
        await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    uvloop.run(main())
