"""A request for images as intake understood it; the prompt is inside."""

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Literal

from proxy.domain.chat import Json, Options
from proxy.domain.picture import Picture
from proxy.domain.value import dataclass

ImageForm = Literal["url", "b64_json"]


@dataclass(frozen=True, slots=True)
class Images:
    """One parsed request for `n` images of a `picture`. `asked`, `fields`, `unknown`, `end_user` and `options` are as in a
    Chat; `form` is the form the caller wants its images in, None where the provider's own will do."""

    kind: ClassVar[Literal["image"]] = "image"
    stream: ClassVar[bool] = False
    include_usage: ClassVar[bool] = False

    asked: tuple[str, ...]
    prompt: str
    picture: Picture = Picture()
    n: int = 1
    form: ImageForm | None = None
    fields: Json = field(default_factory=dict)
    unknown: Json = field(default_factory=dict)
    end_user: str | None = None
    options: Options = Options()

    @property
    def messages(self) -> tuple[Mapping[str, str], ...]:
        """What precheck reads: the prompt, as if a person had said it."""
        return ({"role": "user", "content": self.prompt},)
