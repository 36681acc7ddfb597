"""The ladder: a record and an offence in, the record after it out, and what follows for the next call; keeps nothing and knows
no text."""

from typing import Final

from proxy.domain.abuse import AbuseRules, Offence, Record, Scope, Step
from proxy.domain.account import resting
from proxy.domain.errors import Refusal
from proxy.domain.value import replace

COOL_OFF_MS_MAX: Final = 86_400_000
# Below this nobody is worth remembering.
FORGOTTEN_BELOW: Final = 0.05
_SECOND_MS: Final = 1_000


def score_at(record: Record, rules: AbuseRules, now_ms: int) -> float:
    """The score as it has decayed by now: half of it for each half-life, and nothing during a cool-off."""
    quiet_ms = now_ms - max(record.at_ms, record.cooling_until_ms)
    if quiet_ms <= 0:
        return record.score
    halves: float = 0.5 ** (quiet_ms / (rules.half_life_s * _SECOND_MS))
    return record.score * halves


def step_of(scope: Scope, score: float, rules: AbuseRules) -> Step:
    """Where on the ladder a score stands. Of apps and addresses the operator is only told: many stand behind each."""
    if scope != "user":
        return "alert" if score >= (rules.app_alert_at if scope == "app" else rules.alert_at) else "none"
    if score >= rules.alert_at:
        return "alert"
    if score >= rules.cool_off_at:
        return "cool_off"
    return "slow" if score >= rules.slow_at else "none"


def offended(record: Record, scope: Scope, offence: Offence, rules: AbuseRules, now_ms: int) -> Record:
    """The record after one more offence. A user who stands high enough cools off from now on."""
    score = score_at(record, rules, now_ms) + rules.points.get(offence, 0.0)
    counted = {**record.offences, offence: record.offences.get(offence, 0) + 1}
    after = replace(record, score=score, at_ms=now_ms, offences=counted, last=offence)
    if step_of(scope, score, rules) not in ("cool_off", "alert") or scope != "user":
        return after
    rest_ms = min(rules.cool_off_s * _SECOND_MS << min(record.cool_offs, 20), COOL_OFF_MS_MAX)
    return replace(after, cool_offs=record.cool_offs + 1, cooling_until_ms=now_ms + rest_ms)


def heard(record: Record, offence: Offence, times: int, rules: AbuseRules, now_ms: int) -> Record:
    """The record after offences that others saw: they weigh as much, and whoever saw them has told what followed."""
    if not times:
        return record
    score = score_at(record, rules, now_ms) + times * rules.points.get(offence, 0.0)
    counted = {**record.offences, offence: record.offences.get(offence, 0) + times}
    return replace(record, score=score, at_ms=now_ms, offences=counted)


def objection(record: Record, rules: AbuseRules, now_ms: int) -> Refusal | None:
    """Why a user with this record may not call at this moment."""
    if now_ms < record.cooling_until_ms:
        return resting(record.cooling_until_ms, now_ms)
    if now_ms >= record.may_call_ms or score_at(record, rules, now_ms) < rules.slow_at:
        return None
    wait_s = -(-(record.may_call_ms - now_ms) // _SECOND_MS)
    return Refusal(
        "rate_limit_exceeded",
        "After prompts that were refused, or requests that went round in a loop, this account may call once in"
        f" {rules.gap_s} s. Try again in {wait_s} s; this ends by itself when nothing of the kind follows.",
        retry_after_s=wait_s,
    )


def called(record: Record, rules: AbuseRules, now_ms: int) -> Record:
    """The record after a call that was let through: who is slowed waits before the next."""
    if score_at(record, rules, now_ms) < rules.slow_at:
        return record
    return replace(record, may_call_ms=now_ms + rules.gap_s * _SECOND_MS)
