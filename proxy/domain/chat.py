"""A chat request as intake understood it, and the provider's answer in parts and as a whole; OpenAI-shaped, text inside."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, ClassVar, Literal, NamedTuple

from proxy.domain.dialect import Feature, Thinking
from proxy.domain.errors import Fault
from proxy.domain.picture import Picture
from proxy.domain.policy import Mode
from proxy.domain.usage import Usage
from proxy.domain.value import dataclass

Format = Literal["text", "json_object", "json_schema"]
# What a provider calls the bound of an answer; OpenAI's newer models take the longer name alone.
OutputBound = Literal["max_tokens", "max_completion_tokens"]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """The `signalbox` object of a request (contract 2). `metadata` are tags for usage by feature, `conversation_id` names what
    the call goes on with."""

    explain: bool = False
    mode: Mode | None = None
    avoid: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    max_credits_milli: int | None = None
    allow_downgrade: bool = True
    confirm: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """One parsed chat request. `messages` are as the caller sent them, checked; `fields` are the known top-level fields
    that pass upstream as they are (tools, temperature, ...); `unknown` those that pass only to providers so marked.

    `asked` holds the names asked for: one name, or the explicit chain. Sizes are of the whole request: `text_bytes` counts
    UTF-8 bytes of every text a model may read (messages, tool definitions, schemas, unknown fields). `output_tokens_max` is
    the caller's bound.
    """

    kind: ClassVar[Literal["chat"]] = "chat"

    asked: tuple[str, ...]
    messages: tuple[Json, ...]
    fields: Json
    unknown: Json
    stream: bool
    include_usage: bool
    output_tokens_max: int | None
    n: int
    text_bytes: int
    image_count: int
    audio: bool
    tools: bool
    format: Format
    end_user: str | None = None
    conversation_id: str | None = None
    options: Options = Options()


class Delta(NamedTuple):
    """One provider event, read once. `value` is an OpenAI-shaped chunk; `raw` its bytes when the dialect is the same, so
    that it can leave as it came. A NamedTuple because one is made per event. `error` makes every other field void."""

    value: Json
    raw: bytes | None = None
    output_bytes: int = 0
    reasoning_bytes: int = 0
    has_content: bool = False
    has_tool: bool = False
    finish_reason: str | None = None
    usage: Usage | None = None
    done: bool = False
    error: Fault | None = None

    @property
    def commits(self) -> bool:
        """Whether sending this fixes the answering model (contract 6: content, refusal, reasoning or tool delta)."""
        return self.has_content or self.has_tool

    @property
    def is_blank(self) -> bool:
        """Whether all that it says is white space."""
        choices = self.value.get("choices") or ()
        said = [choice["delta"].get("content") or "" for choice in choices]
        is_text = self.output_bytes == sum(len(text.encode()) for text in said) and not (self.reasoning_bytes or self.has_tool)
        return is_text and not "".join(said).strip()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer in OpenAI's shape. `usage` is None when the provider did not say or said nonsense; `images` are those
    in it."""

    value: Json
    usage: Usage | None
    output_bytes: int
    reasoning_bytes: int
    is_empty: bool
    finish_reason: str | None
    images: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What we add to a request for one candidate: bounds, prompt and the end user's keyed hash, and what its rows say of how it
    is to be asked. `picture` is the size and quality that are priced, for an image; `lacks` is what it cannot be asked for."""

    upstream_name: str
    output_tokens_max: int
    stream: bool
    system_prompt: str | None = None
    end_user_hash: str | None = None
    passes_unknown: bool = False
    output_bound: OutputBound = "max_tokens"
    thinking: Thinking | None = None
    routing: Json = field(default_factory=dict)
    picture: Picture | None = None
    lacks: tuple[Feature, ...] = ()
