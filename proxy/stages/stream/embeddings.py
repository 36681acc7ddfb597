"""Vectors and a receipt in, OpenAI's list of embeddings out; lets no model name, cost or usage of a provider through."""

import orjson

from proxy.domain.call import Receipt
from proxy.domain.chat import Answer
from proxy.stages.stream.receipt import signalbox_object
from proxy.stages.stream.unstreamed import Unstreamed


class EmbeddingsVoice(Unstreamed):
    """Implements Voice for `/v1/embeddings`."""

    def whole(self, answer: Answer, receipt: Receipt) -> bytes:
        tokens = receipt.usage.input_total
        return orjson.dumps(
            {
                "object": "list",
                "data": answer.value["data"],
                "model": receipt.model_id,
                "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
                "signalbox": signalbox_object(receipt),
            }
        )
