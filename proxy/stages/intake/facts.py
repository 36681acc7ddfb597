"""What an Ask says of a request beyond who asks for what: sizes and wants without any text, the same words for every kind."""

from typing import NamedTuple

from proxy.domain.catalog import Modality
from proxy.domain.chat import Format
from proxy.domain.dialect import Feature
from proxy.domain.journey import Largest
from proxy.domain.picture import Picture


class Facts(NamedTuple):
    """As the fields of Ask of the same names; what a kind of request knows nothing of is left out."""

    text_bytes: int
    features: tuple[Feature, ...] = ()
    message_count: int = 0
    image_count: int = 0
    modalities: tuple[Modality, ...] = ("text",)
    tools: bool = False
    format: Format = "text"
    output_tokens_max: int | None = None
    n: int = 1
    tokens: int = 0
    largest: Largest | None = None
    picture: Picture | None = None
    in_exchange: bool = False
