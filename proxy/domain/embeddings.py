"""A request for vectors as intake understood it: texts, or the tokens of texts; the text of the caller is inside."""

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Literal

from proxy.domain.chat import Json, Options
from proxy.domain.value import dataclass

Encoding = Literal["float", "base64"]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """One parsed request for embeddings. Either `texts` or `tokens` is empty; each entry of the other becomes a vector.

    `asked`, `fields`, `unknown`, `end_user` and `options` are as in a Chat. `encoding` is the form the caller wants its
    vectors in.
    """

    kind: ClassVar[Literal["embedding"]] = "embedding"
    stream: ClassVar[bool] = False
    include_usage: ClassVar[bool] = False
    n: ClassVar[int] = 1

    asked: tuple[str, ...]
    texts: tuple[str, ...]
    tokens: tuple[tuple[int, ...], ...]
    encoding: Encoding = "float"
    fields: Json = field(default_factory=dict)
    unknown: Json = field(default_factory=dict)
    end_user: str | None = None
    options: Options = Options()

    @property
    def count(self) -> int:
        """How many vectors are asked for."""
        return len(self.texts) + len(self.tokens)

    @property
    def messages(self) -> tuple[Mapping[str, str], ...]:
        """What precheck reads: each text as if a person had said it. Of tokens there is nothing to read."""
        return tuple({"role": "user", "content": text} for text in self.texts)
