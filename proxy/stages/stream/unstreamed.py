"""The streaming half of a Voice on surfaces that answer whole: nothing is ever said of it."""

from collections.abc import Mapping

from proxy.domain.call import Receipt
from proxy.domain.chat import Delta
from proxy.domain.errors import Refusal


class Unstreamed:
    """What the voices of such surfaces share; each adds its `whole`."""

    content_type_stream = b"application/json"
    tells_alike = False

    def answering(
        self, model_id: str, assistant_id: str | None, reason: str, explain: Mapping[str, object] | None = None
    ) -> None:
        return

    def head(self) -> bytes:
        return b""

    def delta(self, delta: Delta) -> bytes:
        return b""

    def tail(self, receipt: Receipt) -> bytes:
        return b""

    def error(self, refusal: Refusal) -> bytes:
        return b""
