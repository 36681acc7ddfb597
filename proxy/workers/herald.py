"""Tells the operator what the books noticed: alerts in, a log line and a count for each, and a signed call to the operator's
own webhook until it is taken; notices nothing itself."""

import asyncio
import hashlib
import hmac
import json
from typing import Final

from proxy.domain.alert import Alert
from proxy.domain.catalog import Timeouts
from proxy.domain.value import dataclass
from proxy.ports import Alerts, Clock, Recorder, Upstream, UpstreamError, UpstreamRequest

AT_ONCE_MAX: Final = 16
TRIES_MAX: Final = 12
BACK_OFF_FIRST_MS: Final = 2_000
BACK_OFF_MAX_MS: Final = 3_600_000
TIMEOUTS: Final = Timeouts(connect_ms=5_000, first_byte_ms=10_000, idle_ms=5_000, total_ms=15_000)
# Longer than a try may last: whoever took an alert and died leaves it to the next.
TAKEN_FOR_MS: Final = 60_000
ANSWER_BYTES_MAX: Final = 16 * 1024
# Connections are kept by provider, and no provider's id looks so.
_NO_PROVIDER: Final = "(webhook)"
# What of an alert the log may hold: no amounts, for some of them are raw cost.
_LOGGED: Final = ("scope", "window", "family", "epoch", "account", "call", "jump_s", "provider", "app", "address")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where alerts go, by the operator's settings alone. `secret` signs them; a private address is refused unless allowed."""

    url: str
    secret: bytes
    private_network: bool = False


class Herald:
    """`tell` runs on a schedule. An alert is told at least once, to the log exactly once unless a process dies over it."""

    def __init__(self, alerts: Alerts, webhook: Webhook | None, upstream: Upstream, recorder: Recorder, clock: Clock) -> None:
        self._alerts = alerts
        self._webhook = webhook
        self._upstream = upstream
        self._recorder = recorder
        self._clock = clock

    async def tell(self) -> None:
        """One round over what is due. Raises StoreUnavailable."""
        due = await self._alerts.take(AT_ONCE_MAX, TAKEN_FOR_MS)
        await asyncio.gather(*(self._tell(alert) for alert in due))

    async def _tell(self, alert: Alert) -> None:
        if alert.tries == 1:
            self._record(alert)
        if self._webhook is None or await self._is_taken(alert, self._webhook):
            await self._alerts.done(alert.id)
        elif alert.tries >= TRIES_MAX:
            self._recorder.incident("webhook_given_up", why=alert.kind, tries=alert.tries)
            await self._alerts.done(alert.id)
        else:
            await self._alerts.postpone(alert.id, min(BACK_OFF_FIRST_MS << (alert.tries - 1), BACK_OFF_MAX_MS))

    def _record(self, alert: Alert) -> None:
        facts = {name: value for name in _LOGGED if (value := alert.facts.get(name)) is not None}
        self._recorder.incident(alert.kind, code=_code(alert), **facts)

    async def _is_taken(self, alert: Alert, webhook: Webhook) -> bool:
        try:
            status = await self._post(_body(alert), alert.id, webhook)
        except UpstreamError as error:
            self._recorder.incident("webhook_failed", why=error.fault.kind)
            return False
        if 200 <= status < 300:
            return True
        self._recorder.incident("webhook_failed", why=f"status_{status}")
        return False

    async def _post(self, body: bytes, alert_id: str, webhook: Webhook) -> int:
        sent_s = self._clock.now_ms() // 1_000
        headers = {
            "content-type": "application/json",
            "x-signalbox-alert": hashlib.sha256(alert_id.encode()).hexdigest()[:32],
            "x-signalbox-timestamp": str(sent_s),
            "x-signalbox-signature": f"v1={signature(webhook.secret, sent_s, body)}",
        }
        request = UpstreamRequest(
            _NO_PROVIDER, "POST", webhook.url, headers, body, TIMEOUTS, AT_ONCE_MAX, webhook.private_network
        )
        exchange = await self._upstream.open(request)
        try:
            # Read to its end, so that the connection can be used again; what it says does not matter.
            left_bytes = ANSWER_BYTES_MAX
            while left_bytes > 0 and (arrived := await exchange.next_bytes()):
                left_bytes -= len(arrived)
            return exchange.status
        finally:
            await exchange.close()


def signature(secret: bytes, sent_s: int, body: bytes) -> str:
    """HMAC-SHA256 in hex over the timestamp, a full stop and the body, so that an old body cannot be sent again as new."""
    return hmac.new(secret, str(sent_s).encode() + b"." + body, hashlib.sha256).hexdigest()


def _code(alert: Alert) -> str:
    return str(alert.facts.get("percent") or alert.facts.get("why") or alert.kind)


def _body(alert: Alert) -> bytes:
    told = {"id": alert.id, "type": alert.kind, "at_ms": alert.at_ms, "data": dict(alert.facts)}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
