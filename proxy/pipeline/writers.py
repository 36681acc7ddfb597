"""The writers of one answer: what attempts came to in, what the next one is to write out, be it all of the answer or the rest
of one that broke off; calls nobody."""

from collections.abc import Sequence

from proxy.domain.chat import Chat, Delta
from proxy.domain.decision import Candidate
from proxy.domain.errors import Fault
from proxy.domain.money import Tab
from proxy.domain.value import dataclass, replace
from proxy.pipeline import record
from proxy.pipeline.order import Judged, Marks, Outcome
from proxy.stages import failover, hold, rescue
from proxy.stages.failover import Bounds, Chances, Step, Try
from proxy.stages.policy.size import input_tokens
from proxy.stages.rescue import Doubt, Helper, NoRescue, Plan, Spoken

_DISJOINT = Fault("disjoint", status=200)


@dataclass(frozen=True, slots=True)
class Part:
    """What one attempt is to write. `judged` and `candidate` are the call's with the request, sizes and bound of this part;
    `plan` says how it goes on with what was `spoken` (None: it begins the answer), `tab` is what earlier writers come to."""

    judged: Judged
    candidate: Candidate
    tab: Tab
    spoken: Spoken | None
    plan: Plan | None = None

    @property
    def may_add_nothing(self) -> bool:
        """Whether a model that was given what was said may find it complete."""
        return self.plan is not None and self.plan.how != "restart"

    def new(self, delta: Delta) -> Delta | Fault:
        """What of a delta its caller has not been told."""
        if self.plan is None:
            return delta
        new = rescue.joined(self.plan.joint, delta)
        return _DISJOINT if isinstance(new, Doubt) else new

    def rest(self) -> list[Delta] | Fault:
        """What was kept back until the end."""
        if self.plan is None:
            return []
        rest = rescue.rest(self.plan.joint)
        return _DISJOINT if isinstance(rest, Doubt) else [rest] if rest.commits else []

    def told(self, delta: Delta) -> None:
        """The caller was told this."""
        if self.spoken is not None:
            self.spoken.add(delta)

    def told_texts(self, texts: Sequence[str]) -> None:
        """The caller was told these, content of the first choice and nothing else."""
        if self.spoken is not None and texts:
            self.spoken.add_texts(texts)


class Writers:
    """`note` every attempt. What was said is remembered only where somebody could go on with it."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._spoken: Spoken | None = None
        self._outcomes: list[Outcome] = []
        self._broken: Outcome | None = None
        self._tab = Tab()

    def part(self, judged: Judged, position: int) -> Part | NoRescue:
        """What the candidate at `position` of the chain is to write."""
        candidate = judged.decision.chain[position]
        if self._broken is None:
            is_last = position + 1 == len(judged.decision.chain)
            self._spoken = Spoken() if not is_last and _may_be_rescued(judged) else None
            return Part(judged, candidate, self._tab, self._spoken)
        part = self._rest(judged, candidate)
        said = f"not: {part.why}" if isinstance(part, NoRescue) else part.plan.how if part.plan is not None else ""
        self._marks.moment("rescue", self._marks.now_ns(), f"{candidate.model_id} {said}")
        return part

    def note(self, judged: Judged, candidate: Candidate, outcome: Outcome) -> None:
        """An attempt came to something; what it wrote is charged and stays."""
        if outcome.ending == "failed":
            return
        self._outcomes.append(outcome)
        if outcome.ending == "broken":
            self._broken = outcome
            self._tab = self._tab.and_then(record.charge(judged, candidate, outcome.usage))

    def after(self, fault: Fault, tried: Try, bounds: Bounds, chances: Chances) -> Step:
        """The step after an attempt that failed or broke off."""
        if self._broken is None:
            return failover.after(fault, tried, bounds, chances)
        self._broken = replace(self._broken, fault=fault if fault.kind == "content_refused" else self._broken.fault)
        return failover.after_break(fault, tried, bounds, chances)

    def unrescued(self, left: bool) -> Outcome | None:
        """What it comes to when nobody goes on with an answer that broke off; None if none did. `left`: its caller has."""
        if self._broken is None:
            return None
        return replace(self._broken, ending="left" if left else "broken")

    def together(self, outcome: Outcome) -> Outcome:
        """The end of the whole answer, of which `outcome` is the end of its last part."""
        if outcome.ending == "failed":
            outcome = self.unrescued(left=False) or outcome
        if len(self._outcomes) < 2:
            return outcome
        first, *others = self._outcomes
        usage = first.usage
        for later in others:
            usage = usage.followed_by(later.usage)
        return replace(outcome, usage=usage, first_token_ns=first.first_token_ns)

    def _rest(self, judged: Judged, candidate: Candidate) -> Part | NoRescue:
        catalog, chat, spoken = judged.journey.catalog, judged.journey.request, self._spoken
        if spoken is None or not isinstance(chat, Chat):
            return NoRescue("off")
        model = catalog.models[candidate.model_id]
        left_tokens = candidate.output_tokens_max - _output_tokens(self._outcomes)
        helper = Helper(model.prefill and "prefill" not in model.lacks, left_tokens)
        found = rescue.plan(catalog.policy.rescue, chat, spoken, helper)
        if isinstance(found, NoRescue):
            return found
        # The request is longer now, and was not counted so.
        more_bytes = found.chat.text_bytes - chat.text_bytes
        more_messages = len(found.chat.messages) - len(chat.messages)
        asked = judged.ask
        ask = replace(
            asked,
            text_bytes=asked.text_bytes + more_bytes,
            message_count=asked.message_count + more_messages,
            counted=() if more_bytes else asked.counted,
        )
        _, input_tokens_max = input_tokens(model, ask, judged.assistant)
        candidate = replace(candidate, input_tokens_max=input_tokens_max, output_tokens_max=left_tokens)
        sizing = hold.sizing(candidate, catalog, judged.plan, ask, self._tab)
        limit_milli = ask.max_credits_milli
        if limit_milli is not None and hold.exactly(sizing, left_tokens).amount_milli > limit_milli:
            return NoRescue("max_credits")
        part_judged = replace(judged, ask=ask, journey=replace(judged.journey, request=found.chat))
        return Part(part_judged, candidate, self._tab, spoken, found)


def _may_be_rescued(judged: Judged) -> bool:
    request, assistant = judged.journey.request, judged.assistant
    permitted = judged.plan.rescue and (assistant is None or assistant.rescue)
    return isinstance(request, Chat) and rescue.is_possible(judged.journey.catalog.policy.rescue, permitted, request)


def _output_tokens(outcomes: Sequence[Outcome]) -> int:
    return sum(outcome.usage.output_total for outcome in outcomes)
