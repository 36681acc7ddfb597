"""One call's identity and input (Journey), and the same without its text (Ask), which is recorded and re-decides."""

from proxy.domain.account import Caller
from proxy.domain.catalog import Catalog, Modality, Vocabulary
from proxy.domain.chat import Format
from proxy.domain.dialect import Feature
from proxy.domain.picture import Picture
from proxy.domain.plan import Override
from proxy.domain.policy import Mode, Veto
from proxy.domain.request import Request
from proxy.domain.usage import Kind
from proxy.domain.value import dataclass


@dataclass(frozen=True, slots=True)
class Journey:
    """A call from the moment its body is understood. `received_ms` is wall time, `started_ns` the monotonic clock."""

    call_id: str
    request_id: str
    kind: Kind
    received_ms: int
    started_ns: int
    caller: Caller
    request: Request
    catalog: Catalog
    traceparent: str | None = None

    def left_ms(self, now_ns: int) -> int:
        """Time left of the call's one deadline at `now_ns` of the monotonic clock; negative when it is over."""
        return self.catalog.policy.deadline_ms - (now_ns - self.started_ns) // 1_000_000


@dataclass(frozen=True)
class Counted:
    """The size of a request in one vocabulary, counted because its size by bytes was too rough.

    `tokens_min` are those of the texts that are read as they stand, `tokens_max` all with what a provider may wrap around
    them; images are in neither. Both hold for an assistant's prompt of `prompt_bytes` UTF-8 bytes (0: none) and no other.
    """

    vocabulary: Vocabulary
    tokens_min: int
    tokens_max: int
    prompt_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Thread:
    """Who answered a conversation last: the model, for which assistant, on a task of which family, chosen in which mode.
    `assistant_family` is the family that its assistant is for, where that is still known: a remark in between is of none."""

    model_id: str
    assistant_id: str | None
    family: str
    mode: Mode
    assistant_family: str | None = None


@dataclass(frozen=True, slots=True)
class Largest:
    """The size of the largest input, where each is read by itself: UTF-8 bytes of text, and tokens given as such."""

    text_bytes: int
    tokens: int


@dataclass(frozen=True)
class Ask:
    """The text-free part of a Journey: all that policy may know of the request. Serialises to JSON and back unchanged.

    `asked` are the names as given; `plan_id` and `overrides` the entitlement (all overrides, `at_ms` selects).
    `mode` is what the request, its key or its user says; `avoid` and `only` are the request's, `vetoes` the others'.
    `sticky_model_id` is the model that a conversation stays with; `in_exchange`: it waits for what its tools found, and another
    is only called when it may not be. `left_family` is the task family that the conversation was about until now.
    `features` are what not every dialect has words for.
    `counted` holds a count for each vocabulary in which one was made; sizes for all other models are bounds by bytes.
    `tokens` are those given as such in the place of text. `largest` is None where all inputs are read together, `picture` where
    no images are asked for.
    """

    kind: Kind
    asked: tuple[str, ...]
    at_ms: int
    text_bytes: int
    message_count: int
    image_count: int
    modalities: tuple[Modality, ...]
    tools: bool
    format: Format
    stream: bool
    output_tokens_max: int | None
    n: int
    plan_id: str
    overrides: tuple[Override, ...]
    model_scope: tuple[str, ...] | None
    mode: Mode | None
    avoid: tuple[str, ...]
    only: tuple[str, ...]
    max_credits_milli: int | None
    allow_downgrade: bool
    confirmed: bool = False
    sticky_model_id: str | None = None
    features: tuple[Feature, ...] = ()
    counted: tuple[Counted, ...] = ()
    tokens: int = 0
    largest: Largest | None = None
    picture: Picture | None = None
    vetoes: tuple[Veto, ...] = ()
    in_exchange: bool = False
    left_family: str | None = None

    @property
    def images(self) -> int:
        """How many images may be billed by the piece: those that are read and those that are asked for."""
        return self.image_count + (0 if self.picture is None else self.n)

    def count(self, vocabulary: Vocabulary | None) -> Counted | None:
        """The count made in `vocabulary`, if one was."""
        for counted in self.counted:
            if counted.vocabulary == vocabulary:
                return counted
        return None
