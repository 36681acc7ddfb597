"""Whether a user's calls go round in a loop: sketches of prompts and credits spent in, an offence or none out; a sketch holds
numbers that no text can be told from."""

from typing import Final, Literal

from proxy.domain.abuse import AbuseRules
from proxy.domain.value import dataclass

# A sketch is the smallest of the hashes of a prompt's words. Two that share most of them share most of their words (A. Broder,
# "On the resemblance and containment of documents", 1997). Python keys the hash of text anew in each process, so that nobody
# can look a sketch up in a dictionary.
SKETCH_SIZE: Final = 8
ALIKE_FROM: Final = 6
EDGE_CHARS: Final = 160
# Who spends evenly has spent in the short run the 288th part of what it has in the long.
SHORT_S: Final = 300
LONG_S: Final = 86_400
_SECOND_MS: Final = 1_000

Sketch = frozenset[int]


def sketch(text: str) -> Sketch:
    """What prompts are compared by, of the words at both ends: long prompts differ there or nowhere that a loop would show."""
    ends = text if len(text) <= 2 * EDGE_CHARS else f"{text[:EDGE_CHARS]} {text[-EDGE_CHARS:]}"
    return frozenset(sorted(set(map(hash, ends.split())))[:SKETCH_SIZE])


def alike(one: Sketch, other: Sketch) -> bool:
    """Whether two prompts are near-identical. Of short ones, all words must be the same but one."""
    if one == other:
        return bool(one)
    smaller = min(len(one), len(other))
    return smaller > 1 and len(one & other) >= max(smaller * ALIKE_FROM // SKETCH_SIZE, 2)


@dataclass(frozen=True, slots=True)
class Round:
    """The loop that a user may be in: its first prompt's sketch, how many calls were like it, and how many of them in a row
    were larger than the one before."""

    sketch: Sketch = frozenset()
    calls: int = 0
    grown: int = 0
    text_bytes: int = 0
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """Credits that a user spent lately and over a day, each halving by its own time, and since when."""

    short_milli: float = 0.0
    long_milli: float = 0.0
    at_ms: int = 0
    since_ms: int = 0


def turned(round: Round, seen: Sketch, text_bytes: int, rules: AbuseRules, now_ms: int) -> Round:
    """The round after one more call."""
    if now_ms - round.at_ms > rules.loop_gap_s * _SECOND_MS or not alike(round.sketch, seen):
        return Round(seen, 1, 0, text_bytes, now_ms)
    grown = round.grown + 1 if text_bytes > round.text_bytes else 0
    return Round(round.sketch, round.calls + 1, grown, text_bytes, now_ms)


def spent(pace: Pace, milli: int, now_ms: int) -> Pace:
    """The pace after so many credits more."""
    short, long = _decayed(pace, now_ms)
    return Pace(short + milli, long + milli, now_ms, pace.since_ms or now_ms)


def surges(pace: Pace, rules: AbuseRules, now_ms: int) -> bool:
    """Whether this is much, and much more than is usual for this user; of a new one nobody knows what that is."""
    if pace.short_milli < rules.surge_milli or now_ms - pace.since_ms < rules.history_s * _SECOND_MS:
        return False
    short, long = _decayed(pace, now_ms)
    return short >= rules.surge_milli and short >= rules.surge_factor * long * SHORT_S / LONG_S


def looping(round: Round, rules: AbuseRules) -> Literal["repeated", "growing"] | None:
    """The offence that a call in this round is, if it is one; rounds are counted while spending surges."""
    if round.calls <= rules.loop_calls:
        return None
    return "growing" if round.grown >= rules.loop_calls else "repeated"


def _decayed(pace: Pace, now_ms: int) -> tuple[float, float]:
    passed_s = max(0, now_ms - pace.at_ms) / _SECOND_MS
    return pace.short_milli * 0.5 ** (passed_s / SHORT_S), pace.long_milli * 0.5 ** (passed_s / LONG_S)
