"""Conduct as one process keeps it: who is slowed, who is to rest, whom the operator hears of; and that no text stays."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from proxy.domain.abuse import AbuseRules, CoolOff
from proxy.domain.account import Caller
from proxy.domain.alert import Alert
from proxy.limits import conduct as room
from proxy.limits.conduct import Count, MemoryConduct
from proxy.limits.memory import MemoryLimiter
from tests import builders as b
from tests.contracts.set_clock import SetClock

SECRET: Final = "the words that nobody may keep"


class Heard:
    def __init__(self) -> None:
        self.incidents: list[tuple[str, Mapping[str, str | int]]] = []

    def began(self) -> None: ...

    def finished(self, call: object) -> None: ...

    def incident(self, name: str, **facts: str | int) -> None:
        self.incidents.append((name, facts))


class Street:
    """A conduct room and what came of it. `says` is one call's prompt."""

    def __init__(self, count: Count | None = None, clock: SetClock | None = None, **rules: Any) -> None:
        self.rules = AbuseRules(**rules)
        self.clock, self.heard = clock or SetClock(), Heard()
        self.alerts: list[Alert] = []
        self.conduct = MemoryConduct(lambda: self.rules, self.alerts.append, self.heard, self.clock, count)

    def says(self, caller: Caller, blocked: bool = False, text: str = SECRET, size: int = 9, cost_milli: int = 0) -> str | None:
        refusal = self.conduct.objection(caller)
        if refusal is not None:
            return refusal.code
        chat = b.chat(messages=({"role": "system", "content": "S"}, {"role": "user", "content": text}))
        decision = b.decision(action="block" if blocked else "allow")
        self.conduct.asked(b.journey(caller=caller, request=chat), decision, size)
        self.conduct.paid(b.call(user_id=caller.user.id, credits_milli=cost_milli))
        return None

    def is_blocked(self, caller: Caller, times: int) -> list[str | None]:
        """What becomes of so many refused prompts, each after the wait that its caller was told."""
        found = []
        for _ in range(times):
            found.append(self.says(caller, blocked=True))
            self.clock.at_ms += self.rules.gap_s * 1_000
        return found


ADA: Final = b.caller()
APP: Final = b.app("a1", user_id="a1-own")


def end_user(name: str, enrols: bool = False) -> Caller:
    return b.caller(user=b.user(name, app_id="a1"), app=APP, enrols=enrols)


def test_who_behaves_is_never_stopped_nor_shown() -> None:
    street = Street()
    assert [street.says(ADA) for _ in range(500)] == [None] * 500
    assert (street.conduct.suspects(), street.alerts, street.heard.incidents) == ([], [], [])


def test_refused_prompts_lead_up_the_ladder() -> None:
    street = Street()
    assert street.is_blocked(ADA, 6) == [None] * 6
    (due,) = street.conduct.due()
    assert (due.user_id, due.offence) == ("u1", "blocked")
    assert street.says(ADA) == "cooling_off", "this process heeds it before the store knows"
    street.clock.at_ms = due.until_ms
    assert street.says(ADA) is None
    street.clock.at_ms += 10_000
    street.is_blocked(ADA, 1)
    assert street.conduct.due()[0].until_ms - street.conduct.due()[0].decided_ms == 2 * street.rules.cool_off_s * 1_000


def test_who_is_slowed_hears_how_long_to_wait() -> None:
    street = Street()
    street.is_blocked(ADA, 3)
    assert (street.says(ADA), street.says(ADA)) == (None, "rate_limit_exceeded")


def test_an_alert_is_told_once_an_hour() -> None:
    street = Street(alert_at=4, cool_off_s=1)
    street.is_blocked(ADA, 6)
    assert {(alert.kind, alert.facts["account"], alert.facts["why"]) for alert in street.alerts} == {("abuse", "u1", "blocked")}
    assert len({alert.id for alert in street.alerts}) == 1


def test_a_costly_loop_counts_and_a_costly_day_does_not() -> None:
    street = Street(loop_calls=5, surge_milli=1_000, history_s=0)
    for number in range(30):
        street.says(ADA, text=f"{number} different words {number + 1} each {number + 2} time {number + 3}", cost_milli=9_000)
    assert street.conduct.suspects() == []
    for number in range(30):
        street.says(ADA, size=number, cost_milli=9_000)
        street.says(end_user("thrifty"), size=number, cost_milli=9)
    assert street.conduct.suspect("thrifty") is None, "a cheap loop harms nobody"
    assert street.conduct.suspects()[0].record.offences.keys() == {"growing"}


def test_an_app_is_told_of_for_what_its_users_do_together() -> None:
    street = Street(app_alert_at=4)
    for number in range(4):
        street.says(end_user(f"eu{number}"), blocked=True)
    assert [(alert.facts["scope"], alert.facts.get("app")) for alert in street.alerts] == [("app", "a1")]
    assert all(suspect.step == "none" for suspect in street.conduct.suspects() if suspect.scope == "user")


