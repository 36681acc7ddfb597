"""How callers behave, as this process saw it: calls, credits and guessed keys in, refusals and suspects out; forgets all of it
when it ends and keeps no text. What must last, a cool-off and a lift, is the store's; of what other workers see it learns how
often there was an offence, and no more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, Generic, TypeVar

from proxy.domain.abuse import AbuseRules, CoolOff, Offence, Record, Scope, Suspect
from proxy.domain.account import Caller
from proxy.domain.alert import Alert
from proxy.domain.call import Call
from proxy.domain.decision import Decision
from proxy.domain.errors import Refusal
from proxy.domain.journey import Journey
from proxy.domain.plan import Rate
from proxy.domain.value import dataclass
from proxy.ports import Clock, Quota, Recorder
from proxy.stages import abuse
from proxy.stages.abuse import loop

KEPT_MAX: Final = 20_000
# Apart, so that nobody who invents names can push out users that exist.
STRANGERS_MAX: Final = 2_000
DUE_MAX: Final = 1_000
HOUR_MS: Final = 3_600_000
_FACT: Final[Mapping[Scope, str]] = {"user": "account", "app": "app", "address": "address"}

# Counted and never refused.
_COUNTED_MAX: Final = 10**9
# A count may hold what is a slot older than its period.
_STILL_COUNTED_MS: Final = 1_100

T = TypeVar("T")
# Counts one more of a key over all workers, and says how many there were in a time.
Count = Callable[[str, Rate], Quota]


@dataclass(slots=True)
class _Seen:
    """One user's, app's or address's record, and of a user the loop it may be in, what it spends, and from when on it counts.
    `counted` is how many offences all workers had seen at the last one here, and when that was."""

    record: Record = field(default_factory=Record)
    counted: dict[Offence, tuple[int, int]] = field(default_factory=dict)
    lifted_at_ms: int = 0
    round: loop.Round = field(default_factory=loop.Round)
    pace: loop.Pace = field(default_factory=loop.Pace)


class _Recent(Generic[T]):
    """What was used last, a bounded number of it."""

    def __init__(self, make: Callable[[], T], size_max: int) -> None:
        self._make = make
        self._size_max = size_max
        self.kept: dict[str, T] = {}

    def use(self, key: str) -> T:
        """What stands under the key, made where there is nothing."""
        found = self.kept.pop(key, None) or self._make()
        self.kept[key] = found
        if len(self.kept) > self._size_max:
            del self.kept[next(iter(self.kept))]
        return found


class MemoryConduct:
    """Implements Conduct. `note` takes alerts; `count` is there where several workers are one gateway."""

    def __init__(
        self,
        rules: Callable[[], AbuseRules],
        note: Callable[[Alert], None],
        recorder: Recorder,
        clock: Clock,
        count: Count | None = None,
    ) -> None:
        self._rules = rules
        self._note = note
        self._recorder = recorder
        self._clock = clock
        self._count = count
        self._users = _Recent(_Seen, KEPT_MAX)
        self._strangers = _Recent(_Seen, STRANGERS_MAX)
        self._others: Mapping[Scope, _Recent[_Seen]] = {
            "app": _Recent(_Seen, STRANGERS_MAX),
            "address": _Recent(_Seen, STRANGERS_MAX),
        }
        self._due: dict[str, CoolOff] = {}

    def objection(self, caller: Caller) -> Refusal | None:
        """Why this user may not call at this moment; one that may has made a call."""
        seen = self._find(caller)
        if seen is None or not seen.record.score:
            return None
        rules, now_ms = self._rules(), self._clock.now_ms()
        refusal = abuse.objection(seen.record, rules, now_ms)
        if refusal is None:
            seen.record = abuse.called(seen.record, rules, now_ms)
        else:
            self._recorder.incident("abuse_refused", code=refusal.code)
        return refusal

    def asked(self, journey: Journey, decision: Decision, text_bytes: int) -> None:
        """A call was decided."""
        caller, rules, now_ms = journey.caller, self._rules(), self._clock.now_ms()
        seen = (self._strangers if caller.enrols else self._users).use(caller.user.id)
        offence: Offence | None = "blocked" if decision.action == "block" else None
        if offence is None and loop.surges(seen.pace, rules, now_ms):
            # A sketch is dear, so only those have one drawn who could be in a costly loop.
            sketch = loop.sketch(_last_words(journey.request.messages))
            seen.round = loop.turned(seen.round, sketch, text_bytes, rules, now_ms)
            offence = loop.looping(seen.round, rules)
        if offence is None:
            return
        seen.lifted_at_ms = caller.user.lifted_at_ms or 0
        if caller.app is not None:
            self._offended("app", caller.app.id, self._others["app"].use(caller.app.id), offence)
        if caller.app is None or caller.user.id != caller.app.user_id:
            self._offended("user", caller.user.id, seen, offence, caller.enrols)

    def paid(self, call: Call) -> None:
        """A call was charged."""
        if call.credits_milli:
            seen = self._users.use(call.user_id)
            seen.pace = loop.spent(seen.pace, call.credits_milli, self._clock.now_ms())

    def guessed(self, address: str) -> None:
        """An address tried a key that nobody has, though it had tried too many already."""
        self._offended("address", address, self._others["address"].use(address), "guessed")

    def suspects(self) -> list[Suspect]:
        """Everybody with a score, the highest first."""
        places: list[tuple[Scope, _Recent[_Seen]]] = [("user", self._users), ("user", self._strangers), *self._others.items()]
        kept = [(scope, id, seen) for scope, recent in places for id, seen in recent.kept.items() if seen.record.score]
        found = [self._suspect(scope, id, seen) for scope, id, seen in kept]
        remembered = [suspect for suspect in found if suspect.score >= abuse.FORGOTTEN_BELOW]
        return sorted(remembered, key=lambda suspect: (-suspect.score, suspect.id))

    def suspect(self, user_id: str) -> Suspect | None:
        """One user as this process sees it; None when nothing is held against it."""
        seen = self._users.kept.get(user_id)
        return None if seen is None or not seen.record.score else self._suspect("user", user_id, seen)

    def lifted(self, user_id: str) -> None:
        """An admin has forgiven a user: its next call is its first."""
        self._users.kept.pop(user_id, None)
        self._due.pop(user_id, None)

    def due(self) -> list[CoolOff]:
        """Cool-offs that the store does not know of yet; until it does, this process alone heeds them."""
        return list(self._due.values())

    def stored(self, cool_off: CoolOff) -> None:
        """The store has this one, or nobody to have it: from now on what the store says counts."""
        if self._due.get(cool_off.user_id) == cool_off:
            del self._due[cool_off.user_id]

    def _find(self, caller: Caller) -> _Seen | None:
        if caller.enrols:
            return self._strangers.kept.get(caller.user.id)
        seen = self._users.kept.get(caller.user.id)
        lifted_at_ms = caller.user.lifted_at_ms
        if seen is not None and lifted_at_ms is not None and seen.record.at_ms <= lifted_at_ms and seen.record.score:
            self.lifted(caller.user.id)
            return None
        return seen

    def _offended(self, scope: Scope, id: str, seen: _Seen, offence: Offence, stranger: bool = False) -> None:
        rules, now_ms = self._rules(), self._clock.now_ms()
        if not rules.points.get(offence):
            return
        before = abuse.step_of(scope, abuse.score_at(seen.record, rules, now_ms), rules)
        known = abuse.heard(seen.record, offence, self._elsewhere(scope, id, seen, offence), rules, now_ms)
        seen.record = record = abuse.offended(known, scope, offence, rules, now_ms)
        step = abuse.step_of(scope, record.score, rules)
        if record.cooling_until_ms > now_ms and scope == "user" and not stranger and len(self._due) < DUE_MAX:
            self._due[id] = CoolOff(id, now_ms, record.cooling_until_ms, offence)
        if step != before:
            self._recorder.incident("abuse_step", code=step, scope=scope, why=offence)
        if step == "alert":
            self._note(_alert(scope, id, offence, now_ms))

    def _elsewhere(self, scope: Scope, id: str, seen: _Seen, offence: Offence) -> int:
        """How many offences of the kind other workers saw since the last one here, within the time in which they weigh much
        the same."""
        if self._count is None:
            return 0
        period_s, now_ms = max(1, self._rules().half_life_s // 2), self._clock.now_ms()
        quota = self._count(f"abuse:{scope}:{id}:{seen.lifted_at_ms}:{offence}", Rate(_COUNTED_MAX, period_s))
        used = quota.limit - quota.remaining
        before, at_ms = seen.counted.get(offence, (0, 0))
        seen.counted[offence] = used, now_ms
        return max(0, used - 1 - (before if now_ms - at_ms < period_s * _STILL_COUNTED_MS else 0))

    def _suspect(self, scope: Scope, id: str, seen: _Seen) -> Suspect:
        rules = self._rules()
        score = abuse.score_at(seen.record, rules, self._clock.now_ms())
        return Suspect(scope, id, score, abuse.step_of(scope, score, rules), seen.record)


def _last_words(messages: Sequence[Mapping[str, Any]]) -> str:
    said = next((message.get("content") for message in reversed(messages) if message.get("role") == "user"), None)
    if isinstance(said, str):
        return said
    parts = said if isinstance(said, list) else []
    return " ".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def _alert(scope: Scope, id: str, offence: Offence, now_ms: int) -> Alert:
    # Once an hour: more of them say no more.
    return Alert(f"abuse|{scope}|{id}|{now_ms // HOUR_MS}", "abuse", now_ms, {"scope": scope, _FACT[scope]: id, "why": offence})
