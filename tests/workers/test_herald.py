"""Claims about the herald: every alert is counted once, sent signed until it is taken, and given up at last."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import pytest

from proxy.domain.alert import Alert
from proxy.domain.call import Call
from proxy.domain.errors import Fault
from proxy.ports import Exchange, UpstreamError, UpstreamRequest
from proxy.upstream.relay import RelayUpstream
from proxy.workers.herald import BACK_OFF_MAX_MS, TRIES_MAX, Herald, Webhook
from tests.builders import NOW_MS
from tests.contracts.raw_provider import plain, raw_provider
from tests.contracts.set_clock import SetClock

SECRET: Final = b"a secret that only the operator and the gateway know"
HALF: Final = Alert("a|50", "threshold", NOW_MS, {"scope": "user:u1", "percent": 50, "spent": 5, "window": "day"}, tries=1)


class Waiting:
    """Implements ports.Alerts over a list; what became of each is kept."""

    def __init__(self, *due: Alert) -> None:
        self.due = list(due)
        self.became: dict[str, int | str] = {}

    async def take(self, count_max: int, back_in_ms: int) -> list[Alert]:
        taken, self.due = self.due[:count_max], self.due[count_max:]
        return taken

    async def done(self, alert_id: str) -> None:
        self.became[alert_id] = "done"

    async def postpone(self, alert_id: str, wait_ms: int) -> None:
        self.became[alert_id] = wait_ms


class Answered:
    headers: Mapping[str, str] = {}

    def __init__(self, status: int) -> None:
        self.status = status
        self.closed = False

    async def next_bytes(self) -> bytes:
        return b""

    def pass_on(self, passes: Callable[[bytes], bool]) -> None:
        """There is nothing."""

    def finish(self) -> None:
        """Nothing is kept."""

    async def close(self) -> None:
        self.closed = True


class Receiver:
    """Implements ports.Upstream: every request is answered with `answer`, a status or a fault."""

    def __init__(self, answer: int | Fault = 200) -> None:
        self.answer = answer
        self.requests: list[UpstreamRequest] = []
        self.exchanges: list[Answered] = []

    async def open(self, request: UpstreamRequest) -> Exchange:
        self.requests.append(request)
        if isinstance(self.answer, Fault):
            raise UpstreamError(self.answer)
        self.exchanges.append(Answered(self.answer))
        return self.exchanges[-1]

    async def close(self) -> None:
        return


class Heard:
    def __init__(self) -> None:
        self.incidents: list[tuple[str, Mapping[str, str | int]]] = []

    def began(self) -> None:
        raise AssertionError("an alert is no call")

    def finished(self, call: Call) -> None:
        raise AssertionError("an alert is no call")

    def incident(self, name: str, **facts: str | int) -> None:
        self.incidents.append((name, facts))


WEBHOOK: Final = Webhook("https://ops.example/alerts", SECRET)


async def told(alert: Alert, receiver: Receiver, webhook: Webhook | None = WEBHOOK) -> tuple[int | str, Heard]:
    """What became of the alert, and what was recorded on the way."""
    alerts, heard = Waiting(alert), Heard()
    await Herald(alerts, webhook, receiver, heard, SetClock()).tell()
    return alerts.became[alert.id], heard


async def test_an_alert_that_is_taken_is_done() -> None:
    receiver = Receiver(204)
    became, heard = await told(HALF, receiver)
    assert became == "done"
    assert [name for name, _ in heard.incidents] == ["threshold"]
    assert receiver.exchanges[0].closed


async def test_its_signature_covers_the_timestamp_and_the_body() -> None:
    receiver = Receiver()
    await told(HALF, receiver)
    (request,) = receiver.requests
    sent = request.headers["x-signalbox-timestamp"]
    signed = hmac.new(SECRET, f"{sent}.".encode() + request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-signalbox-signature"] == f"v1={signed}"
    assert int(sent) == NOW_MS // 1_000
    assert json.loads(request.body) == {"id": "a|50", "type": "threshold", "at_ms": NOW_MS, "data": dict(HALF.facts)}
    assert (request.method, request.url, request.private_network) == ("POST", WEBHOOK.url, False)


async def test_an_alert_is_counted_by_its_threshold_and_logged_without_amounts() -> None:
    _, heard = await told(HALF, Receiver(), None)
    assert heard.incidents == [("threshold", {"code": "50", "scope": "user:u1", "window": "day"})]


async def test_a_lost_provider_is_counted_by_what_lost_it() -> None:
    lost = Alert("p", "provider_down", NOW_MS, {"provider": "acme", "why": "our_credit"}, tries=1)
    _, heard = await told(lost, Receiver(), None)
    assert heard.incidents == [("provider_down", {"code": "our_credit", "provider": "acme"})]


async def test_without_a_webhook_nobody_is_called() -> None:
    receiver = Receiver()
    became, _ = await told(HALF, receiver, None)
    assert (became, receiver.requests) == ("done", [])


@pytest.mark.parametrize("answer", [500, 404, 301, 199, Fault("connect"), Fault("first_byte_timeout")])
async def test_whatever_is_no_success_is_tried_again_ever_later(answer: int | Fault) -> None:
    waits = [(await told(Alert("a", "absorbed", NOW_MS, {}, tries=n), Receiver(answer)))[0] for n in range(1, TRIES_MAX)]
    assert waits == sorted(waits, key=int)
    assert (waits[0], waits[1], waits[-1]) == (2_000, 4_000, min(2_000 << (TRIES_MAX - 2), BACK_OFF_MAX_MS))


async def test_a_repeated_try_is_not_counted_as_another_alert() -> None:
    _, heard = await told(Alert("a", "absorbed", NOW_MS, {}, tries=2), Receiver(500))
    assert [name for name, _ in heard.incidents] == ["webhook_failed"]


async def test_an_alert_that_nobody_ever_takes_is_given_up_and_that_is_told() -> None:
    became, heard = await told(Alert("a", "absorbed", NOW_MS, {}, tries=TRIES_MAX), Receiver(500))
    assert became == "done"
    assert heard.incidents[-1] == ("webhook_given_up", {"why": "absorbed", "tries": TRIES_MAX})


async def test_one_that_fails_does_not_keep_its_neighbours() -> None:
    class Picky(Receiver):
        async def open(self, request: UpstreamRequest) -> Exchange:
            self.answer = 500 if b'"id":"bad"' in request.body else 200
            return await super().open(request)

    alerts = Waiting(Alert("bad", "absorbed", NOW_MS, {}, 1), Alert("good", "absorbed", NOW_MS, {}, 1))
    await Herald(alerts, WEBHOOK, Picky(), Heard(), SetClock()).tell()
    assert alerts.became == {"bad": 2_000, "good": "done"}


@pytest.fixture
async def upstream() -> AsyncIterator[RelayUpstream]:
    opened = RelayUpstream()
    yield opened
    await opened.close()


async def test_over_real_http_a_redirect_is_followed_nowhere(upstream: RelayUpstream) -> None:
    moved = (plain(b"", "location: http://127.0.0.1:1/", status="302 Found"),)
    async with raw_provider(moved, (plain(b"ok"),)) as hooks:
        alerts = Waiting(HALF)
        herald = Herald(alerts, Webhook(f"{hooks.url}/alerts", SECRET, private_network=True), upstream, Heard(), SetClock())
        await herald.tell()
        assert alerts.became == {"a|50": 2_000}
        alerts.due = [HALF]
        await herald.tell()
        assert alerts.became == {"a|50": "done"}
        sent = hooks.heard[1]
        assert sent.head.startswith("post /alerts ")
        assert f"v1={hmac.new(SECRET, b'%d.' % (NOW_MS // 1_000) + sent.body, hashlib.sha256).hexdigest()}" in sent.head


async def test_over_real_http_a_private_address_needs_leave(upstream: RelayUpstream) -> None:
    async with raw_provider((plain(b"ok"),)) as hooks:
        alerts = Waiting(HALF)
        await Herald(alerts, Webhook(hooks.url, SECRET), upstream, Heard(), SetClock()).tell()
        assert alerts.became == {"a|50": 2_000}
        assert hooks.heard == []