def test_an_apps_own_account_is_never_stopped_for_all_who_stand_behind_it() -> None:
    street = Street()
    own = b.caller(user=b.user("a1-own"), app=APP)
    assert street.is_blocked(own, 40) == [None] * 40
    assert street.conduct.due() == []


def test_users_whom_nobody_knows_push_out_nobody_and_are_not_written() -> None:
    street = Street()
    street.is_blocked(ADA, 3)
    for number in range(room.STRANGERS_MAX + 10):
        street.says(end_user(f"new{number}", enrols=True), blocked=True)
    assert street.conduct.suspect("u1") is not None
    assert len(street.conduct.suspects()) <= room.STRANGERS_MAX + 2
    street.is_blocked(end_user("bad", enrols=True), 8)
    assert [due.user_id for due in street.conduct.due()] == []


def test_what_an_admin_forgave_is_forgotten_wherever_it_was_seen() -> None:
    street = Street()
    street.is_blocked(ADA, 6)
    lifted = replace(ADA, user=replace(ADA.user, lifted_at_ms=street.clock.at_ms))
    assert street.says(lifted) is None
    assert (street.conduct.due(), street.conduct.suspect("u1")) == ([], None)
    street.is_blocked(ADA, 3)
    street.conduct.lifted("u1")
    assert street.conduct.suspect("u1") is None


def test_what_the_store_has_is_due_no_more_and_a_longer_rest_is() -> None:
    street = Street()
    street.is_blocked(ADA, 6)
    (due,) = street.conduct.due()
    street.conduct.stored(replace(due, until_ms=due.until_ms + 1))
    assert street.conduct.due() == [due]
    street.conduct.stored(due)
    assert street.conduct.due() == []


def test_an_address_that_guesses_on_is_told_of() -> None:
    street = Street()
    for _ in range(200):
        street.conduct.guessed("203.0.113.9")
    assert [suspect.scope for suspect in street.conduct.suspects()] == ["address"]
    assert street.alerts[0].facts == {"scope": "address", "address": "203.0.113.9", "why": "guessed"}


def test_no_text_is_kept() -> None:
    street = Street(loop_calls=2, surge_milli=1, history_s=0)
    for _ in range(9):
        street.says(ADA, blocked=True, cost_milli=9_000)
    seen = f"{street.conduct.suspects()} {street.alerts} {street.heard.incidents} {vars(street.conduct)} {_kept(street)}"
    assert "words" not in seen
    assert "nobody" not in seen


def test_a_cool_off_says_when_it_was_decided() -> None:
    street = Street(cool_off_at=1)
    street.says(ADA, blocked=True)
    now_ms = street.clock.at_ms
    assert street.conduct.due() == [CoolOff("u1", now_ms, now_ms + 900_000, "blocked")]


def _kept(street: Street) -> object:
    return street.conduct._users.kept


def workers(count: int) -> list[Street]:
    """Streets of one gateway, as its workers are: they share what counts offences, and the time."""
    clock = SetClock()
    shared = MemoryLimiter(clock, 100)
    return [Street(shared.take_now, clock) for _ in range(count)]


def offences_until_rest(streets: list[Street], caller: Caller = ADA) -> int:
    """How many refused prompts, one to each in turn, until somebody has the user rest."""
    for number in range(1, 100):
        street = streets[number % len(streets)]
        street.says(caller, blocked=True)
        # The wait that a slowed user is told.
        street.clock.at_ms += street.rules.gap_s * 1_000
        if street.conduct.due():
            return number
    return 0


def test_who_goes_from_worker_to_worker_rests_as_soon_as_with_one() -> None:
    assert offences_until_rest([Street()]) == offences_until_rest(workers(2)) == offences_until_rest(workers(6)) > 1


def test_one_worker_of_several_counts_as_one_alone_does() -> None:
    alone, (one, _) = Street(), workers(2)
    for pause_ms in (1_000, 10_000, 500_000, 900_000, 930_000, 2_000_000, 1_000):
        for street in (alone, one):
            street.says(ADA, blocked=True)
            street.clock.at_ms += pause_ms
    assert one.conduct.suspects() == alone.conduct.suspects()


def test_what_a_lift_forgave_counts_at_no_worker() -> None:
    one, other = workers(2)
    one.is_blocked(ADA, 3)
    lifted = replace(ADA, user=replace(ADA.user, lifted_at_ms=one.clock.at_ms))
    other.is_blocked(lifted, 1)
    (suspect,) = other.conduct.suspects()
    assert (suspect.step, suspect.record.offences) == ("none", {"blocked": 1})
