"""The vocabularies that `rs-bpe` carries: a name in, a function that counts the tokens of a text out; reads no file."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rs_bpe.bpe import openai

from proxy.domain.catalog import Vocabulary

_TOKENIZERS: Final[Mapping[Vocabulary, Callable[[], Any]]] = {
    "cl100k_base": openai.cl100k_base,
    "o200k_base": openai.o200k_base,
}


def counting_in(vocabulary: Vocabulary) -> Callable[[str], int]:
    """The first call for a vocabulary unpacks its tables, which stay in memory: about 70 MB for `o200k_base`, 31 MB for
    `cl100k_base`. What marks special tokens is counted as the text that it is."""
    count: Callable[[str], int] = _TOKENIZERS[vocabulary]().count
    count("")
    return count
