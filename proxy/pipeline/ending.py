"""The end of an answer in: what it came to and what its caller is told of it; said through the reply, whole, clean or as an
error, and nothing after it."""

from proxy.domain.call import Receipt
from proxy.domain.chat import Answer
from proxy.domain.money import credits_text
from proxy.pipeline.headers import JSON_TYPE, answer_headers
from proxy.pipeline.order import Judged, Outcome
from proxy.ports import Reply
from proxy.stages import failover
from proxy.stages.stream import Voice


async def end(reply: Reply, voice: Voice, judged: Judged, outcome: Outcome, receipt: Receipt) -> None:
    """Says all of a whole answer, or how a stream ended; a caller who left hears nothing."""
    if outcome.ending == "left":
        return
    if outcome.answer is not None:
        await _whole(reply, voice, judged, outcome.answer, receipt)
    elif outcome.refusal is not None:
        await reply.end(voice.error(outcome.refusal))
    elif outcome.ending == "broken" and outcome.fault is not None:
        await reply.end(voice.error(failover.broken(outcome.fault)))
    else:
        await reply.end(voice.tail(receipt))


async def _whole(reply: Reply, voice: Voice, judged: Judged, answer: Answer, receipt: Receipt) -> None:
    body = voice.whole(answer, receipt)
    headers = [
        *answer_headers(judged.journey, receipt.assistant_id, receipt.model_id, receipt.reason, receipt.attempts),
        (b"x-signalbox-credits", credits_text(receipt.credits_milli).encode()),
        (b"content-type", JSON_TYPE),
        (b"content-length", str(len(body)).encode()),
    ]
    await reply.start(200, headers)
    await reply.end(body)
