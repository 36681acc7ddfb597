"""A text to follow from in, so many words out, always the same ones; tests compute with it what an answer must say."""

import hashlib
from typing import Final

# Beyond ASCII on purpose: two, three and four bytes a character. None is longer than one token.
_TEXT: Final = """
amber anchor autumn bridge candle canyon cedar copper dawn drift ember falcon feather forest garden glacier granite
harbor hollow island juniper kettle lantern ledger maple meadow mirror morning north ocean orchard paper pebble quiet
railway ribbon river rocket saddle signal silver station summer thunder timber tunnel valley velvet violet water willow
winter café naïve Brücke Gleis größer señal été über 鉄道 信号 🚂 🚦
"""
_WORDS: Final = tuple(_TEXT.split())


def tale(text: str, words: int) -> str:
    """`words` words with one space between them. The first say the same however many follow."""
    told: list[str] = []
    block = 0
    while len(told) < words:
        told += [
            _WORDS[byte % len(_WORDS)]
            for byte in hashlib.sha256(f"{block}\x1f{text}".encode("utf-8", "surrogatepass")).digest()
        ]
        block += 1
    return " ".join(told[:words])
