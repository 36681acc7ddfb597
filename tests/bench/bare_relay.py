"""The second thing measured: an ASGI application that relays bytes through our upstream client and does nothing else."""

import argparse
import asyncio
import socket

import uvicorn
import uvloop

from proxy.api.body import read_body
from proxy.api.reply import Message, Receive, Send
from proxy.domain.catalog import Timeouts
from proxy.ports import UpstreamRequest
from proxy.upstream.relay import RelayUpstream

BODY_BYTES_MAX = 20 * 1024 * 1024


class BareRelay:
    """Body in, provider's bytes out."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._upstream = RelayUpstream()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body = await read_body(receive, dict(scope["headers"]), BODY_BYTES_MAX)
        assert isinstance(body, bytes)
        headers = {"content-type": "application/json"}
        request = UpstreamRequest("bare", "POST", self._url, headers, body, Timeouts(), private_network=True)
        exchange = await self._upstream.open(request)
        content_type = exchange.headers.get("content-type", "").encode()
        start = {"type": "http.response.start", "status": exchange.status, "headers": [(b"content-type", content_type)]}
        await send(start)
        while data := await exchange.next_bytes():
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await exchange.close()
        await send({"type": "http.response.body", "body": b""})


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url", help="where to relay to")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(BareRelay(parser.parse_args().url), lifespan="off", log_config=None, access_log=False)
        await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
