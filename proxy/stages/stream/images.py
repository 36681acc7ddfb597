"""Images and a receipt in, OpenAI's body of images out; lets no cost or usage of a provider through."""

from typing import Final

import orjson

from proxy.domain.call import Receipt
from proxy.domain.chat import Answer
from proxy.stages.stream.receipt import signalbox_object
from proxy.stages.stream.unstreamed import Unstreamed

_THEIRS: Final = ("background", "output_format", "quality", "size")


class ImagesVoice(Unstreamed):
    """Implements Voice for `/v1/images/generations`."""

    def whole(self, answer: Answer, receipt: Receipt) -> bytes:
        tokens = receipt.usage.input_total
        usage = {
            "input_tokens": tokens,
            "output_tokens": 0,
            "total_tokens": tokens,
            "input_tokens_details": {"text_tokens": tokens, "image_tokens": 0},
            "images": receipt.usage.images,
        }
        theirs = {name: answer.value[name] for name in _THEIRS if isinstance(answer.value.get(name), str)}
        return orjson.dumps(
            {
                "created": receipt.created_s,
                "model": receipt.model_id,
                "data": answer.value["data"],
                "usage": usage,
                **theirs,
                "signalbox": signalbox_object(receipt),
            }
        )
