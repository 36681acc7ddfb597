"""What a request under an Idempotency-Key means: what is asked and the call that the key stands for in, a refusal or nothing
out; never answers in its place."""

from typing import Final

from proxy.domain.call import CallStatus
from proxy.domain.errors import Refusal
from proxy.domain.ledger import IdempotencyKey, KeyUsed

# A key stands for its call for a day: longer than any client goes on trying.
KEPT_MS: Final = 86_400_000
_RETRY_AFTER_S: Final = 1


def objection(used: KeyUsed, asked: IdempotencyKey) -> Refusal | None:
    """Why the answer of the call that the key stands for cannot be given now; None when it can, if it is still there."""
    if used.body_hash != asked.body_hash:
        message = "This Idempotency-Key was sent with another body before. Send each new request under a key of its own."
        return Refusal("idempotency_mismatch", message, param="Idempotency-Key", should_retry=False, details=_naming(used))
    return in_progress(used) if used.running else None


def in_progress(used: KeyUsed) -> Refusal:
    """The call goes on; its answer will be there when it has ended."""
    message = "The call of this Idempotency-Key is still running. Try again when it has ended."
    return Refusal("in_progress", message, retry_after_s=_RETRY_AFTER_S, should_retry=True, details=_naming(used))


def gone(used: KeyUsed) -> Refusal:
    """The call has ended and was charged, and nobody has its answer any more."""
    message = "The call of this Idempotency-Key has ended and was charged; its answer is no longer kept. Use another key."
    return Refusal("answer_gone", message, should_retry=False, details=_naming(used))


def frees_key(status: CallStatus, charged_milli: int) -> bool:
    """Whether a call that ended so frees its key: it gave nothing and cost nothing, so trying again is harmless."""
    return status != "served" and charged_milli == 0


def _naming(used: KeyUsed) -> dict[str, str | int | None]:
    return {"call": used.call_id}
