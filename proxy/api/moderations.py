"""`POST /v1/moderations` in OpenAI's shape, answered by precheck: texts in, hazards found and how likely each is out; calls no
model, costs nothing and keeps nothing.

Absent, for precheck does not judge them apart: `hate/threatening`, `harassment/threatening`, `self-harm/intent`,
`violence/graphic`; `self-harm/instructions` stands there only where a rule of the operator can find it."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, field_validator

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Told
from proxy.domain.errors import Refusal
from proxy.domain.verdict import RuleBook
from proxy.stages import precheck

INPUTS_MAX: Final = 64
# OpenAI's categories, and the hazards of ours that mean the same: https://platform.openai.com/docs/guides/moderation
CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "harassment": ("hate_harassment",),
    "hate": ("hate_harassment",),
    "illicit": ("cyber", "illicit", "weapons_cbrn"),
    "illicit/violent": ("weapons_cbrn",),
    "self-harm": ("self_harm", "self_harm_instructions"),
    "self-harm/instructions": ("self_harm_instructions",),
    "sexual": ("sexual", "sexual_minors"),
    "sexual/minors": ("sexual_minors",),
    "violence": ("violence",),
}


class TextPart(BaseModel):
    """A text among the parts of one input."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    type: Literal["text"]
    text: str


class ModerationGiven(BaseModel):
    """What is to be judged. Images are not."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    input: Annotated[
        str | Annotated[list[str], Field(max_length=INPUTS_MAX)] | Annotated[list[TextPart], Field(max_length=INPUTS_MAX)],
        Field(description="A text, several texts, or the text parts of one."),
    ]

    @field_validator("input", mode="wrap")
    @classmethod
    def _in_one_sentence(cls, value: object, fitted: ValidatorFunctionWrapHandler) -> object:
        # Of three shapes that do not fit, none of the mistakes says what would.
        try:
            return fitted(value)
        except ValidationError:
            message = f"it must be a text, a list of texts or of text parts, {INPUTS_MAX} at most; images are not judged"
            raise ValueError(message) from None

    model: Annotated[str | None, Field(description="Understood and not needed: precheck answers.")] = None


class ModerationResult(Told):
    """`flagged` may be true without a category: hazards that OpenAI has no name for, such as attacks, stand in `hazards`."""

    flagged: bool
    categories: Mapping[str, bool]
    category_scores: Mapping[str, float]
    category_applied_input_types: Mapping[str, list[str]]
    hazards: tuple[str, ...]


class Moderation(Told):
    id: str
    model: str
    results: list[ModerationResult]


async def moderate(visit: Visit) -> Answer:
    given = visit.body_as(ModerationGiven).input
    if isinstance(given, str):
        texts = [given]
    else:
        lines = [part for part in given if isinstance(part, str)]
        texts = lines or ["\n".join(part.text for part in given if isinstance(part, TextPart))]
    if not given:
        return Refusal("invalid_request", "input is empty; send at least one text.", "input")
    services = visit.services
    book = services.catalog.current().rules
    judged = services.ids.call_id(services.clock.now_ms())
    results = [_result(text, book) for text in texts]
    return Moderation(id=f"modr-{judged}", model=f"signalbox-precheck-{book.revision}", results=results)


def _result(text: str, book: RuleBook) -> ModerationResult:
    messages = ({"role": "user", "content": text},)
    verdict, likely = precheck.judge(messages, book), precheck.hazard_scores(messages, book)
    known = {name: [hazard for hazard in hazards if hazard in likely] for name, hazards in CATEGORIES.items()}
    judged = {name: hazards for name, hazards in known.items() if hazards}
    return ModerationResult(
        flagged=verdict.risk != "safe",
        categories={name: any(hazard in verdict.hazards for hazard in hazards) for name, hazards in judged.items()},
        category_scores={name: round(max(likely[hazard] for hazard in hazards), 6) for name, hazards in judged.items()},
        category_applied_input_types={name: ["text"] for name in judged},
        hazards=verdict.hazards,
    )


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "POST",
        "/v1/moderations",
        moderate,
        ("user", "app"),
        "What precheck finds in texts, in the shape of OpenAI's moderation",
        "OpenAI",
        body=ModerationGiven,
        answer=Moderation,
        rate_class="precheck",
        takes_prompts=True,
    ),
)
